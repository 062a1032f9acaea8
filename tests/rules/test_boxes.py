r"""The compiled pass over boxes against plain Python."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules.boxes import Box, boxes_in

MARK = re.compile(r"\\f?box(?:ed)?\s*\{|\\[{}]|[{}]")
PIECES = ["\\boxed{", "\\fbox{", "\\boxed {", "\\box\n{", "\\fboxed\u2003{", "\\boxed", "box{", "\\mbox{", "\\\\", "\\"]
PIECES += ["{", "}", "}", "}", "\\{", "\\}", " ", "\xa0", "\u2028", "4", "é", "😀", "x"]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), max_size=4)


def boxes_plainly(text: str) -> list[Box]:
    opened: list[re.Match[str]] = []
    boxes: list[Box] = []
    for mark in MARK.finditer(text):
        if "box" in mark[0] or (mark[0] == "{" and opened):
            opened.append(mark)
        elif mark[0] == "}" and opened and "box" in (box := opened.pop())[0]:
            inside = [each for each in boxes if each.start >= box.end()]
            content = text[box.end() : mark.start()].strip()
            if inside and content == text[inside[-1].start : inside[-1].stop]:
                content = inside[-1].content or ""
            boxes = [*(each for each in boxes if each.start < box.start()), Box(box.start(), mark.end(), content)]
    return sorted([*boxes, *(Box(*mark.span(), None) for mark in opened if "box" in mark[0])])


@settings(deadline=None)
@given(TEXTS)
def test_boxes_stand_where_braces_are_paired_one_by_one(texts: list[str]) -> None:
    assert boxes_in(texts) == [boxes_plainly(text) for text in texts]
