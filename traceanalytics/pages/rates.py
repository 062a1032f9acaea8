"""Rates over training steps with bands: rows per prompt in, one row per run, step and behavior out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from traceanalytics.findings.shifts import MOST_BY_STEP
from traceanalytics.pages.view import View
from traceanalytics.store.counts import Counts, count_by_prompt
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import numpy as np

Rates = list[dict[str, JSON]]  # run, step, behavior, value, low, high, shown, rollouts, prompts


def rates_over_steps(
    view: View, behaviors: Sequence[str], *, bin_width: int | None = None, tagger: str | None = None
) -> Rates:
    """Return the rate of each behavior per run and bin of steps; the unit of its interval is the prompt."""
    width = bin_width or view.bin_width
    rates = _rates(view.store, _counted(view, behaviors, tagger), view.split, width, tagger)
    return [row for name in behaviors for row in rates.get(name, ()) if row["run"] in view.runs]


def counts_of(store: Store, seen: tuple[str, ...], split: str, width: int) -> Counts:
    """Return the counts per run, bin of steps and prompt from which the rates of all that was seen are computed."""
    return _binned(store, seen, split, width, None)


def counts_of_run(store: Store, seen: tuple[str, ...], split: str, run: str) -> Counts | None:
    """Return a run's counts by step; None of a split that is too large to be counted so."""
    if is_counted_in_bins(store, split):
        return None
    counts = counts_of(store, seen, split, 1)
    mine = counts.runs == run
    if mine.all():
        return counts
    of_run = (each[mine] for each in (counts.runs, counts.steps, counts.prompts, counts.rollouts, counts.shown))
    return Counts(counts.behaviors, *of_run)


def call_of(view: View, behaviors: Sequence[str], *, tagger: str | None = None) -> str:
    """Return the query behind such rates."""
    run = view.runs[0] if len(view.runs) == 1 else None
    wanted: dict[str, JSON] = {
        "in_behaviors": list(behaviors),
        "in_run": run,
        "in_split": view.split,
        "bin_width": view.bin_width,
        "in_tagger": tagger,
    }
    return view.sql("behavior_by_prompt", **{name: value for name, value in wanted.items() if value is not None})


def _counted(view: View, behaviors: Sequence[str], tagger: str | None) -> tuple[str, ...]:
    """Return all that the tagger saw where that holds what is asked for: one count serves every page."""
    seen = view.seen if tagger is None else ()
    return seen if set(behaviors) <= set(seen) else tuple(behaviors)


@remembered
def _rates(store: Store, behaviors: tuple[str, ...], split: str, width: int, tagger: str | None) -> dict[str, Rates]:
    found: dict[str, Rates] = {}
    for row in from_counts(_binned(store, behaviors, split, width, tagger)):
        found.setdefault(row["behavior"], []).append(row)
    return found


@remembered
def _binned(store: Store, behaviors: tuple[str, ...], split: str, width: int, tagger: str | None) -> Counts:
    """Count by step once, and put steps together here: another width is no other question to the store."""
    if is_counted_in_bins(store, split):
        return count_by_prompt(store, behaviors, split=split, bin_width=width, tagger=tagger)
    counts = _by_step(store, behaviors, split, tagger)
    return counts if width == 1 else put_together(counts, width)


@remembered
def _by_step(store: Store, behaviors: tuple[str, ...], split: str, tagger: str | None) -> Counts:
    return count_by_prompt(store, behaviors, split=split, bin_width=1, tagger=tagger)


def is_counted_in_bins(store: Store, split: str) -> bool:
    """Say whether a split holds too many rollouts to be counted step by step."""
    rows = store.query("run_overview").to_pylist()
    return int(sum(row["rollouts"] for row in rows if row["split"] == split)) > MOST_BY_STEP


def put_together(counts: Counts, width: int) -> Counts:
    """Add up the rows of a prompt whose steps fall into one bin."""
    import numpy as np
    import pyarrow

    steps = counts.steps // width * width
    runs, prompts = (
        pyarrow.array(names).dictionary_encode().indices.to_numpy() for names in (counts.runs, counts.prompts)
    )
    order = np.lexsort((prompts, steps, runs))
    keys = np.stack([runs[order], steps[order], prompts[order]])
    firsts = (
        np.flatnonzero(np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)])) if len(order) else order
    )
    rows = order[firsts]
    summed = [
        np.add.reduceat(each[order], firsts, axis=0) if len(order) else each for each in (counts.rollouts, counts.shown)
    ]
    return Counts(counts.behaviors, counts.runs[rows], steps[rows], counts.prompts[rows], *summed)


def from_counts(counts: Counts) -> Rates:
    """Turn counts per prompt into rates with intervals."""
    import numpy as np

    from traceanalytics.stats.rates import rate_limits

    if not len(counts.steps):
        return []
    firsts = _firsts(counts)
    sizes = np.diff([*firsts, len(counts.steps)])
    denominators = _padded(counts.rollouts, firsts, sizes)
    rates: Rates = []
    for column, behavior in enumerate(counts.behaviors):
        numerators = _padded(counts.shown[:, column], firsts, sizes)
        limits = rate_limits(numerators, denominators)
        rates += [
            {
                "run": counts.runs[first],
                "step": int(counts.steps[first]),
                "behavior": behavior,
                "value": round(float(limits.value[i]), 6),
                "low": round(float(limits.low[i]), 6),
                "high": round(float(limits.high[i]), 6),
                "shown": int(numerators[i].sum()),
                "rollouts": int(denominators[i].sum()),
                "prompts": int(sizes[i]),
            }
            for i, first in enumerate(firsts)
        ]
    return rates


def _firsts(counts: Counts) -> "np.ndarray":
    """Return where each run and step begins; the rows are in this order."""
    import numpy as np

    new = (counts.runs[1:] != counts.runs[:-1]) | (counts.steps[1:] != counts.steps[:-1])
    return np.flatnonzero(np.concatenate([[True], new]))


def _padded(values: "np.ndarray", firsts: "np.ndarray", sizes: "np.ndarray") -> "np.ndarray":
    """Lay the prompts of each step in a row, with zeros where there are fewer."""
    import numpy as np

    wide = np.zeros((len(firsts), int(sizes.max())))
    wide[np.repeat(np.arange(len(firsts)), sizes), np.arange(len(values)) - np.repeat(firsts, sizes)] = values
    return wide
