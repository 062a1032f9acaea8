"""Code by structure: fenced blocks of any kind, and runs of lines outside fences that read as a program."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise, repeat
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.readers.text import Span
from traceanalytics.rules.code_contents import PROGRAMS, Kind, judge_contents
from traceanalytics.rules.code_lines import LONGEST_LINE, Line, is_comment, learn_lines, line_kind
from traceanalytics.rules.fences import fenced_in


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


class _Bare(NamedTuple):
    """Lines outside fences that may be a program."""

    row: int  # the number of the text
    start: int
    stop: int
    body: str


LONGEST_DOCSTRING = 80  # lines

_FILLER = "\x01"
_BLANKS = {filler: bytes(10 if byte == 10 else ord(filler) for byte in range(256)) for filler in (" ", _FILLER)}
_ASY = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL | re.IGNORECASE)

_SIGNAL = re.compile(
    r"[ \t]*(?:>>> ?)?(?:import\s+\w+(?:\s+as\s+\w+|\s*,\s*\w+)*[ \t;]*$|from\s+[\w.]+\s+import\s|def\s+\w+\s*\("
    r"|class\s+\w+\s*(?:\(.*\))?\s*[:{]\s*$|print\s*\(.*\)[ \t;]*(?:#.*)?$"
    r"|for\s+\w+(?:\s*,\s*\w+)*\s+in\s+(?:range|enumerate|zip|\w+\.|\w+\()|while\s+(?:True|[\w.]+\s*[<>=!]).*:"
    r"|#\s*include\s*<|using\s+namespace\b|(?:public|private)\s+(?:static|class)\b|int\s+main\s*\(|console\.log\("
    r"|(?:const|let|var)\s+\w+\s*=\s*.*;|function\s+\w+\s*\(.*\{|<\?php|disp\(.*\)|printf\(.*;|SELECT\s.+\sFROM\s)",
)
_START, _STOP = attrgetter("start"), attrgetter("stop")


def find_blocks(text: str) -> list[Block]:
    """Return the blocks of a text in order; they do not overlap."""
    return blocks_in([text])[0]


def blocks_in(texts: Sequence[str]) -> list[list[Block]]:
    """Return the blocks of each of many texts."""
    from traceanalytics.rules.code_kernel import outlines

    fences, lines, pictured = outlines(texts)
    fenced = fenced_in(texts, fences)
    spans = fenced.places[:, :3]
    drawn = [found for row in pictured.tolist() for found in _pictures(row, texts[row], _spans_in(spans, row))]
    bare = list(_all_unfenced(texts, spans, drawn, lines))
    bodies = list(zip(fenced.bodies, fenced.tags, strict=True))
    contents = judge_contents([*bodies, *((run.body, "") for run in bare)])
    places, held = fenced.places[:, 1:].T.tolist(), zip(*(contents[body] for body in bodies), strict=True)
    blocks = list(map(Block._make, zip(*places, fenced.tags, *held, repeat(True), fenced.closed, strict=False)))
    firsts = np.searchsorted(spans[:, 0], np.arange(len(texts) + 1)).tolist()
    found = [blocks[first:stop] for first, stop in pairwise(firsts)]
    for row, picture in drawn:
        found[row].append(picture)
    for row, start, stop, body in bare:
        content = contents[body, ""]
        if content.kind in PROGRAMS:
            found[row].append(Block(start, stop, start, stop, "", *content, False, True))
    for row in {row for row, _ in drawn} | {run.row for run in bare}:
        found[row].sort(key=_START)
    return found


def spans_of(blocks: Sequence[Sequence[Block]]) -> NDArray[np.int64]:
    """Return where the blocks of each of many texts stand: the number of the text, start and stop."""
    each = list(chain.from_iterable(blocks))
    spans = np.empty((len(each), 3), np.int64)
    spans[:, 0] = np.repeat(np.arange(len(blocks)), list(map(len, blocks)))
    spans[:, 1] = list(map(_START, each))
    spans[:, 2] = list(map(_STOP, each))
    return spans


def _pictures(row: int, text: str, fenced: Sequence[Span]) -> Iterator[tuple[int, Block]]:
    """Find the pictures outside fences, each with the number of its text."""
    rest = _without(text, fenced)
    for found in _ASY.finditer(rest) if "[asy" in rest or "[ASY" in rest else ():
        yield row, _picture(*found.span(), fenced)


def _spans_in(fenced: NDArray[np.int64], row: int) -> list[Span]:
    first, stop = np.searchsorted(fenced[:, 0], [row, row + 1])
    return [(begin, end) for begin, end in fenced[first:stop, 1:].tolist()]


def _picture(start: int, stop: int, fenced: Sequence[Span]) -> Block:
    """Make a block of a picture; one that never closes ends where the next fence begins."""
    stop = min((begin for begin, _ in fenced if start < begin < stop), default=stop)
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


def _without(text: str, spans: Sequence[Span]) -> str:
    """Fill blocks with what is neither code nor blank, so that no code goes on across them."""
    return blanked(text, spans, filler=_FILLER) if spans else text


def _all_unfenced(
    texts: Sequence[str],
    fenced: NDArray[np.int64],
    pictures: Sequence[tuple[int, Block]],
    lines: NDArray[np.int32],
) -> Iterator[_Bare]:
    """Find the runs of code outside fences, of which each still must show that it is a program."""
    rests: dict[int, str] = {}
    for row, start in _outside(lines, fenced).tolist():
        if row not in rests and _signals(_line_at(texts[row], start)):
            drawn = [(picture.start, picture.stop) for at, picture in pictures if at == row]
            rests[row] = _without(_without(texts[row], _spans_in(fenced, row)), drawn)
    learn_lines(rests.values())
    for row, rest in rests.items():
        yield from _unfenced(row, rest.split("\n"))


def _outside(lines: NDArray[np.int32], fenced: NDArray[np.int64]) -> NDArray[np.int32]:
    """Keep the lines that begin outside fences."""
    rows, starts, stops = fenced.T
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


def _unfenced(row: int, lines: list[str]) -> Iterator[_Bare]:
    begins = list(accumulate((len(line) + 1 for line in lines), initial=0))
    done = 0
    for number, line in enumerate(lines):
        if number < done or not line or _FILLER in line or not _signals(line):
            continue
        first, last = _run_around(lines, number, done)
        done = last + 1
        body = "\n".join(lines[first : last + 1])
        start = begins[first] + len(body) - len(body.lstrip())
        stop = begins[first] + len(body.rstrip())
        yield _Bare(row, start, stop, body)


def _run_around(lines: list[str], row: int, earliest: int) -> tuple[int, int]:
    """Return the first and last line of the code around a line, in front of the next fence.

    Two blank lines may stand inside.
    """
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
    until = next((j for j in range(row, len(lines)) if _FILLER in lines[j]), len(lines))
    while i < until:
        line = lines[i]
        if quotes := next((mark for mark in ('"""', "'''") if line.count(mark) % 2), None):
            closing = range(i + 1, min(until, i + LONGEST_DOCSTRING))
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
