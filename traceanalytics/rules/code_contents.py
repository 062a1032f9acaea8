"""What a block holds: a program, its output, a drawing, nothing at all, or text; and in which language."""

import re
import warnings
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from traceanalytics.rules.code_lines import PROSE, count_code, count_lines, is_comment, learn_lines
from traceanalytics.rules.code_python import LONGEST_PARSED, imports_of, shape_of, without_prompts
from traceanalytics.rules.texts import words


class Kind(StrEnum):
    """What a block holds, whatever its fence says."""

    PROGRAM = "program"  # two or more lines of a programming language
    LINE = "line"  # one line of it
    OUTPUT = "output"  # what the text presents as the result of code
    DIAGRAM = "diagram"  # a picture described in asy or TikZ
    HOLLOW = "hollow"  # a fence around nothing, or around comments alone
    TEXT = "text"  # prose, tables, arithmetic, formulas


class Content(NamedTuple):
    """What a body holds; `parses` is None where the language is not Python."""

    kind: Kind
    language: str = ""
    lines: int = 0
    parses: bool | None = None
    imports: tuple[str, ...] = ()


PROGRAMS = (Kind.PROGRAM, Kind.LINE)
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
            "prolog fortran pascal basic dart elixir ocaml lisp scheme assembly"
        )
    },
}
_DOLLAR_LANGUAGES = words("php perl shell")  # a dollar opens a name there, no formula
_OUTPUT_TAGS = words("output stdout result results out tool_output console_output execution_result")
_DIAGRAM_TAGS = words("asy asymptote tikz mermaid dot graphviz svg plantuml")
_TEXT_TAGS = words(
    "text txt plaintext plain markdown md latex tex math json yaml yml csv html css xml diff ini toml console"
)
TAGS = frozenset(_LANGUAGES) | _OUTPUT_TAGS | _DIAGRAM_TAGS | _TEXT_TAGS

_SNAKE = re.compile(r"\s*[A-Za-z]\w*_\w+\s*=(?!=)")
_INTEGER = re.compile(r"\b[1-9][0-9]{0,50}\b")
_DRAWING = re.compile(
    r"\s*(?:import\s+(?:graph|olympiad|cse5|geometry|three|markers|TrigMacros|patterns|math)\s*;|size\s*\("
    r"|unitsize\s*\("
    r"|(?:pair|path|real|pen|triple|picture|transform|guide)\b[^=\n]*[=;]|(?:fill)?draw\s*\(|label\s*\(|dot\s*\("
    r"|fill\s*\(|clip\s*\(|defaultpen|currentprojection|markscalefactor|add\s*\(|\}"
    r"|\\(?:draw|node|fill|filldraw|path|coordinate|begin\{tikz|end\{tikz|usetikz|clip|foreach))"
)
_DRAWS = re.compile(r"^\s*(?:draw|filldraw|unitsize|\\draw|\\begin\{tikz)\s*[({\[]|--cycle|^\s*dot\(\"", re.MULTILINE)
_DRAWS_WITH = ("draw", "unitsize", "tikz", "--cycle", 'dot("')
_GUESSES = (  # a language, what its pattern cannot do without, the pattern
    (
        "c++",
        ("include", "cout", "int main", "using namespace", "std::"),
        re.compile(r"#\s*include|\bcout\b|\bint main\s*\(|using namespace|std::"),
    ),
    ("java", ("System.out.", "public "), re.compile(r"System\.out\.|public (?:static|class)\b")),
    (
        "javascript",
        ("console.log", "const ", "let ", "var ", "=>", "function "),
        re.compile(r"console\.log|\b(?:const|let|var) \w+ =|=>\s*\{|function \w+\(.*\{"),
    ),
    ("php", ("<?php", "$"), re.compile(r"<\?php|\$\w+\s*=")),
    (
        "matlab",
        ("disp(", "fprintf(", "end", "syms "),
        re.compile(r"\bdisp\(|\bfprintf\(|^\s*end;?\s*$|\bsyms ", re.MULTILINE),
    ),
    ("sql", ("SELECT", "INSERT INTO"), re.compile(r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b", re.DOTALL)),
    ("r", ("<-",), re.compile(r"<-\s")),
)


def judge_contents(bodies: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Content]:
    """Say what each body holds, given the tag of its fence; bodies that are alike are read once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sure = {each: _sure_content(*each) for each in set(bodies)}
        learn_lines(body for (body, _), content in sure.items() if content is None)
        return {each: content or _counted_content(*each) for each, content in sure.items()}


def _sure_content(body: str, tag: str) -> Content | None:
    """Say what a body holds where that needs no look at each of its lines."""
    named = _LANGUAGES.get(tag, "")
    if not body.strip():
        return Content(Kind.HOLLOW if named or not tag else Kind.TEXT, named)
    if tag in _OUTPUT_TAGS:
        return Content(Kind.OUTPUT)
    if tag in _DIAGRAM_TAGS or _is_drawing(body):
        return Content(Kind.DIAGRAM, tag or "asy")
    if tag in _TEXT_TAGS:
        return Content(Kind.TEXT)
    return _working_python(_with_ones(body)) if named == "python" else None


def _with_ones(body: str) -> str:
    r"""Write each integer as 1: what a program is does not hang on it, and rollouts of a prompt differ in little else.

    >>> _with_ones("x1 = 20 + y[35]  # 1e5")
    'x1 = 1 + y[1]  # 1e5'
    """
    return body if len(body) > LONGEST_PARSED or "\\N" in body else _INTEGER.sub("1", body)


@lru_cache(maxsize=2048)
def _working_python(body: str) -> Content | None:
    """Say what a body tagged as Python holds, if it is a program that parses: then every line of it is code."""
    body = without_prompts(body)
    shape = shape_of(body)
    if shape is None or not shape.works:
        return None
    imports = imports_of(body)
    if _only_draws(body, imports):
        return None
    return _program(max(count_code(body), shape.statements), imports)


def _counted_content(body: str, tag: str) -> Content:
    """Say what a body holds by its lines; its tag is believed only where they bear it out."""
    named = _LANGUAGES.get(tag, "")
    language = named or _guess(body)
    if language == "python":
        return _python(without_prompts(body), named=bool(named))
    if language in _DOLLAR_LANGUAGES:
        body = body.replace("$", "_")
    structured, plain, other = count_lines(body)
    if named and not PROSE.search(body):
        structured, other = structured + other + plain, 0  # the tag speaks for lines that only its language knows
        plain = 0
    return Content(kind_by_lines(structured, plain, other, bool(named)), language, structured + plain)


def _only_draws(body: str, imports: Sequence[str]) -> bool:
    return "matplotlib" in imports and "print" not in body


def _python(body: str, *, named: bool) -> Content:
    """Say what a body holds that is Python, by its tag or for want of signs of another language."""
    structured, plain, other = count_lines(body)
    lines = structured + plain
    shape = shape_of(body)
    if shape is None:
        return Content(kind_by_lines(structured, plain, other, named), "python", lines, False)
    if not shape.statements:
        return Content(Kind.HOLLOW if named else Kind.TEXT, "python", 0, True)
    imports = imports_of(body)
    if not shape.works or not (named or structured or len(_snake_lines(body)) > 1):
        return Content(Kind.TEXT, "python", lines, True, imports)
    if _only_draws(body, imports):
        return Content(Kind.DIAGRAM, "python", lines, True, imports)
    return _program(max(lines + other, shape.statements), imports)


def _program(lines: int, imports: tuple[str, ...]) -> Content:
    return Content(Kind.PROGRAM if lines > 1 else Kind.LINE, "python", lines, True, imports)


def kind_by_lines(structured: int, plain: int, other: int, named: bool) -> Kind:
    """Decide by counted lines, for other languages and for Python that does not parse."""
    lines = structured + plain
    if structured + plain + other == 0:
        return Kind.HOLLOW if named else Kind.TEXT
    share = lines / (lines + other)
    if not structured or share < (0.5 if named else 0.6):
        return Kind.TEXT
    return Kind.PROGRAM if lines > 1 else Kind.LINE


def _snake_lines(body: str) -> list[str]:
    """Return the lines that give a value to a name of two words: formulas have none such."""
    return [line for line in body.split("\n") if _SNAKE.match(line)]


def _is_drawing(body: str) -> bool:
    """Say whether half of the lines or more describe a picture, and one draws."""
    if not any(sign in body for sign in _DRAWS_WITH) or not _DRAWS.search(body):
        return False
    lines = [line for line in body.split("\n") if line.strip() and not is_comment(line)]
    return sum(1 for line in lines if _DRAWING.match(line)) * 2 >= len(lines)


def _guess(body: str) -> str:
    """Guess the language of a body without a tag; most are Python."""
    for language, needed, pattern in _GUESSES:
        if any(literal in body for literal in needed) and pattern.search(body):
            return language
    return "python"
