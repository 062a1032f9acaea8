"""Languages and topics: the passes over a batch against a plain reading of what they promise."""

from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.rules import drift, language
from traceanalytics.rules.foreign_words import _listed_words
from traceanalytics.rules.function_words import FUNCTION_WORDS
from traceanalytics.rules.kernel_words import hashed
from traceanalytics.rules.letters import folded_letters
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.strange_tail import strange_tails

PROMPTS = (
    "What is the sum of 3 and 4, and why is it so?",
    "Was ist die Summe von drei und vier, und wie zeigt man das?",
    "x",
    "计算 3 加 4 的和是多少",
    "Translate this into French, and say why it is so.",
)
PIECES = (
    *("und", "Die", "IST", "nicht", "zu", "von", "est", "que", "être", "ÊTRE", "İle", "ſein", "straße", "Kelvin"),
    *("the sum of", "Évariste", "\n", "\n", ". ", " ", " ", "$", "`", "(", ")", "“", "”", "http://a", "```\n", "1"),
    *("因此", "да", "ﾊﾟ", "😀", "\u0345", "²", "_"),
)

NO_PROSE = (
    *("$", "$$", "\\[", "\\]", "\\(", "\\)", "\\begin{a}", "\\end{a}", "\\text{", "\\mathrm{", "}", "`", '"', "“", "”"),
    *("«", "»", "「", "」", "『", "』", "‘", "’", "(", ")", "（", "）", "http", "http://", "a", " ", "\n"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(PROMPTS))
@settings(deadline=None, max_examples=400)
def test_the_pass_turns_no_text_down_that_mixes_languages(text: str, prompt: str) -> None:
    reading = Reading(text, prompt)
    assert language.which_may_mix([Reading("", prompt), reading])[1] or not list(language.find(reading))


def test_foreign_words_in_a_line_are_read_and_the_same_over_many_lines_are_not() -> None:
    texts = ["Also und die von, nicht", "und\ndie\nvon\nnicht", "und die the sum", "été à Nîmes"]
    readings = [Reading(text, PROMPTS[0]) for text in texts]
    assert language.which_may_mix(readings).tolist() == [True, False, False, False]


@given(st.lists(st.sampled_from(NO_PROSE), max_size=30).map("".join))
@settings(deadline=None, max_examples=400)
def test_no_prose_is_what_all_patterns_together_find(text: str) -> None:
    every = language._any_of(tuple(pattern for _, pattern in language._NOT_PROSE))
    assert list(language._not_prose(text)) == [found.span() for found in every.finditer(text)]


def test_no_two_small_words_share_a_hash() -> None:
    words = {word for listed in FUNCTION_WORDS.values() for word in listed.split()}
    assert (_listed_words()[0] != 0).sum() == len(words)
    assert all(folded_letters()[ord(letter)] == ord(letter) for word in words for letter in word)


TOPICS = (
    *("apple", "Banana", "cherry", "orange", "lemons", "grapes", "melons", "Straße", "élève", "ÉLÈVE", "that", "ab"),
    *("\n\n", "\n \n", "\n\u3000\u2028\n", "\n", " ", " ", " ", "_", "7", "²", "😀", "дерево", "x\u0345yz", "\x1c"),
)


QUESTIONS = st.sampled_from(["", "What apple, ÉLÈVE?"])
WITH_CUTS = st.tuples(st.lists(st.sampled_from(TOPICS), max_size=60), st.integers(0, 60), QUESTIONS)


@given(st.lists(WITH_CUTS, max_size=4))
@settings(deadline=None, max_examples=400)
def test_the_last_paragraphs_are_as_strange_as_sets_of_words_say(drawn: list[tuple[list[str], int, str]]) -> None:
    readings = [(Reading("".join(pieces), question), len("".join(pieces[:cut]))) for pieces, cut, question in drawn]
    texts, cuts = [reading.response for reading, _ in readings], [cut for _, cut in readings]
    asked = [hashed(drift._words(question)) for _, _, question in drawn]
    found = strange_tails(texts, cuts, asked, drift._plain_table(), least=6, own=0.2)
    for tail, (reading, cut) in zip(found, readings, strict=True):
        expected = drift._strange_paragraphs(reading, cut)
        assert tail is None or tuple(tail) == (expected if expected[0] >= 0 else (-1, -1))


def test_words_that_fold_into_several_letters_are_left_to_sets() -> None:
    assert strange_tails(["Straße"], [0], [hashed([])], drift._plain_table(), least=6, own=0.2) == [None]
