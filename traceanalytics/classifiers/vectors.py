"""Texts to vectors: equal texts once, sorted by length, as many at a time as a budget of tokens allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Token ids, mask and (where the encoder takes them) types in; one pooled vector a row out.
Forward = Callable[[dict[str, NDArray[np.int64]]], NDArray[np.float32]]
Progress = Callable[[str], None]

MOST_CHARACTERS = 4000  # of one text: what is beyond never reaches an encoder of a few hundred tokens
_TEXTS_AT_ONCE = 20_000
_TOKENS_AT_ONCE = {"cpu": 2048, "cuda": 65_536}


def silent(line: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Body:
    """An encoder that is ready to run."""

    tokenizer: "PreTrainedTokenizerBase"
    forward: Forward
    width: int  # of a vector
    max_tokens: int
    tokens_at_once: int

    def vectors(self, texts: Sequence[str], previous: Sequence[str] | None, progress: Progress) -> NDArray[np.float32]:
        """Return one vector a text, or a pair of a text and the one before it; equal ones are encoded once."""
        pairs = list(zip(previous, texts, strict=True)) if previous is not None else [(text,) for text in texts]
        places = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
        unique = list(places)
        found, done = np.zeros((len(unique), self.width), dtype=np.float32), 0
        for first in range(0, len(unique), _TEXTS_AT_ONCE):
            tokens = self._tokens(unique[first : first + _TEXTS_AT_ONCE])
            for rows in buckets(np.array([len(ids) for ids in tokens["input_ids"]]), self.tokens_at_once):
                found[first + rows] = self.forward(padded(self.tokenizer, tokens, rows))
                done += len(rows)
                progress(f"encoded {done:,} of {len(unique):,} texts")
        return found[np.fromiter((places[pair] for pair in pairs), dtype=np.int64, count=len(pairs))]

    def _tokens(self, unique: "Sequence[tuple[str, ...]]") -> dict[str, list[list[int]]]:
        columns = [[text[:MOST_CHARACTERS] for text in column] for column in zip(*unique, strict=True)]
        return dict(self.tokenizer(*columns, truncation=True, max_length=self.max_tokens))


def buckets(lengths: NDArray[np.int64], tokens_at_once: int) -> list[NDArray[np.int64]]:
    """Cut rows, longest first, into batches that hold no more tokens than allowed, padding counted.

    >>> [rows.tolist() for rows in buckets(np.array([2, 9, 3, 8]), 18)]
    [[1, 3], [2, 0]]
    """
    order = np.argsort(-lengths, kind="stable")
    batches, at = [], 0
    while at < len(order):
        size = max(1, tokens_at_once // max(int(lengths[order[at]]), 1))
        batches.append(order[at : at + size])
        at += size
    return batches


def padded(
    tokenizer: "PreTrainedTokenizerBase", tokens: dict[str, list[list[int]]], rows: NDArray[np.int64]
) -> dict[str, NDArray[np.int64]]:
    """Return some rows as arrays, padded to the longest of them."""
    return dict(
        tokenizer.pad({name: [column[row] for row in rows] for name, column in tokens.items()}, return_tensors="np")
    )


def torch_forward(model: "PreTrainedModel", device: str) -> Forward:
    """Run a model in PyTorch: half precision where a GPU computes in it, single precision elsewhere."""
    import torch

    if device == "cpu" and parent_process() is not None:
        torch.set_num_threads(1)  # a worker beside others: two threads each would fight for the cores
    model.to(device)
    halved = device == "cuda" and torch.cuda.is_bf16_supported()

    def forward(arrays: dict[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        inputs = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
        with torch.inference_mode(), torch.autocast(device, dtype=torch.bfloat16, enabled=halved):
            vectors: NDArray[np.float32] = pooled(model, inputs).float().cpu().numpy()
        return vectors

    return forward


def pooled(model: "PreTrainedModel", inputs: dict[str, Any]) -> Any:
    """Return the mean over a text's tokens of the last layer's states (a torch tensor)."""
    states, mask = model(**inputs).last_hidden_state, inputs["attention_mask"].unsqueeze(-1)
    return (states * mask).sum(1) / mask.sum(1).clamp(min=1)


def choose_device(wanted: str) -> str:
    """Return the device to run on: the one that is asked for, else a GPU where there is one."""
    import torch

    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def tokens_at_once(device: str) -> int:
    """Return how many tokens one step takes."""
    return _TOKENS_AT_ONCE["cpu" if device == "cpu" else "cuda"]
