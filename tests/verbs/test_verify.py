import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused
from traceanalytics.pages.base import Selectors
from traceanalytics.store.store import Store
from traceanalytics.verbs import report as reporting
from traceanalytics.verbs import verify as verb
from traceanalytics.verbs.report import report
from traceanalytics.verbs.verify import verify


@pytest.fixture(scope="module")
def written(analyzed: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "report.html"
    report(analyzed, out, selectors=Selectors(runs=("random", "truth")), page_names=["overview", "health", "reading"])
    return out


def test_a_report_says_what_its_store_says(written: Path, analyzed: Store) -> None:
    verified = verify(written, analyzed)
    assert (verified.differences, verified.of_this_data) == ([], True)


@pytest.mark.parametrize(("true", "forged"), [("<h1>", "<h1>Nothing moved: "), ('<td class="number">', "<td>9")])
def test_a_line_that_somebody_rewrote_is_found(
    written: Path, analyzed: Store, tmp_path: Path, true: str, forged: str
) -> None:
    out = tmp_path / "forged.html"
    out.write_text(written.read_text(encoding="utf-8").replace(true, forged, 1), encoding="utf-8")
    (found,) = verify(out, analyzed).differences
    assert str(found).startswith("the report, its text, line 1, words: was ")
    assert found.was != found.is_now


def test_a_report_of_another_version_is_held_to_its_numbers_alone(
    written: Path, analyzed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb, "__version__", "0.0.0")
    out = tmp_path / "older.html"
    out.write_text(written.read_text(encoding="utf-8").replace("<h1>", "<h1>In older words: ", 1), encoding="utf-8")
    assert verify(out, analyzed).differences == []


def test_numbers_that_changed_are_named(analyzed: Store, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    report(analyzed, out, selectors=Selectors(runs=("random",)), page_names=["health"])
    html = out.read_text(encoding="utf-8")
    kept = reporting._FACTS.search(html)[1]  # type: ignore[index]
    changed_facts = json.dumps(reporting.facts_of(html)).replace('"random", "verl",', '"random", "trl",')
    changed_facts = changed_facts.replace('"digest": "', '"digest": "0')
    out.write_text(html.replace(kept, reporting.packed(json.loads(changed_facts))), encoding="utf-8")
    (changed,) = (each for each in verify(out, analyzed).differences if each.column == "row" and each.was == "there")
    assert "health, What was read, random trl" in str(changed)
    result = CliRunner().invoke(app, ["verify", str(out), "--db", str(analyzed.path)])
    assert isinstance(result.exception, Refused)
    assert "numbers or lines differ from" in str(result.exception)
    assert str(result.exception).endswith("; it was made from other files than this store has read")


def test_a_number_that_changed_is_named_with_its_row_and_column() -> None:
    table = {"columns": ["run", "step", "value"], "rows": [["a", 10, 0.5]]}
    now = {"columns": ["run", "step", "value"], "rows": [["a", 10, 0.625]]}
    (changed,) = verb._differences({"overview": {"Rates": table}}, {"overview": {"Rates": now}})
    assert str(changed) == "overview, Rates, a step 10, value: was 0.5, is 0.625"


def test_the_place_of_the_store_is_no_difference() -> None:
    lines = [verb._lines(f"<p>see <code>ta read{where}</code></p>") for where in ("", " --db here/traces.duckdb")]
    assert lines[0] == lines[1]


def test_what_is_no_report_is_refused(analyzed: Store, tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("<p>no report</p>")
    with pytest.raises(BadInput, match="holds no numbers to check; it must be a report"):
        verify(tmp_path / "other.html", analyzed)
    with pytest.raises(BadInput, match="no such file; `ta report --out"):
        verify(tmp_path / "none.html", analyzed)
