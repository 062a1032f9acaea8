"""A cascade passes on what words are unsure of, and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from classifiers.test_encoder import changed, judged

from traceanalytics.classifiers.base import NO, NOT_JUDGED, YES
from traceanalytics.classifiers.cascade import Cascade, CascadeOptions, choose_band
from traceanalytics.classifiers.models import load_model, save_model
from traceanalytics.classifiers.refining import HeldOut
from traceanalytics.errors import BadInput, BadModel


def held_out(words: list[float], encoder: list[float], answers: list[int]) -> HeldOut:
    columns = (np.array([column], np.float32).T for column in (words, encoder))
    return HeldOut(*columns, np.array([answers], np.int8).T)


@pytest.fixture(scope="module")
def model(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cascade = Cascade(CascadeOptions(str(tiny_encoder), share=1.0))
    cascade.fit(judged())
    folder = tmp_path_factory.mktemp("cascade")
    save_model(cascade, folder, {})
    return folder


def test_a_band_is_as_wide_as_the_share_allows() -> None:
    words = [0.4, 0.3, 0.2, 0.1]
    band = choose_band(held_out(words, [0.9] * 4, [YES] * 4), share=0.5)
    assert [abs(word - 0.5) < band[0] for word in words] == [True, True, False, False]


@pytest.mark.parametrize(
    ("encoder", "answers"),
    [([0.1, 0.9], [YES, NO]), ([0.6, 0.4], [YES, NO]), ([0.1, 0.1], [NOT_JUDGED, NOT_JUDGED])],
    ids=["worse", "as good", "not judged"],
)
def test_an_encoder_that_is_no_better_is_not_asked(encoder: list[float], answers: list[int]) -> None:
    assert choose_band(held_out([0.6, 0.4], encoder, answers), share=1.0).tolist() == [0.0]


def test_only_what_words_are_unsure_of_is_passed_on(model: Path) -> None:
    cascade, _ = load_model(model)
    assert isinstance(cascade, Cascade)
    candidates = judged().candidates
    words = cascade.encoder.words.score(candidates)
    middle = float(np.median(np.abs(words - 0.5)))
    cascade._band = np.array([middle], np.float32)
    scores = cascade.score(candidates)
    sure = np.abs(words - 0.5) >= np.float32(middle)
    assert (cascade.scored, cascade.passed_on) == (len(candidates), int((~sure).sum()))
    np.testing.assert_array_equal(scores[sure], words[sure])


def test_a_closed_band_leaves_everything_to_words(model: Path) -> None:
    cascade, _ = load_model(model)
    assert isinstance(cascade, Cascade)
    cascade._band = np.zeros(1, np.float32)
    candidates = judged().candidates
    np.testing.assert_array_equal(cascade.score(candidates), cascade.encoder.words.score(candidates))
    assert cascade.passed_on == 0


@pytest.mark.parametrize("band", ["wide", [0.1, 0.1], [0.9], [None]])
def test_a_card_with_a_wrong_band_is_refused(band: Any, model: Path, tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"card.json: 'band' is .*; it must be 1 numbers from 0 to 0.5"):
        load_model(changed(model, tmp_path / "model", {"band": band}))


def test_a_share_that_is_none_is_refused(tiny_encoder: Path) -> None:
    with pytest.raises(BadInput, match="--share is 3; it must lie between 0 and 1"):
        Cascade(CascadeOptions(str(tiny_encoder), share=3)).fit(judged())
