"""Full fine-tuning: a plain training loop over pairs of segments, stopped when the held-out part gets no better."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from traceanalytics.classifiers.base import NOT_JUDGED, Judged
from traceanalytics.classifiers.splits import folds_by_voice
from traceanalytics.classifiers.vectors import MOST_CHARACTERS, Progress, buckets, padded, pooled

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_HELD_OUT_OF = 5  # one part of so many says when to stop, and calibrates
_PATIENCE = 2  # epochs without a better held-out loss after which training stops
_WARM_UP = 0.1
_CLIP = 1.0
_HEAD_RATE = 20  # heads begin at nothing and learn so many times faster than the encoder


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train."""

    epochs: int
    rate: float
    rows_at_once: int
    max_tokens: int
    device: str


@dataclass(frozen=True, slots=True)
class Tuned:
    """The heads that were trained with the encoder, and what they say of the part that was held out."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    held_out: NDArray[np.bool_]
    margins: NDArray[np.float64]  # of the held-out rows


def held_out_rows(judged: Judged) -> NDArray[np.bool_]:
    """Return which rows train nothing: about a fifth, whole voices or prompts; where there is one only, every fifth."""
    folds = folds_by_voice(judged.voices, judged.groups, _HELD_OUT_OF)
    sizes = np.bincount(folds, minlength=_HELD_OUT_OF)
    rows: NDArray[np.bool_] = folds == np.abs(np.where(sizes > 0, sizes, np.inf) * _HELD_OUT_OF - len(folds)).argmin()
    return rows if rows.any() and not rows.all() else np.arange(len(rows)) % _HELD_OUT_OF == 0


def fine_tune(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    judged: Judged,
    schedule: Schedule,
    progress: Progress,
) -> Tuned:
    """Train encoder and heads together; the model is left with the weights of its best epoch."""
    import torch

    held_out = held_out_rows(judged)
    texts = [[text[:MOST_CHARACTERS] for text in column] for column in _pairs(judged)]
    tokens: dict[str, list[list[int]]] = dict(tokenizer(*texts, truncation=True, max_length=schedule.max_tokens))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        trainer = _Trainer(model.to(schedule.device), tokenizer, tokens, judged.answers, schedule)
        best, best_epoch, best_state = math.inf, 0, trainer.state()
        for epoch in range(schedule.epochs):
            trainer.run_epoch(np.flatnonzero(~held_out), np.random.default_rng(epoch), progress, f"epoch {epoch + 1}")
            margins = trainer.margins(np.flatnonzero(held_out))
            loss = _loss(margins, judged.answers[held_out])
            progress(f"epoch {epoch + 1} of {schedule.epochs}: held-out loss {loss:.4f}")
            if loss < best:
                best, best_epoch, best_state = loss, epoch, trainer.state()
            elif epoch - best_epoch >= _PATIENCE:
                break
        trainer.restore(best_state)
    margins = trainer.margins(np.flatnonzero(held_out))
    weights, bias = (each.detach().cpu().double().numpy() for each in (trainer.heads.weight, trainer.heads.bias))
    return Tuned(weights.T, bias, held_out, margins)


class _Trainer:
    """Model, heads and optimizer over one set of tokens."""

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        tokens: dict[str, list[list[int]]],
        answers: NDArray[np.int8],
        schedule: Schedule,
    ) -> None:
        import torch

        self._model, self._tokenizer, self._tokens, self._answers, self._schedule = (
            model,
            tokenizer,
            tokens,
            answers,
            schedule,
        )
        self._lengths = np.array([len(ids) for ids in tokens["input_ids"]])
        self.heads = torch.nn.Linear(model.config.hidden_size, answers.shape[1]).to(schedule.device)
        torch.nn.init.zeros_(self.heads.weight)
        torch.nn.init.constant_(self.heads.bias, -2.0)  # behaviors are rare: a first guess of 12%
        self._optimizer = torch.optim.AdamW(
            [
                {"params": list(model.parameters()), "lr": schedule.rate, "weight_decay": 0.01},
                {"params": list(self.heads.parameters()), "lr": schedule.rate * _HEAD_RATE, "weight_decay": 0.0},
            ]
        )
        self._steps = schedule.epochs * -(-len(answers) // schedule.rows_at_once)
        self._rates = torch.optim.lr_scheduler.LambdaLR(self._optimizer, self._rate)

    def run_epoch(self, rows: NDArray[np.int64], random: np.random.Generator, progress: Progress, label: str) -> None:
        """See every row once, rows of like length together."""
        import torch

        self._model.train()
        batches = self._shuffled(rows, random)
        for number, batch in enumerate(batches):
            truth = torch.from_numpy(self._answers[batch]).to(self._schedule.device)
            known = truth != NOT_JUDGED
            losses = torch.nn.functional.binary_cross_entropy_with_logits(
                self._logits(batch).float(), truth.clamp(min=0).float(), reduction="none"
            )
            ((losses * known).sum() / known.sum().clamp(min=1)).backward()
            torch.nn.utils.clip_grad_norm_([*self._model.parameters(), *self.heads.parameters()], _CLIP)
            self._optimizer.step()
            self._optimizer.zero_grad()
            self._rates.step()
            progress(f"{label}: step {number + 1:,} of {len(batches):,}")

    def margins(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what the heads say of rows, without learning from them."""
        import torch

        self._model.eval()
        found = np.zeros((len(rows), self._answers.shape[1]))
        for places in buckets(self._lengths[rows], self._schedule.rows_at_once * self._schedule.max_tokens):
            with torch.inference_mode():
                found[places] = self._logits(rows[places]).float().cpu().numpy()
        return found

    def state(self) -> list[dict[str, "torch.Tensor"]]:
        """Copy the weights out."""
        return [
            {name: value.detach().cpu().clone() for name, value in part.state_dict().items()}
            for part in (self._model, self.heads)
        ]

    def restore(self, state: list[dict[str, "torch.Tensor"]]) -> None:
        """Put weights back."""
        for part, kept in zip((self._model, self.heads), state, strict=True):
            part.load_state_dict(kept)
        self._model.eval()

    def _logits(self, rows: NDArray[np.int64]) -> Any:
        import torch

        device = self._schedule.device
        arrays = padded(self._tokenizer, self._tokens, rows)
        inputs = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
        halved = device == "cuda" and torch.cuda.is_bf16_supported()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=halved):
            return self.heads(pooled(self._model, inputs))

    def _shuffled(self, rows: NDArray[np.int64], random: np.random.Generator) -> list[NDArray[np.int64]]:
        """Cut rows into batches of like length, in random order: sorted within random stretches of many batches."""
        size = self._schedule.rows_at_once
        mixed = random.permutation(rows)
        batches = []
        for stretch in (mixed[at : at + 32 * size] for at in range(0, len(mixed), 32 * size)):
            ordered = stretch[np.argsort(self._lengths[stretch], kind="stable")]
            batches += [ordered[at : at + size] for at in range(0, len(ordered), size)]
        return [batches[i] for i in random.permutation(len(batches))]

    def _rate(self, step: int) -> float:
        """Rise over the first tenth of all steps, then fall to nothing."""
        warm = max(1, int(_WARM_UP * self._steps))
        return min((step + 1) / warm, max(0.0, (self._steps - step) / max(1, self._steps - warm)))


def _pairs(judged: Judged) -> Iterator[list[str]]:
    yield judged.candidates.previous_texts()
    yield judged.candidates.texts()


def _loss(margins: NDArray[np.float64], answers: NDArray[np.int8]) -> float:
    known = answers != NOT_JUDGED
    signs = np.where(answers > 0, 1.0, -1.0)
    return float(np.logaddexp(0, -signs * margins)[known].mean()) if known.any() else 0.0
