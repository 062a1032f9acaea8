"""Since when a behavior has changed is one number, whoever says it."""

import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.findings.courses import course_of, courses_of
from traceanalytics.findings.onsets import MOST_CLUSTERS, onset_of, onsets_of_courses
from traceanalytics.pages.base import Selectors
from traceanalytics.pages.onsets import onsets_of
from traceanalytics.pages.view import look
from traceanalytics.stats.onset import Onset
from traceanalytics.store.store import Store

CODE = "code_reasoning"
STEPS = range(10, 170, 10)


def rows(run: str, shares: dict[int, float], prompts: int = 40, samples: int = 8) -> list[Row]:
    draws = np.random.default_rng(len(run))
    return [
        Row(f"p{prompt}", step, run, shown=(CODE,) * (draws.random() < share), model_family="qwen", reward_type=run)
        for step, share in shares.items()
        for prompt in range(prompts)
        for _ in range(samples)
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A run that drifts upward from the level of its base, which is a run of its own, and one that falls and rises."""
    drift = {step: 0.3 + 0.003 * max(0, step - 40) for step in STEPS}
    turn = {step: 0.6 if step < 50 else 0.3 if step < 100 else 0.9 for step in STEPS}
    made = [*rows("drift", drift), *rows("base", {0: 0.3}), *rows("turned", turn)]
    filled = fill(Store(tmp_path_factory.mktemp("onsets") / "traces.duckdb"), made)
    with filled.writing() as connection:
        connection.execute("UPDATE runs SET base_run_id = 'base' WHERE run_id = 'drift'").fetchall()
    return filled


def told(answer: Answer, label: str) -> Onset:
    (found,) = (each for each in answer.estimates if each.label == label)
    assert found.low is not None
    assert found.high is not None
    return Onset(found.value, found.low, found.high, rises=True)


@pytest.mark.parametrize("bin_width", [None, 20])
def test_findings_and_pages_say_the_same_onset(store: Store, bin_width: int | None) -> None:
    by_page = onsets_of(look(store, Selectors(runs=("drift",), bin_width=bin_width)))["drift", CODE]
    shift = get_finding("behavior_shift").find(store, in_run="drift")
    sharpness = get_finding("transition_sharpness").find(store, in_run="drift")
    family = get_finding("family_by_reward").find(store)
    assert told(shift, f"{CODE}: step of the onset") == by_page
    assert told(sharpness, "step of the onset") == by_page
    assert told(family, "qwen under drift: step of the onset") == by_page
    assert shift.table is not None
    (row,) = shift.table.to_pylist()
    assert (row["onset"], row["onset_low"], row["onset_high"]) == (by_page.step, by_page.earliest, by_page.latest)
    since = f", beyond 5 points from step {by_page.step:.0f} [{by_page.earliest:.0f}, {by_page.latest:.0f}] on"
    assert since in shift.verdict
    assert since in sharpness.verdict


def test_of_a_fall_and_a_rise_the_first_is_told(store: Store) -> None:
    found = onsets_of_courses(courses_of(store, "turned", [CODE]))[CODE]
    assert (found.step, found.rises) == (50, False)
    assert onsets_of(look(store, Selectors(runs=("turned",))))["turned", CODE] == found


def test_a_behavior_that_does_not_shift_has_no_onset_in_its_row(tmp_path_factory: pytest.TempPathFactory) -> None:
    flat = fill(Store(tmp_path_factory.mktemp("flat") / "traces.duckdb"), rows("flat", dict.fromkeys(STEPS, 0.4)))
    table = get_finding("behavior_shift").find(flat).table
    assert table is not None
    assert [row["onset"] for row in table.to_pylist()] == [None]


@pytest.mark.parametrize("shares", [{0: 0.1}, {0: 0.1, 10: 0.9, 20: 0.9}], ids=["one evaluation", "three"])
def test_few_evaluations_show_no_onset(shares: dict[int, float], tmp_path_factory: pytest.TempPathFactory) -> None:
    short = fill(Store(tmp_path_factory.mktemp("short") / "traces.duckdb"), rows("short", shares))
    assert onsets_of_courses(courses_of(short, "short", [CODE])) == {}


def test_a_rise_over_few_evaluations_is_not_said_to_have_no_onset(tmp_path_factory: pytest.TempPathFactory) -> None:
    short = fill(Store(tmp_path_factory.mktemp("few") / "traces.duckdb"), rows("short", {0: 0.1, 10: 0.9, 20: 0.9}))
    said = get_finding("family_by_reward").find(short).verdict
    assert said.endswith(" at step 20, with 3 evaluations or fewer, which date no onset")


def test_prompts_that_come_once_give_the_same_onset_put_together_or_not(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    draws = np.random.default_rng(0)
    new_prompts = [
        Row(f"p{step}-{i}", step, shown=(CODE,) * (draws.random() < (0.3 if step < 5 else 0.7)))
        for step in range(10)
        for i in range(200)
    ]
    many = fill(Store(tmp_path_factory.mktemp("many") / "traces.duckdb"), new_prompts)
    (together,) = courses_of(many, "a", [CODE], most_clusters=MOST_CLUSTERS)
    alone = course_of(many, "a", behavior=CODE)
    assert (len(together.n) <= MOST_CLUSTERS, len(alone.n)) == (True, 2000)
    assert onset_of(together) == onset_of(alone) == onsets_of_courses([together])[CODE]
