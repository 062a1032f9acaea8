from pathlib import Path

import pytest

import traceanalytics
from traceanalytics.errors import BadInput, Refused
from traceanalytics.findings.base import Named
from traceanalytics.findings.behavior_shift import Window, find_shifts, percent
from traceanalytics.store.store import Store


@pytest.fixture
def planted(store: Store) -> Store:
    """Forty prompts of eight rollouts: planning goes from 1 in 4 to 3 in 4, summary stays at half."""
    with store.writing() as connection:
        for statement in [
            "INSERT INTO meta VALUES ('active_tagger', 't')",
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('t', 'cues', 'cues')",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response) SELECT"
            " format('{}-{}-{}', step, prompt, n), 'r', 'train', step, format('p{}', prompt), 'text'"
            " FROM range(40) AS prompts(prompt), range(8) AS samples(n), (VALUES (0), (50), (100)) AS steps(step)",
            "INSERT INTO tagged SELECT 't', rollout_id, list_filter(["
            " CASE WHEN (hash(rollout_id) % 4 < 1) OR (step = 100 AND hash(rollout_id) % 4 < 3) THEN 'planning' END,"
            " CASE WHEN hash(rollout_id) % 2 = 0 THEN 'summary' END], lambda x: x IS NOT NULL), 1, 4 FROM rollouts",
        ]:
            connection.execute(statement).fetchall()
    return store


def test_a_planted_shift_is_found_and_a_steady_behavior_is_not(planted: Store) -> None:
    shifts = {shift.behavior: shift for shift in find_shifts(planted, run="r")}
    planning, summary = shifts["planning"], shifts["summary"]
    assert planning.survives
    assert planning.change.value == pytest.approx(0.5, abs=0.08)
    assert planning.change.low is not None
    assert planning.change.low > 0.3
    assert not summary.survives
    assert (planning.start_window, planning.end_window) == (Window(0, 0), Window(100, 100))
    assert planning.shared_prompts == 1.0
    assert (planning.start.n, planning.start.unit) == (40, "prompts")


def test_the_finding_answers_in_a_sentence_with_its_caveats(planted: Store) -> None:
    answer = traceanalytics.open(planted.path).finding("behavior_shift", in_behavior="planning")
    assert answer.verdict.startswith("planning rose from ")
    assert "at step 100 of r" in answer.verdict
    assert [each.label for each in answer.estimates] == ["planning: start", "planning: end", "planning: shift"]
    assert answer.caveats[-1] == "one run: this says nothing about other seeds or about the reward"
    assert "behavior_by_prompt" in answer.query


def test_a_behavior_that_nobody_shows_is_answered_with_zero(planted: Store) -> None:
    answer = traceanalytics.open(planted.path).finding("behavior_shift", in_behavior="backtracking")
    assert [each.value for each in answer.estimates] == [0.0, 0.0, 0.0]
    assert answer.verdict == "No shift beyond chance of backtracking"


def test_a_notebook_shows_verdict_numbers_and_chart(planted: Store) -> None:
    answer = traceanalytics.open(planted.path).finding("behavior_shift")
    html = answer._repr_html_()
    assert "<b>planning rose from" in html
    assert "<svg" in html
    assert "planning: shift" in html
    assert answer.chart is not None
    assert answer.chart.to_dict()["layer"]


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("false", "no rollout is tagged: `ta tag` finds the behaviors"),
        ("step = 0", "run 'r' has a single step in the split train"),
    ],
    ids=["no tags", "one step"],
)
def test_what_the_data_cannot_answer_is_refused(keep: str, message: str, planted: Store) -> None:
    with planted.writing() as connection:
        connection.execute(
            f"DELETE FROM tagged WHERE rollout_id NOT IN (SELECT rollout_id FROM rollouts WHERE {keep})"
        ).fetchall()
    with pytest.raises(Refused, match=message):
        traceanalytics.open(planted.path).finding("behavior_shift")


def test_an_unknown_run_is_answered_with_the_known_ones(planted: Store) -> None:
    with pytest.raises(BadInput, match="no tagged run is called 'x'; there is r"):
        traceanalytics.open(planted.path).finding("behavior_shift", in_run="x")


def test_a_store_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such store; `ta ingest PATH --db"):
        traceanalytics.open(tmp_path / "none.duckdb")


def test_a_narrow_interval_gets_a_decimal() -> None:
    assert percent(Named("x", 0.0123, 0.0101, 0.0151, 900)) == "1.2% [1.0, 1.5]"
    assert percent(Named("x", 0.5, None, None, 900)) == "50%"
