"""`ta runs`: the runs of a store and what is known about each."""

import json

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_rows

PANEL = "Ask"


def runs(db: Db, as_json: AsJson = False) -> None:
    """List the runs: framework, reader, model, reward, seed, and where each column came from."""
    from traceanalytics.store.store import Store

    known = "run_id, framework, reader, model, model_family, algorithm, reward_type, seed, base_run_id, config"
    rows = Store(db).sql(f"SELECT {known} FROM runs ORDER BY run_id")
    if as_json:
        emit_json([{**row, "config": json.loads(row["config"] or "null")} for row in rows.to_pylist()])
    else:
        emit_rows(rows, as_json=False)
