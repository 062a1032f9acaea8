import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.classifiers.models import load_model
from traceanalytics.cli import app
from traceanalytics.errors import BadInput, BadLabel, UnknownName
from traceanalytics.paths import label_paths, shipped_folder
from traceanalytics.segments import make_batch
from traceanalytics.taggers import get_tagger, load_tagger
from traceanalytics.tagging import tag_batch
from traceanalytics.verbs.train import split_options, train

CHECKS = ("Let me look over the sum once more", "I want to see whether that can be right", "Is the total really so")
PLAINS = (
    "Each box holds some apples",
    "The train leaves the town",
    "So the area is what we had",
    "They share the cost",
)


def write_labels(folder: Path, *, count: int = 60) -> Path:
    folder.mkdir()
    lines = []
    for n in range(count):
        for kind, texts in (("check", CHECKS), ("plain", PLAINS)):
            text = f"{texts[n % len(texts)]}, {'abcdefghij'[n % 10] * (n % 7 + 1)} of {'klmnopqrst'[n // 10] * 4}."
            judged = {"verification": kind == "check", "backtracking": False}
            line = {"id": f"{kind}-{n}", "unit": "segment", "text": text, "judged": judged, "judged_by": "author"}
            lines.append(
                json.dumps({**line, "judged_on": "2026-11-21", "prompt": f"Question {n}", "source": "made:up"})
            )
    (folder / "made.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("train") / "labels")


@pytest.fixture(scope="module")
def model(labels: Path) -> Path:
    return train("ngrams", [labels], labels.parent / "mine").folder


def test_the_card_says_of_what_the_model_was_made(model: Path) -> None:
    card = load_model(model)[1]
    assert (card["name"], card["kind"], card["behaviors"]) == ("mine", "ngrams", ["verification"])
    assert card["counts"]["verification"]["yes"] < 60, "the frozen part is not learned from"
    assert {"labels", "meanings", "version", "segments"} <= card.keys()


def test_a_model_tags_what_it_learned_and_leaves_the_rest_to_rules_and_cues(model: Path) -> None:
    text = "I want to see whether that can be right. Let me try a different approach instead. \\boxed{4}"
    shown = tag_batch(make_batch([text]), load_tagger(model)).tagged["shown"].to_pylist()[0]
    assert {"verification", "backtracking", "boxed_answer"} <= set(shown)


def test_tags_of_a_model_carry_scores_and_attributes(model: Path) -> None:
    tags = tag_batch(make_batch(["I want to see whether that can be right."]), get_tagger(str(model))).tags.to_pylist()
    (tag,) = (tag for tag in tags if tag["behavior"] == "verification")
    assert 0.5 <= tag["score"] < 1
    assert dict(tag["attributes"])["announced_only"] in ("true", "false")


def test_a_batch_without_prose_is_tagged(model: Path) -> None:
    assert tag_batch(make_batch(["", "```python\nx = 1\n```"]), load_tagger(model)).tagged["row"].to_pylist() == [0, 1]


def test_training_again_replaces_the_model_whole(labels: Path, model: Path) -> None:
    before = (model / "card.json").read_text()
    (model / "weights.npz").write_bytes(b"torn")
    train("ngrams", [labels], model)
    assert (model / "card.json").read_text() == before
    assert sorted(path.name for path in model.parent.iterdir()) == ["labels", "mine"]


def test_a_folder_that_is_no_model_is_left_alone(labels: Path) -> None:
    with pytest.raises(
        BadInput, match="labels: is there and is no model; name a new folder, or one that `ta train` wro"
    ):
        train("ngrams", [labels], labels)
    assert (labels / "made.jsonl").exists()


def test_too_few_labels_are_refused_with_what_is_needed(tmp_path: Path) -> None:
    few = write_labels(tmp_path / "few", count=7)
    with pytest.raises(BadLabel, match=r"few: no behavior has 8 segments that show it and 8 that do not; judge more"):
        train("ngrams", [few], tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_an_unknown_kind_is_answered_with_the_known_ones(labels: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no classifier is called 'ngram'. Did you mean 'ngrams'?"):
        train("ngram", [labels], tmp_path / "model")


def test_a_kind_reads_options_of_its_own_from_the_command_line(labels: Path, tmp_path: Path) -> None:
    words = [
        "train",
        "spancat",
        str(labels),
        "--epochs",
        "1",
        "--out",
        str(tmp_path / "model"),
        "--rate=0.01",
        "--json",
    ]
    done = CliRunner().invoke(app, words)
    assert json.loads(done.stdout)["card"]["kind"] == "spancat"
    assert load_model(tmp_path / "model")[0].behaviors == ("verification",)


def test_behaviors_that_cues_still_decide_are_named(labels: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", "ngrams", str(labels), "--out", str(tmp_path / "model")])
    card = json.loads((tmp_path / "model" / "card.json").read_text(encoding="utf-8"))
    said = [line for line in done.stderr.splitlines() if line.startswith("still decided by cues")]
    expected = ", ".join(card["decided_by_cues"])
    assert said == (
        [f"still decided by cues, as no head is better at them on judgments held back: {expected}"] if expected else []
    )


def test_few_labels_alone_are_answered_with_how_to_add_those_that_ship(labels: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", "ngrams", str(labels), "--out", str(tmp_path / "model")])
    assert done.stderr.startswith("reading 1 label file: some seconds\n")
    assert done.stdout.splitlines()[-1].endswith(f"next: ta evaluate {tmp_path / 'model'} {labels}")
    assert f"are few to learn from alone; beside those that ship they teach more: ta train ngrams shipped {labels}" in (
        done.stderr
    )


def test_the_labels_that_ship_are_named_shipped_where_no_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours = shipped_folder("labels")
    assert label_paths(None) == label_paths(["shipped"]) == [ours]
    assert label_paths(["shipped", "mine.jsonl"]) == [ours, Path("mine.jsonl")]
    Path("shipped").mkdir()
    assert label_paths(["shipped"]) == [Path("shipped")]


def test_an_option_that_a_kind_does_not_have_is_answered_with_those_it_has(labels: Path) -> None:
    with pytest.raises(UnknownName, match="no option of spancat is called '--epocs'. Did you mean '--epochs'?"):
        split_options("spancat", [str(labels), "--epocs", "3"])


def test_a_kind_without_options_takes_none() -> None:
    assert split_options("ngrams", ["mine/"]) == (None, ["mine/"])
    with pytest.raises(UnknownName, match="no option of ngrams is called '--share'. Known: none"):
        split_options("ngrams", ["--share", "0.1"])
