import re
from collections.abc import Iterator
from html import escape
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode, urlsplit

import pytest
from browser import Browser
from conftest import HOSTILE

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.judging import Answers, Question
from traceanalytics.labels import read_labels
from traceanalytics.pages.live import cookie_name
from traceanalytics.store.store import Store
from traceanalytics.verbs.serve import Live

KNOWN = BEHAVIORS.all()
QUESTIONS = [
    Question("r1/2", "segment", "Let me check that.", ("verification",), "So 4.", "Add 2 and 2."),
    Question("r2", "rollout", HOSTILE, ("verification", "planning"), prompt="Add.", drawn_with=0.5),
]


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(QUESTIONS, tmp_path / "queue-judged.jsonl", "maria", KNOWN)


@pytest.fixture
def live(answers: Answers, store: Store) -> Iterator[Live]:
    with store.writing():
        pass
    served = Live(store, queues={"queue.jsonl": answers})
    thread = Thread(target=served.serve, daemon=True)
    thread.start()
    yield served
    served.stop()
    thread.join(timeout=5)


def token_of(live: Live) -> str:
    return live.address.split("token=")[1]


def ask(live: Live, path: str, fields: dict[str, str] | None = None, *, cookie: str | None = None) -> tuple[int, str]:
    place = urlsplit(live.address)
    connection = HTTPConnection(place.hostname or "", place.port)
    held = f"{cookie_name(token_of(live))}={token_of(live)}" if cookie is None else cookie
    form = {"Content-Type": "application/x-www-form-urlencoded"} if fields is not None else {}
    body = None if fields is None else urlencode(fields)
    connection.request("GET" if fields is None else "POST", path, body, {"Host": place.netloc, "Cookie": held, **form})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def press(live: Live, key: str, **changed: str) -> tuple[int, str]:
    _, html = ask(live, "/label")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))
    return ask(live, "/label?queue=queue.jsonl", {**fields, "key": key, **changed})


def kept(answers: Answers) -> dict[str, dict[str, bool]]:
    return {each.id: dict(each.judged) for each in read_labels([answers.path], behaviors=KNOWN)}


def test_the_page_asks_the_next_question_in_its_context(live: Live) -> None:
    _, html = ask(live, "/label?queue=queue.jsonl")
    for part in ("verification: does this segment show it?", "Add 2 and 2.", "So 4.", "Let me check that.", "0/3"):
        assert escape(part) in html
    assert "reward" not in html


def test_answers_are_kept_as_in_the_terminal(live: Live, answers: Answers) -> None:
    assert [press(live, key)[0] for key in "ynuss"] == [303] * 5
    assert kept(answers) == {"r1/2": {"verification": True}, "r2": {}}
    assert "All is judged" in ask(live, "/label")[1]
    assert "next: ta train ngrams shipped" in ask(live, "/label")[1]


def test_an_answer_to_another_question_than_the_page_asks_changes_nothing(live: Live, answers: Answers) -> None:
    press(live, "y", id="r2")
    press(live, "y", behavior="planning")
    assert answers.done == 0


@pytest.mark.parametrize("token", ["", "guess", "é"])
def test_a_form_without_the_token_is_refused(token: str, live: Live, answers: Answers) -> None:
    status, said = press(live, "y", token=token)
    assert (status, answers.done) == (403, 0)
    assert "Only the page that this server showed can answer." in said


def test_a_form_without_the_cookie_is_refused(live: Live, answers: Answers) -> None:
    fields = {"token": token_of(live), "key": "y", "id": "r1/2", "behavior": "verification"}
    assert ask(live, "/label", fields, cookie="")[0] == 403
    assert answers.done == 0


def test_nobody_reads_the_page_without_the_token(live: Live) -> None:
    assert ask(live, "/label", cookie="")[0] == 403


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/label?queue=../../etc/passwd", "there is no queue '../../etc/passwd'; there is queue.jsonl"),
        ("/label?queue=%1b[31m", "u001b[31m'; there is queue.jsonl"),
    ],
)
def test_a_browser_can_name_no_other_file(path: str, message: str, live: Live) -> None:
    assert ask(live, path) == (400, ask(live, path)[1])
    assert message in ask(live, path)[1]


def test_a_key_that_is_no_answer_is_named(live: Live) -> None:
    status, said = press(live, "x")
    assert (status, said) == (400, "'x' is no answer; there is y, n, s, u\n")


def test_a_form_that_is_too_long_is_refused(live: Live) -> None:
    assert press(live, "y" * 30_000)[0] == 413


def test_a_server_without_a_queue_says_how_to_name_one(store: Store) -> None:
    with store.writing():
        pass
    served = Live(store)
    thread = Thread(target=served.serve, daemon=True)
    thread.start()
    status, said = ask(served, "/label")
    served.stop()
    assert (status, said) == (400, "there is no queue to judge: `ta serve --queue FILE` names one\n")


def test_several_queues_are_listed(answers: Answers, store: Store) -> None:
    with store.writing():
        pass
    served = Live(store, queues={"a.jsonl": answers, "<b>.jsonl": answers})
    thread = Thread(target=served.serve, daemon=True)
    thread.start()
    _, html = ask(served, "/label")
    served.stop()
    assert "&lt;b&gt;.jsonl" in html
    assert "/label?queue=a.jsonl" in html


def test_the_keys_judge_in_a_browser_and_hostile_text_stays_text(live: Live, answers: Answers) -> None:
    def key(browser: Browser, letter: str, expected: int) -> None:
        for kind in ("keyDown", "keyUp"):
            browser.command("Input.dispatchKeyEvent", type=kind, key=letter, text=letter if kind == "keyDown" else "")
        browser.wait_for(f"document.readyState === 'complete' && document.body.innerText.includes('{expected}/3')")

    with Browser() as browser:
        browser.open(live.address.replace("/?", "/label?queue=queue.jsonl&"))
        assert browser.evaluate("location.search") == "?queue=queue.jsonl"
        browser.wait_for("document.body.innerText.includes('0/3')")
        key(browser, "d", 0)
        assert browser.evaluate("document.getElementById('definition').open") is False
        for letter, expected in (("y", 1), ("n", 2), ("u", 1), ("y", 2), ("y", 3)):
            key(browser, letter, expected)
        assert browser.evaluate("document.title") == "All is judged"
        assert browser.complaints == []
    assert kept(answers) == {"r1/2": {"verification": True}, "r2": {"verification": True, "planning": True}}
