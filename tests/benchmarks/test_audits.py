"""The benchmark of audits on a set made up here: its cells, and that a bad tagger's raw rate is told from the truth."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("labelled")
    draws = np.random.default_rng(0)
    with (
        (folder / "segments_made.jsonl").open("w") as segments,
        (folder / "traces_made.jsonl").open("w") as traces,
    ):
        for text in range(80):
            shows = draws.random() < 0.4
            says = draws.random() < (0.5 if shows else 0.05)  # the cues miss half of what is there
            said = "Let me check this." if says else "The sum is seven."
            row = {"trace_id": f"t{text}", "segment_index": 0, "char_start": 0, "char_end": len(said), "text": said}
            segments.write(json.dumps({**row, "behaviours": ["verification"] if shows else []}) + "\n")
            trace = {"trace_id": f"t{text}", "prompt": "Add.", "response": said, "prompt_group": text // 2}
            traces.write(json.dumps(trace) + "\n")
    command = [sys.executable, str(ROOT / "benchmarks" / "audits.py"), str(folder), "--splits", "8", "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=120).stdout)


def test_a_corrected_rate_holds_a_truth_that_the_raw_one_misses(cells: dict) -> None:
    (cell,) = cells["cells"]
    assert (cell["set"], cell["behavior"], cell["texts"]) == ("made", "verification", 80)
    assert cell["coverage"] >= 0.85
    assert cell["raw_coverage"] < cell["coverage"]


def test_the_width_is_given_beside_that_of_the_labels_alone(cells: dict) -> None:
    (cell,) = cells["cells"]
    assert 0 < cell["width"] < 2 * cell["labels_only_width"]
