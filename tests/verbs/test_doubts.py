import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.errors import BadLabel, Refused
from traceanalytics.labels import Judgment
from traceanalytics.stats.noise import doubts
from traceanalytics.verbs.doubts import suggest_noise

CHECKS = ["Let me check the {}.", "Let me verify the {} again.", "I want to double-check the {}.", "Checking the {}:"]
STEPS = ["The {} is seven.", "We add the {} to both sides.", "So the {} equals twelve.", "Multiply the {} by three."]
THINGS = ["sum", "product", "total", "result", "first value", "angle", "area", "price", "remainder", "second root"]
WRONG = {"p3-c1", "p5-s2", "p7-c0", "p8-s3"}


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Eighty segments of ten prompts, four of them judged wrongly."""
    path = tmp_path / "labels.jsonl"
    lines = []
    for prompt, thing in enumerate(THINGS):
        for kind, texts in (("c", CHECKS), ("s", STEPS)):
            for number, text in enumerate(texts):
                name = f"p{prompt}-{kind}{number}"
                judged = {"verification": (kind == "c") != (name in WRONG)}
                lines.append(
                    Judgment(
                        name, "segment", text.format(thing), judged, "jo", "2026-11-21", prompt=f"Find the {thing}."
                    )
                )
    path.write_text("".join(f"{line.to_line()}\n" for line in lines))
    return path


def test_planted_wrong_labels_are_doubted_first_and_few_others(labels: Path) -> None:
    found = suggest_noise([labels], behaviors=["verification"])
    assert {question.id for question in found[:4]} == WRONG
    assert len(found) <= 8


def test_a_doubted_label_is_asked_again_blind_and_nothing_is_deleted(labels: Path, tmp_path: Path) -> None:
    before = labels.read_bytes()
    out = tmp_path / "noise.jsonl"
    words = ["suggest", "noise", "--judged", str(labels), "--behavior", "verification", "--out", str(out), "--json"]
    ran = CliRunner().invoke(app, words)
    assert ran.stderr == "doubting the judgments of 1 label file\n"
    said = json.loads(ran.stdout)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert said["drawn"] == len(lines) >= 4
    assert all("judged" not in line and line["asked"] == ["verification"] for line in lines)
    assert labels.read_bytes() == before


def test_what_was_not_judged_is_never_doubted() -> None:
    answers = np.array([[1], [1], [1], [1], [1], [0], [0], [0], [0], [0], [-1], [0]])
    likely = np.array([[0.9], [0.9], [0.9], [0.9], [0.9], [0.1], [0.1], [0.1], [0.1], [0.1], [0.99], [0.97]])
    assert [(doubt.row, round(doubt.margin, 2)) for doubt in doubts(answers, likely)] == [(11, 0.94)]


def test_too_few_of_an_answer_doubt_nothing() -> None:
    assert doubts([[1], [0], [0], [0], [0], [0]], [[0.1], [0.9], [0.9], [0.9], [0.1], [0.1]]) == []


def test_labels_without_a_doubt_are_refused_a_queue(labels: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean.jsonl"
    kept = [line for line in labels.read_text().splitlines() if json.loads(line)["id"] not in WRONG]
    clean.write_text("\n".join(kept))
    with pytest.raises(Refused, match="no judgment of 76 segments is in doubt"):
        suggest_noise([clean], behaviors=["verification"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "rollout"}, "labels.jsonl: no judged segment in it"),
        ({"prompt": "one"}, "the labels are all of one prompt: no model can be trained without the one that"),
    ],
    ids=["rollouts", "one prompt"],
)
def test_labels_that_no_model_can_doubt_are_refused(change: dict[str, str], message: str, labels: Path) -> None:
    lines = [json.dumps({**json.loads(line), **change}) for line in labels.read_text().splitlines()]
    labels.write_text("\n".join(lines))
    with pytest.raises((BadLabel, Refused), match=message):
        suggest_noise([labels], behaviors=["verification"])
