import json
from pathlib import Path

import pytest

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadLabel
from traceanalytics.judging import Answers, Question, append_line, free_queue, read_queue, write_queue
from traceanalytics.labels import read_labels

KNOWN = BEHAVIORS.all()
QUESTIONS = [
    Question("r1/0", "segment", "Let me check that.", ("verification", "planning"), prompt="Add.", index=0, of=2),
    Question("r2", "rollout", "So 4.", ("verification",), source="rollout:r2", drawn_with=0.25),
]


def answers(folder: Path, judge: str = "maria") -> Answers:
    return Answers(QUESTIONS, folder / "queue-judged.jsonl", judge, KNOWN)


def kept(folder: Path) -> dict[str, dict[str, bool]]:
    return {each.id: dict(each.judged) for each in read_labels([folder / "queue-judged.jsonl"], behaviors=KNOWN)}


def test_a_queue_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_queue(tmp_path / "queue.jsonl", QUESTIONS)
    assert read_queue(tmp_path / "queue.jsonl", behaviors=KNOWN) == QUESTIONS


def test_a_queue_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    write_queue(tmp_path / "queue.jsonl", QUESTIONS)
    with pytest.raises(BadLabel, match="queue.jsonl: there is such a file already; name another one for the queue"):
        write_queue(tmp_path / "queue.jsonl", [])


def test_a_queue_without_a_name_takes_the_next_free_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = []
    for _ in range(3):
        names.append(free_queue("audit").name)
        write_queue(free_queue("audit"), QUESTIONS)
    assert names == ["queue-audit.jsonl", "queue-audit-2.jsonl", "queue-audit-3.jsonl"]


def test_questions_come_in_order_one_behavior_at_a_time(tmp_path: Path) -> None:
    said = answers(tmp_path)
    seen = []
    while (asked := said.next()) is not None:
        seen.append((asked[0].id, asked[1]))
        said.answer(*asked, True)
    assert seen == [("r1/0", "verification"), ("r1/0", "planning"), ("r2", "verification")]
    assert (said.done, said.total) == (3, 3)


def test_an_answer_keeps_what_the_line_of_the_queue_says(tmp_path: Path) -> None:
    answers(tmp_path).answer(QUESTIONS[1], "verification", False)
    (line,) = read_labels([tmp_path / "queue-judged.jsonl"], behaviors=KNOWN)
    assert (line.unit, line.source, line.drawn_with, line.judged_by) == ("rollout", "rollout:r2", 0.25, "maria")
    assert line.judged == {"verification": False}


def test_a_judge_goes_on_where_he_was(tmp_path: Path) -> None:
    first = answers(tmp_path)
    first.answer(QUESTIONS[0], "verification", True)
    first.answer(QUESTIONS[0], "planning", None)
    again = answers(tmp_path)
    assert again.next() == (QUESTIONS[1], "verification")
    assert (again.done, again.skipped) == (2, 1)


def test_two_judges_do_not_answer_for_each_other(tmp_path: Path) -> None:
    answers(tmp_path).answer(QUESTIONS[0], "verification", True)
    assert answers(tmp_path, "jo").done == 0


def test_undoing_is_a_later_line_and_works_after_a_restart(tmp_path: Path) -> None:
    said = answers(tmp_path)
    said.answer(QUESTIONS[0], "verification", True)
    said.answer(QUESTIONS[0], "planning", False)
    again = answers(tmp_path)
    assert again.undo()
    assert kept(tmp_path) == {"r1/0": {"verification": True}}
    assert again.undo()
    assert kept(tmp_path) == {"r1/0": {}}
    assert not again.undo()
    assert len((tmp_path / "queue-judged.jsonl").read_text().splitlines()) == 4
    assert answers(tmp_path).done == 0


def test_a_line_that_was_cut_off_is_put_aside_and_asked_again(tmp_path: Path) -> None:
    answers(tmp_path).answer(QUESTIONS[0], "verification", True)
    path = tmp_path / "queue-judged.jsonl"
    with path.open("ab") as file:
        file.write(b'{"id": "r1/0", "unit": "seg')
    again = answers(tmp_path)
    again.answer(QUESTIONS[0], "planning", True)
    assert kept(tmp_path) == {"r1/0": {"verification": True, "planning": True}}
    assert (tmp_path / "queue-judged.jsonl.torn").read_text() == '{"id": "r1/0", "unit": "seg\n'


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    answers(tmp_path).answer(QUESTIONS[0], "verification", True)
    path = tmp_path / "queue-judged.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    answers(tmp_path).answer(QUESTIONS[0], "planning", True)
    assert kept(tmp_path) == {"r1/0": {"verification": True, "planning": True}}


@pytest.mark.parametrize("junk", [b"\x00\xff\xfe not a label\n", b"[" * 100_000 + b"\n", b'{"id": 3}\n'])
def test_a_spoiled_label_file_is_named_and_left_as_it_is(junk: bytes, tmp_path: Path) -> None:
    path = tmp_path / "queue-judged.jsonl"
    path.write_bytes(junk)
    with pytest.raises(BadLabel, match=r"queue-judged.jsonl:1: "):
        answers(tmp_path)
    assert path.read_bytes() == junk


def test_a_judge_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(BadLabel, match="'judged_by' is 'a,b'; write author, a name or llm:<model>"):
        answers(tmp_path, "a,b")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"asked": []}, "'asked' is missing; a line of a queue holds id, unit, text and asked"),
        ({"asked": "verification"}, "'asked' is 'verification'; it must be a list of behaviors"),
        ({"asked": ["verificaton"]}, "asked 'verificaton' is no behavior. Did you mean 'verification'?"),
        ({"unit": "word"}, "'unit' is 'word'; it must be segment or rollout"),
        ({"drawn_with": 2}, "'drawn_with' is 2; it must be a probability above 0, or null"),
        ({"text": "\ud800"}, "'text' holds half of a surrogate pair, which is no text"),
        ({"prompt": 3}, "'prompt' is 3; it must be a text"),
        ({"index": "0"}, "'index' is '0'; it must be a whole number from 0 on"),
    ],
)
def test_a_faulty_line_of_a_queue_is_named_with_its_place(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "queue.jsonl"
    line = json.loads(QUESTIONS[0].to_line())
    append_line(path, json.dumps(line))
    append_line(path, json.dumps({**line, **change}))
    with pytest.raises(BadLabel) as raised:
        read_queue(path, behaviors=KNOWN)
    assert f"queue.jsonl:2: {message}" in str(raised.value)


@pytest.mark.parametrize(("content", "message"), [(None, "no such queue"), ("\n", "no question in it")])
def test_a_queue_without_questions_is_named(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "queue.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadLabel, match=f"queue.jsonl: {message}; `ta suggest` draws"):
        read_queue(path, behaviors=KNOWN)
