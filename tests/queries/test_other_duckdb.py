"""A store that one DuckDB wrote is asked by the other: macros are kept in the file as their writer understood them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb

from traceanalytics.store.queries import read_queries
from traceanalytics.store.store import Store

ELDER = Path(sys.prefix) / "duckdb-1"  # where `make` puts the oldest DuckDB that a store opens in
ASK = """
import json, sys, duckdb
asked = duckdb.connect(sys.argv[1], read_only=True)
for query in json.loads(sys.argv[2]):
    asked.sql(f"FROM {query}()").fetchall()
print(duckdb.__version__)
"""


def test_every_macro_can_be_called_by_the_other_duckdb(store: Store) -> None:
    with store.writing():
        pass
    path = [] if duckdb.__version__.startswith("1.") else [str(ELDER)]
    command = [sys.executable, "-c", ASK, str(store.path), json.dumps(list(read_queries()))]
    asked = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(path)}, capture_output=True)
    assert asked.returncode == 0, asked.stderr.decode()
    assert asked.stdout.decode().split(".")[0] != duckdb.__version__.split(".")[0]
