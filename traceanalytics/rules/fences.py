"""Fenced blocks: which fences of many texts open a block and which close it, and the body between them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.rules.code_contents import PROGRAMS, TAGS, kind_by_lines
from traceanalytics.rules.code_lines import count_lines, learn_lines


class Fenced(NamedTuple):
    """What fences enclose, in order of text and place."""

    places: NDArray[np.int64]  # the number of the text, start, stop, where the body starts and where it stops
    bodies: list[str]
    tags: list[str]  # the words after the fences, lowered
    closed: list[bool]


class _Info(NamedTuple):
    """What follows the signs of a fence."""

    tag: str
    opens: str  # the tag of the block that it opens, if that is no text of its own
    body: int  # where the body begins, behind the signs


_TAG = re.compile(r"\s*\{?\.?([A-Za-z][\w+#-]*)\}?")
_CODE_IN_INFO = re.compile(r"[(=]|\bimport\b")


def fenced_in(texts: Sequence[str], fences: NDArray[np.int32]) -> Fenced:
    """Pair the fences of some texts."""
    from traceanalytics.rules.fences_kernel import paired

    words, word = _words(texts, fences)
    infos = [_read_info(each) for each in words]
    places, opening, closed = paired(
        fences,
        word,
        np.array([(info.tag in TAGS, info.opens != "", info.body) for info in infos], np.int64),
        _begun_by_prompts(texts, fences, np.array([not each.strip() for each in words])[word]),
        np.array([list(map(len, texts)), [len(text.rstrip()) for text in texts]], np.int64).T,
    )
    bodies = [texts[row][start:stop] for row, start, stop in zip(*places[:, [0, 3, 4]].T.tolist(), strict=True)]
    tags = [*(info.opens for info in infos), ""]
    return Fenced(places, bodies, [tags[number] for number in opening.tolist()], closed.tolist())


def _words(texts: Sequence[str], fences: NDArray[np.int32]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different words after fences, first that of fences without one, and the number of each fence's."""
    rows, starts, sizes, stops, _ = fences.T
    worded = np.flatnonzero(stops > starts + sizes)
    spans = zip(*(each[worded].tolist() for each in (rows, starts + sizes, stops)), strict=True)
    numbers = {"": 0}
    word = np.zeros(len(fences), np.int64)
    word[worded] = [numbers.setdefault(texts[row][start:stop], len(numbers)) for row, start, stop in spans]
    return list(numbers), word


def _begun_by_prompts(
    texts: Sequence[str], fences: NDArray[np.int32], wordless: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say which texts begin inside a program: their first fence, one without a word, closes it."""
    rows, starts, leads = fences[:, 0], fences[:, 1], fences[:, 4]
    firsts = np.flatnonzero((np.diff(rows, prepend=-1) > 0) & (leads > 0) & wordless).tolist()
    heads = {int(rows[i]): texts[rows[i]][: starts[i]] for i in firsts}
    learn_lines(heads.values())
    begun = np.zeros(len(texts), np.bool_)
    for row, head in heads.items():
        begun[row] = kind_by_lines(*count_lines(head), named=False) in PROGRAMS
    return begun


def _read_info(info: str) -> _Info:
    """Read what follows the signs of a fence: mostly a word, sometimes the body."""
    if info.isascii() and (info.isalpha() or not info):
        return _Info(info.lower(), info.lower(), len(info) + 1)
    found = _TAG.match(info)
    tag = found[1].lower() if found else ""
    rest = info[found.end() :] if found else info
    if not rest.strip():
        return _Info(tag, tag, len(info) + 1)
    if tag in TAGS:
        return _Info(tag, tag, len(info) - len(rest) if _CODE_IN_INFO.search(rest) else len(info) + 1)
    return _Info(tag, "", 0)
