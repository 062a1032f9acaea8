"""Which behaviors became more or less frequent from the start of a run to its end, beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.audits import audit_of, audited_in, corrected_numbers
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.by_length import ByLength, by_length_of
from traceanalytics.findings.courses import courses_of
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import FEWEST_PROMPTS, ONE_RUN, ask_each, named, points, runs_of
from traceanalytics.findings.onsets import MOST_CLUSTERS, MOST_SHIFTS, onset_named, onsets_of_courses, since_in_words
from traceanalytics.findings.shifts import (
    FALSE_DISCOVERIES,
    Shift,
    count_by_step,
    find_shifts,
    percent,
    shown_behaviors,
    split_of,
    tagged_runs,
)
from traceanalytics.findings.turns import Turn, turns_of
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.onset import Onset
from traceanalytics.stats.tipping import AuditedShift, audited_shift
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

MOST_IN_A_SENTENCE = 5
_AUDITED = "SELECT DISTINCT behavior FROM tagger_errors"


class Verdict(StrEnum):
    """What can be said of one behavior in one run."""

    ROSE = "confirmed rise"
    FELL = "confirmed fall"
    ROSE_THEN_FELL = "rose then fell"
    NO_CHANGE = "no change (equivalent)"
    UNDETERMINED = "undetermined"
    UNAUDITED = "detected but unaudited"


@dataclass(frozen=True, slots=True)
class Moved:
    """What one run's behaviors did: how much they shifted, which turned round in between, and since when they moved."""

    shifts: list[Shift]
    turns: dict[str, Turn]
    onsets: dict[str, Onset]


@dataclass(frozen=True, slots=True)
class Judged:
    """One behavior in one run: its shift, what it did in between, what audits say, what length leaves of it."""

    shift: Shift
    verdict: Verdict
    turn: Turn | None
    audited: AuditedShift | None
    by_length: ByLength | None
    margin: float  # within which a change is called none
    onset: Onset | None = None
    corrected: tuple[Named, ...] = ()  # the rates at both ends, as audits of their eras correct them

    @property
    def sentence(self) -> str:
        """Say what happened and how sure that is."""
        shift, change = self.shift, points(self.shift.change)
        since = since_in_words(self.onset)
        if self.verdict is Verdict.ROSE_THEN_FELL and self.turn is not None:
            return (
                f"{shift.behavior} rose from {percent(shift.start)} at {shift.start_window} to "
                f"{percent(self.turn.rate)} at {self.turn.window} and fell to {percent(shift.end)} at "
                f"{shift.end_window} of {shift.run}{since}: {self.verdict}"
            )
        if shift.survives and self.audited is not None and self.verdict is Verdict.UNDETERMINED:
            corrected = points(self.audited.corrected)
            return f"As tagged, {shift.sentence}{since}; corrected by audits {corrected}: {self.verdict}"
        if shift.survives:
            return f"{shift.sentence}{since}: {self.verdict}"
        within = f", within ±{100 * self.margin:g} points" if self.verdict is Verdict.NO_CHANGE else ""
        return f"No shift beyond chance of {shift.behavior} in {shift.run}, {change}{within}: {self.verdict}"


def infer(
    store: Store,
    *,
    in_behavior: str | None = None,
    in_run: str | None = None,
    in_split: str | None = None,
    base: str | None = None,
    margin: float = 0.05,
) -> Answer:
    """Answer for one behavior, or for all of them at a false discovery rate of 5%, in one run or in each.

    The windows are the first and the last steps that hold 200 rollouts, at most a fifth of all; `base` names the run
    that holds the base model, for runs without step 0 whose log does not name it. A change inside ±margin is called
    none. Onsets are those of the eight largest shifts of a run.
    """
    tagged = tagged_runs(store)
    if not tagged:
        raise Refused("no rollout is tagged: `ta tag` finds the behaviors")
    behaviors = [in_behavior] if in_behavior is not None else list(shown_behaviors(store))

    def ask(run: str) -> Moved:
        return _moved(store, run, in_split or split_of(store, run), behaviors, base)

    asked = [run for run in runs_of(store, in_run, base=base) if run in tagged or run == in_run] or tagged
    found, left_out = ask_each(asked, ask)
    judged = _judge(store, found, margin=margin, asked=in_behavior is not None)
    several = len(found) > 1
    numbers = [number for each in judged for number in _estimates(each, several=several)]
    return Answer(numbers, _verdict(judged), [*_caveats(store, judged), *left_out], _table(judged))


def _moved(store: Store, run: str, split: str, behaviors: Sequence[str], base: str | None) -> Moved:
    """Count a run once, and read its shifts, turns and onsets from that."""
    counts = count_by_step(store, behaviors, run=run, split=split)
    shifts = find_shifts(store, run=run, split=split, behaviors=behaviors, base=base, counts=counts)
    if shifts and (fewest := min(min(each.start.n, each.end.n) for each in shifts)) < FEWEST_PROMPTS:
        raise Refused(
            f"run {run!r} has {fewest} prompts in a window: at least {FEWEST_PROMPTS} tell a shift from chance"
        )
    turns = turns_of(store, shifts, counts=counts)
    moved = [each.behavior for each in shifts if each.p <= FALSE_DISCOVERIES][:MOST_SHIFTS]
    dated = list(dict.fromkeys([*moved, *turns]))
    courses = courses_of(store, run, dated, split=split, base=base, counts=counts, most_clusters=MOST_CLUSTERS)
    return Moved(shifts, turns, onsets_of_courses(courses))


def adjusted(shifts: Sequence[Shift]) -> list[Shift]:
    """Correct for every behavior of every run that is looked at; one behavior of one run needs no correction."""
    from traceanalytics.stats.multiplicity import benjamini_hochberg

    adjusted = benjamini_hochberg([shift.p for shift in shifts])
    return sorted(
        (replace(shift, adjusted_p=float(p)) for shift, p in zip(shifts, adjusted, strict=True)),
        key=lambda shift: (not shift.survives, -abs(shift.change.value), shift.run, shift.behavior),
    )


def _judge(store: Store, found: Sequence[Moved], *, margin: float, asked: bool) -> list[Judged]:
    shifts = adjusted([shift for of_run in found for shift in of_run.shifts])
    of_run = {each.shifts[0].run: each for each in found if each.shifts}
    audits = {row["behavior"] for row in store.sql(_AUDITED).to_pylist()}
    told = shifts if asked else [shift for shift in shifts[:MOST_IN_A_SENTENCE] if shift.survives]
    by_length = by_length_of(store, told)
    judged = []
    for shift in shifts:
        moved = of_run[shift.run]
        turn, onset = moved.turns.get(shift.behavior), moved.onsets.get(shift.behavior)
        audited = audit_shift(store, shift) if shift.behavior in audits else None
        verdict = judge(shift, turn, audited, margin)
        judged.append(
            Judged(
                shift,
                verdict,
                turn,
                audited,
                by_length.get((shift.run, shift.behavior)),
                margin,
                onset if shift.survives or verdict is Verdict.ROSE_THEN_FELL else None,
                _corrected(store, shift) if audited is not None else (),
            )
        )
    return judged


def judge(shift: Shift, turn: Turn | None, audited: AuditedShift | None, margin: float) -> Verdict:
    """Return the verdict: a rise that was given back, else a change that an audit bears out, else none or neither."""
    if turn is not None and turn.is_peak:
        return Verdict.ROSE_THEN_FELL
    if not shift.survives:
        low, high = shift.within
        return Verdict.NO_CHANGE if -margin <= low and high <= margin else Verdict.UNDETERMINED
    if audited is None:
        return Verdict.UNAUDITED
    if not audited.confirmed:
        return Verdict.UNDETERMINED
    return Verdict.ROSE if audited.corrected.value > 0 else Verdict.FELL


def audit_shift(store: Store, shift: Shift) -> AuditedShift | None:
    """Hold a shift against the audits of its two windows, where both were audited."""
    audits = [
        audit_of(store, behavior=shift.behavior, run=window.run or shift.run, first=window.first, last=window.last)
        for window in (shift.start_window, shift.end_window)
    ]
    if audits[0] is None or audits[1] is None:
        return None
    return audited_shift(_estimate(shift.start), audits[0], _estimate(shift.end), audits[1])


def _corrected(store: Store, shift: Shift) -> tuple[Named, ...]:
    """Return the rates of both windows as audits of their eras correct them."""
    numbers: list[Named] = []
    for what, observed, window in (
        ("start", shift.start, shift.start_window),
        ("end", shift.end, shift.end_window),
    ):
        run, split = window.run or shift.run, shift.split
        audited = audited_in(store, [shift.behavior], run=run, split=split, first=window.first, last=window.last)
        numbers += corrected_numbers(what, _estimate(observed), audited)
    return tuple(numbers)


def _estimate(number: Named) -> Estimate:
    low, high = number.low, number.high
    return Estimate(number.value, 0.0 if low is None else low, 1.0 if high is None else high, number.n, number.unit)


def _estimates(each: Judged, *, several: bool) -> list[Named]:
    """Return what is printed of one behavior in one run: as counted, as audits correct it, and as length leaves it."""
    shift = each.shift
    prefix = f"{shift.run}: {shift.behavior}" if several else shift.behavior
    numbers = [
        replace(number, label=f"{prefix}: {what}")
        for what, number in (("start", shift.start), ("end", shift.end), ("shift", shift.change))
    ]
    numbers += [replace(number, label=f"{prefix}: {number.label}") for number in each.corrected]
    if each.audited is not None:
        numbers.append(named(f"{prefix}: shift, as both audits correct it", each.audited.corrected, corrected=True))
    if each.onset is not None:
        numbers.append(onset_named(f"{prefix}: ", each.onset, shift.change.n))
    if each.by_length is not None:
        numbers.append(named(f"{prefix}: start per 1,000 characters", each.by_length.start))
        numbers.append(named(f"{prefix}: end per 1,000 characters", each.by_length.end))
        if each.by_length.shift is not None:
            numbers.append(named(f"{prefix}: shift at equal length", each.by_length.shift))
    return numbers


def _verdict(judged: Sequence[Judged]) -> str:
    told = [each for each in judged if each.shift.survives or each.verdict is Verdict.ROSE_THEN_FELL]
    others = [each for each in judged if each not in told]
    if not told and len(judged) > 3:
        return f"No behavior shifted beyond chance: {_counted(others)}"
    if not told:
        return "; ".join(each.sentence for each in judged) or "No behavior is tagged"
    said = "; ".join(each.sentence for each in told[:MOST_IN_A_SENTENCE])
    if len(told) > MOST_IN_A_SENTENCE:
        said += f"; and {len(told) - MOST_IN_A_SENTENCE} more"
    return f"{said}; of the others: {_counted(others)}" if others else said


def _counted(judged: Sequence[Judged]) -> str:
    verdicts = [each.verdict for each in judged]
    return ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in Verdict if verdict in verdicts)


def _caveats(store: Store, judged: Sequence[Judged]) -> list[str]:
    caveats = []
    if any(each.audited is None for each in judged):
        caveats.append("uncorrected: the rates count what the tagger says; no audit of it is in the store")
    shifts = [each.shift for each in judged]
    behaviors, runs = (len({getattr(shift, name) for shift in shifts}) for name in ("behavior", "run"))
    if len(judged) > 1:
        caveats.append(
            f"{len(judged)} shifts are looked at, of {counted(behaviors, 'behavior')} in {counted(runs, 'run')}: one "
            f"in 20 of those found may be chance (Benjamini-Hochberg)"
        )
    if any(shift.shared_prompts < 0.5 for shift in shifts):
        caveats.append(
            "fewer than half of the prompts are in both windows: a change of prompts may be part of the shift"
        )
    for shift in {shift.run: shift for shift in shifts}.values():
        if shift.of_base:
            caveats.append(shift.of_base)
        if shift.start_window.run is None and shift.start_window.first > 0:
            caveats.append(
                f"{shift.run} has no step 0: its start, {shift.start_window}, is already trained; base=RUN names the "
                f"run that holds the base model"
            )
    caveats += [caveat for each in judged for caveat in _caveats_of(each)]
    if runs == 1:
        caveats.append(ONE_RUN)
    return caveats


def _caveats_of(each: Judged) -> list[str]:
    shift, caveats = each.shift, []
    if each.audited is not None and shift.survives and not each.audited.confirmed:
        what = "false positive rate" if shift.change.value > 0 else "sensitivity"
        measured, tipping = each.audited.measured, each.audited.tipping
        explains = f"a late {what} of {tipping:.0%} would explain the shift away, and the audit leaves "
        if not 0 <= tipping <= 1:
            explains = f"no late {what} alone explains the shift away, but both audits together may; late it is "
        caveats.append(f"{shift.behavior} of {shift.run}: {explains}{measured.low:.0%} to {measured.high:.0%}")
    if each.audited is not None and each.audited.drift_p <= 0.05:
        caveats.append(f"{shift.behavior} of {shift.run}: the tagger errs otherwise late in the run than early in it")
    if each.turn is not None and not each.turn.is_peak:
        caveats.append(
            f"{shift.behavior} of {shift.run} was at {percent(each.turn.rate)} at {each.turn.window} and came back"
        )
    same = None if each.by_length is None else each.by_length.shift
    if same is not None and shift.survives and same.low <= 0 <= same.high:
        caveats.append(
            f"{shift.behavior} of {shift.run}: among responses of one length the shift is {points(same)}, so that the "
            f"length of the text may explain it"
        )
    return caveats


def _table(judged: Sequence[Judged]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
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
                "verdict": str(each.verdict),
                "onset": None if onset is None else onset.step,
                "onset_low": None if onset is None else onset.earliest,
                "onset_high": None if onset is None else onset.latest,
            }
            for each in judged
            for shift, onset in [(each.shift, each.onset)]
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw every change with its interval."""
    title = "change from start to end"
    return intervals(
        answer, value="change", row="behavior", color="run", title=title, largest_first=True, shape="verdict"
    )


behavior_shift = Finding(
    name="behavior_shift",
    claim="Behaviors become more or less frequent during a run",
    infer=infer,
    queries=("behavior_by_prompt", "behavior_by_length"),
    draw=draw,
)
