"""Whether a behavior's rate and accuracy move together from step to step, beyond a trend that both share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.courses import Course, read_courses
from traceanalytics.findings.drawing import lines_over_steps
from traceanalytics.findings.evaluations import ONE_RUN, ask_each, evaluations_of, named, runs_of
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.rates import wilson
from traceanalytics.stats.series import FEWEST_DIFFERENCES, correlation_of_changes
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

UNCORRECTED = (
    "uncorrected: errors of the tagger that stay the same all run long leave a correlation of changes as it is; audits "
    "of an early and a late era say whether they do; no audit of it is in the store"
)
MOST_LAGS = 3
FEWEST_ORDERED = 10  # prompts that took up the behavior and came to be solved, for their order to be told


@dataclass(frozen=True, slots=True)
class Coupling:
    """One run's two curves, from disjoint halves of its prompts, and the correlation of their changes at each lag."""

    run: str
    steps: Floats
    share: Floats
    accuracy: Floats
    by_lag: dict[int, Estimate]
    exchanged: Estimate | None
    behavior_first: Estimate | None


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    in_split: str | None = None,
) -> Answer:
    """Correlate changes from one evaluation to the next; levels of two trends always correlate.

    The behavior is counted on one half of the prompts and accuracy on the other, so that no sampling error is in both.
    A positive lag means that the behavior changes first.
    """

    def ask(run: str) -> Coupling:
        evaluations_of(store, run, in_split)  # refuses a run without grades
        shows, right = read_courses(
            store,
            run,
            in_split,
            query="correct_by_prompt",
            in_behavior=in_behavior,
            columns=((in_behavior, "shown", "graded"), ("right answers", "correct", "graded")),
        )
        return _couple(run, shows, right)

    found, left_out = ask_each(runs_of(store, in_run), ask)
    estimates = [number for each in found for number in _numbers(in_behavior, each, several=len(found) > 1)]
    caveats = [
        "an association over steps: what moves both, such as the learning rate, makes one too",
        "sampling errors of the two curves are independent and pull the correlation toward 0",
        f"lags up to {MOST_LAGS} evaluations are looked at: their limits are wide enough to hold together",
        *left_out,
        UNCORRECTED,
        *([ONE_RUN] if len(found) == 1 else []),
    ]
    return Answer(estimates, "; ".join(_sentence(in_behavior, each) for each in found), caveats, _table(found))


def _couple(run: str, shows: Course, right: Course) -> Coupling:
    half = np.arange(len(shows.n)) % 2 == 0
    share, accuracy = _curve(shows, half), _curve(right, ~half)
    held = np.isfinite(share) & np.isfinite(accuracy)
    share, accuracy, steps = share[held], accuracy[held], shows.steps[held]
    by_lag = {0: correlation_of_changes(share, accuracy)}
    for lag in range(1, min(MOST_LAGS, len(steps) - 1 - FEWEST_DIFFERENCES) + 1):
        by_lag |= {-lag: _lagged(share, accuracy, -lag), lag: _lagged(share, accuracy, lag)}
    try:
        exchanged = correlation_of_changes(_curve(shows, ~half)[held], _curve(right, half)[held])
    except Refused:
        exchanged = None
    return Coupling(run, steps, share, accuracy, by_lag, exchanged, _behavior_first(shows, right))


def _lagged(share: Floats, accuracy: Floats, lag: int) -> Estimate:
    """Correlate at a lag with limits that hold at all lags together (Bonferroni)."""
    return correlation_of_changes(share, accuracy, lag=lag, confidence=1 - 0.05 / (2 * MOST_LAGS))


def _curve(course: Course, prompts: "np.ndarray") -> Floats:
    with np.errstate(invalid="ignore"):
        return course.hits[prompts].sum(axis=0) / course.n[prompts].sum(axis=0)  # type: ignore[no-any-return]


def _behavior_first(shows: Course, right: Course) -> Estimate | None:
    """Return the part of the prompts that took up the behavior before most of their rollouts were right.

    Among those that begin with neither, come to both, and not at the same step.
    """
    with np.errstate(invalid="ignore"):
        most_show, most_right = shows.hits / shows.n >= 0.5, right.hits / right.n >= 0.5
    later = ~most_show[:, 0] & ~most_right[:, 0] & most_show.any(axis=1) & most_right.any(axis=1)
    first, solved = most_show[later].argmax(axis=1), most_right[later].argmax(axis=1)
    before, apart = int((first < solved).sum()), int((first != solved).sum())
    return wilson(before, apart, unit="prompts") if apart >= FEWEST_ORDERED else None


def _numbers(behavior: str, each: Coupling, *, several: bool) -> list[Named]:
    prefix = f"{each.run}: " if several else ""
    numbers = [named(f"{prefix}correlation of changes", each.by_lag[0])]
    if each.exchanged is not None:
        numbers.append(named(f"{prefix}correlation of changes, halves exchanged", each.exchanged))
    for lag in sorted(set(each.by_lag) - {0}):
        who = behavior if lag > 0 else "accuracy"
        numbers.append(
            named(f"{prefix}correlation of changes, {who} {counted(abs(lag), 'evaluation')} ahead", each.by_lag[lag])
        )
    if each.behavior_first is not None:
        numbers.append(named(f"{prefix}prompts that took up {behavior} before they were solved", each.behavior_first))
    return numbers


def _sentence(behavior: str, each: Coupling) -> str:
    now = each.by_lag[0]
    how = (
        "move together"
        if now.low > 0
        else "move against each other"
        if now.high < 0
        else "are not shown to move together"
    )
    steps = f"steps {each.steps[0]:.0f} to {each.steps[-1]:.0f}"
    said = (
        f"{behavior} and accuracy {how} from step to step in {each.run} (r = {_written(now)}, {now.n} changes, {steps})"
    )
    ahead = {lag: r for lag, r in each.by_lag.items() if lag and r.excludes(0) and abs(r.value) > abs(now.value)}
    if not ahead:
        return said
    lag = max(ahead, key=lambda lag: abs(ahead[lag].value))
    who = behavior if lag > 0 else "accuracy"
    return f"{said}; with {who} {counted(abs(lag), 'evaluation')} ahead r = {_written(ahead[lag])}"


def _written(r: Estimate) -> str:
    return f"{r.value:+.2f} [{r.low:.2f}, {r.high:.2f}]"


def _table(found: Sequence[Coupling]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"run": each.run, "step": float(step), "what": what, "value": float(value)}
            for each in found
            for what, curve in (("share of the behavior", each.share), ("accuracy", each.accuracy))
            for step, value in zip(each.steps, curve, strict=True)
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw both curves of every run."""
    return lines_over_steps(answer, "value", color="what", title=None, format=".0%")


behavior_accuracy_coupling = Finding(
    name="behavior_accuracy_coupling",
    claim="A behavior and accuracy move together over training",
    infer=infer,
    queries=("evaluations", "correct_by_prompt"),
    draw=draw,
)
