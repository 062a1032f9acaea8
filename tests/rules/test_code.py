"""Code by structure: which blocks a text holds, and what is in them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from traceanalytics.rules.code import Block, blanked, find_blocks
from traceanalytics.rules.code_contents import Kind

PROGRAM = "x = 4\nprint(x * 2)"


def only(text: str) -> Block:
    blocks = find_blocks(text)
    assert len(blocks) == 1
    return blocks[0]


@pytest.mark.parametrize(
    ("text", "kind", "language", "lines"),
    [
        (f"```python\n{PROGRAM}\n```", Kind.PROGRAM, "python", 2),
        (f"```py\n{PROGRAM}\n```", Kind.PROGRAM, "python", 2),
        (f"``` python\n{PROGRAM}\n```", Kind.PROGRAM, "python", 2),
        (f"```{{.python}}\n{PROGRAM}\n```", Kind.PROGRAM, "python", 2),
        (f"~~~python\n{PROGRAM}\n~~~", Kind.PROGRAM, "python", 2),
        (f"```\n{PROGRAM}\n```", Kind.PROGRAM, "python", 2),
        (f"- step\n  ```python\n  {PROGRAM.replace(chr(10), chr(10) + '  ')}\n  ```", Kind.PROGRAM, "python", 2),
        ("```python import math; print(math.pi)```", Kind.PROGRAM, "python", 2),
        ("```python\n>>> a = 2\n>>> a + a\n4\n```", Kind.PROGRAM, "python", 2),
        ('```python\ndef f(x):\n    """Say.\n\n    More."""\n    return 2 * x\n```', Kind.PROGRAM, "python", 2),
        ("```python\nfor i in range(3)\n    print(i)\n```", Kind.PROGRAM, "python", 2),
        ("```python\nprint(1 + 1)\n```", Kind.LINE, "python", 1),
        ("```python\n```", Kind.HOLLOW, "python", 0),
        ("```python\n# nothing yet\n```", Kind.HOLLOW, "python", 0),
        ("```python\n3 + 4\n12 / 4\n```", Kind.TEXT, "python", 2),
        ("```python\nWe add the two numbers and get seven.\n```", Kind.TEXT, "python", 0),
        ("```output\n42\n```", Kind.OUTPUT, "", 0),
        ("```tool_output\n42\n```", Kind.OUTPUT, "", 0),
        ("```\n12 + 15 = 27\n27 / 3 = 9\n```", Kind.TEXT, "", 0),
        ("```\nx = 5\ny = 8\n```", Kind.TEXT, "", 0),
        ("```\nName   Age\nAnn    12\nBob    14\n```", Kind.TEXT, "", 0),
        ("```asy\ndraw((0,0)--(1,1));\n```", Kind.DIAGRAM, "asy", 0),
        ("```\nimport graph;\nsize(100);\ndraw((0,0)--(1,1));\ndot((0,0));\n```", Kind.DIAGRAM, "asy", 0),
        ("```latex\n\\begin{align}\nx &= 4\n\\end{align}\n```", Kind.TEXT, "", 0),
        ("```json\n{\"a\": 1,\n \"b\": 2}\n```", Kind.TEXT, "", 0),
        ("```c++\nint s = 0;\nfor (int i = 0; i < 3; ++i) s += i;\n```", Kind.PROGRAM, "c++", 2),
        ("```javascript\nconst a = 3;\nconsole.log(a);\n```", Kind.PROGRAM, "javascript", 2),
        ("```matlab\nA = [1 2; 3 4];\ndisp(det(A))\n```", Kind.PROGRAM, "matlab", 2),
        ("```php\n<?php\n$total = 3;\necho $total;\n```", Kind.PROGRAM, "php", 3),
        ("[asy]\nimport graph;\ndraw((0,0)--(1,1));\n[/asy]", Kind.DIAGRAM, "asy", 0),
    ],
)  # fmt: skip
def test_a_block_is_what_it_holds(text: str, kind: Kind, language: str, lines: int) -> None:
    block = only(text)
    assert block.kind is kind
    if kind in (Kind.PROGRAM, Kind.LINE, Kind.DIAGRAM):
        assert block.language == language
    if kind in (Kind.PROGRAM, Kind.LINE):
        assert block.lines == lines


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"a\n```python\n{PROGRAM}\n```\n```output\n8\n```\nb", ["program", "output"]),
        (f"```python\n{PROGRAM}\n```output\n8\n```", ["program", "output"]),
        (f"```python\n{PROGRAM}\n```python\n{PROGRAM}\n```", ["program", "program"]),
        (f"````markdown\n```python\n{PROGRAM}\n```\n````", ["text"]),
        (f"```python\n{PROGRAM}", ["program"]),
        (
            f"def f(a):\n    return a\n```\nThis returns its argument.\n```python\n{PROGRAM}\n```",
            ["program", "program"],
        ),
        ("```python\n```\n```python\n```", ["hollow", "hollow"]),
        ("text\n```", []),
        ("use `x` and ``y``", []),
    ],
)
def test_fences_open_and_close_as_they_are_written(text: str, kinds: list[str]) -> None:
    assert [block.kind.value for block in find_blocks(text)] == kinds


def test_a_fence_that_never_closes_is_told() -> None:
    assert not only(f"```python\n{PROGRAM}").closed
    assert only(f"```python\n{PROGRAM}\n```").closed


def test_python_tells_whether_it_parses_and_what_it_imports() -> None:
    block = only("```python\nimport math\nfrom sympy.abc import x\nprint(math.pi, x)\n```")
    assert (block.parses, block.imports) == (True, ("math", "sympy"))
    assert only("```python\nx = (1\nprint(x)\n```").parses is False


@pytest.mark.parametrize(
    "body",
    ["x = " + "(" * 500 + ")" * 500, "x = 1\n" * 6000, "x = '\\d'\nprint(x)", "x = 1\0\nprint(x)", "-" * 5000 + "1"],
    ids=["deep", "long", "odd escape", "zero byte", "many signs"],
)
def test_hostile_python_breaks_nothing(body: str) -> None:
    assert only(f"```python\n{body}\n```").start == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"Then:\n{PROGRAM}\nSo it is 8.", PROGRAM),
        ("The sum:\n\nimport math\n\ns = math.pi\nprint(s)\n\nas said.", "import math\n\ns = math.pi\nprint(s)"),
        ("# Solution\n\nfor i in range(3):\n    print(i)", "for i in range(3):\n    print(i)"),
        ('def f(a):\n    """Add one.\n\n    Nothing else.\n    """\n    return a + 1', None),
    ],
)  # fmt: skip
def test_code_without_fences_is_found_by_its_lines(text: str, code: str | None) -> None:
    block = only(text)
    assert not block.fenced
    assert text[block.start : block.stop] == (code or text)


@pytest.mark.parametrize(
    "text",
    [
        "x = 5\ny = 2x + 3\nTherefore y = 13.",
        "For x in the interval (0, 1):\n  f(x) = x^2\n  g(x) = x^3",
        "If n is even:\n  n = 2k\nelse:\n  n = 2k + 1",
        "Let print be the number of prints.\nA = sqrt(12*3*2*7) = sqrt(504)\nB = 3",
        "import duties are 5% of the price\nexport duties are 3%",
        "while x > 3, we have y < 2.\nfor i = 1 to 5 the sum grows",
        "class sizes: 20, 25, 30\nprint runs: 100, 200",
    ],
)
def test_mathematics_and_prose_are_no_code(text: str) -> None:
    assert find_blocks(text) == []


PIECES = st.sampled_from(
    ["```", "```python", "````", "~~~", "\n", "\n\n", "x = 1", "print(x)", "    ", "é", "import math", "[asy]", '"""']
)


@given(st.lists(PIECES, max_size=25).map("".join))
@example('print(x)\n"""```python')
def test_blocks_are_ordered_disjoint_and_inside_the_text(text: str) -> None:
    edges = [edge for block in find_blocks(text) for edge in (block.start, block.stop)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
    for block in find_blocks(text):
        assert block.start <= block.body_start <= block.body_stop <= block.stop


@given(st.text(), st.lists(st.integers(0, 50), max_size=6))
def test_blanking_keeps_lengths_and_lines(text: str, edges: list[int]) -> None:
    ordered = sorted(min(edge, len(text)) for edge in edges)
    spans = list(zip(ordered[::2], ordered[1::2], strict=False))
    blank = blanked(text, spans)
    assert len(blank) == len(text)
    assert [i for i, letter in enumerate(blank) if letter == "\n"] == [
        i for i, letter in enumerate(text) if letter == "\n"
    ]


def test_code_outside_fences_ends_where_a_fence_begins_also_inside_a_docstring() -> None:
    text = 'def f():\n    """Say\n```python\nx = 1\n```\nmore."""\n    return 1\nThat is all.'
    assert [(block.start, block.stop) for block in find_blocks(text)] == [(0, 19), (20, 39)]


def test_blanking_keeps_offsets_where_spans_overlap() -> None:
    assert blanked("ab cd ef gh", [(0, 8), (3, 5)]) == "         gh"
