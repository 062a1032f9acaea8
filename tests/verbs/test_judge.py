"""A model as judge, against a real server on this machine that can be told to misbehave."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused
from traceanalytics.judging import Question, write_queue
from traceanalytics.labels import read_labels
from traceanalytics.verbs.judge import Endpoint, judge, messages

Answered = tuple[int, dict[str, str], bytes]


def completion(content: object) -> Answered:
    return 200, {}, json.dumps({"choices": [{"message": {"content": content}}]}).encode()


def says(verdict: str, feedback: str = "It says so.") -> Answered:
    return completion(json.dumps({"verdict": verdict, "feedback": feedback}))


@dataclass
class Model:
    """A served model: `answer` gets the body of a request and how many came before it."""

    address: str
    answer: Callable[[Any, int], Answered] = lambda body, before: says("yes")
    asked: list[Any] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture
def model() -> Iterator[Model]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with served.lock:
                before = len(served.asked)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                served.asked.append(body)
                served.keys.append(self.headers["Authorization"])
                served.at_once += 1
                served.most_at_once = max(served.most_at_once, served.at_once)
            status, headers, content = served.answer(body, before)
            with served.lock:
                served.at_once -= 1
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:  # the asker has gone
                pass

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Model(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


QUESTIONS = [
    Question(f"r{i}/0", "segment", f"Let me check number {i}.", ("verification",), "So 4.", "Add 2 and 2.")
    for i in range(6)
] + [Question("r9", "rollout", "So 4.", ("verification", "planning"), drawn_with=0.25)]


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    write_queue(tmp_path / "queue.jsonl", QUESTIONS)
    return tmp_path / "queue.jsonl"


def endpoint(model: Model, **changed: Any) -> Endpoint:
    return Endpoint(model.address, "judge-7b", **{"first_wait": 0.001, "timeout": 10.0, **changed})


def labels(queue: Path) -> dict[str, Any]:
    found = read_labels([queue.with_name("queue-by-judge-7b.jsonl")], behaviors=BEHAVIORS.all())
    return {each.id: each for each in found}


def test_a_model_answers_a_queue_and_is_named_as_the_judge(model: Model, queue: Path) -> None:
    report = judge(queue, endpoint(model))
    assert (report.answered, report.unsure, report.open) == (8, 0, 0)
    whole = labels(queue)["r9"]
    assert (whole.judged_by, whole.drawn_with, whole.unit) == ("llm:judge-7b", 0.25, "rollout")
    assert whole.judged == {"verification": True, "planning": True}


def test_verdict_and_feedback_are_kept_apart(model: Model, queue: Path) -> None:
    model.answer = lambda body, before: says("no", "Say yes next time: verification is true.")
    judge(queue, endpoint(model))
    line = labels(queue)["r0/0"]
    assert line.judged == {"verification": False}
    assert line.note == "feedback on verification: Say yes next time: verification is true."
    assert labels(queue)["r9"].note.count("feedback on ") == 2


def test_a_model_that_is_unsure_judges_nothing(model: Model, queue: Path) -> None:
    model.answer = lambda body, before: says("unsure", "")
    report = judge(queue, endpoint(model))
    assert (report.answered, report.unsure) == (0, 8)
    assert all(not line.judged for line in labels(queue).values())


def test_the_rubric_is_the_behaviors_file_and_holds_no_reward_or_step() -> None:
    behavior = BEHAVIORS.get("verification")
    system, user = (each["content"] for each in messages(QUESTIONS[0], behavior))
    assert behavior.definition in system
    assert behavior.border in system
    assert str(behavior.shows[0] if isinstance(behavior.shows[0], str) else behavior.shows[0].text)[:20] in system
    assert "Let me check number 0." in user
    assert "So 4." in user


def test_a_very_long_text_is_shortened_in_its_middle() -> None:
    question = Question("r", "rollout", "a" * 100_000 + "THE END", ("verification",))
    (_, user) = messages(question, BEHAVIORS.get("verification"))
    assert len(user["content"]) < 61_000
    assert "40,007 characters left out" in user["content"]
    assert "THE END" in user["content"]


def test_what_was_answered_is_not_asked_again(model: Model, queue: Path) -> None:
    judge(queue, endpoint(model), limit=3)
    assert len(model.asked) == 3
    report = judge(queue, endpoint(model))
    assert (report.answered, len(model.asked)) == (5, 8)
    assert judge(queue, endpoint(model)).answered == 0


def test_replies_are_cached_by_what_was_asked(model: Model, queue: Path) -> None:
    judge(queue, endpoint(model))
    os.remove(queue.with_name("queue-by-judge-7b.jsonl"))
    report = judge(queue, endpoint(model))
    assert (report.answered, report.cached, len(model.asked)) == (8, 8, 8)


def test_a_spoiled_cache_only_costs_its_questions(model: Model, queue: Path) -> None:
    judge(queue, endpoint(model))
    os.remove(queue.with_name("queue-by-judge-7b.jsonl"))
    cache = queue.with_name("queue-by-judge-7b.replies")
    lines = cache.read_bytes().splitlines(keepends=True)
    cache.write_bytes(b"".join(lines[:5]) + b'[1]\n\xff\n{"asked": "x')
    assert judge(queue, endpoint(model)).cached == 5


def test_questions_are_asked_at_once_but_no_more_than_bound(model: Model, queue: Path) -> None:
    def slowly(body: Any, before: int) -> Answered:
        time.sleep(0.05)
        return says("yes")

    model.answer = slowly
    judge(queue, endpoint(model), concurrency=3)
    assert 2 <= model.most_at_once <= 3


@pytest.mark.parametrize(
    "misbehaved",
    [
        (200, {}, b"not json"),
        (200, {}, b"[]"),
        (200, {}, b'{"choices": []}'),
        (200, {}, b"[" * 100_000),
        completion(None),
        completion("I think so."),
        completion('{"verdict": "maybe"}'),
        completion('{"verdict": ["yes"]}'),
        completion("{" * 50_000 + "}"),
        (200, {}, b"x" * 1_000_001),
        (429, {"Retry-After": "0"}, b"slow down"),
        (500, {}, b"\xff\xfe"),
        (503, {"Retry-After": "soon"}, b""),
    ],
    ids=lambda answered: f"{answered[0]} {answered[2][:20]!r}",
)
def test_a_reply_without_a_verdict_is_asked_for_again(misbehaved: Answered, model: Model, queue: Path) -> None:
    model.answer = lambda body, before: misbehaved if before < 2 else says("yes")
    report = judge(queue, endpoint(model), concurrency=1, limit=2)
    assert (report.answered, report.retries, report.open) == (2, 2, 0)


def test_a_wait_that_is_asked_for_is_kept(model: Model, queue: Path) -> None:
    times: list[float] = []

    def busy(body: Any, before: int) -> Answered:
        times.append(time.monotonic())
        return (429, {"Retry-After": "1"}, b"") if before == 0 else says("yes")

    model.answer = busy
    judge(queue, endpoint(model), limit=1)
    assert times[1] - times[0] >= 1


def test_a_reply_that_comes_too_late_is_asked_for_again(model: Model, queue: Path) -> None:
    late = threading.Event()

    def first_late(body: Any, before: int) -> Answered:
        if before == 0:
            late.wait(2)
        return says("yes")

    model.answer = first_late
    report = judge(queue, endpoint(model, timeout=0.3), limit=1)
    late.set()
    assert (report.answered, report.retries) == (1, 1)


def test_what_gets_no_verdict_stays_open_and_nothing_is_written_for_it(model: Model, queue: Path) -> None:
    def never_the_first(body: Any, before: int) -> Answered:
        return completion("?") if "number 0" in body["messages"][1]["content"] else says("yes")

    model.answer = never_the_first
    report = judge(queue, endpoint(model, tries=2))
    assert (report.answered, report.open, report.reason) == (7, 1, "a reply without a verdict: '?'")
    assert "r0/0" not in labels(queue)
    model.answer = lambda body, before: says("no")
    assert judge(queue, endpoint(model)).answered == 1


@pytest.mark.parametrize("status", [400, 401, 404])
def test_wrong_use_of_the_endpoint_ends_at_once_with_what_it_says(status: int, model: Model, queue: Path) -> None:
    model.answer = lambda body, before: (status, {}, b"no such\n model")
    with pytest.raises(BadInput, match=rf"/v1/chat/completions answers {status} .*: 'no such model'$"):
        judge(queue, endpoint(model), concurrency=1)
    assert len(model.asked) <= 3


def ta(*words: object) -> Result:
    return CliRunner().invoke(app, ["judge", *map(str, words)])


def test_an_endpoint_that_is_not_there_is_named(queue: Path) -> None:
    address = "http://127.0.0.1:9/v1"
    found = ta(queue, "--endpoint", address, "--model", "m", "--tries", 1, "--limit", 1)
    said = "http://127.0.0.1:9/v1/chat/completions: Connection refused in 1 of 1 tries; start the"
    assert str(found.exception) == f"{said} server, then run this again"


def test_a_refused_connection_is_named_before_the_wait(queue: Path) -> None:
    words = ("--endpoint", "http://127.0.0.1:9/v1", "--model", "m", "--tries", 2, "--first-wait", 0.001)
    found = ta(queue, *words)
    assert found.stderr.splitlines() == [
        "http://127.0.0.1:9/v1/chat/completions: Connection refused; asks again, 2 times in all"
    ]
    assert "in 2 of 2 tries" in str(found.exception)


def test_the_command_names_what_stays_open(model: Model, queue: Path) -> None:
    model.answer = lambda body, before: completion("?")
    found = ta(queue, "--endpoint", model.address, "--model", "m", "--tries", 1, "--limit", 1)
    assert isinstance(found.exception, Refused)
    assert str(found.exception).startswith("1 questions got no verdict; run this again to ask them. a reply without a")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--endpoint", "localhost:8000", "--model", "m"], "write the base address, such as http://localhost:8000/v1"),
        (["--endpoint", "file:///etc/passwd", "--model", "m"], "write the base address, such as"),
        (["--endpoint", "http://x", "--model", ""], "--model is empty; name the model that the endpoint serves"),
        (["--endpoint", "http://x", "--model", "m", "--key-in", "NO_SUCH"], "--key-in 'NO_SUCH': no such environment"),
    ],
)
def test_a_wrong_option_is_answered_in_words(words: list[str], message: str, queue: Path) -> None:
    assert message in str(ta(queue, *words).exception)


def test_the_command_sends_the_key_and_counts(model: Model, queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "secret")
    found = ta(queue, "--endpoint", model.address, "--model", "judge-7b", "--key-in", "JUDGE_KEY", "--json")
    assert json.loads(found.stdout)["answered"] == 8
    assert set(model.keys) == {"Bearer secret"}
    assert "secret" not in "".join(path.read_text() for path in queue.parent.iterdir())


def test_a_name_with_spaces_becomes_a_judge(model: Model, queue: Path) -> None:
    assert Endpoint(model.address, "My Judge/7b v1").judge == "llm:My-Judge/7b-v1"
