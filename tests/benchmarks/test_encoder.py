"""The encoder's benchmark, on labels and a set that can be read at a glance."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "encoder.py"
TEXTS = (
    ("Let me check the sum.", True),
    ("I should verify that.", True),
    ("So x = 4.", False),
    ("Add the two.", False),
)


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_speed_share_and_agreement_are_reported_together(tmp_path: Path) -> None:
    judged = {"unit": "segment", "judged_by": "author", "judged_on": "2026-11-21"}
    labels = [
        {"id": f"{n}-{i}", "text": text, "judged": {"verification": yes}, "prompt": f"p{n}", **judged}
        for n in range(12)
        for i, (text, yes) in enumerate(TEXTS)
    ]
    (tmp_path / "labels").mkdir()
    (tmp_path / "set").mkdir()
    write_lines(tmp_path / "labels" / "made.jsonl", labels)
    response = "Let me verify the sum. So y = 5."
    trace = {"trace_id": "a", "prompt": "", "response": response, "prompt_group": 1}
    span = {"trace_id": "a", "text": response[:22], "char_start": 0, "char_end": 22, "behaviours": ["verification"]}
    write_lines(tmp_path / "set" / "traces_people.jsonl", [trace])
    write_lines(tmp_path / "set" / "segments_people.jsonl", [span])
    command = [sys.executable, SCRIPT, tmp_path / "set", "--labels", tmp_path / "labels", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["speed"]["segments"] == result["share"]["segments"] == 2
    assert result["speed"]["times the pipeline"] > 0
    assert {"words", "encoder", "cascade"} <= set(result["f1"]["people"])
    assert set(result["paired"]["people"]) == {"encoder", "cascade"}
