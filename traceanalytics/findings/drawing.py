"""The pictures of findings: numbers with their intervals, a row for each thing compared, and courses over the steps."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import altair

    from traceanalytics.findings.base import Answer
    from traceanalytics.types import JSON

_OF_MANY_PICTURES = ("run", "reward")  # the same color in each of them, whatever comes first there


def intervals(
    answer: "Answer | list[dict[str, JSON]]",
    *,
    value: str,
    row: str,
    color: str,
    title: str,
    signed: bool = True,
    largest_first: bool = False,
    shape: str | None = None,
) -> "altair.LayerChart":
    """Draw the answer's table, or some rows of it: a point at `value`, a rule from low to high.

    Several colors of one row stand below each other. A signed number is a change: it is drawn beside a line at 0.
    """
    import altair as alt

    rows = answer if isinstance(answer, list) else rows_of(answer)
    colors = "ascending" if color in _OF_MANY_PICTURES else None
    numbers = (value, "low", "high")
    order = {"field": value, "op": "max", "order": "descending"} if largest_first else None
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y(f"{row}:N", title=None, sort=order, axis=alt.Axis(labelLimit=260)),
        yOffset=alt.YOffset(f"{color}:N", sort=colors) if _is_several(rows, row, color) else alt.Undefined,
        color=alt.Color(f"{color}:N", title=color, sort=colors),
        tooltip=[
            alt.Tooltip(f"{row}:N"),
            alt.Tooltip(f"{color}:N"),
            *(told_in_points(*numbers) if signed else (alt.Tooltip(f"{each}:Q", format=".1%") for each in numbers)),
        ],
    )
    if signed:
        base, title = base.transform_calculate(**in_points(*numbers)), f"{title} (points)"
    axis = points_axis() if signed else alt.Axis(format=".0%")
    ranges = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=title, axis=axis), x2="high:Q")
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=f"{value}:Q", shape=alt.Undefined if shape is None else alt.Shape(f"{shape}:N", sort=None)
    )
    if not signed:
        return alt.layer(ranges, points)
    zero = alt.Chart(alt.Data(values=[{}])).mark_rule(strokeDash=[4, 3], opacity=0.6).encode(x=alt.datum(0))
    return alt.layer(zero, ranges, points)


def points_axis(**options: object) -> "altair.Axis":
    """Count a change of a share in percentage points: "+20%" might be a fifth more of what there was."""
    import altair as alt

    return alt.Axis(labelExpr="format(100 * datum.value, '+.3~g')", **options)


def in_points(*numbers: str) -> dict[str, str]:
    """Compute what `told_in_points` tells: changes of shares in percentage points."""
    return {f"{number} (points)": f"format(100 * datum.{number}, '+.1f')" for number in numbers}


def told_in_points(*numbers: str) -> "list[altair.Tooltip]":
    """Tell changes of shares at a dot, where the chart computes them `in_points`."""
    import altair as alt

    return [alt.Tooltip(f"{number} (points):N") for number in numbers]


def band_over_steps(
    rows: "list[dict[str, JSON]]", value: str, *, title: str, format: str = ".0%"
) -> "altair.LayerChart":
    """Draw `value` of every run over its steps, between its limits."""
    import altair as alt

    axis = alt.Axis(format=format)
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("step:Q", title="training step"), color=of_run())
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title=title, axis=axis), y2="high:Q")
    return alt.layer(band, base.mark_line(point=True).encode(y=f"{value}:Q"))


def of_run() -> "altair.Color":
    """Color by run, as strong in the legend as a line is."""
    import altair as alt

    return alt.Color("run:N", title="run", legend=alt.Legend(symbolOpacity=1))


def lines_over_steps(
    answer: "Answer", value: str, *, color: str, title: str | None, format: str = ""
) -> "altair.LayerChart":
    """Draw `value` over the steps: a line for each color and run."""
    import altair as alt

    base = alt.Chart(alt.Data(values=rows_of(answer))).encode(
        x=alt.X("step:Q", title="training step"),
        y=alt.Y(f"{value}:Q", title=title, axis=alt.Axis(format=format)),
        color=alt.Color(f"{color}:N", title=None),
    )
    dash = alt.StrokeDash("run:N", title="run", legend=alt.Legend(symbolType="stroke"))
    return alt.layer(
        base.mark_line().encode(strokeDash=dash), base.mark_point(filled=True, opacity=1).encode(detail="run:N")
    )


def rows_of(answer: "Answer") -> "list[dict[str, JSON]]":
    """Return the rows of the answer's table."""
    return answer.table.to_pylist() if answer.table is not None else []


def _is_several(rows: "list[dict[str, JSON]]", row: str, color: str) -> bool:
    return color != row and len({(each[row], each[color]) for each in rows}) > len({each[row] for each in rows})
