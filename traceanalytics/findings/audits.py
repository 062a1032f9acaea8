"""Audits: rollouts drawn with a known probability and judged as a whole, which say how a tagger errs and correct rates.

An audit counts for the era of the run that it was drawn from: a third of its steps, as the query `corrected_rate` cuts
them. `tagger_errors` holds what was counted; what needs the audited rollouts themselves reads `audited_rollouts`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from traceanalytics.errors import Refused
from traceanalytics.findings.base import CORRECTED, Named
from traceanalytics.stats.corrected_counts import corrected_statistic, strata_of
from traceanalytics.stats.correction import (
    Audit,
    by_verdict,
    corrected_rate,
    corrected_shift,
    rogan_gladen_rate,
    weighted_audit,
)
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.tipping import drift_p
from traceanalytics.store.store import Store

POWERED, BY_ERROR_RATES = "prediction-powered", "Rogan-Gladen"  # the two ways in which a rate is corrected
DRIFTED = 0.01  # p below which eras are said to differ in the tagger's errors
_AUDITS = """
SELECT tagger_errors.step_band, tagger_errors.tp, tagger_errors.fp, tagger_errors.fn, tagger_errors.tn
FROM tagger_errors
JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
WHERE tagger_errors.behavior = $behavior AND tagger_errors.run_id = $run
"""
# Whether anything was judged that could be an audit: most stores hold none, and are then not searched for it.
_JUDGED = """
SELECT 1 FROM judgments
WHERE unit = 'rollout' AND drawn_with > 0 AND list_contains($behaviors::VARCHAR[], behavior)
LIMIT 1
"""
_ALL_AUDITS = """
SELECT tagger_errors.* EXCLUDE (tagger_id)
FROM tagger_errors
WHERE tagger_errors.tagger_id = coalesce($tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Audited:
    """Audited rollouts of one run and era: what the judge and the tagger say, and how probable each draw was."""

    judged: Floats
    tagged: Floats
    right: Floats  # NaN where nothing graded it
    drawn_with: Floats
    judges: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.judged)

    @property
    def audit(self) -> Audit:
        """Return the counts, as many evenly drawn rollouts as these are worth."""
        return weighted_audit(self.judged, self.tagged, self.drawn_with)

    @property
    def by_verdict(self) -> Audit:
        """Return the counts as the prediction-powered correction asks for them."""
        return by_verdict(self.judged, self.tagged, self.drawn_with)

    @property
    def strata(self) -> Floats | None:
        """Return the audit of right and of wrong rollouts apart, tagged and others; None where a tag has none."""
        graded = self.right == self.right
        strata = strata_of(*(each[graded] for each in (self.judged, self.tagged, self.right, self.drawn_with)))
        return strata if (strata[:, 1] > 0).all() else None

    def correct(self, observed: Estimate) -> dict[str, Estimate]:
        """Return an observed rate corrected in both ways; one of them only where the other has no answer."""
        corrected = {POWERED: corrected_rate(observed, self.by_verdict)}
        try:
            corrected[BY_ERROR_RATES] = rogan_gladen_rate(observed, self.audit)
        except Refused:  # the tagger says too little for it
            return corrected
        return corrected


@dataclass(frozen=True, slots=True)
class Drift:
    """A tagger whose errors differ between the first and the last audited era of a run."""

    behavior: str
    run: str
    early: str
    late: str
    p: float

    def __str__(self) -> str:
        return (
            f"{self.behavior} of {self.run}: the tagger errs otherwise at steps {self.late} than at steps {self.early} "
            f"(p = {self.p:.2g}): correct each era by its own audit"
        )


def audit_of(store: Store, *, behavior: str, run: str, first: int, last: int) -> Audit | None:
    """Return what was audited of a behavior in the bands that meet these steps, added up; None where nothing was.

    A band is written `FIRST-LAST`.
    """
    met = [
        row
        for row in store.sql(_AUDITS, {"behavior": behavior, "run": run}).to_pylist()
        if _meets(row["step_band"], first, last)
    ]
    if not met:
        return None
    return Audit(*(float(sum(row[cell] for row in met)) for cell in ("tp", "fp", "fn", "tn")))


def audited_in(
    store: Store,
    behaviors: Sequence[str],
    *,
    run: str,
    split: str,
    first: int,
    last: int,
    tagger: str | None = None,
) -> Audited | None:
    """Return the audited rollouts of the eras that meet these steps, shown meaning any of the behaviors."""
    import numpy as np

    if not store.sql(_JUDGED, {"behaviors": list(behaviors)}).num_rows:
        return None
    asked = {"in_behaviors": list(behaviors), "in_run": run, "in_split": split, "in_tagger": tagger}
    rows = store.query("audited_rollouts", **asked).to_pylist()
    if not rows:
        return None
    eras = store.query("corrected_rate", **asked).to_pylist()
    met = [(era["from_step"], era["to_step"]) for era in eras if era["from_step"] <= last and first <= era["to_step"]]
    rows = [row for row in rows if any(start <= row["step"] <= stop for start, stop in met)]
    if not rows:
        return None
    judged, tagged, right, drawn_with = (
        np.array([np.nan if row[name] is None else float(row[name]) for row in rows])
        for name in ("is_judged_shown", "is_tagged", "correct", "drawn_with")
    )
    return Audited(judged, tagged, right, drawn_with, tuple(sorted({row["judged_by"] for row in rows})))


def corrected_numbers(label: str, observed: Estimate, audited: Audited | None) -> list[Named]:
    """Return a rate as audits correct it, to stand beside the raw one; nothing where nobody audited."""
    if audited is None:
        return []
    return [
        Named(f"{label}, {way}", each.value, each.low, each.high, each.n, each.unit, CORRECTED)
        for way, each in audited.correct(observed).items()
    ]


def audits_at(
    store: Store, behaviors: Sequence[str], places: Iterable[tuple[str, str, float]], *, tagger: str | None = None
) -> list[Audited]:
    """Return the audits of evaluations, each a run, a split and a step; none where one of them has no audit."""
    held = []
    for run, split, step in places:
        audited = audited_in(store, behaviors, run=run, split=split, first=int(step), last=int(step), tagger=tagger)
        if audited is None:
            return []
        held.append(audited)
    return held


def corrected_ends(labels: Sequence[str], rates: Sequence[Estimate], audits: Sequence[Audited]) -> list[Named]:
    """Return rates as their audits correct them, and with a label more the change from the first to the second."""
    if not audits:
        return []
    numbers = [number for each in zip(labels, rates, audits, strict=False) for number in corrected_numbers(*each)]
    if len(labels) > len(rates):
        base, final = audits
        change = corrected_shift(rates[0], base.by_verdict, rates[1], final.by_verdict)
        numbers.append(
            Named(f"{labels[2]}, {POWERED}", change.value, change.low, change.high, change.n, change.unit, CORRECTED)
        )
    return numbers


def corrected_by_strategy(
    labels: Sequence[str], statistic: Callable[[Floats], Floats], columns: Floats, audits: Sequence[Audited]
) -> list[Named]:
    """Return functions of counts by strategy as audits correct these; nothing where an evaluation has no audit.

    `columns` holds the four of `StrategyCounts` for each evaluation, a row a prompt.
    """
    strata = [of for of in (audit.strata for audit in audits) if of is not None]
    if not strata or len(strata) < columns.shape[1] // 4:
        return []
    return [
        Named(f"{label}, {POWERED}", each.value, each.low, each.high, each.n, each.unit, CORRECTED)
        for label, each in zip(labels, corrected_statistic(statistic, columns, strata), strict=True)
    ]


def uncorrected(caveat: str, corrected: Iterable[Sequence[Named]]) -> list[str]:
    """Return the caveat of rates that nothing corrects, unless everything that was asked of is corrected."""
    return [] if all(corrected) else [caveat]


def drifts(store: Store, tagger: str | None = None) -> list[Drift]:
    """Return where a tagger (the active one when None) errs otherwise late in a run than early in it, by its audits."""
    by_place: dict[tuple[str, str], list[tuple[str, Audit]]] = {}
    for row in store.sql(_ALL_AUDITS, {"tagger": tagger}).to_pylist():
        audit = Audit(row["tp"], row["fp"], row["fn"], row["tn"])
        by_place.setdefault((row["behavior"], row["run_id"]), []).append((row["step_band"], audit))
    found = (drift_between(behavior, run, audits) for (behavior, run), audits in by_place.items())
    return [drift for drift in found if drift is not None]


def drift_between(behavior: str, run: str, audits: Sequence[tuple[str, Audit]]) -> Drift | None:
    """Return how the errors of the last of several bands of steps differ from the first; None if they do not."""
    ordered = sorted(audits, key=lambda each: int(each[0].partition("-")[0]))
    (early, early_audit), (late, late_audit) = ordered[0], ordered[-1]
    p = drift_p(early_audit, late_audit) if early != late else 1.0
    return Drift(behavior, run, early, late, p) if p <= DRIFTED else None


def _meets(band: str, first: int, last: int) -> bool:
    start, _, stop = band.partition("-")
    return int(start) <= last and first <= int(stop or start)
