"""The contract that every kind of classifier keeps."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from traceanalytics.classifiers.base import NO, NOT_JUDGED, YES, Classifier, Judged, candidates_of
from traceanalytics.classifiers.models import CLASSIFIERS, load_model, save_model
from traceanalytics.errors import BadModel

CHECKS = ("Let me check this sum.", "We should verify the total.", "I will double-check it.", "Checking: it holds.")
PLAINS = ("The sum is 12.", "So x equals 4.", "Then we divide by two.", "This gives nine apples.", "Therefore y is 3.")
KINDS = list(CLASSIFIERS.all())


def made_judgments() -> Judged:
    texts = [text.replace("it", f"it {n}") for n in range(12) for text in CHECKS + PLAINS]
    answers = np.array([[YES if any(text[:5] == c[:5] for c in CHECKS) else NO, NOT_JUDGED] for text in texts], np.int8)
    candidates = candidates_of(texts, ["Before."] * len(texts), [0.5] * len(texts))
    return Judged(candidates, ("verification", "backtracking"), answers, tuple(f"p{i // 9}" for i in range(len(texts))))


def new(kind: str, encoder: Path) -> Classifier:
    kind_type = CLASSIFIERS.get(kind)
    options = getattr(kind_type, "Options", None)
    wants_encoder = options is not None and "model" in options.__dataclass_fields__
    classifier: Classifier = kind_type(options(model=str(encoder))) if wants_encoder else kind_type()
    return classifier


@pytest.fixture(scope="module", params=KINDS)
def fitted(request: pytest.FixtureRequest, tiny_encoder: Path) -> Classifier:
    classifier = new(request.param, tiny_encoder)
    classifier.fit(made_judgments())
    return classifier


def test_what_was_taught_is_known_again(fitted: Classifier) -> None:
    scores = fitted.score(candidates_of(["Let me verify the sum again.", "So the sum is 40."], ["", ""], [0.5, 0.5]))
    assert scores[0, 0] >= 0.5 > scores[1, 0]


def test_what_was_never_judged_is_never_shown(fitted: Classifier) -> None:
    assert (fitted.score(made_judgments().candidates)[:, 1] < 0.5).all()


def test_scores_are_probabilities_one_row_a_candidate(fitted: Classifier) -> None:
    scores = fitted.score(candidates_of(["", "a", "é\U0001f600" * 3000], ["", "b", ""], [0, 0.5, 1]))
    assert scores.shape == (3, 2)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_batch_scores_as_its_members_do(fitted: Classifier) -> None:
    candidates = made_judgments().candidates
    alone = np.concatenate([fitted.score(candidates.part(np.array([i]))) for i in range(9)])
    np.testing.assert_allclose(fitted.score(candidates)[:9], alone, atol=1e-5)


def test_a_saved_model_scores_as_before(fitted: Classifier, tmp_path: Path) -> None:
    save_model(fitted, tmp_path / "model", {"name": "mine"})
    loaded, card = load_model(tmp_path / "model")
    candidates = made_judgments().candidates
    np.testing.assert_array_equal(loaded.score(candidates), fitted.score(candidates))
    assert (card["kind"], card["name"], loaded.behaviors) == (fitted.kind, "mine", fitted.behaviors)


def test_an_empty_batch_has_no_scores(fitted: Classifier) -> None:
    assert fitted.score(candidates_of([], [], [])).shape == (0, 2)


def test_hostile_text_is_scored_like_any_other(fitted: Classifier) -> None:
    texts = [
        "\x00",
        "\u202e\u200b\u2066",
        "\ufffd" * 70,
        "e\u0301" * 400,
        "<|im_end|>[SEP][PAD]",
        "\U000e0041\U0001f469\u200d",
    ]
    scores = fitted.score(candidates_of(texts, texts[::-1], [0.5] * len(texts)))
    assert np.isfinite(scores).all()


def test_fitting_again_gives_the_same_scores(fitted: Classifier, tiny_encoder: Path) -> None:
    again = new(fitted.kind, tiny_encoder)
    again.fit(made_judgments())
    candidates = made_judgments().candidates
    np.testing.assert_allclose(again.score(candidates), fitted.score(candidates), atol=1e-3)


def damage(folder: Path, how: str) -> None:
    card = json.loads((folder / "card.json").read_text())
    weights = folder / next(iter(card["files"]))
    if how == "no card":
        (folder / "card.json").unlink()
    elif how == "torn card":
        (folder / "card.json").write_text("{")
    elif how == "other format":
        (folder / "card.json").write_text(json.dumps(card | {"format": 99}))
    elif how == "no names":
        (folder / "card.json").write_text(json.dumps(card | {"behaviors": "verification"}))
    elif how == "unknown kind":
        (folder / "card.json").write_text(json.dumps(card | {"kind": "ngram"}))
    elif how == "truncated":
        weights.write_bytes(weights.read_bytes()[:100])
    elif how == "missing":
        weights.unlink()
    elif how == "a folder":
        (folder / "deep").mkdir()
        (folder / "card.json").write_text(json.dumps(card | {"files": card["files"] | {"deep": ""}}))
    elif how == "a pipe":
        os.mkfifo(folder / "endless")
        (folder / "card.json").write_text(json.dumps(card | {"files": card["files"] | {"endless": ""}}))
    elif how == "a link":
        (folder.parent / "outside").write_bytes(weights.read_bytes())
        weights.unlink()
        weights.symlink_to(folder.parent / "outside")
    elif how == "taught by nobody knows what":
        (folder / "card.json").write_text(json.dumps(card | {"taught_rollouts": [{"a": 1}]}))
    elif how == "added":
        (folder / "extra.pkl").write_bytes(b"cos\nsystem\n")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no card", "model: no card.json; a model folder is what `ta train` writes"),
        ("torn card", "card.json: no JSON"),
        ("other format", "card.json: format 99; this package reads format 1: train it again"),
        ("no names", "'behaviors' is 'verification'; it must be a list of names"),
        ("unknown kind", "no classifier is called 'ngram'. Did you mean 'ngrams'?"),
        ("truncated", "changed since its card was written; train the model again"),
        ("missing", "missing; train the model again"),
        ("a folder", "deep: no file; train the model again"),
        ("a pipe", "endless: no file; train the model again"),
        ("a link", "a link; a model folder holds its files itself: train the model again"),
        ("taught by nobody knows what", "'taught_rollouts' is .*; it must be a list of names"),
        ("added", "extra.pkl: not on the card; train the model again"),
    ],
)
def test_a_damaged_model_is_refused_in_one_line(how: str, message: str, fitted: Classifier, tmp_path: Path) -> None:
    save_model(fitted, tmp_path / "model", {})
    damage(tmp_path / "model", how)
    with pytest.raises(Exception, match=message) as refusal:
        load_model(tmp_path / "model")
    assert "\n" not in str(refusal.value)


def test_weights_of_the_wrong_shape_are_refused_even_with_a_matching_card(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    ngrams: Classifier = CLASSIFIERS.get("ngrams")()
    ngrams.fit(made_judgments())
    save_model(ngrams, folder, {})
    np.savez(folder / "weights.npz", weights=np.zeros((4, 2), np.int8))
    with pytest.raises(BadModel, match=r"weights.npz: no weights: it holds weights.npy where"):
        type(ngrams).load(folder, {"behaviors": ["verification", "backtracking"]})
