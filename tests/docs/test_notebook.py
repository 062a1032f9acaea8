import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from notebook import CELLS, NOTEBOOK, execute  # noqa: E402


def test_the_notebook_holds_the_cells_of_its_script_and_what_they_showed() -> None:
    held = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert ["".join(cell["source"]) for cell in held["cells"]] == [text.strip() for text in CELLS]
    assert NOTEBOOK.stat().st_size < 300_000


def test_the_notebook_runs_and_shows_a_verdict_with_its_chart(tmp_path: Path) -> None:
    shown = [output for cell in execute(tmp_path)["cells"] for output in cell.get("outputs", [])]
    tagged, verdict, rates, chart = (output["data"] for output in shown)
    assert tagged["text/plain"] != ["0"]
    assert "code_reasoning" in verdict["text/html"][0]
    assert "<svg" in verdict["text/html"][0]
    assert "published word" in rates["text/html"][0]
    assert chart["image/svg+xml"][0].startswith("<svg")
