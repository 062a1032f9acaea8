"""Counts by strategy as audits correct them: by hand, and on worlds whose truth is known."""

import numpy as np
import pytest

from traceanalytics.stats.corrected_counts import corrected_statistic, strata_of
from traceanalytics.stats.estimate import Floats


def accuracies(sums: Floats) -> Floats:
    return np.stack([sums[..., 1] / sums[..., 0], sums[..., 3] / sums[..., 2]], axis=-1)


# 100 rollouts tagged, 60 of them right; 100 others, 40 right. Of the tagged right ones 9 in 10 show it, of the tagged
# wrong ones half, of the others a fifth and none.
COLUMNS = np.array([[10, 6, 10, 4]] * 10, dtype=float)
STRATA = np.array([[90, 100], [50, 100], [20, 100], [0, 100]], dtype=float)


def test_corrected_accuracies_are_those_by_hand() -> None:
    shown_right, shown_wrong = 60 * 0.9 + 40 * 0.2, 40 * 0.5
    found = corrected_statistic(accuracies, COLUMNS, [STRATA])
    assert found[0].value == pytest.approx(shown_right / (shown_right + shown_wrong))
    assert found[1].value == pytest.approx((100 - shown_right) / (200 - shown_right - shown_wrong))
    assert all(each.low < each.value < each.high for each in found)


def test_a_tagger_without_errors_changes_nothing_but_is_not_certain() -> None:
    exact = np.array([[100, 100], [100, 100], [0, 100], [0, 100]], dtype=float)
    (shown, other) = corrected_statistic(accuracies, COLUMNS, [exact])
    assert (shown.value, other.value) == (0.6, 0.4)
    assert shown.high > shown.low


def test_each_evaluation_has_its_own_audit() -> None:
    drifted = STRATA[::-1].copy()
    both = corrected_statistic(lambda sums: sums[..., [0, 4]], np.tile(COLUMNS, 2), [STRATA, drifted])
    alone = [corrected_statistic(lambda sums: sums[..., :1], COLUMNS, [of])[0].value for of in (STRATA, drifted)]
    assert [each.value for each in both] == alone


def test_strata_count_an_even_draw_as_it_is_and_borrow_where_none_was_audited() -> None:
    truth, tagged, right = [1, 0, 1, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0]
    counts = strata_of(truth, tagged, right, [0.5] * 5)
    assert counts.tolist() == [[2, 3], [2, 3], [0, 1], [0, 1]]


def test_corrected_accuracies_hold_the_truth_in_most_worlds() -> None:
    draws, held = np.random.default_rng(0), 0
    for _ in range(100):
        shown = draws.random((150, 8)) < draws.beta(1.4, 0.93, (150, 1))
        right = draws.random((150, 8)) < np.where(shown, 0.7, 0.4)
        tagged = draws.random((150, 8)) < np.where(shown, 0.8, 0.1)
        columns = np.stack(
            [of.sum(axis=1) for of in (tagged, tagged & right, ~tagged, ~tagged & right)], axis=1
        ).astype(float)
        at = draws.choice(1200, 200, replace=False)
        strata = strata_of(*(each.ravel()[at] for each in (shown, tagged, right)), np.full(200, 1 / 6))
        found = corrected_statistic(accuracies, columns, [strata], resamples=400)
        held += sum(each.low <= true <= each.high for each, true in zip(found, (0.7, 0.4), strict=True))
    assert held >= 180
