"""What every finding refuses, in one sentence that says what is missing."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused, UnknownName
from traceanalytics.findings.base import all_findings, get_finding
from traceanalytics.store.store import Store

GAINS = ("reward_gain", "strategy_switch", "shift_share")
AT_A_STEP = ("accuracy_by_behavior", "elicitation_headroom")
COURSES = ("behavior_accuracy_coupling", "behavior_counts")
TAGS = ("strategy_switch", "shift_share", *AT_A_STEP, *COURSES, "reflection_rate", "behavior_shift")
ENDS = (*GAINS, *COURSES, "reflection_rate", "behavior_shift")
WRONG: dict[str, tuple[tuple[str, ...], Callable[[Row], Row], str]] = {
    "few prompts": (
        (*GAINS, *AT_A_STEP, *COURSES, "reflection_rate", "behavior_shift", "baseline_adjusted_gain"),
        lambda row: dataclasses.replace(row, prompt=f"p{int(row.prompt[1:]) % 5}"),
        "5 (prompts|problems).*at least 20 ",
    ),
    "ungraded": (
        (*GAINS, *AT_A_STEP, "reflection_vs_accuracy", "baseline_adjusted_gain"),
        lambda row: dataclasses.replace(row, correct=None) if int(row.prompt[1:]) < 10 else row,
        "33% of the rollouts at step .* are not graded: `ta grade` finishes them",
    ),
    "no grades": (
        (*GAINS, *AT_A_STEP, "reflection_vs_accuracy", "baseline_adjusted_gain", "behavior_accuracy_coupling"),
        lambda row: dataclasses.replace(row, correct=None),
        "no rollout of run 'a' is graded, and none has a ground truth that `ta grade` could go by",
    ),
    "untagged": (
        TAGS,
        lambda row: dataclasses.replace(row, shown=None) if int(row.prompt[1:]) < 10 else row,
        "33% of the rollouts at step .* are not tagged: `ta tag` finishes them",
    ),
    "other templates": (
        ENDS,
        lambda row: dataclasses.replace(row, condition={"template": "a" if row.step else "b"}),
        "was sampled with .* a difference between them is no change of the model",
    ),
    "mixed temperatures": (
        (*GAINS, *AT_A_STEP, *COURSES, "reflection_rate"),
        lambda row: dataclasses.replace(row, condition={"temperature": "1" if row.prompt > "p2" else "0"}),
        "mixes rollouts sampled with temperature 0 and with temperature 1",
    ),
    "mixed splits": (
        (*GAINS, *COURSES, "reflection_rate", "behavior_shift"),
        lambda row: dataclasses.replace(row, split="eval" if row.step else "val"),
        "(a change needs two steps of one split|in the split (eval|val): a (course|shift) needs two)",
    ),
}


def world() -> list[Row]:
    """Return 30 prompts with four responses at two steps: both kinds, right and wrong."""
    return [
        Row(f"p{i}", step, correct=k < 1 + i % 3, shown=("code_reasoning", "verification") if k % 2 else ())
        for step in (0, 100)
        for i in range(30)
        for k in range(4)
    ]


def cases() -> Iterator[object]:
    for wrong, (findings, _, _) in WRONG.items():
        for finding in findings:
            yield pytest.param(wrong, finding, id=f"{finding}: {wrong}")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Store]:
    folder = tmp_path_factory.mktemp("refusals")
    return {
        wrong: fill(Store(folder / f"{i}.duckdb"), [change(row) for row in world()])
        for i, (wrong, (_, change, _)) in enumerate(WRONG.items())
    }


@pytest.mark.parametrize(("wrong", "finding"), list(cases()))
def test_it_is_refused_in_one_sentence(wrong: str, finding: str, stores: dict[str, Store]) -> None:
    with pytest.raises(Refused, match=WRONG[wrong][2]) as refusal:
        get_finding(finding).find(stores[wrong], in_run="a")
    assert "\n" not in str(refusal.value)
    assert not str(refusal.value).endswith(".")


@pytest.mark.parametrize("finding", [*GAINS, *AT_A_STEP, "reflection_vs_accuracy", "baseline_adjusted_gain"])
def test_a_reward_that_is_its_own_grader_is_refused(finding: str, store: Store) -> None:
    fill(store, [dataclasses.replace(row, reward_type="format") for row in world()])
    with store.writing() as connection:
        connection.execute("UPDATE rollouts SET correct_source = 'correct_from=score'").fetchall()
    with pytest.raises(
        Refused, match="run 'a' is graded by its own reward, which is format: that says nothing of right"
    ):
        get_finding(finding).find(store, in_run="a")


def test_two_graders_are_not_subtracted(store: Store) -> None:
    fill(store, world())
    with store.writing() as connection:
        connection.execute("UPDATE rollouts SET correct_source = 'graded' WHERE step = 100").fetchall()
    message = "correctness of run 'a' at step 0 comes from log and of run 'a' at step 100 from graded: a difference may"
    with pytest.raises(Refused, match=message):
        get_finding("reward_gain").find(store)


@pytest.mark.parametrize("finding", ["variance_share", "run_to_run_variance"])
def test_one_run_says_nothing_where_runs_are_the_unit(finding: str, store: Store) -> None:
    with pytest.raises(Refused, match="1 runs have a gain: shares of the variance|no configuration has two runs"):
        get_finding(finding).find(fill(store, world()))


@pytest.mark.parametrize("finding", list(all_findings()))
def test_names_that_the_store_does_not_know_are_answered_with_the_nearest(
    finding: str, stores: dict[str, Store]
) -> None:
    wrong = {"in_run": "aa", "in_split": "evals", "by": "levl"}
    known = get_finding(finding).parameters
    for name in wrong.keys() & known.keys():
        with pytest.raises(UnknownName, match=f"is called '{wrong[name]}'. Did you mean '"):
            get_finding(finding).find(stores["mixed splits"], **{name: wrong[name]})


def test_a_misspelled_behavior_is_answered_with_the_nearest(store: Store, tmp_path: Path) -> None:
    fill(store, world())
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO taggers (tagger_id, kind, name, card) VALUES ('by_count', 'cues', 'cues', $1)",
            ['{"behaviors": ["verification", "code_reasoning"]}'],
        ).fetchall()
    for finding in ("behavior_shift", "strategy_switch", "accuracy_by_behavior"):
        with pytest.raises(
            UnknownName, match="no behavior that cues judges is called 'verfication'. Did you mean 'verif"
        ):
            get_finding(finding).find(store, in_behavior="verfication")
