import json
from pathlib import Path

import numpy as np
import pytest
from verbs.test_train import write_labels

from traceanalytics.classifiers.models import save_model
from traceanalytics.errors import BadInput, Refused
from traceanalytics.store.store import Store
from traceanalytics.taggers import load_tagger
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.models import history, models, promote, roll_back
from traceanalytics.verbs.tag import tag
from traceanalytics.verbs.train import train

TEXTS = ("I want to see whether that can be right, aa of kkkk.", "It is 4.")


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("models") / "labels")


@pytest.fixture(scope="module")
def model(labels: Path) -> Path:
    return train("ngrams", [labels], labels.parent / "mine").folder


@pytest.fixture
def store(tmp_path: Path, model: Path) -> Store:
    lines = [json.dumps({"prompt": "q", "response": text, "step": step}) for step in (0, 10) for text in TEXTS]
    (tmp_path / "run.jsonl").write_text("\n".join(lines))
    store = Store(tmp_path / "traces.duckdb")
    ingest([tmp_path / "run.jsonl"], store=store)
    tag(store, tagger="cues")
    tag(store, tagger=str(model))
    return store


def test_a_promotion_shows_the_test_and_the_points_that_move(store: Store, model: Path, labels: Path) -> None:
    promoted = promote(store, str(model), labels=[labels])
    assert promoted.active.startswith("mine@")
    assert promoted.before is not None
    assert promoted.before.startswith("cues@")
    assert promoted.test[-1]["behavior"] == "all"
    assert promoted.test[-1]["new_f1"] > promoted.test[-1]["old_f1"]
    assert promoted.moved is not None
    assert {row["behavior"] for row in promoted.moved.to_pylist()} == {"verification"}
    assert (promoted.unread, promoted.judges_ours) == (0, True)


def test_a_promoted_model_outlives_its_folder(store: Store, model: Path, labels: Path, tmp_path: Path) -> None:
    promote(store, "mine", labels=[labels])
    assert tag(store).tagger_id.startswith("mine@")
    assert load_tagger(store.path.with_name("traces.duckdb.models") / tag(store).tagger_id).name == "mine"


def test_a_model_that_is_worse_is_refused_unless_forced(
    store: Store, model: Path, labels: Path, tmp_path: Path
) -> None:
    promote(store, str(model), labels=[labels])
    mute = load_tagger(model)
    mute.classifier._bias = mute.classifier._bias - np.float32(100)  # type: ignore[attr-defined]
    save_model(mute.classifier, tmp_path / "mute", {"name": "mute"})
    tag(store, tagger=str(tmp_path / "mute"))
    with pytest.raises(
        Refused, match=r"mute@\w+ is worse than mine@\w+ on the frozen labels: F1 0.000 after .*--force"
    ):
        promote(store, "mute", labels=[labels])
    assert promote(store, "mute", labels=[labels], force=True).forced
    assert [each["forced"] for each in history(store)] == [False, True]


def test_rolling_back_makes_the_tagger_before_active_again(store: Store, labels: Path) -> None:
    before = promote(store, "mine", labels=[labels]).before
    assert roll_back(store) == before
    assert [row["tagger_id"] for row in models(store) if row["active"]] == [before]
    with pytest.raises(BadInput, match="there is nothing to roll back to; `ta models` lists what was promoted here"):
        roll_back(store)


def test_a_published_detector_is_said_to_judge_nothing_of_ours(store: Store, labels: Path) -> None:
    tag(store, tagger="spurious_rewards.has_code")
    assert not promote(store, "spurious_rewards.has_code", labels=[labels]).judges_ours
