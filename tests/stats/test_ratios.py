"""Parts of a total and counts per length of text."""

import numpy as np
import pytest
from scipy.stats import chi2

from traceanalytics.errors import Refused
from traceanalytics.stats.ratios import count_rate, share_of_total


def test_fiellers_limits_are_the_shares_that_the_data_do_not_contradict() -> None:
    generator = np.random.default_rng(0)
    totals = generator.normal(1, 1, 200)
    parts = 0.6 * totals + generator.normal(0, 0.5, 200)
    share = share_of_total(parts, totals)
    for limit in (share.low, share.high):
        left = parts - limit * totals
        assert abs(left.mean() / (left.std(ddof=1) / np.sqrt(200))) == pytest.approx(1.97, abs=0.02)


def test_the_whole_is_all_of_the_total() -> None:
    assert share_of_total([0.5, 1.0, 0.8], [0.5, 1.0, 0.8]).value == 1


def test_shares_of_a_total_that_may_be_0_are_refused() -> None:
    message = (
        r"^the total 0\.0000 lies within 4 standard errors \(0\.5774 each\) of 0: "
        r"its parts are given, but no shares of it$"
    )
    with pytest.raises(Refused, match=message):
        share_of_total([1, -1, 1, -1], [1, -1, 1, -1])


def test_a_total_that_a_few_prompts_carry_is_refused() -> None:
    totals, parts = np.r_[np.ones(399), 130.0], np.r_[np.zeros(399), 130.0]
    with pytest.raises(
        Refused, match=r"^400 prompts move the total 1\.3225 too unevenly for a share of it to have an interval$"
    ):
        share_of_total(parts, totals)


def test_independent_events_have_the_exact_poisson_limits() -> None:
    counts = np.random.default_rng(3).permutation(np.r_[np.ones(12), np.zeros(988)])
    seen = count_rate(counts, np.ones(1000))
    low, high = chi2.ppf(0.025, 24) / 2000, chi2.ppf(0.975, 26) / 2000
    assert (seen.low, seen.high) == pytest.approx((low, high), rel=0.02)


def test_no_event_leaves_an_upper_limit() -> None:
    none = count_rate([0] * 10, [100.0] * 10)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(3.689 / 1000, rel=1e-3)


def test_events_of_one_prompt_are_one_prompts_events() -> None:
    spread, heaped = count_rate([1] * 20, [10.0] * 20), count_rate([20] + [0] * 19, [10.0] * 20)
    assert spread.value == heaped.value
    assert heaped.high > 2 * spread.high
    assert heaped.low < spread.low / 2


def test_no_text_is_refused() -> None:
    with pytest.raises(Refused, match="^no text to count in: every exposure is 0$"):
        count_rate([0], [0])
