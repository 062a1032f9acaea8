import json
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from traceanalytics.errors import BadLabel
from traceanalytics.labels import Judgment, agreement, counts, near_duplicates, read_labels, standing_in

GOOD = {
    "id": "a-1",
    "unit": "segment",
    "text": "Let me check that.",
    "judged": {"verification": True, "backtracking": False},
    "judged_by": "author",
    "judged_on": "2026-11-21",
}
KNOWN = {"verification", "backtracking"}


def write(folder: Path, *records: object) -> Path:
    path = folder / "batch.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


def judgment(text: str, previous: str = "", note: str = "", **judged: bool) -> Judgment:
    return Judgment(text, "segment", text, judged, "author", "2026-11-21", previous=previous, note=note)


def test_a_line_survives_a_round_trip(tmp_path: Path) -> None:
    (read,) = read_labels([write(tmp_path, GOOD)], behaviors=KNOWN)
    assert json.loads(read.to_line()) == GOOD


def test_a_changed_mind_is_a_later_line_by_the_same_judge(tmp_path: Path) -> None:
    changed = GOOD | {"judged": {"verification": False}}
    other = GOOD | {"judged_by": "maria"}
    path = write(tmp_path, GOOD, other, changed)
    by_judge = {each.judged_by: each.judged["verification"] for each in read_labels([path], behaviors=KNOWN)}
    assert by_judge == {"author": False, "maria": True}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"judged": {"backtraking": True}}, r"judged\['backtraking'\] is no behavior. Did you mean 'backtracking'\?"),
        ({"judged": {"verification": 1}}, r"judged\['verification'\] is 1; it must be true or false"),
        ({"judged": []}, r"'judged' is \[\]; it must be an object"),
        ({"judged": {"cot_valid": True}}, r"judged\['cot_valid'\] is no behavior"),
        ({"unit": "word"}, "'unit' is 'word'; it must be segment or rollout"),
        ({"text": ""}, "'text' is missing; a label line holds id, unit, text"),
        ({"text": 3}, "'text' is 3; it must be a text"),
        ({"judged_on": "yesterday"}, "'judged_on' is 'yesterday'; write a date like 2026-11-21"),
        ({"judged_by": "llm: x y"}, "'judged_by' is 'llm: x y'; write author, a name or llm:<model>"),
        ({"index": 7, "of": 2}, "'index' is 7 of 2; the first segment is 0, the last of - 1"),
        ({"index": 10**30}, r"'index' is 10{30}; it must be a whole number from 0 on"),
        ({"drawn_with": 0}, "'drawn_with' is 0; it must be a probability above 0, or null"),
    ],
)
def test_a_faulty_line_is_named_with_its_place(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, GOOD | change)
    with pytest.raises(BadLabel, match=rf"batch.jsonl:2: {message}"):
        read_labels([path], behaviors=KNOWN)


@pytest.mark.parametrize(("line", "message"), [("{", "no JSON"), ("[1]", "a list; a label line is an object")])
def test_what_is_no_object_is_named_with_its_place(line: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "batch.jsonl").write_text(line)
    with pytest.raises(BadLabel, match=rf"batch.jsonl:1: {message}"):
        read_labels([tmp_path], behaviors=KNOWN)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadLabel, match="nowhere: no such label file or folder"):
        read_labels([tmp_path / "nowhere"], behaviors=KNOWN)


def test_a_rollout_may_be_judged_as_a_whole(tmp_path: Path) -> None:
    whole = GOOD | {"unit": "rollout", "judged": {"cot_valid": False, "error_type:calculation": True}}
    (read,) = read_labels([write(tmp_path, whole)], behaviors=KNOWN)
    assert read.judged["error_type:calculation"]


def test_not_judged_is_counted_neither_as_yes_nor_as_no() -> None:
    judged = [
        judgment("a", verification=True),
        judgment("b", verification=False, note="hard negative: verification"),
        judgment("c", backtracking=False),
    ]
    assert counts(judged)["verification"] == {"yes": 1, "no": 1, "hard_no": 1}
    assert counts(judged)["backtracking"] == {"yes": 0, "no": 1, "hard_no": 0}


def test_two_judges_are_compared_where_both_judged() -> None:
    answers = [(True, True), (True, False), (False, False), (False, False)]
    judged = [
        Judgment(str(i), "segment", "t", {"verification": said[who], "planning": True}, judge, "2026-11-21")
        for i, said in enumerate(answers)
        for who, judge in enumerate(("author", "maria"))
    ]
    alone = judgment("only one judge", verification=True)
    planning, verification = agreement([*judged, alone])
    assert (verification.n, verification.first_yes, verification.second_yes, verification.both_yes) == (4, 2, 1, 1)
    assert verification.kappa == pytest.approx(cohen_kappa_score(*zip(*answers, strict=True)))
    assert planning.kappa is None


def test_texts_that_differ_in_digits_alone_are_near_duplicates() -> None:
    judged = [
        judgment("Let me check that 12 times 7 is 84.", "So x is 12."),
        judgment("Going back to the first idea, we factor the left side."),
        judgment("Let me check that 15 times 3 is 45.", "So x is 15."),
        judgment("Let me check that 12 times 7 is 84.", "Now for something else entirely, the second triangle."),
    ]
    assert near_duplicates(judged) == [(0, 2)]


def test_a_segment_that_stands_in_a_foreign_text_is_found() -> None:
    copied = judgment("the sum of the first seven odd numbers is forty nine")
    own = judgment("adding the first seven odd numbers gives a square, seven squared")
    foreign = ["They say: the sum of the first SEVEN odd numbers\nis forty nine indeed"]
    assert standing_in([copied, own], foreign) == [copied]
