"""An ingest that is killed and run again leaves the store of one clean run."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_killed_ingest_that_is_run_again_is_one_clean_run() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), "--kills", "3", "--json"]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert result["same"] == result["kills"] == 3
    assert result["midway"] + result["after_nothing"] + result["after_all"] == 3
