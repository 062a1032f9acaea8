import re
import time
from collections.abc import Iterator
from itertools import groupby

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.cues.cue_set import CueSet, Group, make_cue_set
from traceanalytics.cues.finding import CONFIRMED, VETOED, all_cues, find, proposals
from traceanalytics.cues.guards import GUARDS
from traceanalytics.cues.kernel import number_texts
from traceanalytics.errors import TraceAnalyticsError
from traceanalytics.segments import PROSE, Batch, make_batch, segment
from traceanalytics.types import Behavior, Cue, Family


def behavior(name: str, *cues: Cue, attributes: tuple[str, ...] = ()) -> Behavior:
    return Behavior(name, Family.REFLECTION, "d", "b", (), (), cues, attributes=attributes)


def batch_of(*texts: str, prompt: str = "") -> Batch:
    return make_batch(texts, prompts=[prompt] * len(texts))


def found(cues: CueSet, *texts: str, prompt: str = "") -> list[tuple[int, str, str, float]]:
    batch = batch_of(*texts, prompt=prompt)
    return [
        (span["row"], span["behavior"], texts[span["row"]][span["start"] : span["stop"]], span["score"])
        for span in find(batch, cues).to_pylist()
    ]


def test_a_literal_proposes_and_its_pattern_confirms_inside_the_one_segment() -> None:
    cues = make_cue_set([behavior("backtracking", Cue("different approach", r"(try|use) a different approach"))])
    texts = ("It is odd. Let me try a different approach. Good.", "I try. A different approach exists.")
    assert found(cues, *texts) == [(0, "backtracking", "Let me try a different approach.", CONFIRMED)]


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("Let me check it.", True),
        ("Let me CHECK it.", True),
        ("The checkerboard is black.", False),
        ("We recheck it.", False),
        ("Wir prüfen: check.", True),
        ("Ücheck it.", False),
    ],
)
def test_a_literal_without_a_pattern_stands_at_word_edges(text: str, hit: bool) -> None:
    assert bool(found(make_cue_set([behavior("verification", Cue("check"))]), text)) is hit


def test_a_literal_with_a_pattern_may_be_the_stem_of_a_word() -> None:
    cues = make_cue_set([behavior("verification", Cue("verif", r"let me verif\w*"), Cue("check"))])
    assert found(cues, "Let me verify it.")
    assert not found(cues, "The checkers verified it.")


def test_a_vetoed_cue_is_kept_as_almost_and_names_its_guard() -> None:
    cues = make_cue_set([behavior("verification", Cue("check", guards=("negation",)))])
    batch = batch_of("I will not check that.")
    (span,) = find(batch, cues).to_pylist()
    assert span["score"] == VETOED
    assert dict(span["attributes"]) == {"cue": "check", "vetoed_by": "negation"}


def test_another_cue_may_stand_where_one_is_vetoed() -> None:
    cues = make_cue_set([behavior("verification", Cue("check", guards=("negation",)), Cue("make sure"))])
    assert found(cues, "I did not check, so let me make sure.")[0][3] == CONFIRMED


def test_offsets_count_code_points() -> None:
    cues = make_cue_set([behavior("verification", Cue("check", r"😀 check"))])
    assert found(cues, "π≈3 — été. 😀 check it.") == [(0, "verification", "😀 check it.", CONFIRMED)]


def test_a_batch_gives_what_its_members_give() -> None:
    texts = ("Wait, let me check. Fine.", "", "Alternatively, use symmetry. I'm not sure.", "x = 3.")
    together = [hit[1:] for hit in found(all_cues(), *texts)]
    assert together == [hit[1:] for text in texts for hit in found(all_cues(), text)]


LITERALS = ["a", "ab", "b c", "é", "abc", "bc", ".a", "a b", "éa"]


@given(st.lists(st.text(alphabet="aAbBcC é.\n😀", max_size=20), min_size=1, max_size=4))
@settings(deadline=None, max_examples=150)
def test_every_literal_is_found_wherever_it_stands(texts: list[str]) -> None:
    cues = make_cue_set([behavior(literal, Cue(literal, re.escape(literal))) for literal in LITERALS])
    batch = batch_of(*texts)
    segments = [text[each.start : each.stop] for row, text in enumerate(texts) for each in batch.segments.of_row(row)]
    expected = [literal for segment in segments for literal in LITERALS if literal in fold(segment)]
    assert sorted(find(batch, cues)["behavior"].to_pylist()) == sorted(expected)


EXAMPLES = [
    text
    for behavior in BEHAVIORS.all().values()
    for example in (*behavior.shows, *behavior.shows_not)
    for text in (
        example if isinstance(example, str) else example.text,
        "" if isinstance(example, str) else example.previous,
    )
]
PIECES = st.sampled_from(
    [*EXAMPLES, "\n\n", " ", "é", "— ", "“", "”", "😀 ", "let me ", "check", "Wait, ", "not ", "\u2028", "?"]
)
texts = st.lists(st.one_of(PIECES, PIECES.map(str.upper), st.text(max_size=5)), max_size=6).map("".join)


@given(texts, st.sampled_from(["", *EXAMPLES]))
@settings(deadline=None, max_examples=100)
def test_cues_find_what_patterns_and_guards_find_one_by_one(text: str, prompt: str) -> None:
    assume(not set(text) & LIKE_ASCII)
    batch = batch_of(text, prompt=prompt)
    spans = [
        (span["start"], span["behavior"], span["score"], dict(span["attributes"])["cue"])
        for span in find(batch, all_cues()).to_pylist()
    ]
    assert sorted(spans) == sorted(find_slowly(text, prompt))


LIKE_ASCII = set("ſKıİ")  # letters beyond ASCII that `re` takes for s, k and i, and the kernel does not


def find_slowly(text: str, prompt: str) -> Iterator[tuple[int, str, float, str]]:
    previous = ""
    for each in segment(text):
        part = text[each.start : each.stop]
        if each.kind in PROSE:
            for _, groups in groupby(all_cues().groups, key=lambda group: group.behavior.name):
                hits = [hit for group in groups for hit in hits_of(group, part, previous, prompt)]
                confirmed = [hit for hit in hits if hit[1] == CONFIRMED]
                yield from ((each.start, *hit) for hit in (confirmed or hits)[:1])
        previous = part


def hits_of(group: Group, part: str, previous: str, prompt: str) -> Iterator[tuple[str, float, str]]:
    if not any(literal in fold(part) for literal in group.literals):
        return
    for found in re.finditer(group.pattern, part, re.IGNORECASE):
        literals = re.compile("|".join(re.escape(each) for each in sorted(group.literals, key=len, reverse=True)), re.I)
        literal = literals.search(part, *found.span())
        if literal:
            place = slice(*found.span())
            vetoed = any(GUARDS[name](part, previous, place, prompt) for name in group.guards)
            yield group.behavior.name, VETOED if vetoed else CONFIRMED, literal[0].lower()


def fold(text: str) -> str:
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)


PATTERNS = st.recursive(
    st.sampled_from(
        [*"abk .,", "é", "É", r"\w", r"\W", r"\s", r"\d", r"\b", "^", "$", "[ab]", "[^a]", "[^\\w.]", "(?!a)"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        inner.map("(?:{})?".format),
        inner.map("(?:{}){{0,3}}".format),
        inner.map("(?:{}){{2,9}}".format),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text(alphabet="aAbBk .,éÉ1_😀", max_size=12))
@settings(deadline=None, max_examples=400)
def test_a_program_never_turns_down_what_its_pattern_matches(pattern: str, text: str) -> None:
    cues = make_cue_set([behavior("b", Cue("z", f"(?:{pattern}).*z"))])
    found = list(proposals(batch_of(f"{text}z"), cues))
    if text.strip() and re.search(f"(?:{pattern}).*z", f"{text}z".strip(), re.IGNORECASE):
        assert found


def test_a_program_of_many_parts_that_may_be_missing_is_made_at_once() -> None:
    cues = make_cue_set([behavior("b", Cue("z", "(?:a?b?k?)" * 30 + "z"))])
    assert list(proposals(batch_of("abkz"), cues))


@given(st.lists(st.text(alphabet="aé .", max_size=4), max_size=30))
@settings(deadline=None, max_examples=100)
def test_texts_are_numbered_in_the_order_of_their_first_segments(texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    stops = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    starts = stops - [len(text) for text in encoded]
    scratch = np.full(64, -1, np.int64)
    numbers, firsts = np.empty(len(texts), np.int64), np.empty(len(texts), np.int64)
    data = np.frombuffer(b"".join(encoded) or b" ", np.uint8)
    count = number_texts(data, starts.astype(np.int64), stops, scratch, numbers, firsts)
    distinct = list(dict.fromkeys(texts))
    assert numbers.tolist() == [distinct.index(text) for text in texts]
    assert firsts[:count].tolist() == [texts.index(text) for text in distinct]


def test_a_text_that_stands_often_is_judged_by_each_prompt_that_it_answers() -> None:
    cues = make_cue_set([behavior("b", Cue("check", guards=("prompt_echo",)))])
    batch = make_batch(["We check every sum."] * 2, prompts=["Now we check every sum.", "What is 2?"])
    assert sorted((span["row"], span["score"]) for span in find(batch, cues).to_pylist()) == [
        (0, VETOED),
        (1, CONFIRMED),
    ]


def test_a_pattern_that_cannot_match_is_turned_down_before_it_is_asked() -> None:
    cues = make_cue_set([behavior("b", Cue("check", r"^\W*(?:let me|let us) (?:double-)?check\b"))])
    texts = ["Let me check.", "I check.", "So let me check.", "“Let us double-check it.", "let me checker."]
    assert [at for at, _ in proposals(batch_of(*texts), cues)] == [0, 3]


@pytest.mark.parametrize(
    ("cue", "message"),
    [
        (Cue("Check"), "behavior 'b', cue 'Check': a literal is lower-case and has no space around it"),
        (Cue("check", guards=("negatoin",)), "no guard is called 'negatoin'. Did you mean 'negation'?"),
        (Cue("check", "(check"), r"'\(check' is no pattern: missing \)"),
        (Cue("check", "(a+)+ check"), "repeats without a bound what itself repeats without a bound"),
        (Cue("check", r"(?:\w+\s*)* check"), "repeats without a bound"),
        (Cue("check", r"(?=(a|b*)*c)check"), "repeats without a bound"),
        (Cue("check", "(?:a{2,}b){3,}check"), "repeats without a bound"),
    ],
)
def test_a_cue_that_cannot_be_trusted_is_refused_at_load(cue: Cue, message: str) -> None:
    with pytest.raises(TraceAnalyticsError, match=message):
        make_cue_set([behavior("b", cue)])


HOSTILE = {
    "spaces": "let me " + " " * 30_000 + "check",
    "words": "wait " * 8000,
    "commas": "but, " * 8000 + "!",
    "quotes": '"' * 20_000 + " check",
    "dollars": "$" * 20_000 + "check",
    "ticks": "`" * 20_000 + "check",
    "one word": "a" * 40_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cue_of_ours_runs_away_on_hostile_text(name: str) -> None:
    began = time.perf_counter()
    find(batch_of(HOSTILE[name]), all_cues())
    assert time.perf_counter() - began < 5
