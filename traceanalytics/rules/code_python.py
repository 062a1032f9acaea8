"""What Python's own parser says of a body: how many statements it has, and whether they do anything."""

import ast
import re
import symtable
from textwrap import dedent
from typing import NamedTuple

LONGEST_PARSED = 20_000  # characters
DEEPEST_PARSED = 80  # brackets

_PROMPT = re.compile(r"^[ \t]*(?:>>>|\.\.\.) ?", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([\w.]+)", re.MULTILINE)
_WORKS_AT_ONCE = re.compile(  # the first statement is more than an expression, or it calls something
    r"(?:#[^\n]*\n|[ \t]*\n)*"
    r"(?:(?:import|from|def|class|for|while|if|with|try|assert|async|return|raise|del|global)\b"
    r"|(?!(?:not|yield|await)\b)[A-Za-z_][A-Za-z_0-9]*(?:[ ]*\(|(?:,[ ]?[A-Za-z_][A-Za-z_0-9]*)*[ ]*[-+*/]?=(?!=)))"
)
_SPLITS_LINES = (";", "\r", "\f", '"""', "'''", "\n--", "\n*")  # with one of them statements may outnumber lines


class Shape(NamedTuple):
    """How many statements Python has at least, without those that do nothing; and whether one does more than count."""

    statements: int
    works: bool


def shape_of(body: str) -> Shape | None:
    """Parse Python that is short and flat enough to parse safely; None where it is none.

    Most programs say with their first line that they do something: then it is enough to know that the rest parses,
    which takes half the time of a tree.
    """
    if len(body) > LONGEST_PARSED or "\0" in body or _is_deep(body):
        return None
    source = _flush_left(body)
    if _WORKS_AT_ONCE.match(source) and not any(sign in source for sign in _SPLITS_LINES) and _has_symbols(source):
        return Shape(1, True)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    statements = [node for node in tree.body if not _is_text(node)]
    return Shape(len(statements), any(map(_works, statements)))


def without_prompts(body: str) -> str:
    r"""Return what was typed in a session of Python's, without prompts and answers; other bodies as they are.

    >>> without_prompts(">>> x = 2\n>>> x + 2\n4")
    'x = 2\nx + 2'
    """
    if not body.lstrip().startswith(">>>"):
        return body
    return "\n".join(_PROMPT.sub("", line) for line in body.split("\n") if _PROMPT.match(line))


def imports_of(body: str) -> tuple[str, ...]:
    r"""Return the names of the packages that a body imports.

    >>> imports_of("import sympy as sp\nfrom os.path import join")
    ('os', 'sympy')
    """
    return tuple(sorted({name.split(".")[0] for name in _IMPORT.findall(body)})) if "import" in body else ()


def _has_symbols(source: str) -> bool:
    """Say whether Python parses and its names make sense; where they do not, it may parse all the same."""
    try:
        symtable.symtable(source, "", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _flush_left(body: str) -> str:
    """Move Python to the left, as far as its first line can go; mostly it stands there."""
    begins_flush = body[:1] not in " \t\n"
    if not begins_flush or " \n" in body or "\t\n" in body or body[-1:] in " \t":
        body = dedent(body)
    return body.strip()


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


def _is_deep(body: str) -> bool:
    """Say whether brackets are nested deeper than a parser should follow."""
    if body.count("(") + body.count("[") + body.count("{") <= DEEPEST_PARSED:
        return False
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]{}]", body):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST_PARSED
