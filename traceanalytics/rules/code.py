"""Code by structure: fenced blocks of any kind, and runs of lines outside fences that read as a program."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.readers.text import Span
from traceanalytics.rules.code_contents import PROGRAMS, TAGS, Content, Kind, judge_contents, kind_by_lines
from traceanalytics.rules.code_lines import LONGEST_LINE, Line, count_lines, is_comment, learn_lines, line_kind


class Block(NamedTuple):
    """A block with its fences, and the body between them."""

    start: int
    stop: int
    body_start: int
    body_stop: int
    tag: str  # the word after the fence, lowered
    kind: Kind
    language: str = ""
    lines: int = 0  # of program code, without blanks, comments and docstrings
    parses: bool | None = None  # None where the language is not Python
    imports: tuple[str, ...] = ()
    fenced: bool = True
    closed: bool = True


class _Info(NamedTuple):
    """What follows the signs of a fence."""

    tag: str
    opens: str  # the tag of the block that it opens, if that is no text of its own
    body: int  # where the body begins, behind the signs


class _Fence(NamedTuple):
    start: int
    body: int
    size: int
    tag: str


_Mark = tuple[int, int, int, int]  # start, how many signs, where the word behind them stops, does it begin its line


LONGEST_DOCSTRING = 80  # lines

_FILLER = "\x01"
_BLANKS = {filler: bytes(10 if byte == 10 else ord(filler) for byte in range(256)) for filler in (" ", _FILLER)}
_TAG = re.compile(r"\s*\{?\.?([A-Za-z][\w+#-]*)\}?")
_ASY = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL | re.IGNORECASE)

_SIGNAL = re.compile(
    r"^[ \t]*(?:>>> ?)?(?:import\s|from\s|def\s|class\s|print\s*\(|for\s|while\s|#\s*include|using\s|public\s|private\s"
    r"|int\s+main|console\.log|const\s|let\s|var\s|function\s|<\?php|disp\(|printf\(|SELECT\s)",
    re.MULTILINE,
)
_SIGNAL = re.compile(
    r"[ \t]*(?:>>> ?)?(?:import\s+\w+(?:\s+as\s+\w+|\s*,\s*\w+)*[ \t;]*$|from\s+[\w.]+\s+import\s|def\s+\w+\s*\("
    r"|class\s+\w+\s*(?:\(.*\))?\s*[:{]\s*$|print\s*\(.*\)[ \t;]*(?:#.*)?$"
    r"|for\s+\w+(?:\s*,\s*\w+)*\s+in\s+(?:range|enumerate|zip|\w+\.|\w+\()|while\s+(?:True|[\w.]+\s*[<>=!]).*:"
    r"|#\s*include\s*<|using\s+namespace\b|(?:public|private)\s+(?:static|class)\b|int\s+main\s*\(|console\.log\("
    r"|(?:const|let|var)\s+\w+\s*=\s*.*;|function\s+\w+\s*\(.*\{|<\?php|disp\(.*\)|printf\(.*;|SELECT\s.+\sFROM\s)",
)
_START = attrgetter("start")


class _Part(NamedTuple):
    """Where a block stands, before it is known what it holds."""

    start: int
    stop: int
    body_start: int
    body_stop: int
    body: str
    tag: str = ""
    fenced: bool = True
    closed: bool = True


def find_blocks(text: str) -> list[Block]:
    """Return the blocks of a text in order; they do not overlap."""
    return blocks_in([text])[0]


def blocks_in(texts: Sequence[str]) -> list[list[Block]]:
    """Return the blocks of each of many texts."""
    from traceanalytics.rules.code_kernel import outlines

    fences, lines = outlines(texts)
    fenced = _all_fenced(texts, fences)
    pictures = {
        row: _pictures(_without(text, fenced[row]), fenced[row])
        for row, text in enumerate(texts)
        if "[asy" in text or "[ASY" in text
    }
    unfenced = _all_unfenced(texts, fenced, pictures, lines)
    contents = judge_contents((part.body, part.tag) for part in chain(*fenced, *unfenced.values()))
    found = [[_block(part, contents[part.body, part.tag]) for part in parts] for parts in fenced]
    for row, drawn in pictures.items():
        found[row] += drawn
    for row, parts in unfenced.items():
        blocks = (_block(part, contents[part.body, part.tag]) for part in parts)
        found[row] += (block for block in blocks if block.kind in PROGRAMS)
    for row in pictures.keys() | unfenced.keys():
        found[row].sort(key=_START)
    return found


def _block(part: _Part, content: Content) -> Block:
    return Block(
        part.start,
        part.stop,
        part.body_start,
        part.body_stop,
        part.tag,
        content.kind,
        content.language,
        content.lines,
        content.parses,
        content.imports,
        part.fenced,
        part.closed,
    )


def _pictures(rest: str, fenced: list[_Part]) -> list[Block]:
    if "[asy" not in rest and "[ASY" not in rest:
        return []  # it stands inside a fence
    return [_picture(*found.span(), fenced) for found in _ASY.finditer(rest)]


def _picture(start: int, stop: int, fenced: list[_Part]) -> Block:
    """Make a block of a picture; one that never closes ends where the next fence begins."""
    stop = min((part.start for part in fenced if start < part.start < stop), default=stop)
    return Block(start, stop, start, stop, "asy", Kind.DIAGRAM, "asy", fenced=False)


def blanked(text: str, spans: Iterable[Span], *, filler: str = " ") -> str:
    """Put blanks in the place of spans in order of their starts, line breaks kept: what stays keeps its offsets.

    >>> blanked("a```b``` c", [(1, 8)])
    'a        c'
    """
    pieces, position = [], 0
    for start, stop in spans:
        if stop > position:
            pieces += [text[position:start], _blank(text[max(start, position) : stop], filler)]
            position = stop
    return "".join([*pieces, text[position:]])


def _blank(text: str, filler: str) -> str:
    if text.isascii():
        return text.encode("ascii").translate(_BLANKS[filler]).decode("ascii")
    return "\n".join(filler * len(line) for line in text.split("\n"))


def _without(text: str, blocks: Sequence[Block | _Part]) -> str:
    """Fill blocks with what is neither code nor blank, so that no code goes on across them."""
    return blanked(text, ((block.start, block.stop) for block in blocks), filler=_FILLER) if blocks else text


def _all_fenced(texts: Sequence[str], fences: NDArray[np.int32]) -> list[list[_Part]]:
    """Pair the fences of each text."""
    marks = fences[:, 1:].tolist()
    firsts = np.searchsorted(fences[:, 0], np.arange(len(texts) + 1)).tolist()
    of_texts = [marks[first:stop] for first, stop in pairwise(firsts)]
    begun = _begun_by_prompts(texts, of_texts)
    return [
        list(_fenced(text, found, begun=row in begun)) if found else []
        for row, (text, found) in enumerate(zip(texts, of_texts, strict=True))
    ]


def _begun_by_prompts(texts: Sequence[str], marks: Sequence[Sequence[_Mark]]) -> set[int]:
    """Return the texts that begin inside a program: a fence without a word closes it."""
    heads = {}
    for row, (text, found) in enumerate(zip(texts, marks, strict=True)):
        if found:
            start, size, stop, leads = found[0]
            if leads and not text[start + size : stop].strip():
                heads[row] = text[:start]
    learn_lines(heads.values())
    return {row for row, head in heads.items() if kind_by_lines(*count_lines(head), named=False) in PROGRAMS}


def _fenced(text: str, marks: Sequence[_Mark], *, begun: bool) -> Iterator[_Part]:
    """Pair the fences of a text: one closes what is open, unless it is shorter or names another block."""
    opened: _Fence | None = None
    if begun:
        start, size = marks[0][:2]
        yield _Part(0, start + size, 0, start, text[:start])
        marks = marks[1:]
    for start, size, stop, leads in marks:
        if opened is not None and size < opened.size:
            continue
        info = _read_info(text[start + size : stop])
        names_another = leads and info.tag in TAGS
        if opened is not None:
            end = start if names_another else start + size
            yield _part(text, opened, start, end, closed=not names_another)
        if opened is None or names_another:
            opened = _Fence(start, min(len(text), start + size + info.body), size, info.opens)
        else:
            opened = None
    if opened is not None and (opened.tag or text[opened.body :].strip()):
        yield _part(text, opened, len(text), len(text), closed=False)


def _part(text: str, opened: _Fence, stop: int, end: int, *, closed: bool) -> _Part:
    begin = opened.body
    return _Part(opened.start, end, begin, max(begin, stop), text[begin:stop], opened.tag, closed=closed)


@lru_cache(maxsize=1024)
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
        has_code = re.search(r"[(=]|\bimport\b", rest) is not None
        return _Info(tag, tag, len(info) - len(rest) if has_code else len(info) + 1)
    return _Info(tag, "", 0)


def _all_unfenced(
    texts: Sequence[str],
    fenced: Sequence[Sequence[_Part]],
    pictures: Mapping[int, Sequence[Block]],
    lines: NDArray[np.int32],
) -> dict[int, list[_Part]]:
    """Find the runs of code outside fences, of which each text still must show that it is a program."""
    rests = {}
    for row, start in _outside(lines, fenced).tolist():
        if row not in rests and _signals(_line_at(texts[row], start)):
            rests[row] = _without(_without(texts[row], fenced[row]), pictures.get(row, ()))
    learn_lines(rests.values())
    return {row: list(_unfenced(rest.split("\n"))) for row, rest in rests.items()}


def _outside(lines: NDArray[np.int32], fenced: Sequence[Sequence[_Part]]) -> NDArray[np.int32]:
    """Keep the lines that begin outside fences."""
    spans = [(row, part.start, part.stop) for row, parts in enumerate(fenced) for part in parts]
    rows, starts, stops = np.array(spans, np.int64).reshape(-1, 3).T
    places = _places(*lines.astype(np.int64).T)
    fences_before = np.searchsorted(_places(rows, starts), places, side="right")
    reached = np.concatenate([[0], _places(rows, stops)])[fences_before]
    return lines[reached <= places]


def _places(rows: NDArray[np.int64], points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number places across texts, in their order."""
    return rows << 32 | points


def _line_at(text: str, start: int) -> str:
    stop = text.find("\n", start)
    return text[start:] if stop < 0 else text[start:stop]


def _signals(line: str) -> bool:
    return _SIGNAL.match(line[:LONGEST_LINE]) is not None


def _unfenced(lines: list[str]) -> Iterator[_Part]:
    begins = list(accumulate((len(line) + 1 for line in lines), initial=0))
    done = 0
    for row, line in enumerate(lines):
        if row < done or not line or _FILLER in line or not _signals(line):
            continue
        first, last = _run_around(lines, row, done)
        done = last + 1
        body = "\n".join(lines[first : last + 1])
        start = begins[first] + len(body) - len(body.lstrip())
        stop = begins[first] + len(body.rstrip())
        yield _Part(start, stop, start, stop, body, fenced=False)


def _run_around(lines: list[str], row: int, earliest: int) -> tuple[int, int]:
    """Return the first and last line of the code around a line; two blank lines may stand inside."""
    first = row
    for i in range(row - 1, earliest - 1, -1):
        if lines[i].strip() and not _is_code_line(lines[i]):
            break
        if lines[i].strip():
            first = i
        elif first - i > 2:
            break
    while first < row and is_comment(lines[first]) and not lines[first + 1].strip():
        first = min(row, first + 2)  # a heading, not a comment
    last = row
    i = row
    while i < len(lines):
        line = lines[i]
        if quotes := next((mark for mark in ('"""', "'''") if line.count(mark) % 2), None):
            closing = range(i + 1, min(len(lines), i + LONGEST_DOCSTRING))
            i = last = next((j for j in closing if quotes in lines[j]), i)
        elif line.strip() and (_is_code_line(line) or (_opens_block(lines[last]) and line[:1] in " \t")):
            last = i
        elif line.strip() or i - last > 2:
            break
        i += 1
    return first, last


def _opens_block(line: str) -> bool:
    return line.rstrip().endswith((":", "(", "[", "{", ","))


def _is_code_line(line: str) -> bool:
    return _FILLER not in line and line_kind(line) in (Line.STRUCTURED, Line.PLAIN, Line.COMMENT)
