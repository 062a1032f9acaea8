"""Every kind that can be trained, from the command line as a user has it: train, evaluate, tag, use, show."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from verbs.test_train import write_labels

from traceanalytics.classifiers.models import CLASSIFIERS
from traceanalytics.cli import app

OPTIONS = {
    "ngrams": [],
    "spancat": ["--epochs", "2"],
    "encoder": ["--model", "ENCODER"],
    "encoder fine-tuned": ["--model", "ENCODER", "--fine-tune", "--epochs", "1"],
    "cascade": ["--model", "ENCODER", "--share", "0.2"],
}


def ta(*words: object) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_each_kind_is_walked() -> None:
    assert {name.split()[0] for name in OPTIONS} == set(CLASSIFIERS.all())


@pytest.mark.parametrize("name", OPTIONS)
def test_a_kind_is_trained_evaluated_used_and_shown(
    name: str, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = write_labels(tmp_path / "labels")
    answers = ("I want to see whether that can be right, aa of kkkk.", "The train leaves the town.")
    Path("run.jsonl").write_text("".join(json.dumps({"prompt": "q", "response": each}) + "\n" for each in answers))
    ta("ingest", "run.jsonl")
    ta("tag", "--tagger", "cues")

    words = [str(tiny_encoder) if word == "ENCODER" else word for word in OPTIONS[name]]
    card = ta("train", name.split()[0], labels, *words, "--out", "mine")["card"]
    assert (card["kind"], card["behaviors"]) == (name.split()[0], ["verification"])
    (row,) = ta("evaluate", "mine", labels)["rows"]
    assert (row["behavior"], row["part"], row["verdict"]) == ("verification", "all", "measured")
    tagged = ta("tag", "--tagger", "mine")
    assert (tagged["tagged"], tagged["tagger_id"].split("@")[0]) == (2, "mine")
    assert ta("use", "mine", "--labels", labels, "--force")["active"] == tagged["tagger_id"]
    (first, _) = ta("sql", "SELECT rollout_id FROM rollouts ORDER BY line")
    assert ta("show", first["rollout_id"])["rollout_id"] == first["rollout_id"]
