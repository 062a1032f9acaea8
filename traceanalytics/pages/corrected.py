"""Rates corrected by audits of the same run and era, beside those that the tagger counted."""

from collections.abc import Sequence

from traceanalytics.pages.drift import ends_of
from traceanalytics.pages.rates import Rates, rates_over_steps
from traceanalytics.pages.view import View
from traceanalytics.stats.correction import Audit, corrected_rate
from traceanalytics.stats.estimate import Estimate
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

RAW, CORRECTED = "raw", "corrected"
_AUDITS = """
SELECT behavior, run_id, step_band, tp, fp, fn, tn
FROM tagger_errors
JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
ORDER BY ALL
"""
_CELLS = ("tp", "fp", "fn", "tn")


def audited_behaviors(view: View) -> tuple[str, ...]:
    """Return the behaviors of which the tagger was audited in some run."""
    return tuple(dict.fromkeys(row["behavior"] for row in _audits(view.store)))


def raw_and_corrected(view: View, behaviors: Sequence[str]) -> Rates:
    """Return each rate where an audit of its run and era is there, as counted and as corrected; `kind` says which."""
    rows: Rates = []
    for row in rates_over_steps(view, behaviors):
        last = row["step"] + view.bin_width - 1
        audit = _audit_of(view, row["behavior"], row["run"], row["step"], last)
        if audit is not None:
            rows += [{**row, "kind": RAW}, {**row, **_corrected(row, audit), "kind": CORRECTED}]
    return rows


def _corrected(row: dict[str, float], audit: Audit) -> dict[str, float]:
    seen = Estimate(row["value"], row["low"], row["high"], int(row["prompts"]))
    found = corrected_rate(seen, audit)
    return {name: round(getattr(found, name), 6) for name in ("value", "low", "high")}


def _audit_of(view: View, behavior: str, run: str, first: int, last: int) -> Audit | None:
    """Return what was audited in the bands of steps that meet these, added up."""
    met = [
        row
        for row in _audits(view.store)
        if (row["behavior"], row["run_id"]) == (behavior, run) and row["first"] <= last and first <= row["last"]
    ]
    return Audit(*(float(sum(row[cell] for row in met)) for cell in _CELLS)) if met else None


@remembered
def _audits(store: Store) -> list[dict[str, JSON]]:
    """Return the audits of the tagger, with the first and the last step of their band."""
    rows: list[dict[str, JSON]] = store.sql(_AUDITS).to_pylist()
    for row in rows:
        row["first"], row["last"] = ends_of(row["step_band"])
    return rows
