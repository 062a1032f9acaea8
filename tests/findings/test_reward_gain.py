import dataclasses

import pytest
from findings.worlds import Row, fill, published_rows

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return fill(Store(tmp_path_factory.mktemp("published") / "traces.duckdb"), published_rows())


def gain(store: Store, **arguments: object) -> Answer:
    return get_finding("reward_gain").find(store, **arguments)


def graded(run: str, reward: str, before: int, after: int) -> list[Row]:
    """Return 100 prompts with two samples at both ends, of which so many are right."""
    return [
        Row(f"p{i}", step, run, correct=i < right, shown=None, reward_type=reward)
        for step, right in ((0, before), (100, after))
        for i in range(100)
        for _ in range(2)
    ]


def test_the_published_counts_give_the_raw_gains(published: Store) -> None:
    by_label = {each.label: each for each in gain(published).estimates}
    gains = {run: round(100 * by_label[f"{run}: gain"].value, 1) for run in ("ground_truth", "majority", "random")}
    assert gains == {"ground_truth": 28.8, "majority": 27.0, "random": 15.6}
    assert round(100 * by_label["random: gain less that of the true reward"].value, 1) == -13.2
    assert by_label["format: part of the gain of the true reward"].value == pytest.approx(110 / 144)
    assert "ground_truth: gain less that of the true reward" not in by_label


def test_single_runs_say_nothing_of_their_reward(published: Store) -> None:
    answer = gain(published)
    assert "random gained right answers from step 0 to 150: +15.6 points [" in answer.verdict
    assert "beside it: the two are not shown to be equivalent" in answer.verdict
    (caveat,) = (each for each in answer.caveats if each.startswith("no inference about a reward"))
    assert "from one run of it (n_runs=1): " in caveat
    assert ", random" in caveat
    assert not any("mean gain" in each.label for each in answer.estimates)


def test_several_runs_of_a_reward_are_the_unit(store: Store) -> None:
    rows = [row for i, after in enumerate((58, 60, 50)) for row in graded(f"random-{i}", "random", 42, after)]
    answer = gain(fill(store, rows))
    (mean,) = (each for each in answer.estimates if each.label == "random: mean gain")
    assert (mean.n, mean.unit, round(mean.value, 2)) == (3, "runs", 0.14)
    assert mean.low is not None
    assert mean.low < 0.01


def test_an_equal_gain_is_equivalent_and_an_equal_seeming_one_is_not(store: Store) -> None:
    rows = graded("true", "ground_truth", 40, 60) + graded("format", "format", 40, 60)
    answer = gain(fill(store, rows))
    assert (
        "format has 100% [100, 100] of the gain of true, +0.0 points [-7.4, 7.4] beside it: the two are equivalent"
        in answer.verdict
    )
    assert "equivalent means: both one-sided tests against a difference of ±2.0 points pass" in answer.caveats


def test_no_change_is_not_called_a_gain(store: Store) -> None:
    assert gain(fill(store, graded("a", "random", 50, 51))).verdict.startswith(
        "a shows no change beyond chance in right answers from step 0 to 100: +1.0 points ["
    )


def test_gains_are_read_without_a_tagger(store: Store) -> None:
    answer = gain(fill(store, graded("a", "random", 30, 60)), in_run="a")
    assert answer.estimates[0].label == "gain"
    assert answer.chart is not None
    assert len(answer.chart.to_dict()["layer"][1]["data"]["values"]) == 1


def test_runs_without_common_prompts_are_not_held_against_each_other(store: Store) -> None:
    other = [dataclasses.replace(row, prompt=f"other-{row.prompt}") for row in graded("b", "random", 30, 60)]
    fill(store, graded("a", "ground_truth", 30, 60) + other)
    with pytest.raises(
        Refused, match="runs 'b' and 'a' share 0 prompts: at least 20 are needed to compare their gains"
    ):
        gain(store)


def test_published_gains_are_smoothed_ends_beside_the_raw_ones(store: Store) -> None:
    # The majority reward: 382 of 500 right at step 150 (27.0 points over 247), printed as a gain of 26.5.
    right = {0: 247, **dict.fromkeys(range(15, 135, 15), 379), 135: 381, 150: 382}
    ends = [Row(f"p{i}", step, "majority", i < n, None) for step, n in right.items() if step for i in range(500)]
    base = [Row(f"p{i}", 0, "majority", i < 247, None) for i in range(500)]
    by_label = {each.label: each for each in gain(fill(store, base + ends)).estimates}
    assert round(100 * by_label["gain"].value, 1) == 27.0
    smoothed = by_label["gain to the mean of the last 10 evaluations"]
    assert round(100 * smoothed.value, 1) == 26.5
    assert (smoothed.n, smoothed.unit) == (500, "prompts")


def test_evaluations_under_another_template_are_not_averaged(store: Store) -> None:
    rows = [
        Row(f"p{i}", step, correct=i < 10 + step, shown=None, condition={"template": "b" if step == 10 else "a"})
        for step in (0, 10, 20, 30)
        for i in range(60)
    ]
    labels = [each.label for each in gain(fill(store, rows)).estimates]
    assert labels == ["gain", "gain to the mean of the last 2 evaluations"]
