"""docs/retraining.md, walked as a newcomer would: its commands in order, the judgments made by the planted truth."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verbs.test_the_loop import shows

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cli import app
from traceanalytics.judging import read_queue
from traceanalytics.simulate.world import World
from traceanalytics.store.store import Store
from traceanalytics.verbs.simulate import simulate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "retraining.md"


def commands() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line)[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ta ")]


def keys(queue: Path) -> str:
    """Return the keys that a judge presses who knows the planted truth."""
    questions = read_queue(queue, behaviors=BEHAVIORS.all())
    return "".join("y" if shows(each.text, name) else "n" for each in questions for name in each.asked)


def test_the_commands_lead_from_rollouts_to_a_model_and_corrected_rates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    simulate(World(prompts=40, samples=4, steps=40, every=20), Path("rollouts/my-run"))
    ran = []
    for words in commands():
        pressed = keys(Path(words[1])) if words[0] == "label" else ""
        result = CliRunner().invoke(app, words, input=pressed)
        assert result.exit_code == 0, f"ta {shlex.join(words)}: {result.output}{result.exception!r}"
        ran.append(words[0])
        if words[:2] == ["labels", "load"]:
            said = "audited: `ta query corrected_rate in_behaviors=verification in_split=val` shows the errors\n"
            assert result.stderr == said
    assert {"ingest", "tag", "suggest", "label", "labels", "train", "query"} <= set(ran)
    rates = Store("traces.duckdb").query("corrected_rate", in_behaviors=["verification"], in_split="val").to_pylist()
    assert sum(row["audited"] for row in rates) >= 40
