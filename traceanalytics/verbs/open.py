"""A store in a notebook: queries as tables, findings with verdict and chart."""

from pathlib import Path

from traceanalytics.errors import BadInput
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store


class Traces(Store):
    """A store that answers findings, too."""

    def finding(self, name: str, **parameters: object) -> Answer:
        """Test a claim; a notebook shows the answer with its chart, `.chart` is a plain Altair object."""
        return get_finding(name).find(self, **parameters)


def open(path: str | Path = "traces.duckdb") -> Traces:
    """Open a store that is there."""
    traces = Traces(path)
    if not traces.exists:
        raise BadInput(f"{path}: no such store; `ta ingest PATH --db {path}` makes one")
    return traces
