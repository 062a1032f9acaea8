"""The benchmark of findings and queries runs on a small store and names what it timed."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_findings_and_queries_are_timed() -> None:
    names = ["behavior_rate", "transition_sharpness"]
    command = [sys.executable, str(ROOT / "benchmarks" / "findings.py"), "--rollouts", "80000", "--json", "--only"]
    done = json.loads(subprocess.run([*command, *names], capture_output=True, text=True, check=False).stdout)
    assert [(each["kind"], each["name"], each["runs"]) for each in done] == [
        ("query", "behavior_rate", 1),
        ("finding", "transition_sharpness", 1),
    ]
    assert [each["refused"] for each in done] == ["", ""]
