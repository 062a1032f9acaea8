import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from traceanalytics.cli import app
from traceanalytics.simulate.world import Reward, World
from traceanalytics.verbs.simulate import simulate


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    simulate(World(reward=Reward.FORMAT, prompts=24, samples=4, steps=40, every=20), folder / "run")
    return folder


@pytest.fixture(scope="module")
def first(folder: Path) -> Result:
    return run("analyze", folder / "run", "--db", folder / "traces.duckdb", "--out", folder / "report.html")


def test_one_command_goes_from_logs_to_a_report(first: Result, folder: Path) -> None:
    lines = first.stdout.splitlines()
    assert lines[0].startswith("576 new rollouts read, 576 tagged by ")
    assert 8 <= len(lines) <= 15
    assert any(line.startswith("  spurious_rewards.has_code ") and "→" in line for line in lines)
    assert any(line.startswith("  code_reasoning ") for line in lines)
    assert any(line.startswith("careful: no audit: the rates count what the tagger says") for line in lines)
    assert any(line.startswith("careful: one run only") for line in lines)
    assert lines[-1].startswith("next: ta read")
    assert (folder / "report.html").stat().st_size > 500_000


def test_a_second_call_does_only_what_is_new(first: Result, folder: Path) -> None:
    again = run("analyze", folder / "run", "--db", folder / "traces.duckdb", "--out", folder / "report.html", "--json")
    said = json.loads(again.stdout)
    assert (said["ingested"]["rollouts"], said["tagged"]) == (0, 0)
    assert {"run", "behavior", "start", "end", "low", "high", "survives", "verdict"} <= said["shifts"][0].keys()
    assert said["report"] == str(folder / "report.html")


def test_each_shift_that_survives_ends_in_its_verdict(first: Result) -> None:
    rate = r"\d+% \[\d+, \d+\] at step \d+"
    ends = re.compile(rf"^  \w+ +run +{rate}( → {rate})+ .*(detected but unaudited|rose then fell)$")
    assert any(ends.match(line) for line in first.stdout.splitlines())


def test_a_shift_that_was_given_back_shows_its_peak(tmp_path: Path) -> None:
    shares = (0, 0, 8, 8, 0, 0)
    lines = [
        {"prompt": f"{n}?", "response": "Let me verify this." if n % 10 < share else "4.", "step": step}
        for step, share in enumerate(shares)
        for n in range(60)
        for _ in range(4)
    ]
    (tmp_path / "peak.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    out = run("analyze", tmp_path / "peak.jsonl", "--db", tmp_path / "t.duckdb", "--out", tmp_path / "r.html").stdout
    rows = [line.split() for line in out.splitlines() if line.endswith("rose then fell")]
    assert [" ".join(row) for row in rows] == [
        "verification peak.jsonl 0% [0, 6] at step 0 → 80% [68, 88] at step 2 → 0% [0, 6] at step 5 rose then fell"
    ]


def test_a_run_of_few_prompts_gets_no_verdict_but_a_caution(tmp_path: Path) -> None:
    lines = [
        {"prompt": f"{n % 4}?", "response": "Let me verify." if step else "4.", "step": step, "run": "r"}
        for step in (0, 1)
        for n in range(80)
    ]
    (tmp_path / "few.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    out = run("analyze", tmp_path / "few.jsonl", "--db", tmp_path / "t.duckdb", "--out", tmp_path / "r.html").stdout
    assert re.search(r"^  verification .* undetermined$", out, re.MULTILINE)
    assert "few.jsonl: too few prompts to tell a shift from chance" in out
    assert "careful: few.jsonl: a window of 4 prompts; at least 20 tell a shift from chance" in out


def test_the_next_command_it_names_is_one_that_works(first: Result, folder: Path) -> None:
    words = first.stdout.splitlines()[-1].removeprefix("next: ta ").split()
    assert run(*words).exit_code == 0


def test_a_log_of_one_evaluation_says_what_is_shown(tmp_path: Path) -> None:
    lines = [
        {"prompt": f"What is {n} + 1?", "response": f"Let me check: {n} + 1 = {n + 1}. Let me verify.", "split": "eval"}
        for n in range(30)
    ]
    (tmp_path / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    out = run("analyze", tmp_path / "scores.jsonl", "--db", tmp_path / "t.duckdb", "--out", tmp_path / "r.html").stdout
    assert "30 in the split eval" in out.splitlines()[0]
    assert "scores.jsonl: 30 rollouts at one step, " in out
    assert "no run has two steps with tags, so nothing can be said to have moved; what is shown most:" in out
    assert re.search(r"^  verification +100% \[\d+, 100\]$", out, re.MULTILINE)
