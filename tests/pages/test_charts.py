"""Every chart draws an empty table, one row, and what a million rollouts come to."""

from collections.abc import Callable
from typing import Any

import pytest
import vl_convert

from traceanalytics.pages.base import MOST_ROWS
from traceanalytics.pages.charts import (
    behaviors_and_steps,
    changes,
    differences,
    lines_over_steps,
    small_multiples,
    two_counts,
    waterfall,
)
from traceanalytics.pages.drift import draw_errors
from traceanalytics.pages.theme import COLORS, spec_of, themed, with_colors

Rows = list[dict[str, Any]]
CHARTS: dict[str, Callable[[Rows], Any]] = {
    "lines": lambda rows: lines_over_steps(rows, color="run", color_title="run", y_title="share"),
    "behaviors": lambda rows: behaviors_and_steps(rows, ["behavior-0", "behavior-1"]),
    "multiples": lambda rows: small_multiples(rows, rows),
    "two counts": two_counts,
    "changes": changes,
    "differences": lambda rows: differences(rows, x_title="difference"),
    "waterfall": waterfall,
    "errors over eras": draw_errors,
}


def rows_of(runs: int, behaviors: int, steps: int) -> Rows:
    return [
        {"run": f"run-{r}", "curve": f"run-{r}", "single": False, "behavior": f"behavior-{b}", "step": s, "value": 0.4}
        | {"low": 0.3, "high": 0.5, "shown": 40, "rollouts": 100, "prompts": 10, "reward": 0.5, "counted": "word"}
        | {"start": 0.1, "stop": 0.2, "end": 0.5, "change": 0.1, "survives": True, "part": "mix", "kind": "better"}
        | {"audited": f"behavior-{b}", "era": "steps 0-9", "error": "miss", "alarm": None if s else "it errs", "n": 20}
        | {"from": 0.1, "to": 0.3, "onset": "step 0 [0, 1]" if s == 0 else None}
        for r in range(runs)
        for b in range(behaviors)
        for s in range(steps)
    ]


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("rows", [[], rows_of(1, 1, 1), rows_of(4, 20, 60)], ids=["none", "one", "a million's"])
def test_every_chart_draws(name: str, rows: Rows) -> None:
    assert len(rows) <= MOST_ROWS
    chart = CHARTS[name](rows)
    assert chart.to_dict(validate=True)  # what pages leave out, as it takes as long again
    assert vl_convert.vegalite_to_vega(spec_of(chart))["marks"]
    if len(rows) < 2:
        assert vl_convert.vegalite_to_svg(themed(chart, width=390)).startswith("<svg")


def test_the_dot_of_a_run_stands_beside_its_name() -> None:
    spec = spec_of(differences(rows_of(3, 1, 1), x_title="gain", name="run"))
    assert [layer["encoding"].get("yOffset") for layer in spec["layer"]] == [None] * 3


def test_rows_travel_as_text_and_are_embedded_as_rows() -> None:
    spec = spec_of(two_counts(rows_of(1, 1, 2)))
    (held,) = spec["datasets"].values()
    assert [row["step"] for row in held] == [0, 1]


@pytest.mark.parametrize("name", CHARTS)
def test_last_digits_that_threads_add_up_otherwise_change_no_chart(name: str) -> None:
    rows = rows_of(2, 3, 4)
    again = [
        {key: value * (1 + 3e-16) if isinstance(value, float) else value for key, value in row.items()} for row in rows
    ]
    assert again != rows
    assert spec_of(CHARTS[name](again)) == spec_of(CHARTS[name](rows))


def test_an_axis_of_numbers_that_are_all_one_shows_that_number() -> None:
    rows = [{"run": "a", "step": step, "value": 0.5, "rollouts": 4} for step in (0, 10)]
    chart = lines_over_steps(rows, color="run", color_title="run", y_title="mean reward", percent=False)
    assert ">0.5<" in vl_convert.vegalite_to_svg(themed(chart))


def test_small_charts_have_axes_where_they_have_something_to_show() -> None:
    rows = [
        {"run": "a", "curve": "a", "single": False, "behavior": f"b{n}", "step": step, "value": 0.5}
        for n in range(5)
        for step in (0, 10)
    ]
    rewards = [{"run": "a", "curve": "a", "step": step, "reward": 0.5} for step in (0, 10)]
    svg = vl_convert.vegalite_to_svg(themed(small_multiples(rows, rewards), width=1100))
    assert svg.count("X-axis") == 1 + 5


def test_small_charts_stay_on_a_phone_beside_a_long_number() -> None:
    rows = [{"run": "a", "curve": "a", "single": False, "behavior": "b", "step": step, "value": 1.0} for step in (0, 9)]
    rewards = [{"run": "a", "curve": "a", "step": step, "reward": 0.4761904} for step in (0, 9)]
    svg = vl_convert.vegalite_to_svg(themed(small_multiples(rows, rewards), width=350))
    assert float(svg.partition('width="')[2].partition('"')[0]) <= 352
    assert ">0.4762<" in svg


def test_a_run_has_one_color_also_where_another_has_nothing_to_draw() -> None:
    rows = [{"run": "b", "step": step, "value": 0.5, "rollouts": 4} for step in (0, 10)]
    chart = lines_over_steps(rows, color="run", color_title="run", y_title="mean reward", percent=False)
    svg = vl_convert.vegalite_to_svg(with_colors(themed(chart), ["a", "b"]))
    assert svg.count(f'stroke="{COLORS[1]}"') > 0
    of_configurations = two_counts([{**row, "counted": "x"} for row in rows], color_title="configuration")
    assert with_colors(themed(of_configurations), ["a"]) == themed(of_configurations)
