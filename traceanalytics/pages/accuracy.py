"""Accuracy with intervals over prompts: of all rollouts, and of those that show a behavior or do not."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from traceanalytics.pages.rates import Rates, from_counts, is_counted_in_bins, put_together
from traceanalytics.pages.view import View
from traceanalytics.store.counts import Counts, names_of
from traceanalytics.store.remembering import remembered
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
    rows = _accuracy(view.store, behavior, view.split, view.bin_width)
    return [row for row in rows if row["run"] in view.runs]


@remembered
def _accuracy(store: Store, behavior: str, split: str, bin_width: int) -> Rates:
    in_bins = bin_width if is_counted_in_bins(store, split) else 1
    table = store.query("correct_by_prompt", in_behavior=behavior, in_split=split, bin_width=in_bins)
    counted = ((name, _counts(table, name, right, of)) for name, right, of in _STRATEGIES)
    return [
        row
        for name, counts in counted
        for row in from_counts(counts if in_bins == bin_width else put_together(counts, bin_width))
        if row["prompts"] >= LEAST_PROMPTS or name == "all"
    ]  # fmt: skip


def _counts(table: "pyarrow.Table", name: str, right: str, of: str) -> Counts:
    there = table[of].to_numpy() > 0
    return Counts(
        (name,),
        names_of(table["run_id"])[there],
        table["step"].to_numpy()[there],
        names_of(table["prompt_key"])[there],
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
