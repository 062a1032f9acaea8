"""The encoder in 8 bits, where ONNX Runtime is installed (`conftest.py` leaves this file out elsewhere)."""

from pathlib import Path

import numpy as np
import pytest
from classifiers.test_encoder import judged

from traceanalytics.classifiers import quantized
from traceanalytics.classifiers.base import YES
from traceanalytics.classifiers.encoder import Encoder
from traceanalytics.classifiers.models import load_model, save_model
from traceanalytics.classifiers.pretrained import read_pretrained
from traceanalytics.classifiers.quantized import int8_forward, to_int8
from traceanalytics.classifiers.refining import EncoderOptions
from traceanalytics.classifiers.vectors import torch_forward
from traceanalytics.errors import BadModel, MissingExtra


def test_an_encoder_in_8_bits_says_almost_the_same(tiny_encoder: Path) -> None:
    model, tokenizer = read_pretrained(tiny_encoder)
    small = int8_forward(to_int8(model, tokenizer), Path("encoder.int8.onnx"))
    texts = ["Let me check this sum.", "So.", "We should verify the total, then divide it by two."]
    arrays = dict(tokenizer(texts, padding=True, return_tensors="np"))
    whole, rounded = torch_forward(model, "cpu")(arrays), small(arrays)
    assert np.abs(whole - rounded).max() < 0.05 * np.abs(whole).max()


def test_a_model_in_8_bits_is_saved_with_its_weights(tiny_encoder: Path, tmp_path: Path) -> None:
    classifier = Encoder(EncoderOptions(str(tiny_encoder), int8=True))
    classifier.fit(judged())
    save_model(classifier, tmp_path / "model", {})
    loaded, card = load_model(tmp_path / "model")
    scores = loaded.score(judged().candidates)
    np.testing.assert_array_equal(scores, classifier.score(judged().candidates))
    assert ((scores[:, 0] >= 0.5) == (judged().answers[:, 0] == YES)).all()
    assert "encoder.int8.onnx" in card["files"]


def test_what_onnx_runtime_cannot_open_is_refused_in_one_line() -> None:
    with pytest.raises(BadModel, match=r"encoder.int8.onnx: ONNX Runtime cannot open it: ") as refusal:
        int8_forward(b"cposix\nsystem\n", Path("encoder.int8.onnx"))
    assert "\n" not in str(refusal.value)


def test_a_missing_runtime_is_named_with_its_install_line(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantized, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"--int8 needs the extra 'onnx': pip install 'traceanalytics\[onnx\]'"):
        Encoder(EncoderOptions(str(tiny_encoder), int8=True)).fit(judged())
