"""A behavior that the base has, one that only a distilled model shows, and the null of base against base."""

import dataclasses

import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

CODE = ("code_reasoning",)


def find(store: Store, **arguments: object) -> Answer:
    return get_finding("behavior_support").find(store, **arguments)


def prompts(step: int, shown: list[int], run: str = "a") -> list[Row]:
    """Return prompts with 8 samples each, of which so many show code."""
    return [Row(f"p{i}", step, run, shown=CODE if k < code else ()) for i, code in enumerate(shown) for k in range(8)]


def test_what_the_base_shows_is_not_new(store: Store) -> None:
    answer = find(fill(store, prompts(0, [3, 5] * 30) + prompts(100, [6, 8] * 30)))
    by_label = {each.label: each for each in answer.estimates}
    assert by_label["rate in the base"].value == 0.5
    assert by_label["prompts that show it only after training, 4 samples each"].value == pytest.approx(2.5 / 70)
    assert answer.verdict.startswith("code_reasoning is already in the base of a at step 0: 50% [")
    assert "of 480 samples show it, on 60 of 60 prompts; a (RL) shows it in 88% [" in answer.verdict
    assert "of the prompts show it in some of 4 samples after training and in none of 4 before, which is not " in (
        answer.verdict
    )
    assert "is not shown to be more than chance alone would give (+0.0 points [" in answer.verdict
    assert "no distilled model is beside it: with distilled=RUN one is" in answer.caveats
    assert answer.chart is not None


def test_what_no_base_sample_shows_has_an_upper_bound_and_a_distilled_arm_beside_it(store: Store) -> None:
    rows = prompts(0, [0] * 100) + prompts(100, [0] * 99 + [1]) + prompts(0, [0] * 50 + [8] * 50, "teacher's")
    answer = find(fill(store, rows), in_run="a", distilled="teacher's")
    first, second = answer.verdict.split("; code_reasoning")
    # Wilson's upper limit for none of 100 prompts: z²/(100 + z²).
    assert (
        "is unseen in 800 samples of 100 prompts of the base of a at step 0: its rate there is at most 3.70%" in first
    )
    assert "a (RL) shows it in 0%" in first
    assert "is not shown to be more than chance" in first
    assert "teacher's (distilled) shows it in 50%" in second
    assert "which is more than chance alone would give (+50.0 points" in second
    assert any(each.startswith("unseen in 800 samples is not absent") for each in answer.caveats)


def test_the_base_can_be_a_run_of_its_own(store: Store) -> None:
    rows = prompts(0, [0] * 30, "untrained") + prompts(100, [8] * 30)
    answer = find(fill(store, rows), base="untrained")
    assert "prompts of the base untrained at step 0: its rate there is at most" in answer.verdict
    assert "a (RL) shows it in 100%" in answer.verdict


def test_one_base_sample_a_prompt_has_no_chance_to_compare_with(store: Store) -> None:
    rows = [row for row in prompts(0, [0] * 15 + [1] * 15) + prompts(100, [1] * 30) if row.shown or row.step == 0]
    seen: set[str] = set()
    first = [row for row in rows if not (row.step == 0 and (row.prompt in seen or seen.add(row.prompt)))]
    answer = find(fill(store, first))
    assert "; 50% [" in answer.verdict
    assert answer.verdict.endswith(
        "of the prompts show it in 1 sample after training and not in 1 before, and how many would by chance is not "
        "known"
    )
    assert any(each.startswith("one base sample a prompt: what chance alone") for each in answer.caveats)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            prompts(10, [1] * 30) + prompts(100, [1] * 30),
            "run 'a' has no step 0 in the split eval: name a run of the untrained model with base=RUN",
        ),
        (prompts(0, [1] * 30), "run 'a' has one step in the split eval: the trained model needs another"),
        (
            prompts(0, [1] * 10) + prompts(100, [1] * 30),
            "10 problems of run 'a' also in the base: at least 20 are needed",
        ),
        (
            [
                dataclasses.replace(row, condition={"temperature": str(row.step)})
                for row in prompts(0, [1] * 30) + prompts(100, [1] * 30)
            ],
            "the base was sampled with temperature 0, run 'a' with temperature 100: what shows only in one may be the",
        ),
    ],
    ids=["no step 0", "one step", "few problems", "other temperature"],
)
def test_what_it_needs_is_said(rows: list[Row], message: str, store: Store) -> None:
    with pytest.raises(Refused, match=message):
        find(fill(store, rows))
