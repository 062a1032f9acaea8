"""All rules over a batch: the table they make, its laws, and what they take from the log."""

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.conftest import batch_of
from traceanalytics.rules import BEHAVIORS, find_all
from traceanalytics.rules.finding import schema

Found = Callable[..., dict[str, dict[str, object]]]

PIECES = st.sampled_from(
    [
        "```python\n",
        "```",
        "\n",
        "x = 4\nprint(x)\n",
        "\\boxed{4}",
        "\\boxed{",
        "<think>",
        "</think>",
        "<answer>4</answer>",
        "<tool_response>4</tool_response>",
        "Question: what?\n",
        "Let me check with Python. ",
        "the answer is 4 ",
        "因此",
        "число ",
        "é 😀 ",
        "no no " * 9,
        "İ",
        "\r\n",
        "[asy]",
        "#### 4\n",
    ]
)
TEXTS = st.lists(PIECES, max_size=20).map("".join)


def test_the_table_has_the_columns_that_tagging_reads() -> None:
    assert find_all(batch_of(["\\boxed{4}"])).schema == schema()
    assert find_all(batch_of([])).schema == schema()


@settings(max_examples=80, deadline=None)
@given(st.lists(TEXTS, max_size=4), st.sampled_from([None, "Find x.", "求 x。"]))
def test_spans_lie_in_their_response_and_a_batch_equals_its_members(responses: list[str], prompt: str | None) -> None:
    together = find_all(batch_of(responses, prompt=prompt)).to_pylist()
    for row in together:
        assert row["behavior"] in BEHAVIORS
        assert 0 <= row["start"] < row["stop"] <= len(responses[row["row"]])
        assert 0 < row["score"] <= 1
    apart = [find_all(batch_of([text], prompt=prompt)).to_pylist() for text in responses]
    assert together == [each | {"row": i} for i, rows in enumerate(apart) for each in rows]


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    find_all(batch_of([text], prompt=text))


def test_a_slice_of_a_longer_column_is_read_as_itself(found: Found) -> None:
    responses = pa.array(["x" * 50, "so \\boxed{4}", "```python\n```"], pa.large_string()).slice(1, 1)
    batch = batch_of(["so \\boxed{4}"])
    sliced = type(batch)(responses, batch.prompts, batch.finish_reasons, batch.tool_outputs, batch.segments)
    assert find_all(sliced).to_pylist() == find_all(batch).to_pylist()


def test_offsets_count_code_points_also_behind_emoji(found: Found) -> None:
    text = "😀 é 因 " + "no way " * 9 + "\\boxed{4}"
    rows = found(text, prompt="因 é")
    assert text[rows["boxed_answer"]["start"] : rows["boxed_answer"]["stop"]] == "\\boxed{4}"
    assert text[rows["repetition_loop"]["start"] : rows["repetition_loop"]["stop"]].strip() == ("no way " * 9).strip()


CODE = "```python\nn = 6\nprint(n * 7)\n```"


def test_code_that_the_log_shows_to_have_run_is_executed(found: Found) -> None:
    text = f"{CODE}\n```output\n42\n```\nSo it is 42."
    assert {"code_reasoning", "predicted_output"} <= set(found(text))
    ran = found(text, tool_outputs=["42\n"])
    assert "executed_code" in ran
    assert not {"code_reasoning", "predicted_output"} & set(ran)
    assert ran["executed_code"]["attributes"]["evidence"] == "log"


def test_an_output_that_the_log_does_not_hold_stays_predicted(found: Found) -> None:
    text = f"{CODE}\n```output\n41\n```"
    assert {"code_reasoning", "predicted_output"} <= set(found(text, tool_outputs=["42"]))


def test_code_shown_before_the_same_code_is_called_was_executed(found: Found) -> None:
    call = '<tool_call>{"name": "python", "arguments": {"code": "n = 6\\nprint(n * 7)"}}</tool_call>'
    rows = found(f"{CODE}\n{call}user\n<tool_response>42</tool_response>\nassistant\nDone.")
    assert "executed_code" in rows
    assert "code_reasoning" not in rows


def test_a_program_has_its_role_language_lines_and_imports(found: Found) -> None:
    rows = found("```python\nimport math\nprint(math.pi)\n```\nSo about \\boxed{3.14}.")
    assert rows["code_reasoning"]["attributes"] == {
        "role": "solve",
        "language": "python",
        "lines": "2",
        "fenced": "true",
        "place": "before answer",
        "parses": "true",
        "imports": "math",
    }


def test_a_finish_reason_decides_alone_about_truncation(found: Found) -> None:
    assert found("The answer is 4.", finish_reason="length")["truncated"]["attributes"] == {"by": "finish reason"}
    assert "truncated" not in found("So we see that the", finish_reason="stop")
    assert found("So we see that the", finish_reason="unknown")["truncated"]["attributes"] == {"by": "open sentence"}


def test_tools_words_are_not_the_models(found: Found) -> None:
    noise = "<tool_response>" + "error error " * 20 + "\\boxed{9} 因此因此</tool_response>"
    assert set(found(f"Let me see.{noise}It failed.", prompt="Find x.")) == set()


def test_the_last_box_counts_and_the_empty_ones_are_told(found: Found) -> None:
    text = r"Put it in \boxed{}: \boxed{3}, no, $\boxed{\frac{1}{2}}$. Done"
    box = found(text)["boxed_answer"]
    assert text[box["start"] : box["stop"]] == r"\boxed{\frac{1}{2}}"
    assert box["attributes"] == {"count": "3", "empty": "1", "text_after": "7"}


@pytest.mark.parametrize("text", [r"So {\boxed{3}}.", r"$x^{2}\boxed{3}$", r"\{\fbox{3}\}", r"the box: {box}\boxed{3}"])
def test_a_box_right_behind_a_brace_is_found(found: Found, text: str) -> None:
    box = found(text)["boxed_answer"]
    assert text[box["start"] : box["stop"]] in (r"\boxed{3}", r"\fbox{3}")


def test_marked_thoughts_tell_their_state(found: Found) -> None:
    assert found("<think>3 + 1</think>4")["think_tag"]["attributes"] == {"state": "closed", "text_after": "1"}
    assert found("3 + 1</think>4")["think_tag"]["attributes"] == {"state": "prefilled", "text_after": "1"}


@pytest.mark.parametrize(
    ("prompt", "asks"),
    [
        ("Write a Python program that prints primes.", True),
        ("Write a function to find the shared elements from the given two lists.", True),
        ("Solve the problem in Python.", True),
        ("def f(x):\n    '''Return x doubled.'''\n", True),
        ("You have access to a code interpreter.", True),
        ("Question: 1+1?\n```python\nprint(2)\n```\nQuestion: 2+2?\n```python\nprint(4)\n```\nQuestion: 3+3?", True),
        ("Do not write code. How many primes are below 20?", False),
        ("Write a function to model the height of the ball after t seconds.", False),
        ("Write the quadratic function in vertex form.", False),
        ("How many 4-digit codes can be created?", False),
        ("A python eats 3 mice a week. How many in a year?", False),
        ("A training program has 5 days a week.", False),
        ("What does `print(2 + 2)` show?", False),
        ("Complete the square.", False),
    ],
)
def test_a_prompt_asks_for_code_or_not(prompt: str, asks: bool) -> None:
    from traceanalytics.rules.requests import which_ask_for_code

    assert (prompt in which_ask_for_code([prompt])) is asks


ASKING = """
write implement fix a the me function called f in with Python Rust c++ code class Solution use tool simulate . ` you
have access to shell your implementation must pass all tests first line of input stdout ba\u017fh repl number program
"""


@given(st.lists(st.sampled_from(ASKING.split()), max_size=12).map(" ".join))
def test_no_request_for_code_does_without_a_stem(prompt: str) -> None:
    from traceanalytics.rules import requests

    assert requests._may_ask(prompt) or not (requests._REQUESTS.search(prompt) or requests._SIGNATURE.search(prompt))
