import dataclasses

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

NONE, QWEN = {"template": "none"}, {"template": "qwen"}


def adjust(store: Store, **arguments: object) -> Answer:
    return get_finding("baseline_adjusted_gain").find(store, **arguments)


def scored(run: str, step: int, right: int, template: dict[str, str], reward: str | None = None) -> list[Row]:
    """Return 500 problems with one response each, of which so many are right, spread evenly."""
    return [
        Row(f"p{i}", step, run, correct=(i * right) % 500 < right, condition=template, shown=None, reward_type=reward)
        for i in range(500)
    ]


@pytest.mark.parametrize(
    ("final", "gain"), [(354, -1.4), (370, 1.8), (391, 6.0)], ids=["random", "incorrect", "ground truth"]
)
def test_the_published_gains_shrink_against_the_base_without_template(final: int, gain: float, store: Store) -> None:
    """Qwen2.5-Math-7B: 72.2% right without a template and 50.6% with it (Wu et al.), 247 of 500 as trained."""
    rows = scored("r", 0, 361, NONE) + scored("r", 0, 253, QWEN) + scored("r", 150, final, QWEN)
    answer = adjust(fill(store, rows))
    by_label = {each.label: each for each in answer.estimates}
    assert round(100 * by_label["gain over the best of the base"].value, 1) == gain
    assert round(100 * by_label["accuracy of the base, template none"].value, 1) == 72.2
    assert "against 72% [" in answer.verdict
    assert answer.verdict.startswith(
        "r is above" if gain == 6.0 else "r is not shown to differ from the best of its base"
    )
    assert "gain over the base as chosen on other problems" in by_label
    assert answer.chart is not None


def test_one_example_adds_8_6_points_to_the_format_reward(store: Store) -> None:
    rows = [
        row
        for run, reward, final in (("one-shot", "one_shot", 368), ("form", "format", 325))
        for row in scored(run, 0, 180, QWEN, reward) + scored(run, 2000, final, QWEN, reward)
    ]
    answer = adjust(fill(store, rows), in_run="one-shot")
    over = answer.estimates[-1]
    assert over.label == "gain over the format reward (form)"
    assert (round(100 * over.value, 1), over.n) == (8.6, 500)
    assert answer.verdict.endswith("beyond form, rewarded for form alone")
    assert any(
        caveat.startswith("one-shot: the base was sampled in one way only (template qwen)") for caveat in answer.caveats
    )


def test_the_best_of_many_templates_is_held_against_other_problems(store: Store) -> None:
    """Twelve templates are equally good: the best of them by chance is no better on the other half."""
    draws = np.random.default_rng(0)
    asked = [(0, {"template": str(template)}) for template in range(12)] + [(9, QWEN)]
    rows = [
        dataclasses.replace(row, correct=bool(draws.random() < 0.5))
        for step, template in asked
        for row in scored("r", step, 250, template)
    ]
    by_label = {each.label: each.value for each in adjust(fill(store, rows)).estimates}
    assert by_label["gain over the best of the base"] < -0.02
    assert by_label["gain over the base as chosen on other problems"] == pytest.approx(0, abs=0.04)


def test_a_base_in_a_run_of_its_own_is_named(store: Store) -> None:
    rows = scored("base", 0, 300, NONE) + scored("r", 150, 350, QWEN)
    fill(store, rows)
    with pytest.raises(Refused, match="run 'r' has no step 0 in the split eval: base=RUN names the run that"):
        adjust(store, in_run="r")
    answer = adjust(store, in_run="r", base="base")
    assert "(template none of base), +10.0 points [" in answer.verdict


def test_few_shared_problems_or_a_mixed_end_are_refused(store: Store) -> None:
    rows = scored("r", 0, 250, NONE)
    few = [dataclasses.replace(row, prompt=f"other-{row.prompt}") if i > 9 else row for i, row in enumerate(rows)]
    fill(store, [dataclasses.replace(row, step=9) for row in few] + rows)
    with pytest.raises(Refused, match="10 problems of run 'r' in its last evaluation and in all of 1 of its base"):
        adjust(store)
    with store.writing() as connection:
        connection.execute(
            "UPDATE rollouts SET condition = MAP {'template': 'x'} WHERE step = 9 AND correct"
        ).fetchall()
    with pytest.raises(Refused, match="step 9 of run 'r' .eval. mixes rollouts sampled with template none and with te"):
        adjust(store)
