"""Audits: rollouts drawn with a known probability and judged as a whole, which say how a tagger errs and correct rates.

An audit counts for the era of the run that it was drawn from: a third of its steps, as the query `corrected_rate` cuts
them. `tagger_errors` holds what was counted; what needs the audited rollouts themselves reads `audited_rollouts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from traceanalytics.errors import Refused
from traceanalytics.findings.base import CORRECTED, Named
from traceanalytics.stats.correction import Audit, by_verdict, corrected_rate, rogan_gladen_rate, weighted_audit
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.tipping import drift_p
from traceanalytics.store.store import Store

DRIFTED = 0.01  # p below which eras are said to differ in the tagger's errors
_AUDITS = """
SELECT tagger_errors.step_band, tagger_errors.tp, tagger_errors.fp, tagger_errors.fn, tagger_errors.tn
FROM tagger_errors
JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
WHERE tagger_errors.behavior = $behavior AND tagger_errors.run_id = $run
"""
_ALL_AUDITS = """
SELECT tagger_errors.* EXCLUDE (tagger_id)
FROM tagger_errors
JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Audited:
    """Audited rollouts of one run and era: what the judge and the tagger say, and how probable each draw was."""

    judged: Floats
    tagged: Floats
    drawn_with: Floats
    judges: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.judged)

    @property
    def audit(self) -> Audit:
        """Return the counts, as many evenly drawn rollouts as these are worth."""
        return weighted_audit(self.judged, self.tagged, self.drawn_with)

    def correct(self, observed: Estimate) -> dict[str, Estimate]:
        """Return an observed rate corrected in both ways; one of them only where the other has no answer."""
        verdicts = by_verdict(self.judged, self.tagged, self.drawn_with)
        corrected = {"prediction-powered": corrected_rate(observed, verdicts)}
        try:
            corrected["Rogan-Gladen"] = rogan_gladen_rate(observed, self.audit)
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

    asked = {"in_behaviors": list(behaviors), "in_run": run, "in_split": split, "in_tagger": tagger}
    rows = store.query("audited_rollouts", **asked).to_pylist()
    if not rows:
        return None
    eras = store.query("corrected_rate", **asked).to_pylist()
    met = [(era["from_step"], era["to_step"]) for era in eras if era["from_step"] <= last and first <= era["to_step"]]
    rows = [row for row in rows if any(start <= row["step"] <= stop for start, stop in met)]
    if not rows:
        return None
    judged, tagged, drawn_with = (
        np.array([float(row[name]) for row in rows]) for name in ("is_judged_shown", "is_tagged", "drawn_with")
    )
    return Audited(judged, tagged, drawn_with, tuple(sorted({row["judged_by"] for row in rows})))


def corrected_numbers(label: str, observed: Estimate, audited: Audited | None) -> list[Named]:
    """Return a rate as audits correct it, to stand beside the raw one; nothing where nobody audited."""
    if audited is None:
        return []
    return [
        Named(f"{label}, {way}", each.value, each.low, each.high, each.n, each.unit, CORRECTED)
        for way, each in audited.correct(observed).items()
    ]


def drifts(store: Store) -> list[Drift]:
    """Return where the active tagger errs otherwise late in a run than early in it, by its audits."""
    by_place: dict[tuple[str, str], list[tuple[str, Audit]]] = {}
    for row in store.sql(_ALL_AUDITS).to_pylist():
        audit = Audit(row["tp"], row["fp"], row["fn"], row["tn"])
        by_place.setdefault((row["behavior"], row["run_id"]), []).append((row["step_band"], audit))
    found = []
    for (behavior, run), audits in by_place.items():
        audits.sort(key=lambda each: int(each[0].partition("-")[0]))
        (early, early_audit), (late, late_audit) = audits[0], audits[-1]
        p = drift_p(early_audit, late_audit) if early != late else 1.0
        if p <= DRIFTED:
            found.append(Drift(behavior, run, early, late, p))
    return found


def _meets(band: str, first: int, last: int) -> bool:
    start, _, stop = band.partition("-")
    return int(start) <= last and first <= int(stop or start)
