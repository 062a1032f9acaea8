"""What a line is to a programmer: a comment, the structure of a program, a plain expression, or something else."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from traceanalytics.rules.columns import Columns

LONGEST_LINE = 400  # characters of a line that are looked at
_MOST_KNOWN = 1 << 14  # lines whose kind is kept; the lines of programs are much alike


class Line(Enum):
    """What a line is."""

    EMPTY = auto()
    COMMENT = auto()
    STRUCTURED = auto()  # only programs have lines like it
    PLAIN = auto()  # an assignment, an expression, a closing bracket
    OTHER = auto()


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
PROSE = re.compile(r"(?:[A-Za-z]{2,}[,']?\s+){4,}[A-Za-z]{2,}|\\[a-zA-Z]{2,}|\$|[²³√×÷·≈≤≥→⇒π]")
_SECOND_EQUALS = re.compile(r"(?<![<>=!:+*/%|&^-])=(?!=)")
_COMMENT = re.compile(r"\s*(?:#(?!\s*include\b|define\b)|//|--\s|%\s|/\*|\*/|\*\s|;;)")
_TRAILING_COMMENT = re.compile(r"\s+(?:#|//)\s.*$|\s+#[^\"']*$")
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_DOCSTRING = re.compile(r"\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)", re.DOTALL)

_COMMENT_SIGNS = frozenset("#/-%*;")
_COMMENTS = Columns(_COMMENT, at_start=True)
_PROSES = Columns(PROSE)
_STRUCTURES = Columns(_STRUCTURE, at_start=True)
_EXPRESSIONS = Columns(_EXPRESSION, at_start=True)
_CLOSERS = Columns(_CLOSER, at_start=True)

_known: dict[str, Line] = {}


def learn_lines(texts: Iterable[str]) -> None:
    """Find out at once what each line of some texts is."""
    lines = {line for text in texts for line in without_docstrings(text).split("\n") if len(line) <= LONGEST_LINE}
    new = list(lines.difference(_known))
    if len(_known) + len(new) > _MOST_KNOWN:
        _known.clear()
    _known.update(zip(new, _judged(new), strict=True))


def line_kind(line: str) -> Line:
    """Say what a line is."""
    return _known.get(line) or _judged([line])[0]


def count_lines(text: str) -> tuple[int, int, int]:
    """Count lines with the structure of a program, plain assignments and expressions, and other lines."""
    kinds = [line_kind(line) for line in without_docstrings(text).split("\n")]
    return kinds.count(Line.STRUCTURED), kinds.count(Line.PLAIN), kinds.count(Line.OTHER)


def count_code(text: str) -> int:
    """Count lines that are neither blank nor comments, whatever they look like."""
    lines = without_docstrings(text).split("\n")
    return sum(1 for line in lines if line.strip() and not is_comment(line))


def is_comment(line: str) -> bool:
    """Say whether a line is a comment in some language."""
    return line.lstrip()[:1] in _COMMENT_SIGNS and _COMMENT.match(line) is not None


def without_docstrings(text: str) -> str:
    """Cut strings in three quotes out of a text."""
    return _DOCSTRING.sub("", text) if '"""' in text or "'''" in text else text


def _judged(lines: Sequence[str]) -> list[Line]:
    kinds = [Line.OTHER] * len(lines)
    left = []
    for i, comment in enumerate(_COMMENTS.found(lines)):
        if not lines[i].strip():
            kinds[i] = Line.EMPTY
        elif comment:
            kinds[i] = Line.COMMENT
        else:
            left.append(i)
    bare = {i: _bare(lines[i][:LONGEST_LINE]) for i in left}
    prose = _PROSES.found(list(bare.values()))
    bare = {i: line for (i, line), reads in zip(bare.items(), prose, strict=True) if not reads}
    for i, structured in zip(bare, _STRUCTURES.found(list(bare.values())), strict=True):
        if structured:
            kinds[i] = Line.STRUCTURED
    bare = {i: line for i, line in bare.items() if kinds[i] is Line.OTHER}
    texts = list(bare.values())
    plain = zip(bare.items(), _EXPRESSIONS.found(texts), _CLOSERS.found(texts), strict=True)
    for (i, line), expression, closer in plain:
        if expression or closer or _is_assignment(line):
            kinds[i] = Line.PLAIN
    return kinds


def _bare(line: str) -> str:
    """Take the strings and the trailing comment off a line."""
    return _TRAILING_COMMENT.sub("", _STRING.sub('""', line)) if "#" in line or '"' in line or "'" in line else line


def _is_assignment(bare: str) -> bool:
    found = _ASSIGNMENT.match(bare)
    if not found:
        return False
    value = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", found[1]))
    return not _SECOND_EQUALS.search(value)
