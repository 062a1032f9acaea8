import pytest

from traceanalytics.findings.drawing import intervals

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
