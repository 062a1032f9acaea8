import pyarrow as pa
import pytest

from traceanalytics.findings.base import Answer
from traceanalytics.findings.drawing import band_over_steps, intervals, lines_over_steps

ROW = {"low": -0.1, "high": 0.3, "gain": 0.1}


def drawn(rows: list[dict[str, object]], **options: object) -> dict[str, object]:
    given = {"value": "gain", "row": "part", "color": "run", "title": "gain"} | options
    return intervals(rows, **given).to_dict()


def test_a_change_is_drawn_beside_a_line_at_0_and_a_rate_is_not() -> None:
    rows = [ROW | {"part": "mix", "run": "a"}]
    assert [len(drawn(rows, signed=signed)["layer"]) for signed in (True, False)] == [3, 2]


@pytest.mark.parametrize(("runs", "apart"), [("ab", True), ("a", False)])
def test_only_rows_with_several_colors_are_set_apart(runs: str, apart: bool) -> None:
    rows = [ROW | {"part": part, "run": run} for part in ("mix", "rest") for run in runs]
    assert ("yOffset" in drawn(rows)["layer"][1]["encoding"]) is apart


def test_a_run_has_the_same_color_in_every_picture() -> None:
    rows = [ROW | {"part": "mix", "run": run} for run in "ba"]
    assert drawn(rows)["layer"][1]["encoding"]["color"]["sort"] == "ascending"
    assert drawn(rows, color="part")["layer"][1]["encoding"]["color"]["sort"] is None


def test_rows_stand_in_their_order_or_the_largest_first() -> None:
    rows = [ROW | {"part": part, "run": "a"} for part in "ba"]
    orders = [drawn(rows, largest_first=largest)["layer"][1]["encoding"]["y"]["sort"] for largest in (False, True)]
    assert orders == [None, {"field": "gain", "op": "max", "order": "descending"}]


def test_the_legend_of_runs_shows_their_dashes() -> None:
    rows = [{"run": run, "what": "share", "step": step, "value": 0.5} for run in "ab" for step in (0, 10)]
    answer = Answer([], "moved", table=pa.Table.from_pylist(rows))
    line, points = lines_over_steps(answer, "value", color="what", title=None).to_dict()["layer"]
    assert line["encoding"]["strokeDash"]["legend"] == {"symbolType": "stroke"}
    assert "strokeDash" not in points["encoding"]  # a point has no dash: it would make the legend's symbols points


def test_the_legend_of_bands_is_as_strong_as_their_lines() -> None:
    rows = [{"run": "a", "step": step, "share": 0.5, "low": 0.4, "high": 0.6} for step in (0, 10)]
    band, line = band_over_steps(rows, "share", title="responses").to_dict()["layer"]
    assert band["encoding"]["color"]["legend"] == line["encoding"]["color"]["legend"] == {"symbolOpacity": 1}


def test_a_change_of_a_share_is_drawn_and_told_in_points() -> None:
    chart = drawn([ROW | {"part": "mix", "run": "a"}])
    ranges = chart["layer"][1]
    assert ranges["encoding"]["x"]["title"] == "gain (points)"
    assert "100 *" in ranges["encoding"]["x"]["axis"]["labelExpr"]
    computed = [each["as"] for each in ranges["transform"]]
    assert (
        computed
        == [each["field"] for each in ranges["encoding"]["tooltip"][2:]]
        == ["gain (points)", "low (points)", "high (points)"]
    )
