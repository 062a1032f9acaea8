import json
import os
import pty
import select
import subprocess
import sys
import time

import pytest
from conftest import HOSTILE_RUN
from typer.testing import CliRunner, Result

from traceanalytics.cli import app
from traceanalytics.errors import BadInput
from traceanalytics.pages.terminal import KEYS, Browser
from traceanalytics.store.store import Store
from traceanalytics.verbs.read import read


def text_of(browser: Browser, width: int = 100, height: int = 40) -> str:
    return "\n".join("".join(piece for piece, _ in line) for line in browser.screen(width, height))


def run(store: Store, *words: object) -> Result:
    return CliRunner().invoke(app, ["read", "--db", str(store.path), *map(str, words)], catch_exceptions=False)


def test_rollouts_are_filtered_by_behavior_step_and_correctness(analyzed: Store) -> None:
    said = json.loads(
        run(analyzed, "--run", "random", "--behavior", "verification", "--step", 40, "--correct", "--json").stdout
    )
    assert said
    assert {(each["run"], each["step"], each["correct"]) for each in said} == {("random", 40, True)}
    spans = read(analyzed, run="random", behavior="verification", step=40).readings[0].spans
    assert "verification" in {span.behavior for span in spans}


def test_the_keys_are_on_the_screen_and_do_what_they_say(analyzed: Store) -> None:
    browser = read(analyzed, run="random", behavior="verification", step=0)
    assert "n/p rollout" in text_of(browser, 140).splitlines()[-1]
    first = browser.readings[browser.at].rollout_id
    for key, holds in [
        ("n", lambda: browser.readings[browser.at].rollout_id != first),
        ("p", lambda: browser.readings[browser.at].rollout_id == first),
        ("down", lambda: browser.top == 1),
        ("]", lambda: browser.step == 10),
        ("[", lambda: browser.step == 0),
        ("k", lambda: browser.kind == "nearly"),
        ("b", lambda: browser.behavior != "verification"),
        ("c", lambda: browser.is_correct is True),
        ("r", lambda: browser.min_reward == 1.0),
        ("2", lambda: browser.beside),
    ]:
        assert browser.press(key)
        assert holds(), key
    assert not browser.press("q")


def test_all_keys_are_on_a_screen_of_80_columns(analyzed: Store) -> None:
    browser = read(analyzed, run="random")
    keys = " ".join(text_of(browser, 79, 24).splitlines()[-2:])
    assert [key for key in KEYS.split("  ") if key not in keys] == []
    assert len(browser.screen(79, 24)) == 24


def test_what_is_chosen_and_known_is_not_cut_on_a_screen_of_40_columns(analyzed: Store) -> None:
    browser = read(analyzed, behavior="verification", step=40, is_correct=True)
    shown = " ".join(text_of(browser, 39, 24).split())
    assert "random, truth · split val · verification shown · step 40 · right" in shown
    assert "· correct yes" in shown
    assert len(browser.screen(39, 24)) == 24


def test_the_screen_says_when_there_is_more_below(analyzed: Store) -> None:
    browser = read(analyzed, run="random", step=40)
    assert text_of(browser, 79, 12).rstrip().endswith("↓ more")
    for _ in range(40):
        browser.press("down")
    assert text_of(browser, 79, 12).rstrip().endswith("q quit")


def test_a_long_search_shows_its_end(analyzed: Store) -> None:
    browser = read(analyzed, run="random")
    for key in ("/", *"abcdefghijklmnopqrstuvwxyz"):
        browser.press(key)
    assert text_of(browser, 20, 10).splitlines()[-1] == "search: pqrstuvwxyz▏"


def test_a_search_is_typed_on_the_last_line(analyzed: Store) -> None:
    browser = read(analyzed, run="random")
    for key in ("/", "s", "y", "x", "backspace", "m", "p", "y"):
        browser.press(key)
    assert text_of(browser).splitlines()[-1].startswith("search: sympy")
    browser.press("enter")
    assert browser.search == "sympy"
    assert browser.readings
    assert all("sympy" in reading.response.lower() for reading in browser.readings)


def test_two_rollouts_stand_beside_each_other(analyzed: Store) -> None:
    browser = read(analyzed, run="random", step=0)
    browser.press("2")
    second = text_of(browser, 121).splitlines()[1]
    assert browser.readings[0].rollout_id in second.split(" │ ")[0]
    assert browser.readings[1].rollout_id in second.split(" │ ")[1]


@pytest.mark.parametrize("width", [20, 80, 200])
def test_no_line_is_wider_than_the_screen_and_every_row_is_filled(width: int, analyzed: Store) -> None:
    browser = read(analyzed, run="truth", step=40)
    lines = browser.screen(width, 24)
    assert len(lines) == 24
    assert max(sum(len(piece) for piece, _ in line) for line in lines) <= width


def test_spans_of_the_chosen_behavior_are_lit(analyzed: Store) -> None:
    browser = read(analyzed, run="random", behavior="verification", step=40)
    styles = {style for line in browser.screen(100, 60) for _, style in line}
    assert any(style.startswith("lit ") for style in styles)


def test_hostile_text_is_shown_and_never_sent(analyzed: Store) -> None:
    result = run(analyzed, "--run", HOSTILE_RUN)
    assert "\\u001b[31mred" in result.stdout
    assert "\\u202eback" in result.stdout
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--behavior", "dancing"], "no rollout is tagged with 'dancing'; seen are"),
        (["--step", "7"], "there is no step 7 in the split val; the nearest is 0 or 10"),
    ],
)
def test_a_wrong_choice_is_answered(words: list[str], message: str, analyzed: Store) -> None:
    with pytest.raises(BadInput, match=message):
        run(analyzed, "--run", "random", *words)


def test_a_real_terminal_shows_rollouts_until_q(analyzed: Store) -> None:
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "traceanalytics", "read", "--db", str(analyzed.path), "--run", HOSTILE_RUN]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen, asked, give_up_at = b"", False, time.monotonic() + 20
        while process.poll() is None and time.monotonic() < give_up_at:
            if select.select([mine], [], [], 0.1)[0]:
                try:
                    seen += os.read(mine, 65536)
                except OSError:  # the terminal is gone with the program
                    break
            if b"response" in seen and not asked:
                os.write(mine, b"q")
                asked = True
        assert process.wait(timeout=10) == 0
    os.close(mine)
    assert b"\\u001b[31mred" in seen
    assert b"\x1b[31mred" not in seen
