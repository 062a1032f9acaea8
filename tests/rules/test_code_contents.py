"""What is decided without a tree of the program, or by columns of lines, is what trees and single lines say."""

import ast
import re
import warnings
from textwrap import dedent

from hypothesis import example, given, settings
from hypothesis import strategies as st

from traceanalytics.rules.code import blanked, blocks_in, find_blocks
from traceanalytics.rules.code_contents import judge_contents
from traceanalytics.rules.code_lines import Line, learn_lines, line_kind
from traceanalytics.rules.columns import window

PIECES = [
    *("x = 1", "x == 1", "print(x)", "print (x) # y", "import math", "from a import b", "for i in x:", "    y = 2"),
    *(
        "\n",
        "\n",
        "\n\n",
        "\n    ",
        " \n",
        ";",
        "\r\n",
        "\f",
        "# note",
        "-- x",
        "* a, = b",
        "% x",
        "pass",
        '"""',
        "'s'",
    ),
    *(
        "f(",
        ")",
        "not (x)",
        "yield (x)",
        "x, y = 1, 2",
        "x += 1",
        "x.y(1)",
        "return",
        "return x",
        "3 + 4",
        "[a for a in b]",
        "...",
        "if x: pass",
        "é = 1",
        "def f():",
        "\\",
        " = 40 + 12",
        "20",
        "3.25",
        "07",
        "0x12",
        "1_0",
        "12if x else 30",
        "f'{20}'",
    ),
]
BODIES = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def shape_by_tree(body: str) -> tuple[int, bool] | None:
    """Count the statements that do something, and say whether one does what arithmetic does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(dedent(body).strip())
        except (SyntaxError, ValueError):
            return None
    doing = [node for node in tree.body if not isinstance(node, ast.Pass) and not is_constant(node)]
    calls = (ast.Call, ast.GeneratorExp, ast.ListComp)
    works = any(
        not isinstance(node, ast.Expr) or any(isinstance(part, calls) for part in ast.walk(node)) for node in doing
    )
    return len(doing), works


def is_constant(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return not isinstance(node.value.value, int)


@settings(deadline=None, max_examples=300)
@given(BODIES)
@example("def f():\n    return f\nreturn 1")
@example("global x\nx = 1")
@example("x = 1\n* a, = b")
def test_python_is_a_program_when_its_tree_says_so(body: str) -> None:
    content = judge_contents([(body, "python")])[body, "python"]
    shape = shape_by_tree(body)
    if not body.strip() or body.lstrip().startswith(">>>"):
        return
    assert content.parses is (shape is not None)
    if shape is not None:
        statements, works = shape
        assert (content.kind in ("program", "line")) == works
        assert not works or content.lines >= statements
        assert (content.kind == "hollow") == (statements == 0)


LINES = st.lists(st.sampled_from([*PIECES, "SELECT a", "We add the two numbers and get it", "π", " = ", "\xa0", "ſ"]))


@settings(deadline=None, max_examples=40)
@given(st.lists(LINES.map("".join), min_size=16, max_size=30))
def test_many_lines_are_judged_as_each_alone(texts: list[str]) -> None:
    lines = [line for text in texts for line in text.split("\n")]
    alone = [judged_alone(line) for line in lines]
    learn_lines(lines)
    assert [line_kind(line) for line in lines] == alone


def judged_alone(line: str) -> Line:
    from traceanalytics.rules import code_lines

    return code_lines._judged([line])[0]


FENCED = st.lists(
    st.sampled_from(
        ["```", "`", "``", "python", "\n", "\n", " ", "x = 1", "print(x)", "~", "output", "[asy]", "é", "\x01"]
    ),
    max_size=16,
).map("".join)


@settings(deadline=None)
@given(st.lists(FENCED, min_size=2, max_size=6))
def test_many_texts_have_the_blocks_of_each_alone(texts: list[str]) -> None:
    assert blocks_in(texts) == [find_blocks(text) for text in texts]


@given(st.text(), st.integers(0, 20), st.integers(0, 20))
def test_a_window_holds_the_words_that_stand_in_its_place(text: str, start: int, size: int) -> None:
    start = min(start, len(text))
    word = re.compile(r"\b[A-Za-z]\w*\b")
    inside = word.search(text, start, start + size)
    assert (word.search(window(text, start, start + size)) is None) == (inside is None)
    assert blanked(text, [(start, min(len(text), start + size))])[:start] == text[:start]
