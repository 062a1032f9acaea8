"""The commands that ask: sql, query, status, runs, show, list."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from traceanalytics.cli import app
from traceanalytics.cli.output import emit_table
from traceanalytics.errors import BadInput, BadQuery, Refused, UnknownName
from traceanalytics.findings.base import FINDINGS
from traceanalytics.findings.meanings import MEANINGS
from traceanalytics.store.store import Store
from traceanalytics.taggers import DEFAULT, SHIPPED


@pytest.fixture
def filled(store: Store) -> Store:
    with store.writing() as connection:
        for statement in [
            "INSERT INTO runs (run_id, reader) VALUES ('a', 'verl')",
            "INSERT INTO files (file_id, run_id, path, blanks, state) VALUES ('f', 'a', '1.jsonl', 1, 'done')",
            "INSERT INTO prompts (prompt_key, text) VALUES ('p', 'What is 2+2?')",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response, reward, file_id, line)"
            " VALUES ('f-1', 'a', 'train', 3, 'p', 'It is \x1b[31m4', 1, 'f', 1)",
            "INSERT INTO rejects VALUES ('f', 2, 40, 'torn', '{')",
        ]:
            connection.execute(statement).fetchall()
    return store


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_query_prints_an_array_of_row_objects(filled: Store) -> None:
    result = run("query", "reward_over_steps", "in_run=a", "--db", filled.path, "--json")
    assert [row["mean_reward"] for row in json.loads(result.stdout)] == [1.0]


def test_sql_reads_standard_input(filled: Store) -> None:
    command = ["sql", "-", "--db", str(filled.path), "--json"]
    result = CliRunner().invoke(app, command, input="SELECT count(*) AS n FROM rollouts")
    assert json.loads(result.stdout) == [{"n": 1}]


def test_columns_of_one_name_keep_their_own_values(filled: Store) -> None:
    result = run("sql", "SELECT 1 AS a, 2 AS a, 3 AS a_1", "--db", filled.path, "--json")
    assert json.loads(result.stdout) == [{"a": 1, "a_1": 2, "a_1_1": 3}]


@pytest.mark.parametrize(
    "words", [["report"], ["report", "--page", "overview", "--format", "svg"], ["verify", "a.html"]]
)
def test_a_misspelled_store_is_none_without_rollouts(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such store; `ta ingest PATH --db"):
        run(*words, "--db", tmp_path / "misspelled.duckdb")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1; SELECT 2", "^2 SQL statements at once; write one, without a semicolon in between$"),
        ("", r"^no SQL to answer; write one statement, such as SELECT count\(\*\) FROM rollouts$"),
    ],
)
def test_sql_takes_one_statement(filled: Store, text: str, said: str) -> None:
    with pytest.raises(BadQuery, match=said):
        run("sql", text, "--db", filled.path)


def test_a_refusal_is_an_answer_as_json_too(filled: Store) -> None:
    refused = CliRunner().invoke(app, ["finding", "variance_share", "--db", str(filled.path), "--json"])
    assert json.loads(refused.stdout) == {"refused": str(refused.exception)}
    assert isinstance(refused.exception, Refused)


def test_the_list_of_commands_cuts_no_sentence_short() -> None:
    assert "..." not in run("--help").stdout.partition("Commands:")[2]


def test_status_counts_add_up(filled: Store) -> None:
    (row,) = json.loads(run("status", "--db", filled.path, "--json").stdout)
    assert row["found"] == 3 == row["rollouts"] + row["duplicates"] + row["rejects"] + row["blanks"]


def test_show_never_sends_escape_codes_to_the_terminal(filled: Store) -> None:
    shown = run("show", "f-1", "--db", filled.path).stdout
    assert "It is \\x1b[31m4" in shown
    assert "1.jsonl:1" in shown


def test_an_unknown_rollout_is_answered_with_near_ones(filled: Store) -> None:
    with pytest.raises(UnknownName, match="no rollout is called 'f-2'. Did you mean 'f-1'?"):
        run("show", "f-2", "--db", filled.path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bin_width"], "'bin_width' is no argument; write PARAM=VALUE"),
        (["bin_width=wide"], "bin_width='wide' is no INTEGER"),
        (["binwidth=1"], "has no parameter 'binwidth'; it takes in_run, in_split, bin_width"),
    ],
    ids=["no value", "wrong type", "wrong name"],
)
def test_a_wrong_query_argument_is_named(words: list[str], message: str, filled: Store) -> None:
    with pytest.raises(BadQuery, match=message):
        run("query", "reward_over_steps", *words, "--db", filled.path)


def test_an_unknown_query_exits_with_2_and_one_line(filled: Store) -> None:
    command = [sys.executable, "-m", "traceanalytics", "query", "reward_over_step", "--db", str(filled.path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("no query is called 'reward_over_step'. Did you mean 'reward_over_steps'? Known:")
    assert result.stderr.count("\n") == 1


def test_help_is_fast_and_loads_nothing_heavy() -> None:
    heavy = [
        "torch",
        "sklearn",
        "spacy",
        "altair",
        "numba",
        "polars",
        "pyarrow",
        "scipy",
        "transformers",
        "pandas",
        "duckdb",
    ]
    script = (
        "import sys, traceanalytics.cli as cli\n"
        "try: cli.app(['--help'])\n"
        f"except SystemExit: print([name for name in {heavy!r} if name in sys.modules])"
    )
    began = time.perf_counter()
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    took = time.perf_counter() - began
    assert result.stdout.splitlines()[-1] == "[]"
    assert took < 3, "a start under 0.4 s on a quiet machine; this bound only catches a heavy import"


def test_help_asked_of_a_query_tells_what_it_takes(filled: Store) -> None:
    shown = run("query", "reward_over_steps", "--help").stdout
    assert "bin_width  INTEGER  1" in shown
    assert "mean_reward" in shown
    assert json.loads(run("show", "query", "reward_over_steps", "--json").stdout)["parameters"][0]["name"] == "in_run"


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("finding", "behavior_shift", "in_behavior"),
        ("behavior", "verification", "shows not"),
        ("tagger", "cues", "kind              cues"),
    ],
)
def test_show_tells_what_a_part_is(kind: str, name: str, says: str) -> None:
    assert says in run("show", kind, name).stdout


def test_an_unknown_kind_of_part_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="no kind of part is called 'querys'. Did you mean 'query'"):
        run("show", "querys", "reward_over_steps")


def test_lists_are_never_cut() -> None:
    assert "(in_run, in_split, bin_width)" in run("list", "queries").stdout


def test_an_empty_answer_says_why(filled: Store) -> None:
    result = run("query", "reward_over_steps", "in_split=eval", "--db", filled.path, "--json")
    assert json.loads(result.stdout) == []
    assert "no rollouts of split 'eval'; there are 1 of 'train': add in_split=train" in result.stderr


def test_runs_hold_their_config_as_an_object(filled: Store) -> None:
    with filled.writing() as connection:
        connection.execute("UPDATE runs SET config = '{\"lr\": 1}'").fetchall()
    assert json.loads(run("runs", "--db", filled.path, "--json").stdout)[0]["config"] == {"lr": 1}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ingest", "--nope"], "ingest: No such option: --nope; "),
        (["query"], "query: Missing argument 'name'; "),
        (["list", "foo"], "'foo' is not one of 'queries'"),
    ],
)
def test_wrong_use_is_said_in_one_line(words: list[str], says: str) -> None:
    called = subprocess.run([sys.executable, "-m", "traceanalytics", *words], capture_output=True, text=True)
    assert (called.returncode, called.stderr.count("\n")) == (2, 1)
    assert says in called.stderr


def test_the_version_is_told() -> None:
    assert run("--version").stdout.startswith("traceanalytics 0.")


def test_a_table_is_cut_for_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    emit_table(["name"], [["x" * 80]])
    assert capsys.readouterr().out.splitlines()[1] == "x" * 80
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    emit_table(["name"], [["x" * 80]])
    assert capsys.readouterr().out.splitlines()[1] == "x" * 59 + "…"


def test_list_show_and_card_say_in_one_way_which_behaviors_heads_decide() -> None:
    card = json.loads((SHIPPED / DEFAULT / "card.json").read_text())
    heads = [name for name in card["behaviors"] if name not in card["decided_by_cues"]]
    shown = json.loads(run("show", "tagger", DEFAULT, "--json").stdout)
    assert shown["decided_by_heads"] == heads
    assert {*card["decided_by_cues"]} <= {*shown["decided_by_cues"]}
    listed = {row["name"]: row["about"] for row in json.loads(run("list", "taggers", "--json").stdout)}
    assert (
        f"heads trained from labels for {', '.join(heads)}; cues for {', '.join(shown['decided_by_cues'])}"
        in (listed[DEFAULT])
    )
    said = {
        heads[0]: "a head of ngrams, the tagger that ships, trained from labels",
        card["decided_by_cues"][0]: "cues in ngrams, the tagger that ships: its head is no better",
        "deduction": "cues in ngrams, the tagger that ships: it has no head for it",
        "code_mention": "an exact rule",
    }
    for behavior, decider in said.items():
        assert json.loads(run("show", "behavior", behavior, "--json").stdout)["decided by"] == decider


def test_a_tagger_is_shown_in_lines_of_which_none_lists_thousands() -> None:
    lines = run("show", "tagger", DEFAULT).stdout.splitlines()
    assert len(lines) < 40
    assert any(line.startswith("taught ") and line.endswith("of them; --json prints them") for line in lines)


def test_kinds_of_classifiers_are_listed_and_their_options_explained() -> None:
    listed = {row["name"]: row["about"] for row in json.loads(run("list", "classifiers", "--json").stdout)}
    assert {"ngrams", "spancat", "encoder", "cascade"} <= {*listed}
    assert listed["ngrams"].endswith("the kind that ships; trains in seconds.")
    shown = json.loads(run("show", "classifier", "cascade", "--json").stdout)
    options = {each["name"]: each for each in shown["options"]}
    assert options["--fine-tune"]["default"] == "off"
    assert options["--share"] == {
        "name": "--share",
        "default": "0.05",
        "about": "most of the labeled segments that the encoder may see, 0 to 1",
    }
    assert run("show", "classifier", "ngrams").stdout.splitlines()[-1] == "options: none"


@pytest.mark.parametrize("name", sorted(FINDINGS.all()))
def test_every_parameter_of_a_finding_is_described(name: str) -> None:
    rows = json.loads(run("show", "finding", name, "--json").stdout)["parameters"]
    assert rows
    assert [row["name"] for row in rows if not row["about"]] == []


def test_no_meaning_is_kept_of_a_parameter_that_no_finding_takes() -> None:
    taken = {f"{finding.name}.{name}" for finding in FINDINGS.all().values() for name in finding.parameters}
    names = {name.rpartition(".")[2] for name in taken}
    assert {name for name in MEANINGS if name not in taken | names} == set()


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "logs"],
        ["report"],
        ["suggest", "audit", "--behavior", "verification"],
        ["label", "queue.jsonl"],
        ["judge", "queue.jsonl", "--endpoint", "http://localhost:1", "--model", "m"],
        ["labels", "export", "queue.jsonl"],
        ["labels", "import", "done.csv"],
        ["train", "ngrams"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_out_in_a_folder_that_is_not_there_is_refused_and_no_folder_is_made(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    says = "^mistyped/x.html: there is no folder mistyped; make it, or name another --out$"
    with pytest.raises(BadInput, match=says):
        run(*words, "--out", "mistyped/x.html")
    assert list(tmp_path.iterdir()) == []


def test_every_option_out_looks_at_its_folder() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    every = [
        *commands.values(),
        *(each for group in commands.values() for each in getattr(group, "commands", {}).values()),
    ]
    outs = [parameter for command in every for parameter in command.params if "--out" in parameter.opts]
    assert len(outs) == 8
    assert all(parameter.callback is not None for parameter in outs)


@pytest.mark.parametrize(("kind", "name"), [("reader", "verl"), ("page", "overview")])
def test_readers_and_pages_are_explained_as_other_parts_are(kind: str, name: str) -> None:
    shown = json.loads(run("show", kind, name, "--json").stdout)
    assert shown["name"] == name
    assert shown["about"]
    assert name in shown["call"]


def test_an_unknown_rollout_among_many_is_not_answered_as_if_few_were_known(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO rollouts (rollout_id, run_id, split, step, response) "
            "SELECT 'f-' || i, 'a', 'train', i, '' FROM range(1200) AS numbers(i)"
        ).fetchall()
    with pytest.raises(UnknownName, match="no rollout is called 'mine'.* and 1,195 more$"):
        run("show", "mine", "--db", store.path)
