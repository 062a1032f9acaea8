import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.pages.base import Selectors, Table, Text, all_pages, get_page
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


def test_altair_checks_the_charts_of_a_users_page_and_not_again_those_that_tests_checked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "from altair.utils import schemapi\nfrom traceanalytics.pages.base import Page, Text\n"
        "asked = Page(name='asked', title='Asked', build=lambda *_: [Text(str(schemapi.DEBUG_MODE))])\n"
    )
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "asked.py").write_text(source, encoding="utf-8")
    monkeypatch.setenv("TRACEANALYTICS_PATH", str(tmp_path))
    assert get_page("asked").blocks(store, Selectors()) == [Text("True")]
    assert [page.name for page in all_pages().values() if not page.is_ours] == ["asked"]
