"""The charts that several pages draw. Each takes rows of `pages/rates.py` or of a query and returns an Altair chart."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from traceanalytics.findings.drawing import in_points, points_axis, told_in_points
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import altair

Rows = Sequence[dict[str, JSON]]
_FADED = 0.12
_AS_IT_IS = ",.6~r"  # of numbers that may all be one: without a format Vega would round that to a whole one
_SHORT = ",.4~r"  # beside small charts, which a longer number would push out of a phone's window
_SMALL_AXIS = 48  # pixels for the axis of a small chart
_NAMES = 140  # pixels for the names of behaviors on an axis


def lines_over_steps(
    rows: Rows,
    *,
    color: str,
    color_title: str,
    y_title: str,
    percent: bool = True,
    height: int = 260,
    counted: str = "rollouts",
) -> "altair.LayerChart":
    """Draw lines over training steps, with bands where rows hold low and high; a click on the legend picks a line."""
    import altair as alt

    pick = alt.selection_point(name="pick", fields=[color], bind="legend")
    base = _over_steps(rows, y_title, percent=percent).encode(
        color=alt.Color(f"{color}:N", title=color_title, legend=alt.Legend(symbolOpacity=1))
    )
    has_bands = any(row.get("low") is not None for row in rows)
    tooltip = [
        alt.Tooltip(f"{color}:N", title=color_title),
        *_numbers(y_title, percent=percent, limits=has_bands, counted=counted),
    ]
    faint = _picked(pick, 0.18, 0.03)
    band = base.mark_area().encode(y=alt.Y("low:Q", title=y_title), y2=alt.Y2("high:Q"), opacity=faint)
    line = base.mark_line(point=True, strokeWidth=2).encode(opacity=_picked(pick), tooltip=tooltip).add_params(pick)
    layers = [band, line] if has_bands else [line]
    return alt.layer(*layers).properties(width="container", height=height)


def behaviors_and_steps(rows: Rows, shown_first: Sequence[str]) -> "altair.VConcatChart":
    """Draw chosen behaviors over steps above the mean rates of all behaviors.

    A brush over the steps above recounts the bars below; a click on bars below, or on the legend, picks lines above.
    """
    import altair as alt

    brush = alt.selection_interval(name="brush", encodings=["x"])
    pick = alt.selection_point(name="pick", fields=["behavior"], bind="legend", toggle=True)
    click = alt.selection_point(name="click", fields=["behavior"], toggle=True)
    runs = len({row["run"] for row in rows})
    data = data_of(rows)
    lines = (
        alt.Chart(data)
        .transform_filter(alt.FieldOneOfPredicate("behavior", list(shown_first)))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=steps_axis(),
            y=_share("share of rollouts", extent=_NAMES),
            color=alt.Color("behavior:N", title="behavior", scale=alt.Scale(domain=list(shown_first))),
            strokeDash=alt.StrokeDash(
                "run:N", title="run (above)", legend=None if runs < 2 else alt.Legend(symbolType="stroke")
            ),
            opacity=_picked(pick & click),
            tooltip=[alt.Tooltip("behavior:N"), alt.Tooltip("run:N"), *_numbers("share")],
        )
        .add_params(brush, pick)
        .properties(width="container", height=240)
    )
    share = alt.X("share:Q", title="share in the brushed steps", axis=alt.Axis(format="%"))
    bars = (
        alt.Chart(data)
        .transform_filter(brush)
        .transform_aggregate(shown="sum(shown)", rollouts="sum(rollouts)", groupby=["behavior", "run"])
        .transform_calculate(share="datum.shown / datum.rollouts")
        .mark_bar()
        .encode(
            x=share,
            y=alt.Y(
                "behavior:N",
                title=None,
                sort={"field": "share", "op": "max", "order": "descending"},
                axis=alt.Axis(minExtent=_NAMES, maxExtent=_NAMES, labelLimit=_NAMES),
            ),
            yOffset=alt.YOffset("run:N") if runs > 1 else alt.Undefined,
            fill=alt.Fill("run:N", title="run (below)", legend=None if runs < 2 else alt.Legend()),
            opacity=_picked(click),
            tooltip=[
                alt.Tooltip("behavior:N"),
                alt.Tooltip("run:N"),
                alt.Tooltip("share:Q", title="share", format=".1%"),
                alt.Tooltip("rollouts:Q", format=","),
            ],
        )
        .add_params(click)
        .properties(width="container", height=_step(10 * runs + 6))
    )
    return alt.vconcat(lines, bars, spacing=24, usermeta={"room": _NAMES + 66}).resolve_scale(
        color="independent", fill="independent"
    )


def small_multiples(rows: Rows, rewards: Rows, *, curve_title: str = "run") -> "altair.VConcatChart":
    """Draw one small chart a behavior under the reward; a brush over the reward's steps cuts all of them to it.

    `curve` of a row names its color; a row that is `single` is a run behind a curve of several. `onset` marks a step.
    """
    import altair as alt

    brush = alt.selection_interval(name="brush", encodings=["x"])
    pick = alt.selection_point(name="pick", fields=["curve"], bind="legend")
    color = alt.Color("curve:N", title=curve_title)
    strip = (
        alt.Chart(data_of(rewards))
        .mark_line(point=True)
        .encode(
            x=steps_axis(),
            y=alt.Y("reward:Q", title="mean reward", axis=alt.Axis(format=_SHORT), scale=alt.Scale(zero=False)),
            color=color,
            opacity=_picked(pick),
            tooltip=[
                alt.Tooltip("curve:N", title=curve_title),
                alt.Tooltip("step:Q"),
                alt.Tooltip("reward:Q", format=".3~f"),
            ],
        )
        .add_params(brush, pick)
        .properties(width="container", height=90)
    )
    base = (
        alt.Chart()
        .transform_filter(brush)
        .encode(x=alt.X("step:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4)), color=color)
    )
    curves, singles = base.transform_filter("!datum.single"), base.transform_filter("datum.single")
    share = alt.Y("value:Q", title=None, axis=alt.Axis(format="%", tickCount=3))
    faint = _picked(pick, 0.18, 0.03)
    told = [alt.Tooltip("behavior:N"), alt.Tooltip("run:N"), *_numbers("share")]
    thin = singles.mark_line(strokeWidth=0.8).encode(
        y=share, detail=alt.Detail("run:N"), opacity=_picked(pick, 0.5, 0.05)
    )
    marks = (
        base.transform_filter("isValid(datum.onset)")
        .mark_rule(strokeDash=[3, 3], strokeWidth=1.5)
        .encode(opacity=_picked(pick), tooltip=[*told[:2], alt.Tooltip("onset:N")])
    )
    cell = alt.layer(
        curves.mark_area().encode(y=alt.Y("low:Q", title=None), y2=alt.Y2("high:Q"), opacity=faint),
        *([thin] if any(row.get("single") for row in rows) else []),
        curves.mark_line(strokeWidth=1.8).encode(y=share, opacity=_picked(pick)),
        *([marks] if any(row.get("onset") for row in rows) else []),
        base.mark_point(size=40, filled=True, opacity=0, cursor="pointer").encode(y=share, tooltip=told),
        data=data_of(rows),
    ).properties(width="container", height=96)
    cells = cell.facet(
        facet=alt.Facet("behavior:N", title=None),
        columns=4,
        bounds="flush",
        spacing={"row": 56, "column": _SMALL_AXIS},
    )
    cells = cells.resolve_scale(y="independent").resolve_axis(x="independent")  # no axis where the last row has no cell
    return alt.vconcat(strip, cells, spacing=36, usermeta={"smallest": 260, "room": 80})


def two_counts(
    rows: Rows, *, counted: str = "counted", y_title: str = "share of rollouts", color_title: str = "run"
) -> "altair.LayerChart":
    """Draw two counts of one thing over steps, or a few things, a color a run and a dash a count.

    Rows hold `counted`, of which the word `counted` says what it is.
    """
    import altair as alt

    pick = alt.selection_point(name="pick", fields=["run"], bind="legend")
    base = _over_steps(rows, y_title, percent=True).encode(
        color=alt.Color("run:N", title=color_title, legend=alt.Legend(symbolOpacity=1)), detail=alt.Detail("counted:N")
    )
    band = base.mark_area().encode(
        y=alt.Y("low:Q", title=y_title),
        y2=alt.Y2("high:Q"),
        opacity=_picked(pick, 0.13, 0.03),
    )
    told = [alt.Tooltip("counted:N", title=counted), alt.Tooltip("run:N", title=color_title), *_numbers("share")]
    dash = alt.StrokeDash("counted:N", title=counted, legend=alt.Legend(symbolType="stroke", orient="top"), sort=None)
    line = base.mark_line(strokeWidth=2.2).encode(strokeDash=dash, opacity=_picked(pick)).add_params(pick)
    points = base.mark_point(filled=True, size=36, cursor="pointer").encode(opacity=_picked(pick), tooltip=told)
    return alt.layer(band, line, points).properties(width="container", height=280)


def waterfall(rows: Rows) -> "altair.FacetChart":
    """Draw how parts add up to a gain, a small chart a run; rows hold run, part, start, stop and the part's limits."""
    import altair as alt

    order = list(dict.fromkeys(row["part"] for row in rows))
    words = alt.Axis(labelAngle=0, labelExpr="split(datum.label, ' ')")  # a line a word, as phones are narrow
    base = alt.Chart().encode(x=alt.X("part:N", title=None, sort=order, axis=words))
    base = base.transform_calculate(**in_points("value", "low", "high"))
    told = [alt.Tooltip("run:N"), alt.Tooltip("part:N"), *told_in_points("value", "low", "high")]
    title = "gain in accuracy (points)"
    bars = base.mark_bar(size=34).encode(
        y=alt.Y("start:Q", title=title, axis=points_axis(tickCount=5)),
        y2=alt.Y2("stop:Q"),
        color=alt.Color("kind:N", title="part", scale=alt.Scale(domain=["better", "worse", "gain"]), legend=None),
        tooltip=told,
    )
    ranges = base.mark_rule(strokeWidth=1.5).encode(y=alt.Y("from:Q", title=title), y2=alt.Y2("to:Q"))
    cell = alt.layer(bars, ranges, data=data_of(rows)).properties(width="container", height=190)
    cells = cell.facet(
        facet=alt.Facet("run:N", title=None), columns=2, spacing={"row": 34, "column": _SMALL_AXIS}
    ).resolve_axis(x="independent")
    return cells.properties(usermeta={"smallest": 480, "room": 80})


def changes(rows: Rows) -> "altair.LayerChart":
    """Draw a dot with its interval a behavior and run: the change from start to end."""
    import altair as alt

    runs = len({row["run"] for row in rows})
    base = alt.Chart(data_of(rows)).encode(
        y=alt.Y("behavior:N", title=None, sort={"field": "change", "op": "max", "order": "descending"}),
        yOffset=alt.YOffset("run:N") if runs > 1 else alt.Undefined,
        color=alt.Color("run:N", title="run", legend=alt.Legend() if runs > 1 else None),
        opacity=_picked("datum.survives", 1, 0.4),
    )
    base = base.transform_calculate(**in_points("change", "low", "high"))
    change = alt.X("low:Q", title="change in points (faint: chance)", axis=points_axis(tickCount=8))
    zero = alt.Chart(data_of([{"zero": 0}])).mark_rule(strokeDash=[4, 3], opacity=0.6).encode(x=alt.X("zero:Q"))
    ranges = base.mark_rule(strokeWidth=2).encode(x=change, x2=alt.X2("high:Q"))
    points = base.mark_point(filled=True, size=70).encode(
        x=alt.X("change:Q"),
        tooltip=[
            alt.Tooltip("behavior:N"),
            alt.Tooltip("run:N"),
            *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("start", "end")),
            *told_in_points("change", "low", "high"),
            alt.Tooltip("prompts:Q", format=","),
            *([alt.Tooltip("verdict:N")] if any(row.get("verdict") for row in rows) else []),
        ],
    )
    return alt.layer(zero, ranges, points).properties(width="container", height=_height(rows, 10 * runs + 8))


def bars_with_intervals(rows: Rows, *, y: str, x_title: str, color: str, color_title: str) -> "altair.LayerChart":
    """Draw bars of shares with their intervals; rows hold value, low, high."""
    import altair as alt

    groups = len({row[color] for row in rows})
    base = alt.Chart(data_of(rows)).encode(
        y=alt.Y(f"{y}:N", title=None),
        yOffset=alt.YOffset(f"{color}:N") if groups > 1 else alt.Undefined,
        color=alt.Color(f"{color}:N", title=color_title),
    )
    bars = base.mark_bar(opacity=0.75).encode(
        x=alt.X("value:Q", title=x_title, axis=alt.Axis(format="%")),
        tooltip=[alt.Tooltip(f"{y}:N"), alt.Tooltip(f"{color}:N", title=color_title), *_numbers(x_title, step=False)],
    )
    ranges = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2=alt.X2("high:Q"), color=alt.ColorValue("#777777"))
    return alt.layer(bars, ranges).properties(width="container", height=_height(rows, 14 * groups + 8, y))


def differences(
    rows: Rows, *, x_title: str, name: str = "behavior", in_shares: bool = False, in_order: bool = False
) -> "altair.LayerChart":
    """Draw a dot with its interval a behavior (or other `name`) and run, beside a line at 0.

    Rows hold value, low, high and prompts; differences `in_shares` are drawn in percentage points.
    """
    import altair as alt

    runs = 1 if name == "run" else len({row["run"] for row in rows})  # whose dots stand beside a name
    is_several = runs > 1
    base = alt.Chart(data_of(rows)).encode(
        y=alt.Y(
            f"{name}:N", title=None, sort=None if in_order else {"field": "value", "op": "max", "order": "descending"}
        ),
        yOffset=alt.YOffset("run:N") if is_several else alt.Undefined,
        color=alt.Color("run:N", title="run", legend=alt.Legend() if is_several else None),
    )
    names, axis = ("value", "low", "high"), alt.Axis(format="+.2~f", tickCount=8)
    numbers = [alt.Tooltip(f"{number}:Q", format="+.3f") for number in names]
    if in_shares:
        base, x_title = base.transform_calculate(**in_points(*names)), f"{x_title} (points)"
        axis, numbers = points_axis(tickCount=8), told_in_points(*names)
    zero = alt.Chart(data_of([{"zero": 0}])).mark_rule(strokeDash=[4, 3], opacity=0.6).encode(x=alt.X("zero:Q"))
    ranges = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=x_title, axis=axis), x2=alt.X2("high:Q"))
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("value:Q"), tooltip=[alt.Tooltip(f"{name}:N"), alt.Tooltip("run:N"), *numbers, alt.Tooltip("prompts:Q")]
    )
    height = _height(rows, 10 * runs + 8, name)
    return alt.layer(zero, ranges, points).properties(width="container", height=height)


def data_of(rows: Rows) -> "altair.InlineData":
    """Hold rows as JSON text: as objects Altair would check every value of each, which takes longer than all else."""
    import altair as alt

    return alt.InlineData(values=json.dumps(list(rows), allow_nan=False), format=alt.JsonDataFormat(type="json"))


def _over_steps(rows: Rows, y_title: str, *, percent: bool) -> "altair.Chart":
    import altair as alt

    return alt.Chart(data_of(rows)).encode(x=steps_axis(), y=_share(y_title, percent=percent))


def steps_axis(title: str = "training step", *, padding: int = 0, ticks: int = 8) -> "altair.X":
    import altair as alt

    axis = alt.Axis(tickMinStep=1, tickCount=ticks, labelFlush=False)
    scale = alt.Scale(zero=False, nice=False, **({"padding": padding} if padding else {}))
    return alt.X("step:Q", title=title, axis=axis, scale=scale)


def _share(title: str, *, percent: bool = True, extent: int = 0) -> "altair.Y":
    import altair as alt

    if percent:
        return alt.Y("value:Q", title=title, axis=alt.Axis(format="%", minExtent=extent), scale=alt.Scale(domainMin=0))
    return alt.Y("value:Q", title=title, axis=alt.Axis(format=_AS_IT_IS), scale=alt.Scale(zero=False))


def _height(rows: Rows, pixels: int, name: str = "behavior") -> int:
    """Return so many pixels for each name; Vega-Lite lets no chart of its own be as wide as the page with a step."""
    return max(1, len({row[name] for row in rows})) * pixels


def _step(pixels: int) -> "altair.Step":
    """Return so many pixels for each name on an axis, whatever stands beside each other in them."""
    import altair as alt

    return alt.Step(**{"step": pixels, "for": "position"})


def _numbers(
    title: str, *, percent: bool = True, step: bool = True, limits: bool = True, counted: str = "rollouts"
) -> "list[altair.Tooltip]":
    import altair as alt

    shown = ".1%" if percent else ".4~g"
    return [
        *([alt.Tooltip("step:Q")] if step else []),
        alt.Tooltip("value:Q", title=title, format=shown),
        *([alt.Tooltip("low:Q", format=shown), alt.Tooltip("high:Q", format=shown)] if limits else []),
        *([alt.Tooltip("rollouts:Q", title=counted, format=",")] if counted else []),
    ]


def _picked(chosen: JSON, shown: float = 1, faded: float = _FADED) -> "altair.OpacityValue":
    """Return the opacity of what a selection or an expression chooses, and of the rest.

    The channel is named because Altair takes 30 ms to find out which one a bare condition is of.
    """
    import altair as alt

    found: JSON = alt.condition(chosen, alt.value(shown), alt.value(faded))
    return alt.OpacityValue(found["value"], condition=found["condition"])
