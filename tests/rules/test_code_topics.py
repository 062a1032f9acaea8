"""Whether code after the answer deals with the question: by whole numbers, or by names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceanalytics.rules.block_columns import blocks_of
from traceanalytics.rules.code_topics import _NUMBER, _holds_number, is_of_the_question
from traceanalytics.rules.reading import Reading

PROSE = "The answer is 41.\n"


@given(st.text(st.sampled_from("1234. a٣²"), max_size=16), st.sampled_from(["1", "12", "1.2", "34", "٣"]), st.data())
def test_a_number_stands_in_a_text_that_has_it_among_its_numbers(text: str, number: str, data: st.DataObject) -> None:
    stop = data.draw(st.integers(0, len(text)))
    assert _holds_number(text, number, stop) == (number in _NUMBER.findall(text, 0, stop))


@pytest.mark.parametrize(
    ("question", "code", "belongs"),
    [
        ("What is 17 + 24?", "print(17)", True),
        ("What is 170 + 24?", "print(17)", False),
        ("What is 17.5 + 24?", "print(17)", False),
        ("What is it?", "print(41)", True),
        ("What is 1 + 2?", "print(1)", False),
        ("How many apples has the farmer?", "apples_of = {}\nFarmer = apples_of", True),
        ("How many apples has the farmer?", "apples = {}\nprint(apples)", False),
        ("How many pineapples have farmers?", "apples = {}\nfarmer = {}", False),
    ],
)
def test_code_shares_a_number_or_two_names_with_what_was_asked(question: str, code: str, belongs: bool) -> None:
    reading = Reading(f"{PROSE}```python\n{code}\n```\n", prompt=question)
    assert is_of_the_question(blocks_of([reading]), 0) is belongs
