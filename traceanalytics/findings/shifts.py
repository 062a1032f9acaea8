"""What changed from the first window of a run to its last, for every behavior at once: what several rooms read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Named
from traceanalytics.findings.comparable import conditions_in_words
from traceanalytics.findings.evaluations import FEWEST_PROMPTS, default_split, only_in, problems_of, recorded_base
from traceanalytics.store.counts import Counts, count_by_prompt
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import numpy as np

ENOUGH_ROLLOUTS = 200  # in a window
WIDEST_WINDOW = 0.2  # of the steps
SMALL = 0.05  # a shift below this, in either direction, is called small
FALSE_DISCOVERIES = 0.05
MOST_UNTAGGED = 0.05  # of a window's rollouts
MOST_BY_STEP = 3_000_000  # rollouts of a run that are counted step by step


@dataclass(frozen=True, slots=True)
class Window:
    """Training steps from the first to the last of them; of another run where `run` names one."""

    first: int
    last: int
    run: str | None = None

    def __str__(self) -> str:
        steps = f"step {self.first}" if self.first == self.last else f"steps {self.first} to {self.last}"
        return steps if self.run is None else f"{steps} of {self.run}"


@dataclass(frozen=True, slots=True)
class Shift:
    """A behavior's rate at the start and at the end of a run, and their difference; `survives` the correction.

    `within` is the 90% interval of the change: inside ±margin, both one-sided tests of equivalence pass.
    """

    run: str
    split: str
    behavior: str
    start: Named
    end: Named
    change: Named
    within: tuple[float, float]
    p: float
    adjusted_p: float
    start_window: Window
    end_window: Window
    shared_prompts: float
    of_base: str = ""  # why the base that the log names is not the start

    @property
    def survives(self) -> bool:
        """Say whether the shift is there after correction for the number of behaviors looked at."""
        return self.adjusted_p <= FALSE_DISCOVERIES

    @property
    def sentence(self) -> str:
        """Say what happened."""
        verb = "rose" if self.change.value > 0 else "fell"
        size = "" if abs(self.change.value) >= SMALL else " a little"
        return (
            f"{self.behavior} {verb}{size} from {percent(self.start)} at {self.start_window} "
            f"to {percent(self.end)} at {self.end_window} of {self.run}"
        )


def percent(number: Named) -> str:
    """Write a share with its interval.

    >>> percent(Named("x", 0.654, 0.601, 0.702, 60))
    '65% [60, 70]'
    """
    if number.low is None or number.high is None:
        return f"{number.value:.0%}"
    digits = 0 if number.high - number.low >= 0.02 else 1
    low, high = (f"{100 * limit:.{digits}f}" for limit in (number.low, number.high))
    return f"{number.value:.{digits}%} [{low}, {high}]"


def find_shifts(
    store: Store,
    *,
    run: str,
    split: str | None = None,
    behaviors: Sequence[str] | None = None,
    base: str | None = None,
    counts: Counts | None = None,
) -> list[Shift]:
    """Compare the first and the last window of a run for every behavior, the largest shift first.

    The windows are the fewest steps that hold 200 rollouts, at most a fifth of all; with `base` the first is that of
    the run that holds the base model, its problems paired, as it is of a run without step 0 whose log names its base.
    A prompt in both windows is one cluster, so that what pairs cancel is canceled. `counts` are those of this run by
    step, where they are at hand.
    """
    split = split or split_of(store, run)
    first, last, of_base = _windows(store, run, split, base)
    base = first.run
    names = tuple(behaviors) if behaviors else shown_behaviors(store)
    start, end = (
        count_window(store, names, run=run, split=split, window=window)
        if counts is None or window.run is not None
        else of_window(counts, names, window)
        for window in (first, last)
    )
    if base is not None:
        start, end = (by_problem(store, counts) for counts in (start, end))
    return sorted(
        _compare(run, split, start, end, first, last, of_base),
        key=lambda shift: (not shift.survives, -abs(shift.change.value), shift.behavior),
    )


def count_window(store: Store, behaviors: Sequence[str], *, run: str, split: str, window: Window) -> Counts:
    """Count a window's rollouts by prompt; the whole window is one step."""
    return count_by_prompt(
        store,
        behaviors,
        run=window.run or run,
        split=split,
        from_step=window.first,
        to_step=window.last,
        bin_width=2**30,
    )


def count_by_step(store: Store, behaviors: Sequence[str], *, run: str, split: str) -> Counts | None:
    """Count a run by step and prompt, which answers for every window of it; None of a run too large for that."""
    if sum(row["tagged"] for row in tagged_steps(store, run, split)) > MOST_BY_STEP:
        return None
    return count_by_prompt(store, behaviors, run=run, split=split)


def of_window(counts: Counts, behaviors: Sequence[str], window: Window, *, width: int | None = None) -> Counts:
    """Return the part of counts by step that a window holds, as one step or in stretches of so many."""
    rows = (counts.steps >= window.first) & (counts.steps <= window.last)
    columns = [counts.behaviors.index(behavior) for behavior in behaviors]
    steps = counts.steps[rows] // (width or 2**30) * (width or 2**30)
    of_rows = (counts.runs[rows], steps, counts.prompts[rows], counts.rollouts[rows], counts.shown[rows][:, columns])
    return Counts(tuple(behaviors), *of_rows)


def shown_behaviors(store: Store) -> tuple[str, ...]:
    """Return every behavior that the active tagger saw anywhere."""
    return tuple(store.query("behaviors_shown")["behavior"].to_pylist())


def tagged_runs(store: Store) -> list[str]:
    """Return the runs of which the active tagger has read something."""
    return sorted({row["run_id"] for row in store.query("evaluations").to_pylist() if row["tagged"]})


def split_of(store: Store, run: str) -> str:
    """Return the split whose course a run's shifts follow: the default one of those that hold tagged rollouts."""
    rows = [row for row in store.query("evaluations", in_run=run).to_pylist() if row["tagged"]]
    enough = [row for row in rows if row["prompts"] >= FEWEST_PROMPTS]
    return default_split(row["split"] for row in enough or rows)


def tagged_steps(store: Store, run: str, split: str) -> list[dict[str, Any]]:
    """Return what is known of each step of a run that holds tagged rollouts."""
    rows = store.query("evaluations", in_run=run, in_split=split).to_pylist()
    return [row for row in rows if row["tagged"]]


def spread(counts: Counts, places: "np.ndarray", prompts: int) -> tuple["np.ndarray", "np.ndarray"]:
    """Return shown and rollouts with a row a behavior and a column a prompt, of which `places` are those counted."""
    import numpy as np

    shown = np.zeros((len(counts.behaviors), prompts))
    np.add.at(shown.T, places, counts.shown)
    rollouts = np.bincount(places, weights=counts.rollouts, minlength=prompts)
    return shown, np.repeat(rollouts[None], len(counts.behaviors), axis=0)


def _windows(store: Store, run: str, split: str, base: str | None) -> tuple[Window, Window, str]:
    """Return the two windows, and why the first is not of the base that the log names."""
    rows = _tagged(store, f"run {run!r}", run, split)
    end = _fewest(rows[::-1])
    last = Window(end[-1]["step"], end[0]["step"])
    named = base if base is not None or rows[0]["step"] == 0 else recorded_base(store, run)
    said = ""
    if named is not None:
        try:
            start = _fewest(_tagged(store, f"base run {named!r}", named, split))
            _refuse_unlike(run, named, start, end)
            return Window(start[0]["step"], start[-1]["step"], named), last, ""
        except Refused as refusal:
            if base is not None:
                raise
            said = f"{run} is not held against its base {named}: {refusal}"
    if len(rows) < 2:
        raise Refused(f"run {run!r} has a single step in the split {split}: a shift needs two")
    start = _fewest(rows)
    _refuse_unlike(run, run, start, end)
    return Window(start[0]["step"], start[-1]["step"]), last, said


def _tagged(store: Store, who: str, run: str, split: str) -> list[dict[str, Any]]:
    rows = tagged_steps(store, run, split)
    if not rows:
        there = only_in(row["split"] for row in store.query("evaluations", in_run=run).to_pylist() if row["tagged"])
        raise Refused(
            f"{who} has no tagged rollouts in the split {split}{there or f': `ta tag --run {run}` tags them'}"
        )
    return rows


def _fewest(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Return the fewest first rows that hold enough rollouts."""
    most, held = max(1, int(len(rows) * WIDEST_WINDOW)), 0
    for number, row in enumerate(rows[:most], 1):
        held += row["tagged"]
        if held >= ENOUGH_ROLLOUTS:
            return rows[:number]
    return rows[:most]


def _refuse_unlike(run: str, base: str, start: Sequence[dict[str, Any]], end: Sequence[dict[str, Any]]) -> None:
    """Refuse windows that were sampled in other ways, or of which too much is not tagged."""
    for of, rows in ((base, start), (run, end)):
        missing = 1 - sum(row["tagged"] for row in rows) / sum(row["rollouts"] for row in rows)
        if missing > MOST_UNTAGGED:
            at = f"{_written(rows)} of run {of!r}"
            raise Refused(f"{missing:.0%} of the rollouts at {at} are not tagged: `ta tag` finishes them")
    then, now = ({condition for row in rows for condition in row["conditions"]} for rows in (start, end))
    if then != now:
        raise Refused(
            f"run {run!r} was sampled with {conditions_in_words(then)} at {_written(start)} and with "
            f"{conditions_in_words(now)} at {_written(end)}: a difference between them is no change of the model"
        )


def _written(rows: Sequence[dict[str, Any]]) -> str:
    steps = [row["step"] for row in rows]
    return str(Window(min(steps), max(steps)))


def by_problem(store: Store, counts: Counts) -> Counts:
    """Name prompts by their problem, so that two templates of one question are one."""
    import numpy as np

    problems = problems_of(store)
    named = np.asarray([problems.get(prompt, prompt) for prompt in counts.prompts], dtype=object)
    return Counts(counts.behaviors, counts.runs, counts.steps, named, counts.rollouts, counts.shown)


def _compare(
    run: str, split: str, start: Counts, end: Counts, first: Window, last: Window, of_base: str
) -> list[Shift]:
    import numpy as np

    from traceanalytics.stats.differences import difference_limits
    from traceanalytics.stats.multiplicity import benjamini_hochberg
    from traceanalytics.stats.rates import rate_limits

    prompts, places = np.unique(np.concatenate([start.prompts, end.prompts]).astype(str), return_inverse=True)
    before, after = places[: len(start.prompts)], places[len(start.prompts) :]
    base = spread(start, before, len(prompts))
    now = spread(end, after, len(prompts))
    then_rate, now_rate = rate_limits(*base), rate_limits(*now)
    change, narrow = difference_limits(*now, *base), difference_limits(*now, *base, confidence=0.9)
    p = _p_of(change.value, change.low, change.high)
    adjusted = benjamini_hochberg(p)
    shared = len(np.intersect1d(before, after)) / max(len(prompts), 1)

    def named(label: str, limits: object, i: int) -> Named:
        value, low, high, n = (getattr(limits, name)[i] for name in ("value", "low", "high", "prompts"))
        return Named(label, float(value), float(low), float(high), int(n))

    return [
        Shift(
            run,
            split,
            behavior,
            named("start", then_rate, i),
            named("end", now_rate, i),
            named("shift", change, i),
            (float(narrow.low[i]), float(narrow.high[i])),
            float(p[i]),
            float(adjusted[i]),
            first,
            last,
            shared,
            of_base,
        )
        for i, behavior in enumerate(start.behaviors)
    ]


def _p_of(value: "np.ndarray", low: "np.ndarray", high: "np.ndarray") -> "np.ndarray":
    """Return the two-sided p that goes with an interval: below 0.05 where the interval leaves out 0."""
    import numpy as np
    from scipy.special import ndtr

    half = np.where(value > 0, value - low, high - value)
    return 2 * ndtr(-1.96 * np.abs(value) / np.maximum(half, 1e-12))  # type: ignore[no-any-return]
