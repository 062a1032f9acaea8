import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from traceanalytics.classifiers.splits import folds_by_voice, folds_of, frozen_rows, tied_groups

GROUPS = [f"prompt {n}" for n in range(3000)]


@given(st.lists(st.text(), max_size=20), st.lists(st.text(), max_size=20))
def test_a_judgment_stays_where_it_is_when_others_are_added(old: list[str], new: list[str]) -> None:
    assert folds_of(old + new, 5)[: len(old)].tolist() == folds_of(old, 5).tolist()
    assert frozen_rows(old + new)[: len(old)].tolist() == frozen_rows(old).tolist()


def test_folds_and_the_frozen_part_have_their_sizes() -> None:
    assert np.bincount(folds_of(GROUPS, 5)).min() > 500
    assert abs(frozen_rows(GROUPS).mean() - 0.2) < 0.03


def test_the_frozen_part_says_nothing_about_the_folds() -> None:
    frozen = frozen_rows(GROUPS)
    assert np.bincount(folds_of(GROUPS, 5)[frozen]).min() > 80


def test_tied_rows_share_the_group_of_the_earliest() -> None:
    assert tied_groups(["a", "b", "a", "c", "d"], [(1, 3), (0, 4), (2, 3)]) == ("a", "a", "a", "a", "a")


def test_a_group_stays_when_a_later_row_is_tied_to_it() -> None:
    before = tied_groups(["a", "b", "c"], [(0, 1)])
    assert tied_groups(["a", "b", "c", "z"], [(0, 1), (2, 3)])[:3] == before


def test_folds_are_voices_where_there_are_enough_and_prompts_otherwise() -> None:
    groups = [f"p{n}" for n in range(12)]
    voices = ["a", "b", "c"] * 4
    assert folds_by_voice(voices, groups, 3).tolist() == [0, 1, 2] * 4
    assert folds_by_voice(voices, groups, 5).tolist() == folds_of(groups, 5).tolist()
    assert folds_by_voice([], groups, 5).tolist() == folds_of(groups, 5).tolist()
