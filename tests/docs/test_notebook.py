import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from notebook import CELLS, NOTEBOOK, execute  # noqa: E402


def test_the_notebook_holds_the_cells_of_its_script_and_what_they_showed() -> None:
    held = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert ["".join(cell["source"]) for cell in held["cells"]] == [text.strip() for text in CELLS]
    assert NOTEBOOK.stat().st_size < 300_000


def figures(notebook: dict[str, Any]) -> list[str]:
    """Return what each cell showed but its pictures, of which another version may draw every line elsewhere."""
    shown = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", [])]
    texts = ["".join(data.get("text/html") or data.get("text/plain") or []) for data in shown]
    return [re.sub("<svg.*?</svg>", "", text, flags=re.DOTALL) for text in texts]


def test_the_notebook_runs_and_shows_what_it_holds(tmp_path: Path) -> None:
    executed = execute(tmp_path)
    assert figures(executed) == figures(json.loads(NOTEBOOK.read_text(encoding="utf-8"))), (
        "the figures of docs/notebook.ipynb are those of older code: `python scripts/notebook.py` executes it again"
    )
    shown = [output for cell in executed["cells"] for output in cell.get("outputs", [])]
    tagged, verdict, rates, chart = (output["data"] for output in shown)
    assert tagged["text/plain"] != ["0"]
    assert "code_reasoning" in verdict["text/html"][0]
    assert "<svg" in verdict["text/html"][0]
    assert "published word" in rates["text/html"][0]
    assert chart["image/svg+xml"][0].startswith("<svg")
