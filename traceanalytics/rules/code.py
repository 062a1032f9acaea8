"""Code by structure: fenced blocks of any kind, and runs of lines outside fences that read as a program."""

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from traceanalytics.readers.text import Span
from traceanalytics.rules.code_contents import PROGRAMS, TAGS, Content, Kind, judge_contents, kind_by_lines
from traceanalytics.rules.code_lines import LONGEST_LINE, Line, count_lines, is_comment, learn_lines, line_kind
from traceanalytics.rules.columns import Columns


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


class _Fence(NamedTuple):
    start: int
    body: int
    size: int
    tag: str


LONGEST_DOCSTRING = 80  # lines

_FILLER = "\x01"
_BLANKS = {filler: bytes(10 if byte == 10 else ord(filler) for byte in range(256)) for filler in (" ", _FILLER)}
_MARK = re.compile(r"`{3,}[^\n`]*|^[ \t]*~{3,}[^\n]*", re.MULTILINE)
_TAG = re.compile(r"\s*\{?\.?([A-Za-z][\w+#-]*)\}?")
_ASY = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL | re.IGNORECASE)

_MAY_SIGNAL = re.compile(
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
_MAY_SIGNALS = Columns(_MAY_SIGNAL)
_START = attrgetter("start")


class _Part(NamedTuple):
    """Where a block stands, before it is known what it holds."""

    start: int
    stop: int
    body_start: int
    body_stop: int
    tag: str = ""
    fenced: bool = True
    closed: bool = True


def find_blocks(text: str) -> list[Block]:
    """Return the blocks of a text in order; they do not overlap."""
    return blocks_and_prose([text])[0][0]


def blocks_and_prose(texts: Sequence[str]) -> list[tuple[list[Block], str]]:
    """Return of each of many texts its blocks, and the text with blanks in their places."""
    marks = [list(_marks(text)) for text in texts]
    learn_lines(_head(text, found[0]) for text, found in zip(texts, marks, strict=True) if found)
    fenced = [list(_fenced(text, found)) if found else [] for text, found in zip(texts, marks, strict=True)]
    rests = [_without(text, parts) for text, parts in zip(texts, fenced, strict=True)]
    pictures = [_pictures(rest, parts) for rest, parts in zip(rests, fenced, strict=True)]
    rests = [_without(rest, parts) for rest, parts in zip(rests, pictures, strict=True)]
    unfenced = _all_unfenced(rests)
    bodies = [
        [(source[part.body_start : part.body_stop], part.tag) for part in parts]
        for sources, found in ((texts, fenced), (rests, unfenced))
        for source, parts in zip(sources, found, strict=True)
    ]
    contents = judge_contents(body for of_text in bodies for body in of_text)
    judged = [[contents[body] for body in of_text] for of_text in bodies]
    found = []
    for text, rest, parts, held, drawn, outside, runs in zip(
        texts, rests, fenced, judged[: len(texts)], pictures, unfenced, judged[len(texts) :], strict=True
    ):
        blocks = [*map(_block, parts, held), *drawn]
        programs = [
            _block(part, content) for part, content in zip(outside, runs, strict=True) if content.kind in PROGRAMS
        ]
        ordered = sorted(blocks + programs, key=_START) if drawn or programs else blocks
        found.append((ordered, _prose(text, rest, ordered, done=not programs)))
    return found


def _prose(text: str, rest: str, blocks: Sequence[Block], *, done: bool) -> str:
    """Put blanks in the place of blocks; where the search for code has filled all of them, only the filler differs."""
    if done and _FILLER not in text:
        return rest.replace(_FILLER, " ")
    return blanked(text, ((block.start, block.stop) for block in blocks))


def _block(part: _Part, content: Content) -> Block:
    body = (part.body_start, max(part.body_start, part.body_stop)) if part.fenced else (part.start, part.stop)
    return Block(
        part.start,
        part.stop,
        *body,
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
        return []
    return [_picture(*found.span(), fenced) for found in _ASY.finditer(rest)]


def _picture(start: int, stop: int, fenced: list[_Part]) -> Block:
    """Make a block of a picture; one that never closes ends where the next fence begins."""
    stop = min((part.start for part in fenced if start < part.start < stop), default=stop)
    return Block(start, stop, start, stop, "asy", Kind.DIAGRAM, "asy", fenced=False)


def blanked(text: str, spans: Iterable[Span], *, filler: str = " ") -> str:
    """Put blanks in the place of ordered spans, line breaks kept: what stays keeps its offsets.

    >>> blanked("a```b``` c", [(1, 8)])
    'a        c'
    """
    pieces, position = [], 0
    for start, stop in spans:
        pieces += [text[position:start], _blank(text[start:stop], filler)]
        position = stop
    return "".join([*pieces, text[position:]])


def _blank(text: str, filler: str) -> str:
    if text.isascii():
        return text.encode("ascii").translate(_BLANKS[filler]).decode("ascii")
    return "\n".join(filler * len(line) for line in text.split("\n"))


def _without(text: str, blocks: Sequence[Block | _Part]) -> str:
    """Fill blocks with what is neither code nor blank, so that no code goes on across them."""
    return blanked(text, ((block.start, block.stop) for block in blocks), filler=_FILLER) if blocks else text


def _head(text: str, mark: Span) -> str:
    """Return what stands before a first fence without a word: it may be a program that the prompt began."""
    fence = text[slice(*mark)].strip(" \t")
    return "" if fence.strip(fence[0]).strip() else text[: mark[0]]


def _fenced(text: str, marks: Sequence[Span]) -> Iterator[_Part]:
    opened: _Fence | None = None
    nothing_yet = True
    for mark, stop in marks:
        fence = text[mark:stop].lstrip(" \t")
        info = fence.lstrip(fence[0])
        size = len(fence) - len(info)
        start = stop - len(fence)
        begins_line = not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t>*-.0123456789")
        if opened is None:
            if nothing_yet and begins_line and not info.strip() and _reads_as_program(text[:start]):
                yield _Part(0, start + size, 0, start)  # the prompt opened it
            else:
                opened = _open(text, start, size, info)
        elif size >= opened.size:
            if begins_line and (tag := _tag(info)) in TAGS:
                yield _Part(opened.start, start, opened.body, start, opened.tag, closed=False)
                opened = _open(text, start, size, info, tag)
            else:
                yield _Part(opened.start, start + size, opened.body, start, opened.tag)
                opened = None
        nothing_yet = False
    if opened is not None and (opened.tag or text[opened.body :].strip()):
        yield _Part(opened.start, len(text), opened.body, len(text), opened.tag, closed=False)


def _marks(text: str) -> Iterator[Span]:
    """Yield where fences stand, each to the end of its line or the next backtick."""
    if "~~~" in text:
        yield from (found.span() for found in _MARK.finditer(text))
        return
    start = text.find("```")
    while start >= 0:
        stop = start + 3
        while text.startswith("`", stop):
            stop += 1
        line_end = text.find("\n", stop)
        line_end = len(text) if line_end < 0 else line_end
        backtick = text.find("`", stop, line_end)
        stop = line_end if backtick < 0 else backtick
        yield start, stop
        start = text.find("```", stop)


def _tag(info: str) -> str:
    found = _TAG.match(info)
    return found[1].lower() if found else ""


def _open(text: str, start: int, size: int, info: str, tag: str | None = None) -> _Fence:
    """Find the body of a fence; it may begin on the fence's own line."""
    if info.isascii() and (info.isalpha() or not info):
        return _Fence(start, min(len(text), start + size + len(info) + 1), size, info.lower())
    tag = _tag(info) if tag is None else tag
    found = _TAG.match(info)
    rest = info[found.end() :] if found else info
    line_end = min(len(text), start + size + len(info) + 1)
    if not rest.strip():
        return _Fence(start, line_end, size, tag)
    if tag in TAGS:
        has_code = re.search(r"[(=]|\bimport\b", rest) is not None
        return _Fence(start, line_end - len(rest) - 1 if has_code else line_end, size, tag)
    return _Fence(start, start + size, size, "")


def _reads_as_program(text: str) -> bool:
    return kind_by_lines(*count_lines(text), named=False) in PROGRAMS


def _all_unfenced(texts: Sequence[str]) -> list[list[_Part]]:
    """Find the runs of code outside fences, of which each text still must show that it is a program."""
    lines: dict[int, list[str]] = {}
    signals: dict[int, list[int]] = {}
    for i, may_signal in enumerate(_MAY_SIGNALS.found(texts)):
        if may_signal:
            split = texts[i].split("\n")
            rows = [row for row, line in enumerate(split) if line and _FILLER not in line and _signals(line)]
            if rows:
                lines[i], signals[i] = split, rows
    learn_lines(texts[i] for i in lines)
    return [list(_unfenced(lines[i], signals[i])) if i in lines else [] for i in range(len(texts))]


def _signals(line: str) -> bool:
    return _SIGNAL.match(line[:LONGEST_LINE]) is not None


def _unfenced(lines: list[str], signals: list[int]) -> Iterator[_Part]:
    begins = [0]
    for line in lines:
        begins.append(begins[-1] + len(line) + 1)
    done = 0
    for row in signals:
        if row < done:
            continue
        first, last = _run_around(lines, row, done)
        done = last + 1
        body = "\n".join(lines[first : last + 1])
        start = begins[first] + len(body) - len(body.lstrip())
        stop = begins[first] + len(body.rstrip())
        yield _Part(start, stop, begins[first], begins[first] + len(body), fenced=False)


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
