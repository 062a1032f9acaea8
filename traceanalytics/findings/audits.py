"""Audits of the active tagger, as `tagger_errors` holds them: one for a behavior, a run and a band of its steps."""

from traceanalytics.stats.correction import Audit
from traceanalytics.store.store import Store

_AUDITS = """
SELECT tagger_errors.step_band, tagger_errors.tp, tagger_errors.fp, tagger_errors.fn, tagger_errors.tn
FROM tagger_errors
JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
WHERE tagger_errors.behavior = $behavior AND tagger_errors.run_id = $run
"""


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


def _meets(band: str, first: int, last: int) -> bool:
    start, _, stop = band.partition("-")
    return int(start) <= last and first <= int(stop or start)
