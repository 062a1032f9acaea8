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

    words = [""] * len(fences)
    for i in np.flatnonzero(fences[:, 3] > fences[:, 1] + fences[:, 2]).tolist():
        row, start, size, stop, _ = fences[i].tolist()
        words[i] = texts[row][start + size : stop]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    infos = [_read_info(word) for word in numbers]
    places, numbered, closed = paired(
        fences,
        np.array([numbers[word] for word in words], np.int64),
        np.array([(info.tag in TAGS, info.opens != "", info.body) for info in infos], np.int64).reshape(-1, 3),
        _begun_by_prompts(texts, fences, words),
        np.array([(len(text), len(text.rstrip())) for text in texts], np.int64).reshape(-1, 2),
    )
    bodies = [texts[row][start:stop] for row, start, stop in places[:, [0, 3, 4]].tolist()]
    tags = [*(info.opens for info in infos), ""]
    return Fenced(places, bodies, [tags[number] for number in numbered.tolist()], closed.tolist())


def _begun_by_prompts(texts: Sequence[str], fences: NDArray[np.int32], words: Sequence[str]) -> NDArray[np.bool_]:
    """Say which texts begin inside a program: their first fence, one without a word, closes it."""
    rows, starts, leads = fences[:, 0], fences[:, 1], fences[:, 4]
    firsts = np.flatnonzero((np.diff(rows, prepend=-1) > 0) & (leads > 0)).tolist()
    heads = {int(rows[i]): texts[rows[i]][: starts[i]] for i in firsts if not words[i].strip()}
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
