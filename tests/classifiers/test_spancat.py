"""A span categorizer learns from segments and points inside them; what it loads are arrays alone."""

from pathlib import Path

import numpy as np
import pytest
from classifiers.test_encoder import changed, judged

from traceanalytics.classifiers import spancat
from traceanalytics.classifiers.base import NOT_JUDGED, YES, candidates_of
from traceanalytics.classifiers.models import load_model, save_model
from traceanalytics.classifiers.spancat import Spancat, SpancatOptions, clauses
from traceanalytics.errors import BadInput, BadModel, MissingExtra
from traceanalytics.segments import make_batch
from traceanalytics.taggers import load_tagger


@pytest.fixture(scope="module")
def fitted() -> Spancat:
    classifier = Spancat()
    classifier.fit(judged())
    return classifier


@pytest.fixture(scope="module")
def model(fitted: Spancat, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spancat")
    save_model(fitted, folder, {})
    return folder


def test_a_behavior_is_found_inside_a_sentence(fitted: Spancat) -> None:
    text = "So x equals 4, but let me check this sum, then divide by two."
    (span,) = fitted.spans(candidates_of([text], ["So."], [0.5]))
    assert (span.row, span.behavior) == (0, "verification")
    assert "let me check this sum" in text[span.start : span.stop]
    assert "equals" not in text[span.start : span.stop]


def test_a_tagger_tags_the_part_of_a_sentence_that_shows_the_behavior(model: Path) -> None:
    response = "The sum is 12. So x equals 4, but let me check this sum."
    found = load_tagger(model).find(make_batch([response])).to_pylist()
    shown = [response[tag["start"] : tag["stop"]] for tag in found if tag["behavior"] == "verification"]
    assert shown == ["but let me check this sum."]


def test_offsets_count_code_points_of_the_segment_whatever_stands_before(fitted: Spancat) -> None:
    text = "\U0001f600 So x equals 4, but let me check this sum."
    previous = ["", "Ein längerer Satz \U0001f468 davor."]
    spans = fitted.spans(candidates_of([text, text], previous, [0.5, 0.5]))
    assert {text[span.start : span.stop].rstrip(".") for span in spans} == {"but let me check this sum"}


def test_the_score_of_a_segment_is_that_of_its_loudest_clause(fitted: Spancat) -> None:
    candidates = candidates_of(["So x equals 4, but let me check this sum."], ["So."], [0.5])
    (span,) = fitted.spans(candidates)
    assert fitted.score(candidates)[0, 0] == pytest.approx(span.score)


def test_yes_teaches_the_loudest_clause_no_every_clause_and_not_judged_none() -> None:
    scores = np.array([[0.2, 0.5, 0.5], [0.4, 0.1, 0.5]], np.float32)
    slope = spancat._slope(scores, np.array([2]), np.array([[YES, 0, NOT_JUDGED]], np.int8))
    assert np.sign(slope).tolist() == [[0, 1, 0], [-1, 1, 0]]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("", []),
        ("One", [(0, 1)]),
        (", , ,", [(0, 3)]),
        ("It is 3 , so 4 is not", [(0, 4), (4, 8), (0, 8)]),
        ("It is 3 , yes", [(0, 5)]),
    ],
)
def test_a_segment_is_cut_into_clauses_of_two_words_and_more(words: str, parts: list[tuple[int, int]]) -> None:
    assert clauses(words.split()) == parts


def test_other_draws_are_left_as_they_were() -> None:
    np.random.seed(7)
    expected = np.random.default_rng(0), np.random.random()
    np.random.seed(7)
    spancat._new_pipeline(("verification",))
    assert np.random.random() == expected[1]


def test_arrays_of_another_shape_are_refused(model: Path, tmp_path: Path) -> None:
    with np.load(model / "spancat.npz") as arrays:
        others = dict(arrays) | {"heads": np.zeros((2, 9), np.float32)}
    np.savez(tmp_path / "others.npz", **others)
    content = (tmp_path / "others.npz").read_bytes()
    message = (
        r"spancat.npz: no weights: 'heads' is float32\[2, 9\] where float32\[2, 1\] is right; train the model again"
    )
    with pytest.raises(BadModel, match=message):
        load_model(changed(model, tmp_path / "model", spancat__npz=content))


@pytest.mark.parametrize("content", [b"cposix\nsystem\n(S'touch ran'\ntR.", b"PK\x03\x04torn", b""])
def test_what_holds_no_arrays_is_refused_and_not_run(
    content: bytes, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadModel, match="spancat.npz: no weights: ") as refusal:
        load_model(changed(model, tmp_path / "model", spancat__npz=content))
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "ran").exists()


def test_a_pickled_array_is_refused_and_not_run(model: Path, tmp_path: Path) -> None:
    with np.load(model / "spancat.npz") as arrays:
        others = dict(arrays) | {"heads": np.array([[print, print]])}
    np.savez(tmp_path / "others.npz", **others)
    with pytest.raises(
        BadModel, match=r"spancat.npz: no weights: 'heads' is object\[1, 2\] where float32\[2, 1\] is right"
    ):
        load_model(changed(model, tmp_path / "model", spancat__npz=(tmp_path / "others.npz").read_bytes()))


def test_a_missing_extra_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spancat, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"spancat needs the extra 'spacy': pip install 'traceanalytics\[spacy\]'"):
        Spancat().fit(judged())


def test_an_option_out_of_range_is_refused() -> None:
    with pytest.raises(BadInput, match="--epochs is 0; it must be at least 1"):
        Spancat(SpancatOptions(epochs=0)).fit(judged())
