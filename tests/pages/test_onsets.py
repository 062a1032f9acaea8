from pathlib import Path

import pytest

from traceanalytics.findings.onsets import onset_in_words
from traceanalytics.pages.base import Chart, Selectors, get_page
from traceanalytics.pages.corrected import raw_and_corrected
from traceanalytics.pages.onsets import onsets_of
from traceanalytics.pages.pooled import pooled_over_seeds, pooled_runs
from traceanalytics.pages.rates import rates_over_steps
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store

STEPS, TURNS_AT = 20, 10


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three runs of one configuration and one of another: planning jumps from 10% to 60% at step 10 in each."""
    store = Store(Path(tmp_path_factory.mktemp("seeds")) / "traces.duckdb")
    with store.writing() as connection:
        for statement in (
            "INSERT INTO runs (run_id, model, reward_type, seed) SELECT 'run-' || n, 'm',"
            " if(n < 3, 'random', 'true'), n FROM range(4) AS runs(n)",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response, reward, correct)"
            f" SELECT run || '-' || step || '-' || i, 'run-' || run, 'train', step, 'p' || i % 30, 'x', i % 2,"
            f" i % 2 = 0 FROM range(4) AS a(run), range({STEPS}) AS b(step), range(120) AS c(i)",
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('t@1', 'cues', 't')",
            "INSERT INTO tagged SELECT 't@1', rollout_id, if(hash(rollout_id) % 100 <"
            f" if(step >= {TURNS_AT}, 60, 10), ['planning'], []), 1, 1 FROM rollouts",
            "INSERT INTO meta VALUES ('active_tagger', 't@1')",
            "INSERT INTO tagger_errors VALUES ('t@1', 'planning', 'run-0', '0-9', 10, 10, 0, 80, 'at random')",
        ):
            connection.execute(statement).fetchall()
    return store


def test_an_onset_is_where_the_rate_jumps(seeds: Store) -> None:
    found = onsets_of(look(seeds, Selectors(runs=("run-0",))))
    onset = found["run-0", "planning"]
    assert onset.step == TURNS_AT
    assert onset_in_words(onset) == "step 10 [1, 10]", "the first step beyond chance, and the first confirmed"


def test_a_behavior_that_does_not_shift_has_no_onset(analyzed: Store) -> None:
    assert ("random", "boxed_answer") not in onsets_of(look(analyzed, Selectors(runs=("random",))))


def test_seeds_of_one_configuration_are_one_curve_with_an_interval_over_runs(seeds: Store) -> None:
    view = look(seeds, Selectors())
    pooled = pooled_runs(view)
    rows = pooled_over_seeds(pooled, rates_over_steps(view, ["planning"]))
    assert sorted(pooled) == ["m under random", "m under true"]
    at_once = {row["run"]: row for row in rows if row["step"] == 0}
    assert at_once["m under random"]["seeds"] == 3
    assert at_once["m under random"]["low"] < at_once["m under random"]["value"]
    assert at_once["m under true"]["low"] is None, "one run says nothing of other seeds"


def test_runs_of_different_configurations_are_not_pooled(seeds: Store) -> None:
    assert pooled_runs(look(seeds, Selectors(runs=("run-0", "run-3")))) == {}


def test_a_rate_is_corrected_where_its_run_and_era_were_audited(seeds: Store) -> None:
    rows = raw_and_corrected(look(seeds, Selectors()), ["planning"])
    assert {row["run"] for row in rows} == {"run-0"}
    assert {row["step"] for row in rows} == set(range(10))
    raw, corrected = rows[:2]
    assert (raw["kind"], corrected["kind"]) == ("raw", "corrected")
    assert corrected["value"] == pytest.approx(raw["value"] / 2, abs=1e-6), "half of what is tagged shows it"


def test_the_page_draws_onsets_seeds_and_corrections(seeds: Store) -> None:
    blocks = get_page("behaviors").blocks(seeds, Selectors())
    charts = {block.title: block for block in blocks if isinstance(block, Chart)}
    assert set(charts) == {"Every behavior over training", "Raw and corrected rates"}
    lead = charts["Every behavior over training"].lead
    assert "interval over runs" in lead
    assert "marks the onset" in lead
    assert "onset" in str(charts["Every behavior over training"].chart.to_dict())
