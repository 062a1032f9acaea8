"""Rates over training steps with bands: rows per prompt in, one row per run, step and behavior out."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from traceanalytics.pages.view import View, state_of
from traceanalytics.store.counts import Counts, count_by_prompt
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import numpy as np

Rates = list[dict[str, JSON]]  # run, step, behavior, value, low, high, shown, rollouts, prompts


def rates_over_steps(
    view: View, behaviors: Sequence[str], *, bin_width: int | None = None, tagger: str | None = None
) -> Rates:
    """Return the rate of each behavior per run and bin of steps; the unit of its interval is the prompt."""
    chosen = view.runs[0] if len(view.runs) == 1 else None
    width = bin_width or view.bin_width
    rows = _rates(view.store, state_of(view.store), tuple(behaviors), chosen, view.split, width, tagger)
    return [row for row in rows if row["run"] in view.runs]


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


@lru_cache(maxsize=64)
def _rates(
    store: Store,
    state: tuple[int, int],
    behaviors: tuple[str, ...],
    run: str | None,
    split: str,
    width: int,
    tagger: str | None,
) -> Rates:
    return from_counts(count_by_prompt(store, behaviors, run=run, split=split, bin_width=width, tagger=tagger))


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
