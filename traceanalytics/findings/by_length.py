"""What length leaves of a shift: responses that become longer show more of everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traceanalytics.errors import Refused
from traceanalytics.findings.shifts import Shift
from traceanalytics.stats.estimate import Estimate, Floats, floats
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import pyarrow

MOST_RESAMPLED = 4000  # more prompts than this are resampled in groups


@dataclass(frozen=True, slots=True)
class ByLength:
    """What length leaves of a shift: spans per 1,000 characters at both ends, and the shift among equally long text."""

    start: Estimate
    end: Estimate
    shift: Estimate | None


def by_length_of(store: Store, shifts: Sequence[Shift]) -> dict[tuple[str, str], ByLength]:
    """Count spans per text in both windows of each shift, and compare the windows inside bands of length."""
    import pyarrow.compute as pc

    found: dict[tuple[str, str], ByLength] = {}
    for run in dict.fromkeys(shift.run for shift in shifts):
        of_run = [shift for shift in shifts if shift.run == run]
        tables = [
            store.query(
                "behavior_by_length",
                in_behaviors=[shift.behavior for shift in of_run],
                in_run=window.run or run,
                in_split=of_run[0].split,
                from_step=window.first,
                to_step=window.last,
            )
            for window in (of_run[0].start_window, of_run[0].end_window)
        ]
        for shift in of_run:
            of_behavior = _compared([table.filter(pc.field("behavior") == shift.behavior) for table in tables])
            if of_behavior is not None:
                found[run, shift.behavior] = of_behavior
    return found


def _compared(tables: "Sequence[pyarrow.Table]") -> ByLength | None:
    """Compare one behavior in two windows, the rows of the query `behavior_by_length`."""
    import numpy as np

    from traceanalytics.stats.ratios import count_rate
    from traceanalytics.stats.within_prompt import difference_within_strata

    prompts = [np.asarray(table["prompt_key"].to_pylist()) for table in tables]
    bands = [table["length_band"].to_numpy() for table in tables]
    names, of_prompt = np.unique(np.concatenate(prompts), return_inverse=True)
    lengths, of_band = np.unique(np.concatenate(bands), return_inverse=True)
    clusters = min(len(names), MOST_RESAMPLED)
    cells = np.split(of_prompt % clusters * len(lengths) + of_band, [len(prompts[0])])

    def laid_out(name: str) -> list[Floats]:
        size = clusters * len(lengths)
        return [
            floats(np.bincount(cell, weights=table[name].to_numpy(), minlength=size)).reshape(clusters, -1)
            for cell, table in zip(cells, tables, strict=True)
        ]

    spans, text, shown, n = (laid_out(name) for name in ("spans", "text_length", "showing", "rollouts"))
    try:
        rates = [count_rate(of.sum(axis=1), length.sum(axis=1) / 1000) for of, length in zip(spans, text, strict=True)]
    except Refused:  # no text was read
        return None
    try:
        same = difference_within_strata(shown[1], n[1], base_successes=shown[0], base_n=n[0])
    except Refused:  # no length is in both windows
        same = None
    return ByLength(rates[0], rates[1], same)
