"""The compiled pass over the words that state an answer, against the search for them one by one."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from traceanalytics.rules.answer_words_kernel import answer_words, end_of_first_statement
from traceanalytics.rules.boxes import statements_in_words

PIECES = ["the answer", "answer", "Answer", "final ", "The ", "our ", "Result", "solution", " is", " is: ", " = ", ": "]
PIECES += [
    " to this problem is ",
    " should be ",
    " therefore ",
    "\n",
    " ",
    "**",
    "# ",
    "4",
    "$",
    "(",
    "é",
    "–",
    "\t",
    "it",
]
PIECES += [" " * 9, "wer", "island", "x" * 30, "_"]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5)


@settings(deadline=None)
@given(TEXTS)
@example(["So the ANSWER is \n 4"])
def test_the_first_statement_ends_where_a_search_finds_it(texts: list[str]) -> None:
    places = answer_words(texts).tolist()
    for row, text in enumerate(texts):
        end = end_of_first_statement(text, [at for found, at in places if found == row])
        assert end == min((stop for _, stop in statements_in_words(text)), default=len(text))


def test_a_word_that_nothing_equals_is_no_candidate() -> None:
    assert not len(answer_words(["an answer", "the results of both", "solutions: 4", "answering is hard"]))
