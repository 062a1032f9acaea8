"""The audit that a finding needs: planned, drawn, judged, and the interval that it leaves."""

import json
from pathlib import Path

import pytest
from findings.test_audits import FALSE_POSITIVES, FLAT, audit, plant
from typer.testing import CliRunner

import traceanalytics
from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused
from traceanalytics.judging import Answers
from traceanalytics.store.store import Store
from traceanalytics.verbs.labels import load_labels
from traceanalytics.verbs.plan_audit import draw_planned, plan_audit

ASKED = ["in_run=a", "in_behavior=verification"]


def test_without_an_audit_the_errors_are_to_be_known_as_well_as_the_rates(store: Store) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    plan = plan_audit(store, "behavior_shift", ASKED)
    assert (plan.behaviors, plan.run, plan.split) == (("verification",), "a", "train")
    assert plan.half_width_now is None
    assert plan.half_width_then == pytest.approx(2**0.5 * plan.half_width_raw, rel=0.1)
    assert [measured.era.first for measured, _ in plan.eras] == [0, 80]
    assert str(plan).startswith(
        f"{plan.rollouts} rollouts of a (train) to judge for verification: the widest corrected"
    )


def test_a_plan_tells_the_width_that_was_asked_for_from_that_of_the_finding(store: Store) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    plan = plan_audit(store, "behavior_shift", ASKED, half_width=0.03)
    raw = f"±{100 * plan.half_width_raw:.1f} come from the prompts"
    assert str(plan).endswith(f"with them: {raw} and ±3.0 from the tagger's errors")


def test_a_plan_keeps_what_it_promises(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=dict.fromkeys((0, 40, 80), 0.1))
    plan = plan_audit(store, "behavior_shift", ASKED, n=240)
    answers = Answers(draw_planned(store, plan), tmp_path / "judged.jsonl", "maria", ["verification"])
    for question, behavior in answers.open_questions():
        answers.answer(question, behavior, truth[question.id])
    load_labels(store, [tmp_path / "judged.jsonl"])
    answer = traceanalytics.open(store.path).finding("behavior_shift", in_behavior="verification")
    (shift,) = [
        each for each in answer.estimates if each.kind == "corrected" and each.label.endswith("both audits correct it")
    ]
    assert shift.low is not None
    assert shift.high is not None
    assert (shift.high - shift.low) / 2 == pytest.approx(plan.half_width_then, rel=0.4)


def test_a_smaller_error_needs_more_rollouts(store: Store) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    wide, narrow = (plan_audit(store, "behavior_shift", ASKED, half_width=half).rollouts for half in (0.1, 0.05))
    assert narrow == pytest.approx(4 * wide, rel=0.1)


def test_an_era_with_more_errors_gets_more_rollouts(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives={0: 0.0, 40: 0.1, 80: 0.5})
    audit(store, truth, tmp_path / "audit.jsonl", n=180)
    plan = plan_audit(store, "behavior_shift", ASKED, n=100)
    (_, early), (_, late) = plan.eras
    assert late > 1.2 * early


def test_where_the_prompts_are_the_limit_no_audit_is_planned(store: Store, tmp_path: Path) -> None:
    truth = plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    audit(store, truth, tmp_path / "audit.jsonl", n=900)
    with pytest.raises(Refused, match="rollouts are audited, and more would not narrow behavior_shift: its interval"):
        plan_audit(store, "behavior_shift", ASKED)


def test_a_finding_over_several_behaviors_asks_for_each(store: Store) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    plan = plan_audit(store, "reflection_rate", ["in_behaviors=verification,planning"], n=40)
    assert {question.asked for question in draw_planned(store, plan)} == {("verification", "planning")}


def test_without_a_behavior_the_largest_shift_is_audited(store: Store) -> None:
    plant(store, rates={0: 0.1, 40: 0.3, 80: 0.8}, false_positives=FALSE_POSITIVES)
    assert plan_audit(store, "behavior_shift").behaviors == ("verification",)


def test_a_finding_about_no_behavior_is_refused(store: Store) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    with pytest.raises(BadInput, match="finding 'reward_gain' was asked of no behavior; name one: in_behavior=NAME"):
        plan_audit(store, "reward_gain")


def test_the_command_says_how_many_and_draws_them(store: Store, tmp_path: Path) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    path = tmp_path / "queue.jsonl"
    words = ["label", "--for", "behavior_shift", *ASKED, "-n", "50", "--db", str(store.path), "--out", str(path)]
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert said["planned"] == pytest.approx(50, abs=1)
    assert said["drawn"] == len(path.read_text().splitlines())
    assert all(0 < json.loads(line)["drawn_with"] <= 1 for line in path.read_text().splitlines())


def test_label_needs_one_queue() -> None:
    found = CliRunner().invoke(app, ["label"])
    assert "`ta label` judges one queue, not 0; `ta suggest` draws one" in str(found.exception)


def test_a_finding_over_all_runs_is_audited_in_the_run_that_is_named(store: Store) -> None:
    plant(store, rates=FLAT, false_positives=FALSE_POSITIVES)
    plan = plan_audit(store, "family_by_reward", ASKED)
    assert (plan.behaviors, plan.run) == (("verification",), "a")
    with pytest.raises(BadInput, match="finding 'family_by_reward' has no parameter 'run'"):
        plan_audit(store, "family_by_reward", ["run=a"])
