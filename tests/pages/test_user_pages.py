import json
import re
import sys
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.pages.base import Selectors, Table, Text, all_pages, get_page
from traceanalytics.store.store import Store
from traceanalytics.verbs.report import report
from traceanalytics.verbs.serve import Live

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser import Browser  # noqa: E402

SOURCE = """
import altair

from traceanalytics.pages.base import Chart, Page
from traceanalytics.pages.view import as_table, look


def build(store, selectors):
    view = look(store, selectors)
    rows = view.rows("reward_over_steps", in_split=view.split)
    chart = altair.Chart(altair.InlineData(rows)).mark_line().encode(x="step:Q", y="mean_reward:Q")
    return [Chart("Mine", chart, as_table("Mine", rows, {"step": "step", "mean_reward": "reward"}))]


mine = Page(name="mine", title="My own", build=build)
"""
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


@pytest.fixture
def users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a user's pages, with one that draws what the store holds."""
    folder = tmp_path / "own" / "dashboards"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setenv("TRACEANALYTICS_PATH", str(folder.parent))
    return folder


def fill(store: Store, steps: range) -> None:
    rows = "'r' || step, 'run', 'train', step, 'p', 'x', step / 10"
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response, reward) "
            f"SELECT {rows} FROM range({steps.start}, {steps.stop}) AS steps(step)"
        ).fetchall()


@pytest.mark.parametrize("is_there", [False, True], ids=["no file", "no rollouts"])
def test_a_users_page_of_an_empty_store_says_how_to_fill_it(store: Store, users_folder: Path, is_there: bool) -> None:
    if is_there:
        fill(store, range(0))
    (said,) = get_page("mine").blocks(store, Selectors())
    assert isinstance(said, Text)
    assert said.text.endswith(f"holds no rollouts yet: `ta ingest PATH --db {store.path}` reads some.")
    written = report(store, store.path.with_name("report.html"))
    assert written.pages[-1] == "mine"
    assert "holds no rollouts yet" in written.path.read_text(encoding="utf-8").partition('id="mine"')[2]


def test_a_users_page_that_fails_says_where_and_takes_no_other_page_with_it(store: Store, users_folder: Path) -> None:
    fill(store, range(2))
    broken = SOURCE.replace("    rows =", "    {}['x']\n    rows =").replace('"mine"', '"broken"')
    (users_folder / "broken.py").write_text(broken, encoding="utf-8")
    assert get_page("broken").blocks(store, Selectors()) == [
        Text("broken.py:10: the page 'broken' failed: KeyError: 'x'", "warning")
    ]
    assert {"overview", "broken", "mine"} <= set(report(store, store.path.with_name("report.html")).pages)


def test_a_users_page_follows_a_store_that_is_empty_at_first_and_grows(store: Store, users_folder: Path) -> None:
    served = Live(store)
    Thread(target=served.serve, daemon=True).start()
    with Browser() as browser:
        browser.open(served.address.replace("/?", "/mine?"))
        assert "holds no rollouts yet" in browser.evaluate("document.querySelector('main').textContent")
        for last in (3, 6):
            fill(store, range(last - 3, last))
            browser.wait_for(f"[...document.querySelectorAll('#mine tbody tr')].length === {last}")
            assert browser.draw_all() == 1
        assert browser.evaluate("document.querySelector('nav a[aria-current]').textContent") == "My own"
        assert browser.complaints == []
    served.stop()


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
