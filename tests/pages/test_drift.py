import pytest

from traceanalytics.pages.base import Chart, Selectors, Table, Text, get_page
from traceanalytics.pages.drift import FALSE_ALARM, MISS, errors_over_eras
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One run, audited early and late: late half of what is tagged as planning is none; setup was audited early."""
    store = Store(tmp_path_factory.mktemp("audited") / "traces.duckdb")
    with store.writing() as connection:
        for statement in (
            "INSERT INTO runs (run_id) VALUES ('a')",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response)"
            " SELECT step || '-' || i, 'a', 'train', step, 'p' || i, 'x' FROM range(20) AS b(step), range(10) AS c(i)",
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('t@1', 'cues', 't')",
            "INSERT INTO tagged SELECT 't@1', rollout_id, ['planning'], 1, 1 FROM rollouts",
            "INSERT INTO meta VALUES ('active_tagger', 't@1')",
            "INSERT INTO tagger_errors VALUES ('t@1', 'planning', 'a', '0-9', 40, 0, 10, 50, 'at random'),"
            " ('t@1', 'planning', 'a', '10-19', 30, 30, 5, 35, 'at random'),"
            " ('t@1', 'setup', 'a', '0-9', 0, 0, 4, 16, 'at random')",
        ):
            connection.execute(statement).fetchall()
    return store


@pytest.fixture(scope="module")
def blocks(audited: Store) -> dict[str, Table | Chart]:
    found = get_page("tagger").blocks(audited, Selectors())
    return {block.title: block for block in found if isinstance(block, Table | Chart)}


def test_an_audit_is_shown_with_its_n_precision_and_recall_and_their_limits(blocks: dict[str, Table]) -> None:
    table = blocks["Audits: precision and recall"]
    planning, _, setup = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert (planning["n"], planning["precision"], planning["recall"]) == (100, 1.0, 0.8)
    assert planning["recall low"] < 0.8 < planning["recall high"]
    assert (setup["precision"], setup["recall"]) == (None, 0.0), "nothing was tagged, so there is no precision"


def test_errors_are_drawn_by_era_and_the_alarm_stands_where_they_changed(blocks: dict[str, Chart]) -> None:
    chart = blocks["Does the tagger drift?"]
    rows = [dict(zip(chart.table.columns, row, strict=True)) for row in chart.table.rows]
    found = {(row["audited"], row["era"], row["error"]): row for row in rows}
    assert found["planning", "steps 0-9", FALSE_ALARM]["value"] == 0
    assert found["planning", "steps 10-19", FALSE_ALARM]["value"] == pytest.approx(30 / 65, abs=1e-6)
    assert found["planning", "steps 0-9", MISS]["value"] == pytest.approx(0.2)
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    alarmed = {(row["audited"], row["era"]) for row in rows if row["alarm"]}
    assert alarmed == {("planning", "steps 10-19")}


def test_the_alarm_is_also_said_in_words(audited: Store) -> None:
    said = [block.text for block in get_page("tagger").blocks(audited, Selectors()) if isinstance(block, Text)]
    assert any("planning of a: the tagger errs otherwise at steps 10-19 than at steps 0-9" in text for text in said)


def test_an_error_rate_that_nobody_could_make_is_no_row(audited: Store) -> None:
    audit = {"behavior": "setup", "run": "a", "steps": "0-9", "tp": 0, "fp": 0, "fn": 0, "tn": 3}
    assert [row["error"] for row in errors_over_eras(look(audited, Selectors()), [audit])] == [FALSE_ALARM]
