"""Sentences of findings that a slip would make misleading, each beside the rows that call for it."""

import dataclasses
import re
from collections.abc import Callable

import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.findings.caveats import said_once
from traceanalytics.store.store import Store

CODE, REFLECTS = ("code_reasoning",), ("verification",)


def find(store: Store, name: str, **arguments: object) -> Answer:
    return get_finding(name).find(store, **arguments)


def graded(shown_right: int, other_right: int, shown: tuple[str, ...], step: int = 0, **of: object) -> list[Row]:
    """Return 40 prompts with 10 samples each that show something and 10 that do not, so many of them right."""
    row = Row("p", step, **of)  # type: ignore[arg-type]
    return [
        dataclasses.replace(row, prompt=f"p{i}", correct=sample < right, shown=kind)
        for i in range(40)
        for kind, right in ((shown, shown_right), ((), other_right))
        for sample in range(10)
    ]


@pytest.mark.parametrize(
    ("name", "shown", "right", "said"),
    [
        ("accuracy_by_behavior", CODE, (5, 5), "not shown to be right more or less often"),
        ("reflection_vs_accuracy", REFLECTS, (2, 7), "reflection goes with fewer right answers inside prompts"),
        ("reflection_vs_accuracy", REFLECTS, (5, 5), "reflection is not shown to make a difference inside prompts"),
    ],
)
def test_a_difference_is_named_by_its_sign(
    name: str, shown: tuple[str, ...], right: tuple[int, int], said: str, store: Store
) -> None:
    assert said in find(fill(store, graded(*right, shown)), name).verdict


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A run of 16 steps whose behaviors and accuracy rise, with rewards and groups."""
    rows = [
        Row(f"p{i}", step, correct=(i + sample + step) % 20 < 5 + step // 2, split="train", prediction=str(sample % 3),
            shown=CODE + REFLECTS if (3 * i + sample + step) % 20 < 4 + step else (), reward=float(sample % 2),
            reward_type="random", model_family="qwen")
        for step in range(16)
        for i in range(40)
        for sample in range(4)
    ]  # fmt: skip
    return fill(Store(tmp_path_factory.mktemp("course") / "traces.duckdb"), rows)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "behavior_counts",
            "an audit judges whole rollouts, so that it corrects rates and no counts of spans; it says ",
        ),
        ("behavior_accuracy_coupling", "errors of the tagger that stay the same all run long leave a correlation of "),
        (
            "strategy_concentration",
            "errors of the tagger look like diversity, and as they differ from pair to pair no ",
        ),
        ("selection_pressure", "a tagger that errs at random shows sensitivity + specificity - 1 times the selection "),
    ],
)
def test_what_no_audit_corrects_says_why_and_what_one_would_bring(name: str, why: str, course: Store) -> None:
    (caveat,) = [each for each in find(course, name).caveats if each.startswith("uncorrected: ")]
    assert caveat.startswith(f"uncorrected: {why}")
    assert " rollouts to know its errors to ±" in caveat


def test_one_run_is_one_run(course: Store) -> None:
    (onset,) = [each for each in find(course, "family_by_reward").estimates if each.label.endswith("step of the onset")]
    assert (onset.n, onset.unit) == (1, "run")


@pytest.mark.parametrize(
    ("rewards", "said"),
    [
        (
            ("random", "random"),
            "no run of the same model was rewarded for form alone, which would show what form is worth",
        ),
        (("format", "format"), "b and c were all rewarded for form alone: which to hold it against is not told"),
    ],
)
def test_what_form_is_worth_is_not_told_without_one_run_that_shows_it(
    rewards: tuple[str, str], said: str, store: Store
) -> None:
    runs = zip("abc", ("random", *rewards), strict=True)
    rows = [
        row
        for run, reward in runs
        for step, right in ((0, 4), (10, 8))
        for row in graded(right, right, CODE, step, run=run, reward_type=reward)
    ]
    assert f"a: {said}" in find(fill(store, rows), "baseline_adjusted_gain", in_run="a").caveats


def _other_grader(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE rollouts SET correct_source = 'graded' WHERE step = 10").fetchall()


def _ungraded(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("UPDATE rollouts SET correct = NULL").fetchall()


@pytest.mark.parametrize(
    ("name", "spoil", "arguments", "said"),
    [
        ("reward_gain", _other_grader, {}, "a difference may be that of the graders; `ta grade` grades all alike"),
        ("family_by_reward", _ungraded, {"in_behavior": None}, "is not graded: rewards of different kinds cannot be"),
    ],
)
def test_numbers_of_different_kinds_are_not_compared(
    name: str, spoil: Callable[[Store], None], arguments: dict[str, object], said: str, store: Store
) -> None:
    of = {"reward_type": "random", "model_family": "qwen", "reward": 1.0}
    fill(store, graded(4, 4, CODE, 0, **of) + graded(8, 8, CODE, 10, **of))
    spoil(store)
    with pytest.raises(Refused, match=said):
        find(store, name, **arguments)


def test_few_prompts_that_are_graded_and_tagged_are_refused(store: Store) -> None:
    rows = [row for row in graded(5, 5, CODE) if row.prompt in ("p0", "p1")]
    with pytest.raises(Refused, match="2 prompts of run 'a' are graded and tagged at step 0 of eval: at least 20"):
        find(fill(store, rows), "accuracy_by_behavior")


def test_one_sample_a_prompt_says_on_how_many_prompts_it_is_new(store: Store) -> None:
    rows = [Row(f"p{i}", step, shown=CODE if i < 10 + 15 * step else ()) for step in (0, 1) for i in range(40)]
    said = find(fill(store, rows), "behavior_support").verdict
    assert "; 38% [" in said
    assert "show it in 1 sample after training and not in 1 before, and how many would by chance is" in said


@pytest.fixture(scope="module")
def gained(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two runs, of which one names its family and one its model only, go from 40% to 80% right."""
    rows = [
        row
        for run in ("a", "b")
        for step, right in ((0, 4), (10, 8))
        for row in graded(right, right, CODE, step, run=run, reward_type="random", model_family="qwen")
    ]
    store = fill(Store(tmp_path_factory.mktemp("gained") / "traces.duckdb"), rows)
    with store.writing() as connection:
        connection.execute("UPDATE runs SET model_family = NULL, model = 'my-model' WHERE run_id = 'b'").fetchall()
    return store


@pytest.mark.parametrize("name", ["reward_gain", "elicitation_headroom", "shift_share", "strategy_switch"])
def test_a_gain_is_one_number_and_one_phrase_in_every_finding(name: str, gained: Store) -> None:
    answer = find(gained, name, in_run="a")
    (gain,) = [each for each in answer.estimates if each.label == "gain"]
    (of_reward, *_) = find(gained, "reward_gain", in_run="a").estimates
    assert (gain.value, gain.low, gain.high, gain.n) == (of_reward.value, of_reward.low, of_reward.high, 40)
    (low, high) = (f"{100 * limit:.1f}" for limit in (gain.low, gain.high))
    assert f"gained right answers from step 0 to 10: +40.0 points [{low}, {high}] on 40 prompts" in answer.verdict


def test_runs_that_stand_alone_are_named_by_model_and_reward_once(gained: Store) -> None:
    caveats = find(gained, "reward_gain").caveats
    assert "2 runs are looked at: beyond chance means after Holm's correction for their number" in caveats
    assert (
        "no inference about a reward from one run of it (n_runs=1): random, random on my-model; intervals over prompts "
        "describe a checkpoint"
    ) in caveats


def test_a_model_that_stands_for_its_family_is_called_a_model(gained: Store) -> None:
    answer = find(gained, "family_by_reward", in_behavior=None)
    assert "qwen under random (1 run, a) from 40% [" in answer.verdict
    assert "model my-model under random (1 run, b) from 40% [" in answer.verdict
    assert (
        "b: the model stands for its family; `ta ingest PATH --set model_family=…` says which it is" in answer.caveats
    )


def test_what_a_run_does_not_say_of_itself_is_named(gained: Store) -> None:
    with gained.writing() as connection:
        connection.execute("UPDATE runs SET model = NULL, reward_type = NULL WHERE run_id = 'b'").fetchall()
    try:
        caveats = find(gained, "family_by_reward", in_behavior=None).caveats
    finally:
        with gained.writing() as connection:
            connection.execute(
                "UPDATE runs SET model = 'my-model', reward_type = 'random' WHERE run_id = 'b'"
            ).fetchall()
    assert (
        "b is left out: no model_family and no reward_type is known: `ta ingest PATH --set model_family=… "
        "reward_type=…` says it"
    ) in caveats


def test_an_onset_is_told_with_its_interval(course: Store) -> None:
    verdict = find(course, "family_by_reward").verdict
    assert verdict.startswith("code_reasoning: qwen under random (1 run, a) from ")
    assert re.search(r" at step 15, beyond 5 points from step \d+ \[\d+, \d+\] on$", verdict)


def test_sentences_of_several_runs_are_parted_alike(store: Store) -> None:
    rows = [row for run in ("a", "b") for step in (0, 1, 2) for row in graded(5, 5, CODE, step, run=run)]
    verdict = find(fill(store, rows), "training_stability").verdict
    said = "right answers of {} did not fall beyond chance (deepest 0 points ["
    assert verdict.startswith(said.format("a"))
    assert f"; {said.format('b')}" in verdict


def test_rows_over_runs_are_spoken_of_only_where_they_are(store: Store) -> None:
    rows = [row for run in ("a", "b") for step in (0, 10) for row in graded(5, 5, CODE, step, run=run)]
    answer = find(fill(store, rows), "strategy_switch")
    assert not any(each.label.startswith(("mean", "pooled")) for each in answer.estimates)
    assert not any("configurations" in caveat for caveat in answer.caveats)
    assert "as change of accuracy" in answer.estimates[0].label


def test_runs_that_share_little_are_counted_right(store: Store) -> None:
    rows = [
        dataclasses.replace(row, prompt=f"{run}{row.prompt}") for run in "ab" for row in graded(5, 5, CODE, run=run)
    ]
    rows += [Row("both", run=run, correct=True) for run in "ab"]
    with pytest.raises(Refused, match="runs 'a' and 'b' share 1 problem: at least 20 are needed"):
        find(fill(store, rows), "compare_runs")


def test_an_ungraded_run_is_told_to_grade_where_there_is_a_ground_truth(store: Store) -> None:
    fill(store, [dataclasses.replace(row, correct=None) for row in graded(5, 5, CODE)])
    said = "no rollout of run 'a' is graded"
    with pytest.raises(Refused, match=f"^{said}, and none has a ground truth that `ta grade` could go by$"):
        find(store, "reward_gain")
    with store.writing() as connection:
        connection.execute("UPDATE runs SET reader = 'plain'").fetchall()
    with pytest.raises(
        Refused, match="; `ta ingest PATH --map ground_truth=KEY` names the key of the log that holds it$"
    ):
        find(store, "reward_gain")
    with store.writing() as connection:
        connection.execute("UPDATE prompts SET ground_truth = '4'").fetchall()
    with pytest.raises(Refused, match=f"^{said}: `ta grade` says which are correct$"):
        find(store, "reward_gain")


def test_runs_left_out_for_one_reason_share_a_caveat() -> None:
    caveats = ["a is left out: it has one step", "b is left out: it has one step", "c: no trend", "c: no trend"]
    assert said_once(caveats, ["a", "b", "c"]) == ["a and b are left out: it has one step", "c: no trend"]
