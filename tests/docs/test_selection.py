"""The code of docs/selection.md runs: its examples print what they say, its commands end well."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "selection.md").read_text(encoding="utf-8")


def test_the_examples_print_what_the_page_says() -> None:
    examples = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest(examples, {}, "docs/selection.md", None, 0)
    results = doctest.DocTestRunner().run(test, out=told.append)
    assert results.attempted > 10
    assert results.failed == 0, "".join(told)


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in re.findall(r"^\$ ta (.*)$", "\n".join(blocks), re.MULTILINE):
        result = CliRunner().invoke(app, shlex.split(line))
        assert result.exit_code == 0, f"ta {line}: {result.output}{result.exception!r}"
    found = CliRunner().invoke(app, ["finding", "selection_pressure"]).stdout
    assert "are not shown to favor or disfavor code_reasoning within groups" in found
    assert "its step size is not shown to be above 0" in found
