import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import HOSTILE
from typer.testing import CliRunner

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cli import app
from traceanalytics.judging import Answers, Question, write_queue
from traceanalytics.labels import read_labels
from traceanalytics.pages.labeling import Labeler
from traceanalytics.verbs.label import this_person

KNOWN = BEHAVIORS.all()
QUESTIONS = [
    Question("r1/2", "segment", "Let me check that.", ("verification",), "So 4.", "Add 2 and 2.", before="First."),
    Question("r2", "rollout", HOSTILE, ("verification", "planning"), prompt="Add.", drawn_with=0.5),
]


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    write_queue(tmp_path / "queue.jsonl", QUESTIONS)
    return tmp_path / "queue.jsonl"


def labeler(folder: Path) -> Labeler:
    return Labeler(Answers(QUESTIONS, folder / "queue-judged.jsonl", "maria", KNOWN))


def text_of(shown: Labeler, width: int = 100, height: int = 40) -> str:
    return "\n".join("".join(piece for piece, _ in line) for line in shown.screen(width, height))


def test_the_question_its_context_and_the_keys_are_on_the_screen(tmp_path: Path) -> None:
    text = text_of(labeler(tmp_path))
    for part in ("verification: does this segment show it?", "Add 2 and 2.", "First. So 4.", "│ Let me check that."):
        assert part in text
    assert "0/3 answered by maria" in text
    assert text.splitlines()[-1].startswith("y yes  n no  s skip  u undo")


def test_each_key_does_what_it_says(tmp_path: Path) -> None:
    shown = labeler(tmp_path)
    for key, done in (("y", 1), ("n", 2), ("u", 1), ("s", 2), ("x", 2), ("y", 3), ("y", 3)):
        assert shown.press(key)
        assert shown.answers.done == done
    assert "all is judged; u takes the last answer back" in text_of(shown)
    assert not shown.press("q")
    by_id = {each.id: dict(each.judged) for each in read_labels([tmp_path / "queue-judged.jsonl"], behaviors=KNOWN)}
    assert by_id == {"r1/2": {"verification": True}, "r2": {"planning": True}}


def test_a_further_question_about_the_same_text_is_told_apart(tmp_path: Path) -> None:
    shown = labeler(tmp_path)
    assert "about this" not in text_of(shown)
    shown.press("y")
    assert "1/3 answered by maria · queue-judged.jsonl · 1 of 2 about this rollout" in text_of(shown)
    shown.press("n")
    assert "2/3 answered by maria · queue-judged.jsonl · 2 of 2 about this rollout" in text_of(shown)


def test_the_definition_can_be_put_away(tmp_path: Path) -> None:
    shown = labeler(tmp_path)
    definition = KNOWN["verification"].definition[:40]
    assert definition in text_of(shown)
    shown.press("d")
    assert definition not in text_of(shown)


@pytest.mark.parametrize(("width", "height"), [(20, 10), (80, 24), (200, 60)])
def test_no_line_is_wider_than_the_screen(width: int, height: int, tmp_path: Path) -> None:
    shown = labeler(tmp_path)
    shown.press("y")
    lines = shown.screen(width, height)
    assert len(lines) <= height
    assert max(sum(len(piece) for piece, _ in line) for line in lines) <= width


def test_hostile_text_is_shown_and_never_sent(tmp_path: Path) -> None:
    shown = labeler(tmp_path)
    shown.press("y")
    text = text_of(shown)
    assert "\\u001b[31mred" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_keys_may_come_through_a_pipe(queue: Path) -> None:
    found = CliRunner().invoke(app, ["label", str(queue), "--by", "jo", "--json"], input="ysq")
    assert json.loads(found.stdout) == {
        "labels": str(queue.with_name("queue-judged.jsonl")),
        "answered": 1,
        "skipped": 1,
        "left": 1,
    }


@pytest.mark.parametrize(
    ("keys", "said"),
    [("yyyq", "next: ta train ngrams shipped {answers} --out mine"), ("yq", "to go on: ta label {queue}")],
)
def test_a_judge_is_told_what_comes_next(keys: str, said: str, queue: Path) -> None:
    found = CliRunner().invoke(app, ["label", str(queue), "--by", "jo"], input=keys)
    assert found.stderr == said.format(queue=queue, answers=queue.with_name("queue-judged.jsonl")) + "\n"


def test_a_login_that_is_no_name_becomes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "Jo Doe/x")
    assert this_person() == "Jo-Doe-x"


def in_a_terminal(queue: Path, keys: bytes, *, term: str, killed: bool = False) -> bytes:
    """Press keys one after the other, each when the one before has been answered, and return what was shown."""
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "traceanalytics", "label", str(queue), "--by", "maria"]
    environment = {**os.environ, "TERM": term, "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen, fresh, give_up_at = b"", b"", time.monotonic() + 60
        while process.poll() is None and time.monotonic() < give_up_at:
            if select.select([mine], [], [], 0.2)[0]:
                try:
                    fresh += os.read(mine, 65536)
                except OSError:  # the terminal is gone with the program
                    break
            elif fresh and keys:
                os.write(mine, keys[:1])
                seen, fresh, keys = seen + fresh, b"", keys[1:]
            elif fresh and killed:
                process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=20) == (-signal.SIGKILL if killed else 0)
    os.close(mine)
    return seen + fresh


@pytest.mark.parametrize("term", ["xterm-256color", "vt100"])
def test_a_real_terminal_judges_a_queue_with_and_without_colors(term: str, queue: Path) -> None:
    seen = in_a_terminal(queue, b"ynuyyq", term=term)
    by_id = {
        each.id: dict(each.judged) for each in read_labels([queue.with_name("queue-judged.jsonl")], behaviors=KNOWN)
    }
    assert by_id == {"r1/2": {"verification": True}, "r2": {"verification": True, "planning": True}}
    assert b"does this segment show it?" in seen
    assert b"\x1b[31mred" not in seen


def test_a_judge_that_is_killed_loses_no_answer(queue: Path) -> None:
    in_a_terminal(queue, b"yn", term="xterm", killed=True)
    again = Answers(QUESTIONS, queue.with_name("queue-judged.jsonl"), "maria", KNOWN)
    assert again.done == 2
    assert again.next() == (QUESTIONS[1], "planning")


def test_a_terminal_of_no_kind_is_named(queue: Path) -> None:
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "traceanalytics", "label", str(queue)]
    process = subprocess.run(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env={**os.environ, "TERM": "no-such"}, timeout=60
    )
    os.close(mine)
    os.close(theirs)
    assert process.returncode == 2
    assert b"the terminal cannot show a screen: " in process.stderr
    assert b"set TERM, for example TERM=vt100" in process.stderr
