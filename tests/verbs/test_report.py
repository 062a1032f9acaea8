import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused, UnknownName
from traceanalytics.pages.base import MOST_ROWS, Page, Reading, Rollouts, Selectors, all_pages
from traceanalytics.store.store import Store
from traceanalytics.verbs import report as verb
from traceanalytics.verbs.report import report
from traceanalytics.verbs.verify import verify


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def written(analyzed: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "report.html"
    report(analyzed, out, selectors=Selectors(runs=("random", "truth")))
    return out


def test_a_report_is_one_small_file_that_names_nothing_outside(written: Path) -> None:
    html = written.read_text(encoding="utf-8")
    assert len(html.encode()) < 3_000_000
    assert not re.search(r'(src|href)="(?!#|data:)', html[: html.index("<script>")])


def test_a_report_leads_with_what_changed_and_ends_with_what_it_was_made_from(written: Path) -> None:
    html = written.read_text(encoding="utf-8")
    assert "<h1>random, truth: too few prompts to tell a shift from chance</h1>" in html
    footer = html.split("<footer>")[1].split("</footer>")[0]
    for named in (
        "data digest",
        "active tagger",
        "ngrams@",
        "spurious_rewards.has_code@",
        "versions",
        "duckdb",
        "chosen",
    ):
        assert named in footer


def test_every_page_has_a_section_with_a_query_under_its_numbers(written: Path) -> None:
    html = written.read_text(encoding="utf-8")
    for name in all_pages():
        assert f'<section id="{name}">' in html
    assert html.count("<summary>Show SQL</summary>") >= html.count("<figure>") > 5


def test_the_query_under_a_chart_is_one_that_the_store_answers(analyzed: Store) -> None:
    blocks = all_pages()["overview"].blocks(analyzed, Selectors(runs=("random",)))
    sql = [block.table.sql for block in blocks if hasattr(block, "chart")]
    assert all(
        analyzed.user_sql(statement).num_rows > 0
        for each in sql
        for statement in each.split(";")
        if "FROM" in statement
    )


@pytest.mark.parametrize("page", list(all_pages().values()), ids=lambda page: page.name)
def test_every_page_says_what_to_run_on_an_empty_store(page: Page, store: Store) -> None:
    (said,) = page.blocks(store, Selectors())
    assert "holds no rollouts yet: `ta ingest PATH --db" in said.text  # type: ignore[union-attr]


@pytest.mark.parametrize("page", list(all_pages().values()), ids=lambda page: page.name)
def test_every_page_stands_without_tags_and_says_how_to_get_them(page: Page, untagged: Store) -> None:
    blocks = page.blocks(untagged, Selectors())
    assert blocks
    if page.name in ("overview", "behaviors", "strategies", "tagger"):
        assert any("`ta tag" in getattr(block, "text", "") for block in blocks)


@pytest.fixture
def untagged(store: Store, tmp_path: Path) -> Store:
    from traceanalytics.verbs.ingest import ingest

    lines = [{"prompt": "1+1?", "response": "2", "step": n, "reward": 1} for n in range(3)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ingest([tmp_path / "log.jsonl"], store=store)
    return store


def test_a_report_of_an_empty_store_can_be_written(store: Store, tmp_path: Path) -> None:
    assert report(store, tmp_path / "report.html").headline == "traces.duckdb: no rollouts yet"


def test_at_most_300_rollouts_are_embedded_and_the_rest_names_its_command() -> None:
    readings = [Reading(f"r-{n}", {}, "p", "t") for n in range(310)]
    ((_, (first, second)),) = verb._limited([(Page(name="p", title="P", build=lambda *_: []), [
        Rollouts("One", readings[:290]), Rollouts("Two", readings[290:])])], 10**6)  # fmt: skip
    assert (len(first.readings), len(second.readings)) == (290, 10)  # type: ignore[union-attr]
    assert second.more == "10 more: `ta show r-300`; `ta show r-301`; `ta show r-302` …"  # type: ignore[union-attr]


def test_of_long_rollouts_each_point_keeps_as_many_as_there_is_room_for() -> None:
    long = [Reading(f"r-{n}", {}, "p", "t" * 5000) for n in range(10)]
    page = Page(name="p", title="P", build=lambda *_: [])
    ((_, (first, second)),) = verb._limited([(page, [Rollouts("One", long[:5]), Rollouts("Two", long[5:])])], 30_000)
    assert (len(first.readings), len(second.readings)) == (2, 2)  # type: ignore[union-attr]
    assert first.more == "3 more: `ta show r-2`; `ta show r-3`; `ta show r-4`"  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Eight runs of 200 steps with 24 behaviors, and long responses at both ends."""
    store = Store(tmp_path_factory.mktemp("eight") / "traces.duckdb")
    names = ["code_reasoning", "repetition_loop", *(f"behavior_{n}" for n in range(22))]
    with store.writing() as connection:
        for statement in (
            "INSERT INTO runs (run_id, model) SELECT 'run-' || n, 'm' || n FROM range(8) AS r(n)",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, group_id, response, reward, correct)"
            " SELECT run || '-' || step || '-' || i, 'run-' || run, 'train', step, 'p' || i % 5, run || '-' || step,"
            " repeat('some words of a response. ', if(step % 199 = 0, 500, 1)), hash(run, step, i) % 2,"
            " hash(i, step, run) % 2 = 0 FROM range(8) AS a(run), range(200) AS b(step), range(10) AS c(i)",
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('t@1', 'cues', 't')",
            f"INSERT INTO tagged SELECT 't@1', rollout_id, list_filter({names}, lambda x: hash(x, rollout_id) % 1000 <"
            " 100 + 2 * step), 1, 1 FROM rollouts",
            "INSERT INTO meta VALUES ('active_tagger', 't@1')",
        ):
            connection.execute(statement).fetchall()
    return store


def test_a_report_of_eight_long_runs_stays_under_three_megabytes(eight: Store, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert report(eight, out).size == out.stat().st_size < 3_000_000
    html = out.read_text(encoding="utf-8")
    charts = json.loads(re.search(r'id="charts">(.*?)</script>', html, re.DOTALL)[1])  # type: ignore[index]
    assert 1000 < max(rows["n"] for rows in charts["rows"].values()) <= MOST_ROWS
    assert re.search(r"[\d,]+ characters more: <code>ta show \d", html)
    assert "rows more; the query below returns them" in html


def test_what_would_not_fit_shows_fewer_rows_and_rollouts(
    eight: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = ["overview", "reading"]
    whole = report(eight, tmp_path / "whole.html", page_names=pages)
    monkeypatch.setattr(verb, "MOST_BYTES", whole.size - 1)
    fewer = report(eight, tmp_path / "fewer.html", page_names=pages)
    assert 1_000_000 < fewer.size < whole.size
    verified = verify(fewer.path, eight)
    assert not [*verified.changed, *verified.moved], "all numbers are kept, also those that no table shows"


def test_the_split_is_named_at_the_head_of_each_page_and_in_a_single_chart(analyzed: Store, tmp_path: Path) -> None:
    words = ["report", "--db", analyzed.path, "--run", "random", "--out"]
    run(*words, tmp_path / "report.html")
    scope = "Split val: 240 rollouts of random, steps 0 to 40"
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'</h2><p class="scope">([^<]*)</p>', html) == [scope] * len(all_pages())
    run(*words, tmp_path / "chart.json", "--page", "health", "--format", "json")
    spec = json.loads((tmp_path / "chart.json").read_text(encoding="utf-8"))
    assert spec["title"] == {"text": "Length of responses", "subtitle": scope}


@pytest.mark.parametrize(("kind", "begins"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("json", b"{")])
def test_one_chart_can_be_written_alone(kind: str, begins: bytes, analyzed: Store, tmp_path: Path) -> None:
    out = tmp_path / f"chart.{kind}"
    words = ["--db", analyzed.path, "--run", "random", "--page", "overview", "--chart", "behaviors over"]
    assert run("report", *words, "--format", kind, "--out", out).exit_code == 0
    assert out.read_bytes().startswith(begins)


def test_a_single_chart_is_named_for_its_page_so_that_no_report_is_written_over(
    analyzed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("report", "--db", analyzed.path, "--page", "overview", "--format", "svg").stdout == "overview.svg\n"
    assert [path.name for path in tmp_path.iterdir()] == ["overview.svg"]


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["--format", "png"], BadInput, "--format png writes one chart; name its page with --page"),
        (["--page", "overveiw"], UnknownName, "no page is called 'overveiw'. Did you mean 'overview'?"),
        (["--run", "nobody"], BadInput, "no run is called 'nobody'; the store holds"),
        (["--split", "test"], BadInput, "there is no split 'test' of .*; there is train, val"),
        (["--page", "overview", "--format", "svg", "--chart", "nothing"], UnknownName, "no chart is called 'nothing'"),
        (["--page", "tagger", "--format", "svg"], Refused, "page 'tagger' has no chart of this store"),
    ],
    ids=["no page", "unknown page", "unknown run", "unknown split", "unknown chart", "no chart"],
)
def test_a_wrong_wish_is_answered(
    words: list[str], error: type[Exception], message: str, analyzed: Store, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        run("report", "--db", analyzed.path, "--out", tmp_path / "x.html", *words)
