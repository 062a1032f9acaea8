"""Tagger: what tags, how much it has read, and what audits say of it."""

from traceanalytics.findings.audits import drifts
from traceanalytics.pages.base import Block, Page, Selectors, Table, Text
from traceanalytics.pages.view import View, as_table, look
from traceanalytics.store.store import Store

_AUDITS = """
SELECT behavior, run_id AS run, step_band AS steps, tp, fp, fn, tn,
    tp / nullif(tp + fp, 0) AS precision, tp / nullif(tp + fn, 0) AS recall, tp + fp + fn + tn AS n, sampled_how
FROM tagger_errors
JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
ORDER BY ALL
"""


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Show coverage, then audits."""
    view = look(store, selectors)
    tagger = view.need_tags()
    rows = view.rows("tagger_coverage")
    columns = {name: name.replace("_", " ") for name in view.table("tagger_coverage").column_names}
    coverage = as_table("What each tagger has read", rows, columns, view.sql("tagger_coverage"))
    return [Text(f"Rates on these pages count what {tagger} says.", "lead"), coverage, *_audits(view), _seen(view)]


def _audits(view: View) -> list[Block]:
    rows = view.store.sql(_AUDITS).to_pylist()
    if not rows:
        return [
            Text(
                "No audit: nobody has judged a random sample of these rollouts, so precision and recall here are "
                "unknown and every rate is uncorrected.",
                "warning",
            )
        ]
    columns = list(rows[0])
    warnings: list[Block] = [Text(str(drift), "warning", _AUDITS.strip()) for drift in drifts(view.store)]
    return [
        *warnings,
        Table("Audits", columns, [list(row.values()) for row in rows], _AUDITS.strip(), ("precision", "recall")),
    ]


def _seen(view: View) -> Block:
    rows = view.rows("behaviors_shown")
    columns = {"behavior": "behavior", "rollouts": "rollouts that show it"}
    return as_table("What it saw", rows, columns, view.sql("behaviors_shown"))


tagger = Page(name="tagger", title="Tagger", build=build, order=60)
