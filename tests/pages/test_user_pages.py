import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.pages.base import Selectors, Table, get_page
from traceanalytics.store.store import Store

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "seeing.md"


def test_the_page_of_the_documents_works_from_a_users_folder(
    analyzed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[-1]
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "longest.py").write_text(source, encoding="utf-8")
    monkeypatch.setenv("TRACEANALYTICS_PATH", str(tmp_path))
    (table,) = get_page("longest").blocks(analyzed, Selectors(runs=("random",)))
    assert isinstance(table, Table)
    assert len(table.rows) == 5
    listed = json.loads(CliRunner().invoke(app, ["list", "pages", "--json"]).stdout)
    assert {"name": "longest", "about": "Longest"} in listed
