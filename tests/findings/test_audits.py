"""Audits planted in a store: what they are counted as, how they correct rates, and when they sound an alarm."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from findings.worlds import Row, fill
from typer.testing import CliRunner

import traceanalytics
from traceanalytics.cli import app
from traceanalytics.findings.audits import audited_in, drifts
from traceanalytics.judging import Answers
from traceanalytics.store.store import Store
from traceanalytics.verbs.draw_audit import suggest_audit
from traceanalytics.verbs.labels import load_labels

STEPS = (0, 40, 80)
FALSE_POSITIVES = {0: 0.05, 40: 0.05, 80: 0.05}


def plant(
    store: Store,
    *,
    rates: dict[int, float],
    false_positives: dict[int, float],
    right: tuple[float, float] = (0.5, 0.5),
    seed: int = 0,
) -> dict[str, bool]:
    """Fill a store with 40 prompts × 8 rollouts × 3 steps and return the truth of each rollout.

    `right` is how probably a rollout is right that does not show the behavior, and one that does.
    """
    draws = np.random.default_rng(seed)
    rows, truth = [], {}
    for step in STEPS:
        for prompt in range(40):
            for _ in range(8):
                shows = draws.random() < rates[step]
                tagged = draws.random() < (0.9 if shows else false_positives[step])
                truth[str(len(rows))] = bool(shows)
                rows.append(
                    Row(f"p{prompt}", step, split="train", correct=bool(draws.random() < right[int(shows)]),
                        shown=("verification",) if tagged else (), model_family="qwen", reward_type="random")
                )  # fmt: skip
    fill(store, rows)
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('by_count', 'cues', 'by_count')"
        ).fetchall()
    return truth


def audit(store: Store, truth: dict[str, bool], path: Path, *, n: int = 240, judge: str = "maria") -> Path:
    """Draw an audit and judge it by the truth."""
    questions = suggest_audit(store, ["verification"], n=n, judged=[path] if path.exists() else [])
    answers = Answers(questions, path, judge, ["verification"])
    for question, behavior in answers.open_questions():
        answers.answer(question, behavior, truth[question.id])
    load_labels(store, [path])
    return path


FLAT = dict.fromkeys(STEPS, 0.3)


def test_rollouts_that_a_model_was_trained_on_audit_the_others_alone(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    audit(store, truth, tmp_path / "audit.jsonl", n=30)
    asked = {"in_behaviors": ["verification"], "in_tagger": "by_count"}
    audited = store.query("audited_rollouts", **asked)["rollout_id"].to_pylist()
    with store.writing() as connection:
        card = json.dumps({"taught_rollouts": [*audited[:5], "elsewhere"]})
        connection.execute("UPDATE taggers SET card = $1 WHERE tagger_id = 'by_count'", [card]).fetchall()
    left = store.query("audited_rollouts", **asked)["rollout_id"].to_pylist()
    assert (len(audited), left) == (30, audited[5:])


def test_an_audit_is_counted_by_era_of_its_run(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    audit(store, truth, tmp_path / "audit.jsonl")
    rows = store.sql("SELECT * FROM tagger_errors ORDER BY step_band").to_pylist()
    assert [row["step_band"] for row in rows] == ["0-0", "40-40", "80-80"]
    assert {(row["tagger_id"], row["behavior"], row["run_id"]) for row in rows} == {("by_count", "verification", "a")}
    assert all(60 < sum(row[cell] for cell in ("tp", "fp", "fn", "tn")) <= 80.01 for row in rows)
    assert rows[0]["sampled_how"].startswith("80 rollouts of the split train, drawn with probability 0.")
    assert rows[0]["sampled_how"].endswith("judged by maria")


def test_a_tagger_of_something_else_that_read_the_same_rollouts_has_no_errors_in_an_audit(
    store: Store, tmp_path: Path
) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    with store.writing() as connection:
        connection.execute("INSERT INTO taggers (tagger_id, kind, name) VALUES ('of_code', 'published', 'of_code')")
        connection.execute(
            "INSERT INTO tagged BY NAME SELECT * REPLACE ('of_code' AS tagger_id) FROM tagged"
        ).fetchall()
    audit(store, truth, tmp_path / "audit.jsonl", n=30)
    assert store.sql("SELECT DISTINCT tagger_id FROM tagger_errors")["tagger_id"].to_pylist() == ["by_count"]


def test_corrected_rates_are_nearer_to_the_truth_than_raw_ones(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=dict.fromkeys(STEPS, 0.3))
    audit(store, truth, tmp_path / "audit.jsonl")
    for row in store.query("corrected_rate", in_behaviors=["verification"]).to_pylist():
        assert row["share"] > 0.4
        assert row["prediction_powered"] == pytest.approx(0.3, abs=0.12)
        assert row["rogan_gladen"] == pytest.approx(0.3, abs=0.15)
        assert row["audited"] == 80


def test_without_an_audit_nothing_is_corrected(store: Store) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    rows = store.query("corrected_rate", in_behaviors=["verification"]).to_pylist()
    assert [(row["audited"], row["precision"], row["prediction_powered"]) for row in rows] == [(0, None, None)] * 3
    answer = traceanalytics.open(store.path).finding("behavior_shift", in_behavior="verification")
    (caveat,) = [each for each in answer.caveats if each.startswith("uncorrected")]
    assert re.search(
        r"; audit (\d+) .*`ta label --for behavior_shift -n \1 in_run=RUN in_behavior=verification` draws them", caveat
    )
    assert not [each for each in answer.estimates if each.kind == "corrected"]


def test_a_finding_prints_raw_and_corrected_rates_side_by_side(store: Store, tmp_path: Path) -> None:
    rates = {0: 0.1, 40: 0.3, 80: 0.6}
    truth = plant(store, rates=rates, false_positives=dict.fromkeys(STEPS, 0.15))
    audit(store, truth, tmp_path / "audit.jsonl", n=300)
    answer = traceanalytics.open(store.path).finding("behavior_shift", in_behavior="verification")
    by_label = {(each.label, each.kind): each for each in answer.estimates}
    raw, powered = (
        by_label["verification: start", "raw"],
        by_label["verification: start, prediction-powered", "corrected"],
    )
    assert raw.value > 0.18
    assert powered.low is not None
    assert powered.high is not None
    assert powered.low <= 0.1 + 0.04
    assert powered.high - powered.low < 0.3
    assert ("verification: end, Rogan-Gladen", "corrected") in by_label
    assert "confirmed rise" in answer.verdict
    reflection = traceanalytics.open(store.path).finding("reflection_rate", in_behaviors=("verification",))
    assert ("share at the last step, prediction-powered", "corrected") in {
        (e.label, e.kind) for e in reflection.estimates
    }
    assert not [each for each in reflection.caveats if each.startswith("uncorrected")]


def test_a_tagger_that_drifts_sounds_an_alarm_and_confirms_nothing(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives={0: 0.05, 40: 0.3, 80: 0.6})
    audit(store, truth, tmp_path / "audit.jsonl")
    (drift,) = drifts(store)
    assert str(drift).startswith("verification of a: the tagger errs otherwise at steps 80-80 than at steps 0-0 (p = ")
    answer = traceanalytics.open(store.path).finding("behavior_shift", in_behavior="verification")
    assert "confirmed rise" not in answer.verdict
    found = CliRunner().invoke(app, ["status", "--db", str(store.path)])
    assert "careful: verification of a: the tagger errs otherwise" in found.stderr


def test_a_tagger_that_does_not_drift_sounds_none(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    audit(store, truth, tmp_path / "audit.jsonl")
    assert drifts(store) == []


def test_uncertain_queues_and_segments_never_count_as_audits(store: Store, tmp_path: Path) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    line = {"id": "1", "unit": "rollout", "text": "x", "judged": {"verification": True}, "judged_by": "jo",
            "judged_on": "2026-11-21", "source": "rollout:1"}  # fmt: skip
    chosen, segment = line, line | {"id": "2/0", "unit": "segment", "source": "rollout:2", "drawn_with": 0.5}
    (tmp_path / "labels.jsonl").write_text(f"{json.dumps(chosen)}\n{json.dumps(segment)}\n")
    load_labels(store, [tmp_path / "labels.jsonl"])
    assert store.query("audited_rollouts", in_behaviors=["verification"]).num_rows == 0


def test_a_rollout_that_gave_a_segment_to_train_on_is_no_audit(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    path = audit(store, truth, tmp_path / "audit.jsonl", n=30)
    first = json.loads(path.read_text().splitlines()[0])
    segment = first | {"id": f"{first['id']}/0", "unit": "segment", "drawn_with": None}
    (tmp_path / "train.jsonl").write_text(json.dumps(segment) + "\n")
    load_labels(store, [tmp_path / "train.jsonl"])
    held = store.query("audited_rollouts", in_behaviors=["verification"])["rollout_id"].to_pylist()
    assert len(held) == 29
    assert first["id"] not in held


def test_a_persons_judgment_goes_before_a_models(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    path = audit(store, truth, tmp_path / "audit.jsonl", n=12)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    other = [
        line | {"judged": {"verification": not line["judged"]["verification"]}, "judged_by": "llm:judge"}
        for line in lines
    ]
    (tmp_path / "llm.jsonl").write_text("".join(json.dumps(line) + "\n" for line in other))
    load_labels(store, [tmp_path / "llm.jsonl"])
    rows = store.query("audited_rollouts", in_behaviors=["verification"]).to_pylist()
    assert {row["judged_by"] for row in rows} == {"maria"}
    assert all(row["is_judged_shown"] == truth[row["rollout_id"]] for row in rows)


def test_several_behaviors_are_shown_when_any_is_and_must_all_be_judged(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    audit(store, truth, tmp_path / "audit.jsonl", n=30)
    found = store.query("audited_rollouts", in_behaviors=["verification", "planning"]).to_pylist()
    assert found
    assert all(row["is_judged_shown"] for row in found)


def test_an_era_without_audit_borrows_none(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    audit(store, truth, tmp_path / "audit.jsonl")
    with store.writing() as connection:
        connection.execute(
            "DELETE FROM judgments WHERE rollout_id IN (SELECT rollout_id FROM rollouts WHERE step = 80)"
        ).fetchall()
    asked = {"run": "a", "split": "train"}
    assert audited_in(store, ["verification"], first=80, last=80, **asked) is None
    assert len(audited_in(store, ["verification"], first=0, last=10, **asked) or ()) == 80


def test_corrected_intervals_hold_the_truth(tmp_path: Path) -> None:
    held = total = 0
    for seed in range(4):
        store = Store(tmp_path / f"{seed}.duckdb")
        truth = plant(store, rates={0: 0.05, 40: 0.3, 80: 0.7}, false_positives=dict.fromkeys(STEPS, 0.1), seed=seed)
        audit(store, truth, tmp_path / f"{seed}.jsonl", n=180)
        answer = traceanalytics.open(store.path).finding("reflection_rate", in_behaviors=("verification",))
        start, end = (np.mean(list(truth.values())[at : at + 320]) for at in (0, 640))
        for each, share in zip(
            [e for e in answer.estimates if "powered" in e.label], (start, end, end - start), strict=True
        ):
            assert each.low is not None
            assert each.high is not None
            held += each.low <= share <= each.high
            total += 1
    assert (held, total) >= (11, 12)


def test_the_page_of_the_tagger_shows_audits(store: Store, tmp_path: Path) -> None:
    from traceanalytics.pages.base import Selectors, Table, Text, get_page

    truth = plant(store, rates=FLAT, false_positives={0: 0.02, 40: 0.3, 80: 0.7})
    audit(store, truth, tmp_path / "audit.jsonl")
    blocks = get_page("tagger").blocks(store, Selectors())
    assert [each.title for each in blocks if isinstance(each, Table)][:2] == [
        "What each tagger has read",
        "Audits: precision and recall",
    ]
    assert any("the tagger errs otherwise" in each.text for each in blocks if isinstance(each, Text))
