import json
from pathlib import Path

import pytest
from verbs.test_train import write_labels

from traceanalytics.classifiers.splits import fingerprints
from traceanalytics.errors import BadInput, BadLabel
from traceanalytics.taggers import load_tagger
from traceanalytics.verbs.evaluate import evaluate, frozen_part
from traceanalytics.verbs.train import train


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("evaluate") / "labels")


@pytest.fixture(scope="module")
def model(labels: Path) -> Path:
    return train("ngrams", [labels], labels.parent / "mine").folder


def test_the_frozen_part_gives_precision_recall_and_their_interval(labels: Path, model: Path) -> None:
    rows = evaluate(load_tagger(model), [labels]).rows
    (row,) = (row for row in rows if (row["behavior"], row["part"]) == ("verification", "all"))
    if row["positives"] >= 10:
        assert 0 <= row["low"] <= row["f1"] <= row["high"] <= 1
        assert row["f1"] > 0.8
        assert 0 <= row["calibration_error"] < 0.3
    else:
        assert row["verdict"] == "too few to say"


def test_every_look_at_the_frozen_part_is_counted(labels: Path, model: Path) -> None:
    first = evaluate(load_tagger(model), [labels]).looks
    second = evaluate(load_tagger(model), [labels]).looks
    assert (first, second) == (first, (first or 0) + 1)
    assert json.loads((labels / "frozen_looks.json").read_text())[-1]["by"] == "ta evaluate mine"


def test_a_model_that_learned_from_the_frozen_part_is_refused(labels: Path) -> None:
    taught = fingerprints([f"Question {number}" for number in range(60)])
    with pytest.raises(
        BadInput, match="were learned from, so nothing it says would be held out; train the model again"
    ):
        frozen_part([labels], looked_at_by="a test", taught=taught)


def test_labels_without_a_frozen_prompt_say_so(tmp_path: Path) -> None:
    folder = write_labels(tmp_path / "one", count=30)
    file = folder / "made.jsonl"
    lines = [json.loads(line) | {"prompt": "Question 1"} for line in file.read_text().splitlines()]
    file.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(BadLabel, match="no prompt of it is in the frozen part; judge more prompts"):
        frozen_part([folder], looked_at_by="a test")
