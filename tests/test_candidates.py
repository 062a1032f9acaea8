from traceanalytics.candidates import candidates_in, cue_names, cue_set, judged_candidates
from traceanalytics.classifiers.base import SHOWN, SILENT
from traceanalytics.cues.finding import find
from traceanalytics.labels import Judgment
from traceanalytics.segments import make_batch

RESPONSES = [
    "The sum is 12. Let me double-check this: 5 + 7 = 12.\n```python\nprint(12)\n```\nSo it holds.",
    "",
    "é → fine.",
]


def test_the_prose_of_a_batch_is_laid_out_with_its_context() -> None:
    batch = make_batch(RESPONSES)
    candidates, at = candidates_in(batch, find(batch, cue_set()))
    texts = candidates.texts()
    assert texts[:2] == ["The sum is 12.", "Let me double-check this: 5 + 7 = 12."]
    assert texts[-1] == "é → fine."
    assert candidates.previous_texts()[:2] == ["", "The sum is 12."]
    assert candidates.previous_texts()[texts.index("So it holds.")].startswith("```python")
    assert candidates.previous_texts()[-1] == ""
    assert candidates.position[0] == 0 < candidates.position[1] < 1
    assert [batch.segments.row[i] for i in at] == [0] * (len(at) - 1) + [2]


def test_what_cues_say_stands_beside() -> None:
    batch = make_batch(
        ["The sum is 12. Let me double-check this: 5 + 7 = 12. There is no need to double-check the sum."]
    )
    candidates, _ = candidates_in(batch, find(batch, cue_set()))
    said = candidates.said_by_cues(["verification"])[:, 0].tolist()
    assert said[:2] == [SILENT, SHOWN]
    assert said[2] > SHOWN, "vetoed, and by which guard"


def test_an_empty_batch_has_no_candidates() -> None:
    batch = make_batch([""])
    candidates, at = candidates_in(batch, find(batch, cue_set()))
    assert (len(candidates), len(at)) == (0, 0)


def judgment(number: int, text: str, previous: str, prompt: str) -> Judgment:
    return Judgment(str(number), "segment", text, {"verification": True}, "author", "2026-11-21", previous, prompt)


def test_judged_segments_are_read_with_their_context() -> None:
    text = "Let me double-check this: 5 + 7 = 12."
    judged = judged_candidates([judgment(1, text, "The sum is é.", "p"), judgment(2, text, "", "q")], ["verification"])
    assert judged.candidates.texts() == [text, text]
    assert judged.candidates.previous_texts() == ["The sum is é.", ""]
    assert judged.candidates.said_by_cues(["verification"])[:, 0].tolist()[0] == SHOWN
    assert judged.candidates.cue_names == cue_names()


def test_near_duplicates_under_two_prompts_are_one_group() -> None:
    texts = ["Let me double-check this: 5 + 7 = 12.", "Let me double-check this: 5 + 9 = 14.", "Now for the area."]
    judgments = [judgment(i, text, "", f"prompt {i}") for i, text in enumerate(texts)]
    assert judged_candidates(judgments, ["verification"]).groups == ("prompt 0", "prompt 0", "prompt 2")
