"""Which behaviors became more or less frequent from the start of a run to its end, beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traceanalytics.errors import BadInput, Refused
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.store.counts import Counts, count_by_prompt
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import numpy as np

ENOUGH_ROLLOUTS = 200  # in a window
WIDEST_WINDOW = 0.2  # of the steps
SMALL = 0.05  # a shift below this, in either direction, is called small
FALSE_DISCOVERIES = 0.05
_SPLITS = ("train", "val", "eval", "probe")
_STEPS = """
SELECT coalesce(rollouts.step, 0) AS step, count(*) AS rollouts
FROM current_tagged JOIN rollouts USING (rollout_id)
WHERE rollouts.run_id = $run AND rollouts.split = $split
GROUP BY ALL ORDER BY ALL
"""
_PLACES = """
SELECT DISTINCT rollouts.run_id, rollouts.split FROM current_tagged JOIN rollouts USING (rollout_id) ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Training steps from the first to the last of them."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"step {self.first}" if self.first == self.last else f"steps {self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Shift:
    """A behavior's rate at the start and at the end of a run, and their difference; `survives` the correction."""

    run: str
    split: str
    behavior: str
    start: Named
    end: Named
    change: Named
    p: float
    adjusted_p: float
    start_window: Window
    end_window: Window
    shared_prompts: float

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
    store: Store, *, run: str, split: str | None = None, behaviors: Sequence[str] | None = None
) -> list[Shift]:
    """Compare the first and the last window of a run for every behavior, the largest shift first.

    The windows are the fewest steps that hold 200 rollouts, at most a fifth of all. A prompt that is in both is one
    cluster, so that what pairs cancel is canceled.
    """
    split = split or _split_of(store, run)
    start_window, end_window = _windows(store, run, split)
    names = tuple(behaviors) if behaviors else shown_behaviors(store)
    start = count_by_prompt(
        store, names, run=run, split=split, from_step=start_window.first, to_step=start_window.last, bin_width=2**30
    )
    end = count_by_prompt(
        store, names, run=run, split=split, from_step=end_window.first, to_step=end_window.last, bin_width=2**30
    )
    return sorted(
        _compare(run, split, start, end, start_window, end_window),
        key=lambda shift: (not shift.survives, -abs(shift.change.value), shift.behavior),
    )


def shown_behaviors(store: Store) -> tuple[str, ...]:
    """Return every behavior that the active tagger saw anywhere."""
    return tuple(store.query("behaviors_shown")["behavior"].to_pylist())


def infer(
    store: Store, *, in_behavior: str | None = None, in_run: str | None = None, in_split: str | None = None
) -> Answer:
    """Answer for one behavior, or for all of them, in one run or in each."""
    places = store.sql(_PLACES).to_pylist()
    if not places:
        raise Refused("no rollout is tagged: `ta tag` finds the behaviors")
    runs = sorted({place["run_id"] for place in places})
    if in_run is not None and in_run not in runs:
        raise BadInput(f"no tagged run is called {in_run!r}; there is {', '.join(runs)}")
    found: list[Shift] = []
    for run in [in_run] if in_run is not None else runs:
        shifts = find_shifts(store, run=run, split=in_split)
        found += [shift for shift in shifts if in_behavior in (None, shift.behavior)]
        if in_behavior is not None and in_behavior not in {shift.behavior for shift in shifts}:
            found += find_shifts(store, run=run, split=in_split, behaviors=[in_behavior])
    return _answer(found, several=len({shift.run for shift in found}) > 1)


def _answer(shifts: list[Shift], *, several: bool) -> Answer:
    import pyarrow

    estimates = [
        Named(_label(shift, what, several=several), each.value, each.low, each.high, each.n, each.unit)
        for shift in shifts
        for what, each in (("start", shift.start), ("end", shift.end), ("shift", shift.change))
    ]
    moved = [shift for shift in shifts if shift.survives]
    verdict = "; ".join(shift.sentence for shift in moved[:5])
    if len(moved) > 5:
        verdict += f"; and {len(moved) - 5} more"
    if not moved:
        looked_at = ", ".join(dict.fromkeys(shift.behavior for shift in shifts)) if len(shifts) <= 3 else "no behavior"
        verdict = f"No shift beyond chance of {looked_at}" if len(shifts) <= 3 else "No behavior shifted beyond chance"
    rows = [
        {
            "run": shift.run,
            "behavior": shift.behavior,
            "start": shift.start.value,
            "end": shift.end.value,
            "change": shift.change.value,
            "low": shift.change.low,
            "high": shift.change.high,
            "prompts": shift.change.n,
            "adjusted_p": shift.adjusted_p,
            "survives": shift.survives,
        }
        for shift in shifts
    ]
    return Answer(estimates, verdict, _caveats(shifts), pyarrow.Table.from_pylist(rows))


def _label(shift: Shift, what: str, *, several: bool) -> str:
    return f"{shift.run}: {shift.behavior}: {what}" if several else f"{shift.behavior}: {what}"


def _caveats(shifts: Sequence[Shift]) -> list[str]:
    caveats = ["uncorrected: the rates count what the tagger says; no audit of it is in the store"]
    if any(shift.shared_prompts < 0.5 for shift in shifts):
        caveats.append(
            "fewer than half of the prompts are in both windows: a change of prompts may be part of the shift"
        )
    if len({shift.run for shift in shifts}) == 1:
        caveats.append("one run: this says nothing about other seeds or about the reward")
    return caveats


def _compare(run: str, split: str, start: Counts, end: Counts, first: Window, last: Window) -> list[Shift]:
    import numpy as np

    from traceanalytics.stats.differences import difference_limits
    from traceanalytics.stats.multiplicity import benjamini_hochberg
    from traceanalytics.stats.rates import rate_limits

    prompts, places = np.unique(np.concatenate([start.prompts, end.prompts]).astype(str), return_inverse=True)
    before, after = places[: len(start.prompts)], places[len(start.prompts) :]
    base = _spread(start, before, len(prompts))
    now = _spread(end, after, len(prompts))
    then_rate, now_rate = rate_limits(*base), rate_limits(*now)
    change = difference_limits(*now, *base)
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
            float(p[i]),
            float(adjusted[i]),
            first,
            last,
            shared,
        )
        for i, behavior in enumerate(start.behaviors)
    ]


def _spread(counts: Counts, places: "np.ndarray", prompts: int) -> tuple["np.ndarray", "np.ndarray"]:
    """Return shown and rollouts with a row a behavior and a column a prompt of either window."""
    import numpy as np

    shown = np.zeros((len(counts.behaviors), prompts))
    shown[:, places] = counts.shown.T
    rollouts = np.zeros((1, prompts))
    rollouts[0, places] = counts.rollouts
    return shown, np.repeat(rollouts, len(counts.behaviors), axis=0)


def _p_of(value: "np.ndarray", low: "np.ndarray", high: "np.ndarray") -> "np.ndarray":
    """Return the two-sided p that goes with an interval: below 0.05 where the interval leaves out 0."""
    import numpy as np
    from scipy.special import ndtr

    half = np.where(value > 0, value - low, high - value)
    return 2 * ndtr(-1.96 * np.abs(value) / np.maximum(half, 1e-12))  # type: ignore[no-any-return]


def _windows(store: Store, run: str, split: str) -> tuple[Window, Window]:
    rows = store.sql(_STEPS, {"run": run, "split": split}).to_pylist()
    if not rows:
        raise Refused(f"run {run!r} has no tagged rollouts in the split {split}: `ta tag --run {run}` tags them")
    if len(rows) < 2:
        raise Refused(f"run {run!r} has a single step in the split {split}: a shift needs two")
    most = max(1, int(len(rows) * WIDEST_WINDOW))
    start = _fewest(rows, most)
    end = _fewest(rows[::-1], most)
    return Window(rows[0]["step"], start), Window(end, rows[-1]["step"])


def _fewest(rows: Sequence[dict[str, int]], most: int) -> int:
    held = 0
    for row in rows[:most]:
        held += row["rollouts"]
        if held >= ENOUGH_ROLLOUTS:
            return row["step"]
    return rows[most - 1]["step"]


def _split_of(store: Store, run: str) -> str:
    splits = {place["split"] for place in store.sql(_PLACES).to_pylist() if place["run_id"] == run}
    return next((split for split in _SPLITS if split in splits), "train")


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw every change with its interval."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("behavior:N", title=None, sort={"field": "change", "order": "descending"}),
        color=alt.Color("run:N", title="run"),
        yOffset="run:N",
    )
    ranges = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title="change from start to end", axis=alt.Axis(format="+.0%")), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(x="change:Q")
    zero = alt.Chart(alt.Data(values=[{}])).mark_rule(strokeDash=[4, 3], opacity=0.6).encode(x=alt.datum(0))
    return alt.layer(zero, ranges, points)


behavior_shift = Finding(
    name="behavior_shift",
    claim="Behaviors become more or less frequent during a run",
    infer=infer,
    queries=("behavior_by_prompt",),
    draw=draw,
)
