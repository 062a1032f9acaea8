"""The whole loop, once: rollouts, tags, judgments, a model, its promotion, an audit, corrected rates, and back."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.judging import read_queue
from traceanalytics.simulate import texts
from traceanalytics.store.store import Store

ASKED = ["verification", "self_doubt"]
OPENINGS = {"verification": texts._VERIFICATIONS, "self_doubt": texts._REFLECTIONS["self_doubt"]}


def shows(text: str, behavior: str) -> bool:
    """Say what was planted: the simulator shows these behaviors in these sentences and in no others."""
    return any(opening in text for opening in OPENINGS[behavior])


def ta(*words: object) -> Any:
    result = CliRunner().invoke(app, [*map(str, words), "--json"], catch_exceptions=False)
    return json.loads(result.stdout)


def judge_by_keys(queue: Path) -> None:
    """Judge a queue in a real terminal, one key an answer, by the planted truth."""
    questions = read_queue(queue, behaviors=ASKED)
    keys = "".join("y" if shows(each.text, name) else "n" for each in questions for name in each.asked) + "q"
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "traceanalytics", "label", str(queue), "--by", "planted"]
    environment = {**os.environ, "TERM": "vt100", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        sent, give_up_at = False, time.monotonic() + 120
        while process.poll() is None and time.monotonic() < give_up_at:
            if select.select([mine], [], [], 0.1)[0]:
                try:
                    seen = os.read(mine, 65536)
                except OSError:  # the terminal is gone with the program
                    break
                if b"quit" in seen and not sent:
                    os.write(mine, keys.encode())
                    sent = True
        assert process.wait(timeout=20) == 0
    os.close(mine)


def judge_by_a_model(queue: Path, out: Path) -> Any:
    """Have a served model judge a queue; it knows the planted truth."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            rubric, asked = (each["content"] for each in body["messages"])
            behavior = next(name for name in ASKED if f"'{name}'" in rubric.splitlines()[0])
            text = asked.partition("<<<RESPONSE")[2]
            content = json.dumps({"verdict": "yes" if shows(text, behavior) else "no", "feedback": ""})
            reply = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/v1"
        return ta("judge", queue, "--endpoint", address, "--model", "planted", "--out", out)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def planted_rates(store: Store, behavior: str) -> dict[tuple[int, int], float]:
    """Return the true share of rollouts by era."""
    eras = store.query("corrected_rate", in_behaviors=[behavior]).to_pylist()
    rows = store.sql("SELECT step, response FROM rollouts WHERE split = 'train'").to_pylist()
    return {
        (era["from_step"], era["to_step"]): mean(
            shows(row["response"], behavior) for row in rows if era["from_step"] <= row["step"] <= era["to_step"]
        )
        for era in eras
    }


def mean(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found)


def test_rollouts_become_judgments_a_model_and_corrected_rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ta("simulate", "runs/a", "--prompts", 24, "--samples", 4, "--steps", 40, "--every", 20)
    assert ta("ingest", "runs/a")["rollouts"] == 2 * 3 * 24 * 4
    ta("tag", "--tagger", "cues")

    behaviors = [word for name in ASKED for word in ("--behavior", name)]
    drawn = ta("suggest", "uncertain", *behaviors, "-n", 60)
    judge_by_keys(Path(drawn["queue"]))
    checked = ta("labels", "check", "queue-uncertain-judged.jsonl")
    assert checked["judges"] == {"planted": drawn["drawn"]}

    trained = ta("train", "ngrams", "queue-uncertain-judged.jsonl", "--out", "mine")
    assert {"verification", "self_doubt"} <= set(trained["card"]["counts"])
    model = ta("tag", "--tagger", "mine")["tagger_id"]
    measured = ta("evaluate", "mine", "queue-uncertain-judged.jsonl", "--db", "traces.duckdb")
    assert {row["behavior"] for row in measured["rows"]} == set(trained["card"]["counts"])
    assert measured["looks"] == 1
    promoted = ta("use", "mine", "--labels", "queue-uncertain-judged.jsonl")
    assert (promoted["active"], promoted["before"].split("@")[0], promoted["forced"]) == (model, "cues", False)
    assert promoted["test"][-1]["behavior"] == "all"

    audit = ta("suggest", "audit", *behaviors, "--split", "train", "-n", 90)
    assert judge_by_a_model(Path(audit["queue"]), Path("audit.jsonl"))["answered"] == audit["questions"]
    assert ta("labels", "load", "queue-uncertain-judged.jsonl", "audit.jsonl")["judgments"] > 200

    planted = planted_rates(Store("traces.duckdb"), "verification")
    for tagger in ("cues", "mine"):
        for row in ta("query", "corrected_rate", "in_behaviors=verification", f"in_tagger={tagger}"):
            assert row["audited"] >= 20
            assert row["prediction_powered"] == pytest.approx(planted[row["from_step"], row["to_step"]], abs=0.12)
    errors = ta("sql", f"SELECT behavior FROM tagger_errors WHERE tagger_id = '{model}'")
    assert {row["behavior"] for row in errors} == set(ASKED)
    found = ta("finding", "reflection_rate", "in_behaviors=verification", "in_split=train")
    kinds = {each["kind"] for each in found["estimates"]}
    assert (found["tagger"], kinds) == (model, {"raw", "corrected"})

    assert ta("models", "roll-back")["active"] == promoted["before"]
    assert ta("tag")["tagger_id"] == promoted["before"]
    assert (
        ta("finding", "reflection_rate", "in_behaviors=verification", "in_split=train")["tagger"] == promoted["before"]
    )
