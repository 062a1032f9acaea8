"""Accuracy with intervals over prompts: of all rollouts, and of those that show a behavior or do not."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from traceanalytics.pages.rates import Rates, from_counts
from traceanalytics.pages.view import View, state_of
from traceanalytics.store.counts import Counts
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import pyarrow

_STRATEGIES = (
    ("all", "correct", "graded"),
    ("shown", "shown_correct", "shown"),
    ("other", "other_correct", "other"),
)
LEAST_PROMPTS = 5  # with rollouts of a strategy at a step, for an accuracy to be drawn


def accuracy_over_steps(view: View, behavior: str) -> Rates:
    """Return accuracy per run, step and strategy; `behavior` of a row says whose: all, shown or other."""
    rows = _accuracy(view.store, state_of(view.store), behavior, view.split, view.bin_width)
    return [row for row in rows if row["run"] in view.runs]


@lru_cache(maxsize=16)
def _accuracy(store: Store, state: tuple[int, int], behavior: str, split: str, bin_width: int) -> Rates:
    table = store.query("correct_by_prompt", in_behavior=behavior, in_split=split, bin_width=bin_width)
    return [
        row
        for name, right, of in _STRATEGIES
        for row in from_counts(_counts(table, name, right, of))
        if row["prompts"] >= LEAST_PROMPTS or name == "all"
    ]  # fmt: skip


def _counts(table: "pyarrow.Table", name: str, right: str, of: str) -> Counts:
    import numpy as np

    there = table[of].to_numpy() > 0
    return Counts(
        (name,),
        np.asarray(table["run_id"].to_pylist(), dtype=object)[there],
        table["step"].to_numpy()[there],
        np.asarray(table["prompt_key"].to_pylist(), dtype=object)[there],
        table[of].to_numpy()[there],
        table[right].to_numpy()[there][:, None],
    )


def first_and_last(rows: Rates, runs: Sequence[str]) -> list[tuple[dict[str, JSON], dict[str, JSON]]]:
    """Return the first and the last row of each run."""
    found = []
    for run in runs:
        of_run = [row for row in rows if row["run"] == run]
        if len(of_run) > 1:
            found.append((of_run[0], of_run[-1]))
    return found
