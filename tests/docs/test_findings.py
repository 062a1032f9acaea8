"""docs/findings.md, walked by a stranger who writes a finding."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.store.store import Store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
ROWS = """
INSERT INTO rollouts (rollout_id, run_id, split, prompt_key, correct, response)
SELECT i::VARCHAR, 'my-run', 'eval', (i % 31)::VARCHAR, i % 2 = 0, repeat('x', if(i % 2 = 0, 100, 400))
FROM range(248) AS t(i)
"""


def test_the_finding_of_the_page_is_listed_shown_and_answers(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, body in re.findall(r"^`(our-claims/[\w./]+)`:\n\n```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(body, encoding="utf-8")
    with store.writing() as connection:
        connection.execute(ROWS).fetchall()
        connection.execute("INSERT INTO runs (run_id) VALUES ('my-run')").fetchall()
        connection.execute(
            "INSERT INTO prompts (prompt_key, level) SELECT i::VARCHAR, 'easy' FROM range(31) AS t(i)"
        ).fetchall()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACEANALYTICS_DB", str(store.path))
    (console,) = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    first, *commands = [shlex.split(line.removeprefix("$ ")) for line in console.splitlines()]
    monkeypatch.setenv(*first[1].split("="))
    printed = [CliRunner().invoke(app, words[1:], catch_exceptions=False).stdout for words in commands]
    assert "Right answers are shorter than wrong ones" in printed[0]
    assert "prompts below which nothing is said" in printed[1]
    assert "characters of a right answer" in printed[2]
    assert "level easy: right answers are shorter: 100 characters against 400" in printed[2]
