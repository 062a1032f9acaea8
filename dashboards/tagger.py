"""Tagger: what tags, how much it has read, and what audits say of it."""

from traceanalytics.findings.audits import drifts
from traceanalytics.pages.base import Block, Chart, Page, Selectors, Table, Text
from traceanalytics.pages.drift import draw_errors, ends_of, errors_over_eras
from traceanalytics.pages.view import View, as_table, look
from traceanalytics.stats.correction import Audit
from traceanalytics.store.queries import get_query
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

_AUDITS = """
SELECT behavior, run_id AS run, step_band AS steps, tp, fp, fn, tn, tp + fp + fn + tn AS n, sampled_how
FROM tagger_errors
JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
ORDER BY ALL
"""
_LIMITS = ("value", "low", "high")


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Show coverage, then audits and how they differ between eras."""
    view = look(store, selectors)
    tagger = view.need_tags()
    rows = view.rows("tagger_coverage")
    columns = {column.name: column.name.replace("_", " ") for column in get_query("tagger_coverage").columns}
    coverage = as_table("What each tagger has read", rows, columns, view.sql("tagger_coverage"), ("share",))
    return [Text(f"Rates on these pages count what {tagger} says.", "lead"), coverage, *_audits(view), _seen(view)]


def _audits(view: View) -> list[Block]:
    rows = [row for row in view.store.sql(_AUDITS).to_pylist() if row["run"] in view.runs]
    if not rows:
        return [
            Text(
                "No audit: nobody has judged a random sample of these rollouts, so precision and recall here are "
                f"unknown and every rate is uncorrected; `ta label --for behavior_shift{view.command}` draws one.",
                "warning",
            )
        ]
    rows.sort(key=lambda row: (row["behavior"], row["run"], ends_of(row["steps"])))
    sql = f"{_AUDITS.strip()};"
    warnings: list[Block] = [Text(str(drift), "warning", sql) for drift in drifts(view.store)]
    return [*warnings, _precision_and_recall(rows, sql), _errors(view, rows, sql)]


def _precision_and_recall(rows: list[dict[str, JSON]], sql: str) -> Table:
    """Return what each audit says with its limits, and what it rests on."""
    columns = ["behavior", "run", "steps", "n", *_named("precision"), *_named("recall"), "sampled how"]
    cells = []
    for row in rows:
        audit = Audit(row["tp"], row["fp"], row["fn"], row["tn"])
        told = [
            [getattr(rate, name) if n else None for name in _LIMITS]
            for rate, n in ((audit.precision, audit.tp + audit.fp), (audit.sensitivity, audit.tp + audit.fn))
        ]
        cells.append([row["behavior"], row["run"], row["steps"], row["n"], *told[0], *told[1], row["sampled_how"]])
    return Table("Audits: precision and recall", columns, cells, sql, (*_named("precision"), *_named("recall")))


def _errors(view: View, rows: list[dict[str, JSON]], sql: str) -> Chart:
    drawn = errors_over_eras(view, rows)
    columns = ["audited", "era", "error", *_LIMITS, "n", "alarm"]
    table = Table("Errors by era", columns, [[row[name] for name in columns] for row in drawn], sql, _LIMITS)
    lead = (
        "How often the tagger errs in each audited era of a run; lines are exact 95% intervals. A triangle is an "
        "alarm: the last era's errors differ from the first's beyond chance, so each era needs its own correction."
    )
    return Chart("Does the tagger drift?", draw_errors(drawn), table, lead)


def _named(rate: str) -> tuple[str, str, str]:
    return (rate, f"{rate} low", f"{rate} high")


def _seen(view: View) -> Block:
    rows = view.rows("behaviors_shown")
    columns = {"behavior": "behavior", "rollouts": "rollouts that show it"}
    return as_table("What it saw, in every split", rows, columns, view.sql("behaviors_shown"))


tagger = Page(name="tagger", title="Tagger", build=build, order=60)
