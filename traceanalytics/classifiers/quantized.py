"""An encoder with 8-bit weights for ONNX Runtime: a quarter of the memory, and several times the speed on a CPU."""

import io
import logging
import warnings
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.vectors import Forward, pooled
from traceanalytics.errors import BadModel, MissingExtra

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_OPSET = 17


def need_onnx_extra() -> None:
    """Say how to install what is missing: the runtime, and `onnx`, which exporting and quantizing need."""
    if find_spec("onnxruntime") is None or find_spec("onnx") is None:
        raise MissingExtra("--int8", "onnx")


def to_int8(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> bytes:
    """Export an encoder with its pooling, and round its weights to 8 bits; activations are scaled as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "int8.onnx"
        whole.write_bytes(_exported(model.cpu(), tokenizer))
        quieter = logging.getLogger().manager.disable
        logging.disable(logging.WARNING)  # it advises a step that a text encoder does not need
        try:
            quantize_dynamic(whole, small, weight_type=QuantType.QInt8, per_channel=True)
        finally:
            logging.disable(quieter)
        return small.read_bytes()


def int8_forward(content: bytes, where: Path) -> Forward:
    """Open an exported encoder; from bytes, so that it can point to no other file."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    # ONNX Runtime raises classes of its own, which share nothing but Exception.
    except Exception as error:
        raise BadModel(f"{where}: ONNX Runtime cannot open it: {' '.join(str(error).split())[:200]}") from error
    names = [each.name for each in session.get_inputs()]

    def forward(arrays: dict[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = session.run(None, {name: arrays[name] for name in names})[0]
        return vectors

    return forward


def _exported(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> bytes:
    import torch

    example = dict(tokenizer(["One two three.", "Four."], padding=True, return_tensors="pt"))
    names = list(example)

    class Pooled(torch.nn.Module):  # type: ignore[misc]  # torch is untyped here
        def __init__(self) -> None:
            super().__init__()
            self.encoder = model

        def forward(self, *inputs: Any) -> Any:
            return pooled(self.encoder, dict(zip(names, inputs, strict=True)))

    content = io.BytesIO()
    axes = {0: "rows", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of traced branches; a test compares what comes out
        torch.onnx.export(
            Pooled().eval(),
            tuple(example.values()),
            content,
            dynamo=False,  # the newer exporter needs onnxscript as well
            opset_version=_OPSET,
            input_names=names,
            output_names=["vectors"],
            dynamic_axes=dict.fromkeys(names, axes) | {"vectors": {0: "rows"}},
        )
    return content.getvalue()
