import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused
from traceanalytics.pages.base import Selectors
from traceanalytics.pages.seal import facts_of, packed, sealed
from traceanalytics.store.store import Store
from traceanalytics.verbs import report as reporting
from traceanalytics.verbs import verify as verb
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.report import Made, report
from traceanalytics.verbs.verify import verify


@pytest.fixture(scope="module")
def written(analyzed: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "report.html"
    report(analyzed, out, selectors=Selectors(runs=("random", "truth")), page_names=["overview", "health", "reading"])
    return out


@pytest.fixture(scope="module")
def made_again(written: Path, analyzed: Store) -> Made:
    facts = facts_of(written.read_text(encoding="utf-8"))
    assert facts is not None
    return verb._made_again(facts, analyzed)


def rewritten(written: Path, folder: Path, change: Callable[[str], str]) -> Path:
    """Change a report by hand."""
    text = written.read_text(encoding="utf-8")
    changed = folder / "changed.html"
    changed.write_text(change(text), encoding="utf-8")
    assert changed.read_bytes() != written.read_bytes()
    return changed


def test_a_report_says_what_its_store_says(written: Path, analyzed: Store) -> None:
    verified = verify(written, analyzed)
    assert (verified.changed, verified.moved, verified.of_this_data) == ([], [], True)


def test_white_space_that_was_added_is_shown(written: Path, analyzed: Store, tmp_path: Path) -> None:
    (end,) = verify(rewritten(written, tmp_path, lambda text: f"{text}\n"), analyzed).changed
    assert str(end) == r"the end: found '</body></html>\n\n', expected '</body></html>\n'"


def test_a_report_is_the_same_from_another_place_and_with_other_ends_of_lines(
    written: Path, analyzed: Store, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "else where.duckdb"
    shutil.copy(analyzed.path, elsewhere)
    changed = tmp_path / "changed.html"
    changed.write_bytes(written.read_bytes().replace(b"\n", b"\r\n"))
    verified = verify(changed, Store(elsewhere))
    assert (verified.changed, verified.moved) == ([], [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("<title>", "<title>Nothing. ", 1), r"the window's title: found 'Nothing\. random"),
        (lambda text: text.replace("<h1>", "<h1>Nothing: ", 1), "the headline: found 'Nothing: random, .* expected 'r"),
        (lambda text: text.replace('<p class="warning">', '<p class="warning">No ', 1), r"overview, paragraph \d+: fo"),
        (lambda text: text.replace('<td class="number">', '<td class="number">9', 1), r"overview, .*, row \d+: found"),
        (lambda text: re.sub(r'("value":\[)[\d.]+', r"\g<1>0.99", text, count=1), "rows 1 columns value 1: found 0.99"),
        (lambda text: text.replace('"mark":', '"mork":', 1), r"chart, spec layer 1 mork: found {.*}, expected null"),
        (lambda text: text.replace('"specs":', '"specs": ', 1), "the data of the charts: found '"),
        (lambda text: text.replace("FROM behavior", "FROM beehavior", 1), "SQL: found .*beehavior"),
        (lambda text: text.replace("<h4>Response</h4><pre>", "<h4>Response</h4><pre>Wait, ", 1),
         "reading, [-0-9a-f]+, response: found .Wait, "),
        (lambda text: text.replace("<h3>", '<h3 onclick="f()">', 1), "overview, .*, heading: found '<h3 onclick"),
        (lambda text: text.replace("--ink: #1b1f24", "--ink: #ffffff", 1), "style: found '.*--ink: #ffffff"),
        (lambda text: text.replace("</head>", "<style>p{}</style></head>", 1), "style 2: found 'p{}', expected"),
        (lambda text: text.replace("const AXIS_ROOM = 64", "const AXIS_ROOM = 65", 1), "script 2: found '.*ROOM = 65"),
        (lambda text: text + "<p>And more.</p>", "paragraph 1: found 'And more.', expected nothing"),
        (lambda text: re.sub("<p class=.warning.*?</p>", "", text, count=1), "overview, paragraph .: found nothing,"),
        (lambda text: text[: text.index('<section id="health">') + 500], "the file: found an end within health, "),
        (lambda text: text[: text.index('"rows":') + 500], r"the file: found an end within script, expected \d+ part"),
        (lambda text: text[:-2000], "the file: found an end within script 2, expected 2 parts more"),
    ],
    ids=["title", "headline", "warning", "cell", "rows", "spec", "data", "SQL", "rollout", "attribute", "style",
         "added-style", "script", "added-text", "gone", "cut", "cut-in-charts", "cut-in-script"],
)  # fmt: skip
def test_a_part_that_somebody_changed_is_named(
    written: Path,
    analyzed: Store,
    made_again: Made,
    tmp_path: Path,
    change: Callable[[str], str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verb, "make", lambda *_: made_again)  # what it would make each time
    (found,) = verify(rewritten(written, tmp_path, change), analyzed).changed
    assert re.search(said, str(found))
    assert "\n" not in str(found)


def test_what_a_report_keeps_of_itself_is_sealed_too(written: Path, analyzed: Store, tmp_path: Path) -> None:
    text = written.read_text(encoding="utf-8")
    kept = facts_of(text)
    assert kept is not None
    other = packed({**kept, "digest": "0"})
    (found,) = verify(rewritten(written, tmp_path, lambda text: text.replace(packed(kept), other)), analyzed).changed
    assert str(found).startswith('what the report keeps to be checked by: found \'{"digest": "0"')


def test_a_report_that_was_sealed_anew_is_held_to_the_one_drawn_again(
    written: Path, analyzed: Store, tmp_path: Path
) -> None:
    text = written.read_text(encoding="utf-8")
    kept = facts_of(text)
    assert kept is not None
    forged = text.replace(packed(kept), "").replace("<h1>", "<h1>Nothing moved: ", 1)
    verified = verify(rewritten(written, tmp_path, lambda _: sealed(forged, kept)), analyzed)
    assert verified.changed == []
    assert [str(each)[:50] for each in verified.moved] == ["the headline: was 'Nothing moved: random, truth: t"]


def test_a_report_of_other_versions_is_held_to_its_seal_and_its_numbers(
    written: Path, analyzed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "title_of", lambda _: "In other words")
    monkeypatch.setattr(verb, "versions", lambda: "traceanalytics 9.9")
    verified = verify(written, analyzed)
    assert (verified.changed, verified.moved, verified.is_of_these_versions) == ([], [], False)
    said = CliRunner().invoke(app, ["verify", str(written), "--db", str(analyzed.path)], catch_exceptions=False).output
    assert "as it was written, by other versions (`ta --version`), and every number is what" in said
    changed = rewritten(written, tmp_path, lambda text: text.replace("<h1>", "<h1>Nothing: ", 1))
    assert [each.where for each in verify(changed, analyzed).changed] == ["the headline"]


def test_a_store_that_grew_has_moved_numbers_and_no_forged_file(written: Path, analyzed: Store, tmp_path: Path) -> None:
    grown = Store(tmp_path / "grown.duckdb")
    shutil.copy(analyzed.path, grown.path)
    line = {"input": "1+1?", "output": "2", "step": 900, "score": 1.0, "gts": "2"}
    (tmp_path / "900.jsonl").write_text(json.dumps(line) + "\n")
    ingest([tmp_path / "900.jsonl"], store=grown, run="random")
    verified = verify(written, grown)
    assert verified.changed == []
    assert "overview, Runs, random verl" in "\n".join(map(str, verified.moved)) or verified.moved
    result = CliRunner().invoke(app, ["verify", str(written), "--db", str(grown.path)])
    assert isinstance(result.exception, Refused)
    assert "numbers or lines moved in" in str(result.exception)
    assert "which has read other files since" in str(result.exception)
    forged = rewritten(written, tmp_path, lambda text: text.replace("<h1>", "<h1>Nothing: ", 1))
    (changed,) = verify(forged, grown).changed
    assert changed.where == "the headline"


def test_a_report_of_another_store_is_refused_in_one_line(written: Path, tmp_path: Path) -> None:
    other = Store(tmp_path / "other.duckdb")
    line = {"input": "1+1?", "output": "2", "step": 900, "score": 1.0, "gts": "2"}
    (tmp_path / "900.jsonl").write_text(json.dumps(line) + "\n")
    ingest([tmp_path / "900.jsonl"], store=other, run="random")
    says = "name the store that the report was made from with --db"
    with pytest.raises(BadInput, match=rf"is of another store: .*other\.duckdb has no run called truth; {says}"):
        verify(written, other)
    ingest([tmp_path / "900.jsonl"], store=other, run="truth")
    said = rf"is of another store: .*other\.duckdb has read none of the files of random and truth; {says}"
    with pytest.raises(BadInput, match=said):
        verify(written, other)


def test_verifying_says_before_it_draws_again_that_this_takes_some_seconds(written: Path, analyzed: Store) -> None:
    said: list[str] = []
    verify(written, analyzed, say=said.append)
    assert said == [f"making the report again from {analyzed.path}, to hold {written} against it: some seconds"]


def test_the_command_counts_what_changed(written: Path, analyzed: Store, tmp_path: Path) -> None:
    changed = rewritten(written, tmp_path, lambda text: text.replace("<h1>", "<h1>Nothing: ", 1))
    result = CliRunner().invoke(app, ["verify", str(changed), "--db", str(analyzed.path)])
    assert str(result.exception) == f"{changed}: 1 part of it changed since `ta report` wrote it"
    result = CliRunner().invoke(app, ["verify", str(changed), "--db", str(analyzed.path), "--json"])
    (found,) = json.loads(result.stdout)
    assert (found["where"], found["is_moved"]) == ("the headline", False)


def test_a_number_that_changed_is_named_with_its_row_and_column() -> None:
    table = {"columns": ["run", "step", "value"], "rows": [["a", 10, 0.5]]}
    now = {"columns": ["run", "step", "value"], "rows": [["a", 10, 0.625]]}
    (changed,) = verb._moved_numbers({"overview": {"Rates": table}}, {"overview": {"Rates": now}})
    assert str(changed) == "overview, Rates, a step 10, value: was 0.5, is 0.625"


def test_what_is_no_report_is_refused(analyzed: Store, tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("<p>no report</p>")
    with pytest.raises(BadInput, match="holds no numbers to check; it must be a report"):
        verify(tmp_path / "other.html", analyzed)
    with pytest.raises(BadInput, match="no such file; `ta report --out"):
        verify(tmp_path / "none.html", analyzed)


def test_what_a_report_keeps_and_cannot_be_read_is_refused(written: Path, analyzed: Store, tmp_path: Path) -> None:
    cut = rewritten(written, tmp_path, lambda text: text[: text.index('id="facts">') + 200])
    with pytest.raises(BadInput, match="is cut short or changed in what it keeps to be checked by; `ta report` writes"):
        verify(cut, analyzed)
