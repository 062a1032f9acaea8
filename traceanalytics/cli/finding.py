"""`ta finding NAME`: a claim tested on the store."""

from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, emit_table
from traceanalytics.errors import Refused

PANEL = "Ask"


def finding(
    name: Annotated[str, typer.Argument(help="The finding; `ta list findings` names them.")],
    db: Db,
    parameters: Annotated[list[str] | None, typer.Argument(metavar="PARAM=VALUE")] = None,
    as_json: AsJson = False,
) -> None:
    """Test a claim: `ta finding behavior_shift in_run=a in_behavior=code_reasoning`."""
    from traceanalytics.findings.base import get_finding, read_parameters
    from traceanalytics.store.store import Store

    found = get_finding(name)
    try:
        answer = found.find(Store(db), **read_parameters(found, parameters or []))
    except Refused as refused:
        if as_json:
            emit_json({"refused": str(refused)})
        raise
    if as_json:
        emit_json(answer.as_json())
        return
    emit_line(answer.verdict)
    emit_line()
    emit_table(
        ["", "value", "low", "high", "n", "unit", "kind"],
        [[each.label, each.value, each.low, each.high, each.n, each.unit, each.kind] for each in answer.estimates],
        widest=None,
    )
    for caveat in answer.caveats:
        emit_line(f"- {caveat}")
