"""Behaviors that turned round between the two ends of a run: a peak or a trough that was given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traceanalytics.findings.base import Named
from traceanalytics.findings.shifts import Shift, Window, by_problem, count_window, of_window, spread, tagged_steps
from traceanalytics.store.counts import Counts, count_by_prompt
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import numpy as np

MOST_STRETCHES = 10  # into which the steps between the two windows are cut
GIVEN_BACK = 0.5  # of the way to the turn, from which on it is called one


@dataclass(frozen=True, slots=True)
class Turn:
    """The stretch of steps farthest from both ends, and the rate there."""

    window: Window
    rate: Named
    is_peak: bool


def turns_of(store: Store, shifts: Sequence[Shift], *, counts: Counts | None = None) -> dict[str, Turn]:
    """Return by behavior where a run turned: beyond chance from both windows, half of the way given back.

    All shifts are of one run. Every stretch, behavior and direction that is looked at counts against the level
    (Bonferroni). `counts` are those of the run by step, where they are at hand.
    """
    first, last = shifts[0].start_window, shifts[0].end_window
    start = first.last + 1 if first.run is None else 0
    stop = last.first - 1
    if stop < start:
        return {}
    shifts = sorted(shifts, key=lambda shift: shift.behavior)  # in which order their windows were counted
    run, split, names = shifts[0].run, shifts[0].split, [shift.behavior for shift in shifts]
    width = max(1, -(-(stop - start + 1) // MOST_STRETCHES))
    if counts is None:
        between = count_by_prompt(store, names, run=run, split=split, from_step=start, to_step=stop, bin_width=width)
        there = [row["step"] for row in tagged_steps(store, run, split) if start <= row["step"] <= stop]
    else:
        between = of_window(counts, names, Window(start, stop), width=width)
        there = sorted({int(step) for step in counts.steps if start <= step <= stop})
    ends = [
        count_window(store, names, run=run, split=split, window=window)
        if counts is None or window.run is not None
        else of_window(counts, names, window)
        for window in (first, last)
    ]
    if first.run is not None:
        between, *ends = (by_problem(store, each) for each in (between, *ends))
    return _turns(shifts, between, ends, width, there)


def _turns(
    shifts: Sequence[Shift], between: Counts, ends: Sequence[Counts], width: int, steps: Sequence[int]
) -> dict[str, Turn]:
    import numpy as np

    enough = min(counts.rollouts.sum() for counts in ends) / 2
    stretches = [step for step in np.unique(between.steps) if between.rollouts[between.steps == step].sum() >= enough]
    if not stretches:
        return {}
    rates = np.stack([_rates(between, between.steps == step) for step in stretches])
    start, end = (_rates(counts, counts.rollouts > 0) for counts in ends)
    confidence = 1 - 0.05 / (2 * len(stretches) * len(shifts))
    turns = {}
    for is_peak, sign in ((True, 1.0), (False, -1.0)):
        farthest = (sign * rates).argmax(axis=0)
        there = np.take_along_axis(rates, farthest[None], axis=0)[0]
        way, back = sign * (there - start), sign * (there - end)
        for i in map(int, np.flatnonzero((way > 0) & (back >= GIVEN_BACK * way))):
            step = stretches[farthest[i]]
            held = [each for each in steps if step <= each < step + width]
            at = Window(held[0], held[-1])
            rate = _beyond(between, between.steps == step, ends, i, sign, confidence)
            if rate is not None:
                turns[shifts[i].behavior] = Turn(at, rate, is_peak)
    return turns


def _rates(counts: Counts, rows: "np.ndarray") -> "np.ndarray":
    return counts.shown[rows].sum(axis=0) / counts.rollouts[rows].sum()  # type: ignore[no-any-return]


def _beyond(
    between: Counts, rows: "np.ndarray", ends: Sequence[Counts], behavior: int, sign: float, confidence: float
) -> Named | None:
    """Return the rate in a stretch where it lies beyond both ends by more than chance."""
    import numpy as np

    from traceanalytics.stats.differences import difference_limits
    from traceanalytics.stats.rates import rate_limits

    parts = [_alone(between, rows, behavior), *(_alone(of, of.rollouts > 0, behavior) for of in ends)]
    names, places = np.unique(np.concatenate([each.prompts for each in parts]).astype(str), return_inverse=True)
    stops = np.cumsum([len(each.prompts) for each in parts])[:-1]
    there, *both = (spread(each, at, len(names)) for each, at in zip(parts, np.split(places, stops), strict=True))
    for end in both:
        limits = difference_limits(*there, *end, confidence=confidence)
        if min(sign * limits.low[0], sign * limits.high[0]) <= 0:
            return None
    limits_there = rate_limits(*there)
    value, low, high, n = (getattr(limits_there, name)[0] for name in ("value", "low", "high", "prompts"))
    return Named("turn", float(value), float(low), float(high), int(n))


def _alone(counts: Counts, rows: "np.ndarray", behavior: int) -> Counts:
    """Return some rows and one behavior of the counts."""
    columns = (counts.runs, counts.steps, counts.prompts, counts.rollouts, counts.shown[:, [behavior]])
    return Counts((counts.behaviors[behavior],), *(column[rows] for column in columns))
