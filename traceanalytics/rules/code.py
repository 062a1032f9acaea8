"""Code by structure: fenced blocks of any kind, and runs of lines outside fences that read as a program."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum, StrEnum, auto
from functools import lru_cache
from textwrap import dedent
from typing import NamedTuple

from traceanalytics.readers.text import Span
from traceanalytics.rules.texts import words


class Kind(StrEnum):
    """What a block holds, whatever its fence says."""

    PROGRAM = "program"  # two or more lines of a programming language
    LINE = "line"  # one line of it
    OUTPUT = "output"  # what the text presents as the result of code
    DIAGRAM = "diagram"  # a picture described in asy or TikZ
    HOLLOW = "hollow"  # a fence around nothing, or around comments alone
    TEXT = "text"  # prose, tables, arithmetic, formulas


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


class _Content(NamedTuple):
    kind: Kind
    language: str = ""
    lines: int = 0
    parses: bool | None = None
    imports: tuple[str, ...] = ()


class _Line(Enum):
    EMPTY = auto()
    COMMENT = auto()
    STRUCTURED = auto()  # only programs have lines like it
    PLAIN = auto()  # an assignment, an expression, a closing bracket
    OTHER = auto()


LONGEST_PARSED = 20_000  # characters
DEEPEST_PARSED = 80  # brackets
LONGEST_DOCSTRING = 80  # lines
LONGEST_LINE = 400  # characters of a line that are looked at

_FILLER = "\x01"
_LANGUAGES = {
    **dict.fromkeys(words("python py python3 sympy pycon ipython repl tool_code jupyter"), "python"),
    **dict.fromkeys(words("cpp c++ c cc cxx"), "c++"),
    **dict.fromkeys(words("javascript js typescript ts node"), "javascript"),
    **dict.fromkeys(words("bash sh shell zsh powershell"), "shell"),
    **dict.fromkeys(words("matlab octave"), "matlab"),
    **dict.fromkeys(words("mathematica wolfram"), "mathematica"),
    **dict.fromkeys(words("c# csharp cs"), "c#"),
    **dict.fromkeys(words("sage sagemath"), "sage"),
    **{
        name: name
        for name in words(
            "java go rust ruby php r julia maple gap pari haskell scala kotlin swift sql perl lua lean lean4 coq "
            "prolog "
            "fortran pascal basic dart elixir ocaml lisp scheme assembly"
        )
    },
}
_DOLLAR_LANGUAGES = words("php perl shell")  # a dollar opens a name there, no formula
_OUTPUT_TAGS = words("output stdout result results out tool_output console_output execution_result")
_DIAGRAM_TAGS = words("asy asymptote tikz mermaid dot graphviz svg plantuml")
_TEXT_TAGS = words(
    "text txt plaintext plain markdown md latex tex math json yaml yml csv html css xml diff ini toml console"
)
_TAGS = frozenset(_LANGUAGES) | _OUTPUT_TAGS | _DIAGRAM_TAGS | _TEXT_TAGS

_MARK = re.compile(r"`{3,}[^\n`]*|^[ \t]*~{3,}[^\n]*", re.MULTILINE)
_BACKTICKS = re.compile(r"`{3,}[^\n`]*")
_TAG = re.compile(r"\s*\{?\.?([A-Za-z][\w+#-]*)\}?")
_ASY = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL | re.IGNORECASE)

_STRUCTURE = re.compile(
    r"\s*(?:>>>\s?|\.\.\.\s|In\s?\[\d+\]:\s)?(?:"
    r"import\s+[\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*\s*;?\s*$|from\s+[\w.]+\s+import\s+\S"
    r"|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*(?:\(.*\))?\s*[:{]\s*$"
    r"|for\s+\w+(?:\s*,\s*\w+)*\s+in\s+(?:[\w.]+\s*[(:\[]|[\[(\"']).*|for\s*\(|while\s*\("
    r"|while\s+(?:True|not\b|[\w.\[\]]+\s*(?:[<>=!%*+-]|//)).*:\s*$"
    r"|(?:if|elif)\s+.*(?:[<>!=]=|[<>%(]|\b(?:not|in|is|or|and)\b).*:\s*\S*\s*$"
    r"|(?:else|try|finally)\s*:|except\b.*:\s*$|with\s+.+\s+as\s+\w+\s*:"
    r"|(?:return|yield|raise|assert)\b\s*[\w(\[\"'{-]|(?:return|break|continue|pass)\s*;?\s*$"
    r"|print\s*\(|print\s+[\"']|[\w.\[\]'\"]+\s*(?:\+|-|\*|/|//|%|\*\*|&|\||\^|<<|>>)=\s*\S"
    r"|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\(.*\)\s*;?\s*$|@\w+\s*$"
    r"|#\s*include\s*[<\"]|using\s+namespace\b|(?:public|private|protected|static)\s+\w"
    r"|(?:std::)?cout\s*<<|(?:std::)?cin\s*>>|f?printf\s*\(|scanf\s*\(|System\.out\."
    r"|(?:int|long|double|float|bool|char|string|void|auto|vector<\w+>)\s+\w+\s*(?:=|;|\(|\[)"
    r"|(?:const|let|var)\s+\w+\s*=|(?:async\s+)?function\b[\s\w]*\(|console\.log\s*\(|<\?php|echo\s+[\"'$]"
    r"|disp\s*\(|syms\s+\w|clc;|end;?\s*$|fn\s+\w+\s*\(|func\s+\w+\s*\(|package\s+\w+;?\s*$"
    r"|SELECT\s+.+|INSERT\s+INTO|CREATE\s+TABLE|UPDATE\s+\w+\s+SET|library\s*\(|[\w.]+\s*<-\s*\S|\}\s*$|.*[;{]\s*$"
    r")"
)
_ASSIGNMENT = re.compile(
    r"\s*(?:>>>\s?)?[A-Za-z_][\w.]*(?:\[[^\]]*\])*(?:\s*:\s*[\w\[\], .]+)?(?:\s*,\s*[A-Za-z_]\w*)*\s*=(?!=)\s*(\S.*)$"
)
_EXPRESSION = re.compile(r"\s*(?:>>>\s?)?[A-Za-z_][\w.]*(?:\(.*\)?|\[.*\])?\s*,?\s*$")
_CLOSER = re.compile(r"\s*[)\]}]+[\s,;:)\]}.\w()]*$")
_SNAKE = re.compile(r"\s*[A-Za-z]\w*_\w+\s*=(?!=)")
_PROSE = re.compile(r"(?:[A-Za-z]{2,}[,']?\s+){4,}[A-Za-z]{2,}|\\[a-zA-Z]{2,}|\$|[²³√×÷·≈≤≥→⇒π]")
_SECOND_EQUALS = re.compile(r"(?<![<>=!:+*/%|&^-])=(?!=)")
_COMMENT = re.compile(r"\s*(?:#(?!\s*include\b|define\b)|//|--\s|%\s|/\*|\*/|\*\s|;;)")
_TRAILING_COMMENT = re.compile(r"\s+(?:#|//)\s.*$|\s+#[^\"']*$")
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_DOCSTRING = re.compile(r"\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)", re.DOTALL)
_PROMPT = re.compile(r"^[ \t]*(?:>>>|\.\.\.) ?", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([\w.]+)", re.MULTILINE)
_DRAWING = re.compile(
    r"\s*(?:import\s+(?:graph|olympiad|cse5|geometry|three|markers|TrigMacros|patterns|math)\s*;|size\s*\("
    r"|unitsize\s*\("
    r"|(?:pair|path|real|pen|triple|picture|transform|guide)\b[^=\n]*[=;]|(?:fill)?draw\s*\(|label\s*\(|dot\s*\("
    r"|fill\s*\(|clip\s*\(|defaultpen|currentprojection|markscalefactor|add\s*\(|\}"
    r"|\\(?:draw|node|fill|filldraw|path|coordinate|begin\{tikz|end\{tikz|usetikz|clip|foreach))"
)
_DRAWS = re.compile(r"^\s*(?:draw|filldraw|unitsize|\\draw|\\begin\{tikz)\s*[({\[]|--cycle|^\s*dot\(\"", re.MULTILINE)
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
_GUESSES = (
    ("c++", re.compile(r"#\s*include|\bcout\b|\bint main\s*\(|using namespace|std::")),
    ("java", re.compile(r"System\.out\.|public (?:static|class)\b")),
    ("javascript", re.compile(r"console\.log|\b(?:const|let|var) \w+ =|=>\s*\{|function \w+\(.*\{")),
    ("php", re.compile(r"<\?php|\$\w+\s*=")),
    ("matlab", re.compile(r"\bdisp\(|\bfprintf\(|^\s*end;?\s*$|\bsyms ", re.MULTILINE)),
    ("sql", re.compile(r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b", re.DOTALL)),
    ("r", re.compile(r"<-\s")),
)


def find_blocks(text: str) -> list[Block]:
    """Return the blocks of a text in order; they do not overlap."""
    blocks = list(_fenced(text)) if "```" in text or "~~~" in text else []
    rest = _without(text, blocks)
    if "[asy" in rest or "[ASY" in rest:
        pictures = [_picture(*found.span(), blocks) for found in _ASY.finditer(rest)]
        blocks += pictures
        rest = _without(rest, pictures)
    blocks += _unfenced(rest)
    return sorted(blocks, key=lambda block: block.start)


def _picture(start: int, stop: int, fenced: list[Block]) -> Block:
    """Make a block of a picture; one that never closes ends where the next fence begins."""
    stop = min((block.start for block in fenced if start < block.start < stop), default=stop)
    return Block(start, stop, start, stop, "asy", Kind.DIAGRAM, "asy", fenced=False)


def blanked(text: str, spans: Iterable[Span], *, filler: str = " ") -> str:
    """Put blanks in the place of ordered spans, line breaks kept: what stays keeps its offsets.

    >>> blanked("a```b``` c", [(1, 8)])
    'a        c'
    """
    pieces, position = [], 0
    for start, stop in spans:
        pieces += [text[position:start], "\n".join(filler * len(line) for line in text[start:stop].split("\n"))]
        position = stop
    return "".join([*pieces, text[position:]])


def _without(text: str, blocks: list[Block]) -> str:
    """Fill blocks with what is neither code nor blank, so that no code goes on across them."""
    return blanked(text, ((block.start, block.stop) for block in blocks), filler=_FILLER) if blocks else text


def _fenced(text: str) -> Iterator[Block]:
    opened: _Fence | None = None
    nothing_yet = True
    for mark in (_MARK if "~~~" in text else _BACKTICKS).finditer(text):
        fence = mark[0].lstrip(" \t")
        size = len(fence) - len(fence.lstrip(fence[0]))
        start = mark.end() - len(fence)
        info = fence[size:]
        begins_line = not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t>*-.0123456789")
        if opened is None:
            if nothing_yet and begins_line and not info.strip() and _reads_as_program(text[:start]):
                yield _block(text, _Fence(0, 0, 3, ""), start, start + size, closed=True)  # the prompt opened it
            else:
                opened = _open(text, start, size, info)
        elif size >= opened.size:
            if begins_line and (tag := _tag(info)) in _TAGS:
                yield _block(text, opened, start, start, closed=False)
                opened = _open(text, start, size, info, tag)
            else:
                yield _block(text, opened, start, start + size, closed=True)
                opened = None
        nothing_yet = False
    if opened is not None and (opened.tag or text[opened.body :].strip()):
        yield _block(text, opened, len(text), len(text), closed=False)


def _tag(info: str) -> str:
    found = _TAG.match(info)
    return found[1].lower() if found else ""


def _open(text: str, start: int, size: int, info: str, tag: str | None = None) -> _Fence:
    """Find the body of a fence; it may begin on the fence's own line."""
    tag = _tag(info) if tag is None else tag
    found = _TAG.match(info)
    rest = info[found.end() :] if found else info
    line_end = min(len(text), start + size + len(info) + 1)
    if not rest.strip():
        return _Fence(start, line_end, size, tag)
    if tag in _TAGS:
        has_code = re.search(r"[(=]|\bimport\b", rest) is not None
        return _Fence(start, line_end - len(rest) - 1 if has_code else line_end, size, tag)
    return _Fence(start, start + size, size, "")


def _block(text: str, fence: _Fence, body_stop: int, stop: int, *, closed: bool) -> Block:
    content = _content(text[fence.body : body_stop], fence.tag)
    return Block(
        fence.start,
        stop,
        fence.body,
        max(fence.body, body_stop),
        fence.tag,
        content.kind,
        content.language,
        content.lines,
        content.parses,
        content.imports,
        fenced=True,
        closed=closed,
    )


def _content(body: str, tag: str) -> _Content:
    """Say what a body holds; samples of one prompt often write the same code."""
    return _seen_content(body, tag) if len(body) <= LONGEST_PARSED else _new_content(body, tag)


def _new_content(body: str, tag: str) -> _Content:
    """Say what a body holds; its tag is believed only where the body bears it out."""
    named = _LANGUAGES.get(tag, "")
    if not body.strip():
        return _Content(Kind.HOLLOW if named or not tag else Kind.TEXT, named)
    if tag in _OUTPUT_TAGS:
        return _Content(Kind.OUTPUT)
    if tag in _DIAGRAM_TAGS or _is_drawing(body):
        return _Content(Kind.DIAGRAM, tag or "asy")
    if tag in _TEXT_TAGS:
        return _Content(Kind.TEXT)
    language = named or _guess(body)
    if language == "python":
        return _python(body, named=bool(named))
    if language in _DOLLAR_LANGUAGES:
        body = body.replace("$", "_")
    structured, plain, other = _count_lines(body)
    if named and not _PROSE.search(body):
        structured, other = structured + other + plain, 0  # the tag speaks for lines that only its language knows
        plain = 0
    return _Content(_kind(structured, plain, other, bool(named)), language, structured + plain)


_seen_content = lru_cache(maxsize=1024)(_new_content)


def _python(body: str, *, named: bool) -> _Content:
    if body.lstrip().startswith(">>>"):
        body = "\n".join(_PROMPT.sub("", line) for line in body.split("\n") if _PROMPT.match(line))
    structured, plain, other = _count_lines(body)
    lines = structured + plain
    tree = _parsed(body)
    if tree is None:
        return _Content(_kind(structured, plain, other, named), "python", lines, False)
    imports = tuple(sorted({name.split(".")[0] for name in _IMPORT.findall(body)})) if "import" in body else ()
    statements = [node for node in tree.body if not _is_text(node)]
    works = any(map(_works, statements))
    if not statements:
        return _Content(Kind.HOLLOW if named else Kind.TEXT, "python", 0, True)
    if not works or not (named or structured or len(_snake_lines(body)) > 1):
        return _Content(Kind.TEXT, "python", lines, True, imports)
    if "matplotlib" in imports and "print" not in body:
        return _Content(Kind.DIAGRAM, "python", lines, True, imports)
    count = max(lines + other, len(statements))
    return _Content(Kind.PROGRAM if count > 1 else Kind.LINE, "python", count, True, imports)


def _works(node: ast.stmt) -> bool:
    """Say whether a statement does what arithmetic does not: it names, decides, repeats or calls."""
    if not isinstance(node, ast.Expr):
        return True
    return any(isinstance(part, ast.Call | ast.GeneratorExp | ast.ListComp) for part in ast.walk(node))


def _is_text(node: ast.stmt) -> bool:
    """Say whether a statement does nothing: a string, `...` or `pass`."""
    if isinstance(node, ast.Pass):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and not isinstance(node.value.value, int)


def _parsed(body: str) -> ast.Module | None:
    """Parse Python that is short and flat enough to parse safely."""
    if len(body) > LONGEST_PARSED or "\0" in body or _is_deep(body):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(dedent(body).strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _is_deep(body: str) -> bool:
    if sum(map(body.count, "([{")) <= DEEPEST_PARSED:
        return False
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]{}]", body):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST_PARSED


def _count_lines(body: str) -> tuple[int, int, int]:
    """Count lines with the structure of a program, plain assignments and expressions, and other lines."""
    if '"""' in body or "'''" in body:
        body = _DOCSTRING.sub("", body)
    counts = Counter(map(_line_kind, body.split("\n")))
    return counts[_Line.STRUCTURED], counts[_Line.PLAIN], counts[_Line.OTHER]


def _line_kind(line: str) -> "_Line":
    """Say what a line is; the lines of programs are much alike, so that most have been seen."""
    return _seen_line_kind(line) if len(line) <= LONGEST_LINE else _new_line_kind(line)


def _new_line_kind(line: str) -> "_Line":
    if not line.strip():
        return _Line.EMPTY
    if _COMMENT.match(line):
        return _Line.COMMENT
    bare = _bare(line[:LONGEST_LINE])
    if _PROSE.search(bare):
        return _Line.OTHER
    if _STRUCTURE.match(bare):
        return _Line.STRUCTURED
    if _is_assignment(bare) or _EXPRESSION.match(bare) or _CLOSER.match(bare):
        return _Line.PLAIN
    return _Line.OTHER


_seen_line_kind = lru_cache(maxsize=1 << 14)(_new_line_kind)


def _kind(structured: int, plain: int, other: int, named: bool) -> Kind:
    """Decide by counted lines, for other languages and for Python that does not parse."""
    lines = structured + plain
    if structured + plain + other == 0:
        return Kind.HOLLOW if named else Kind.TEXT
    share = lines / (lines + other)
    if not structured or share < (0.5 if named else 0.6):
        return Kind.TEXT
    return Kind.PROGRAM if lines > 1 else Kind.LINE


def _bare(line: str) -> str:
    """Take the strings and the trailing comment off a line."""
    return _TRAILING_COMMENT.sub("", _STRING.sub('""', line)) if "#" in line or '"' in line or "'" in line else line


def _is_assignment(bare: str) -> bool:
    found = _ASSIGNMENT.match(bare)
    if not found:
        return False
    value = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", found[1]))
    return not _SECOND_EQUALS.search(value)


def _snake_lines(body: str) -> list[str]:
    return [line for line in body.split("\n") if _SNAKE.match(line)]


def _is_drawing(body: str) -> bool:
    if not _DRAWS.search(body):
        return False
    lines = [line for line in body.split("\n") if line.strip() and not _COMMENT.match(line)]
    return sum(1 for line in lines if _DRAWING.match(line)) * 2 >= len(lines)


def _guess(body: str) -> str:
    for language, pattern in _GUESSES:
        if pattern.search(body):
            return language
    return "python"


def _reads_as_program(text: str) -> bool:
    structured, plain, other = _count_lines(text)
    return _kind(structured, plain, other, named=False) in (Kind.PROGRAM, Kind.LINE)


def _unfenced(text: str) -> Iterator[Block]:
    if not _MAY_SIGNAL.search(text):
        return
    lines = text.split("\n")
    begins = [0]
    for line in lines:
        begins.append(begins[-1] + len(line) + 1)
    done = 0
    for row, line in enumerate(lines):
        if row < done or not line or _FILLER in line or not _SIGNAL.match(line[:LONGEST_LINE]):
            continue
        first, last = _run_around(lines, row, done)
        done = last + 1
        body = text[begins[first] : begins[last] + len(lines[last])]
        content = _content(body, "")
        if content.kind in (Kind.PROGRAM, Kind.LINE):
            start = begins[first] + len(body) - len(body.lstrip())
            stop = begins[first] + len(body.rstrip())
            yield Block(
                start,
                stop,
                start,
                stop,
                "",
                content.kind,
                content.language,
                content.lines,
                content.parses,
                content.imports,
                fenced=False,
                closed=True,
            )


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
    while first < row and _COMMENT.match(lines[first]) and not lines[first + 1].strip():
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
    return _FILLER not in line and _line_kind(line) in (_Line.STRUCTURED, _Line.PLAIN, _Line.COMMENT)
