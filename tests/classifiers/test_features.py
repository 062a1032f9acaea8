import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from traceanalytics.classifiers.base import Candidates, candidates_of
from traceanalytics.classifiers.features import _SHAPE_BASE, CUE_BASE, SLOTS, count_features, in_lanes, score_heads

SEGMENTS = st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), min_size=1, max_size=5)


def silent(candidates: Candidates, columns: int = 0) -> np.ndarray:
    return np.zeros((len(candidates), columns), np.uint8)


def scored(candidates: Candidates, weights: np.ndarray, said: np.ndarray | None = None) -> np.ndarray:
    scores = np.empty((len(candidates), weights.shape[1]), np.float32)
    line = np.full(weights.shape[1], 2, np.float32), np.full(weights.shape[1], 4, np.float32)
    score_heads(*candidates.places(), silent(candidates) if said is None else said, in_lanes(weights), *line, scores)
    return scores / 2 - 2


@given(SEGMENTS, st.integers(1, 20))
@settings(deadline=None, max_examples=60)
def test_heads_add_up_the_weights_of_the_features(pairs: list[tuple[str, str]], heads: int) -> None:
    candidates = candidates_of([text for text, _ in pairs], [before for _, before in pairs], [0.3] * len(pairs))
    said = np.arange(3 * len(pairs), dtype=np.uint8).reshape(-1, 3) % 4
    pointers, slots, values = count_features(*candidates.places(), said)
    rows = csr_matrix((values, slots, pointers), shape=(len(pairs), SLOTS))
    weights = np.random.default_rng(0).integers(-127, 128, size=(SLOTS, heads)).astype(np.int8)
    np.testing.assert_allclose(scored(candidates, weights, said), rows @ weights, rtol=1e-3, atol=1e-2)


def features(text: str, before: str = "") -> set[int]:
    candidates = candidates_of([text], [before], [0.0])
    return set(count_features(*candidates.places(), silent(candidates))[1].tolist())


def test_case_and_digits_make_no_difference_to_words() -> None:
    assert len(features("check 12 plus 7") ^ features("CHECK 34 plus 9")) <= 2, "only the shape of the first letter"


def test_a_curly_apostrophe_is_read_as_a_straight_one() -> None:
    assert features("Let’s see") == features("Let's see")


def test_a_dash_ends_a_word() -> None:
    assert len(features("so—wait") & features("so — wait")) >= len(features("so — wait")) - 1


def test_the_segment_before_is_told_apart_from_the_segment() -> None:
    assert features("so it is", "wait a moment") != features("wait a moment", "so it is")


def test_words_before_are_the_same_whether_they_were_just_read_or_not() -> None:
    texts = ["First we add.", "Then we check it.", "It holds."]
    whole = "".join(texts).encode()
    ends = np.cumsum([0, *map(len, texts)])
    begin, end, before = ends[:-1], ends[1:], np.array([0, *ends[:-2]])
    batch = Candidates(np.frombuffer(whole, np.uint8), begin, end, before, begin, np.zeros(3, np.float32))
    alone = candidates_of(texts, ["", *texts[:-1]], [0.0] * 3)
    assert count_features(*batch.places(), silent(batch))[1].tolist() == (
        count_features(*alone.places(), silent(alone))[1].tolist()
    )


def test_what_each_cue_says_has_a_slot_of_its_own() -> None:
    candidates = candidates_of(["So."], [""], [0.0])
    slots = [set(count_features(*candidates.places(), np.array([said], np.uint8))[1].tolist()) for said in
             ([0, 0], [1, 0], [0, 1], [5, 0])]  # fmt: skip
    found = [{slot for slot in each if slot >= CUE_BASE} for each in slots]
    assert [len(each) for each in found] == [0, 1, 1, 1]
    assert len(found[1] | found[2] | found[3]) == 3


def test_a_segment_of_any_length_is_scored() -> None:
    long = candidates_of(["word " * 50_000], ["before " * 50_000], [0.0])
    assert np.isfinite(scored(long, np.ones((SLOTS, 1), np.int8))).all()


def counted(text: str) -> set[int]:
    first = _SHAPE_BASE + 17  # of nine slots: few, more or many digits, signs, line breaks
    return {slot - first for slot in features(text) if first <= slot < first + 9}


@given(st.text("07=\\$\n a", max_size=40))
@settings(deadline=None)
def test_digits_signs_and_lines_are_counted_apart(text: str) -> None:
    grades = {number: 0 if number < 3 else 1 if number < 8 else 2 for number in range(41)}
    counts = [sum(map(text.count, each)) for each in ("07", "=\\$", "\n")]
    assert counted(text) == {3 * place + grades[count] for place, count in enumerate(counts) if count}


def test_millions_of_digits_count_as_nothing_else() -> None:
    assert counted("1" * 2_500_000) == {2}
