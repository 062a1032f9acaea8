import numpy as np

from traceanalytics.classifiers.comparing import f1_difference

TRUTH = np.arange(400) % 4 == 0
GROUPS = np.arange(400) // 4


def test_what_is_right_is_clearly_better_than_what_is_half_right() -> None:
    low, high = f1_difference(TRUTH, TRUTH & (np.arange(400) % 8 == 0), TRUTH, GROUPS)
    assert 0.2 < low <= high < 0.5


def test_two_equals_differ_by_nothing() -> None:
    assert f1_difference(TRUTH, TRUTH, TRUTH, GROUPS) == (0.0, 0.0)


def test_one_lucky_group_is_no_clear_difference() -> None:
    lucky = TRUTH & (GROUPS < 99)
    assert f1_difference(TRUTH, lucky, TRUTH, GROUPS)[0] == 0


def test_no_rows_differ_by_nothing() -> None:
    nothing = np.zeros(0, np.bool_)
    assert f1_difference(nothing, nothing, nothing, np.zeros(0, np.int64)) == (0.0, 0.0)
