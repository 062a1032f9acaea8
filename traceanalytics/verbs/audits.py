"""Audits counted: the table `tagger_errors`, filled anew from what is judged and tagged."""

from traceanalytics.store.names import judged_by_taggers
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

_AUDITED = """
SELECT DISTINCT tagged.tagger_id, judgments.behavior, rollouts.split
FROM judgments
JOIN rollouts USING (rollout_id)
JOIN tagged USING (rollout_id)
WHERE judgments.unit = 'rollout' AND judgments.drawn_with > 0
ORDER BY ALL
"""
_COLUMNS = ("tagger_id", "behavior", "run_id", "step_band", "tp", "fp", "fn", "tn", "sampled_how")


def audited_behaviors(store: Store) -> dict[str, list[str]]:
    """Return the behaviors that rollouts of each split were audited for."""
    found: dict[str, list[str]] = {}
    for place in store.sql(_AUDITED).to_pylist():
        found.setdefault(place["split"], []).append(place["behavior"])
    return {split: list(dict.fromkeys(behaviors)) for split, behaviors in found.items()}


def count_audits(store: Store) -> int:
    """Fill `tagger_errors` for every tagger that has read audited rollouts; returns how many rows it has.

    A tagger that does not judge what was audited, as a published detector of something else, has no errors there.
    """
    import pyarrow

    with store.reading() as connection:
        judged = judged_by_taggers(connection)
    places = store.sql(_AUDITED).to_pylist()
    known = [place for place in places if place["behavior"] in (judged.get(place["tagger_id"]) or [place["behavior"]])]
    rows = [row for place in known for row in _counted(store, **place)]
    texts = {"tagger_id", "behavior", "run_id", "step_band", "sampled_how"}
    schema = pyarrow.schema([(name, pyarrow.string() if name in texts else pyarrow.float64()) for name in _COLUMNS])
    with store.writing() as connection:
        connection.execute("DELETE FROM tagger_errors").fetchall()
        connection.register("counted", pyarrow.Table.from_pylist(rows, schema=schema))
        connection.execute("INSERT INTO tagger_errors BY NAME SELECT * FROM counted").fetchall()
        connection.unregister("counted")
    return len(rows)


def _counted(store: Store, *, tagger_id: str, behavior: str, split: str) -> list[dict[str, JSON]]:
    asked = {"in_behaviors": [behavior], "in_split": split, "in_tagger": tagger_id}
    eras = [row for row in store.query("corrected_rate", **asked).to_pylist() if row["audited"]]
    audits = store.query("audited_rollouts", **asked).to_pylist() if eras else []
    rows = []
    for era in eras:
        drawn = [
            audit
            for audit in audits
            if audit["run_id"] == era["run_id"] and era["from_step"] <= audit["step"] <= era["to_step"]
        ]
        chances = [audit["drawn_with"] for audit in drawn]
        judges = ", ".join(sorted({audit["judged_by"] for audit in drawn}))
        rows.append(
            {
                "tagger_id": tagger_id,
                "behavior": behavior,
                "run_id": era["run_id"],
                "step_band": f"{era['from_step']}-{era['to_step']}",
                **{cell: era[cell] for cell in ("tp", "fp", "fn", "tn")},
                "sampled_how": f"{len(drawn)} rollouts of the split {split}, drawn with probability "
                f"{min(chances):.3g} to {max(chances):.3g}, judged by {judges}",
            }
        )
    return rows
