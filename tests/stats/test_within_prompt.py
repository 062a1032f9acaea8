"""Comparisons inside a prompt: Simpson's paradox, statsmodels, and refusals."""

import numpy as np
import pytest
from statsmodels.api import stats as sm_stats
from statsmodels.discrete.conditional_models import ConditionalLogit

from traceanalytics.errors import Refused
from traceanalytics.stats.within_prompt import (
    conditional_odds_ratio,
    difference_within_strata,
    mantel_haenszel,
    within_prompt_difference,
)

SIMPSON = {"successes": [18, 20], "n": [20, 80], "other_successes": [80, 2], "other_n": [100, 20]}


def test_pooling_reverses_what_holds_within_easy_and_within_hard_prompts() -> None:
    reflecting, other = 38 / 100, 82 / 120
    assert (round(100 * reflecting, 1), round(100 * other, 1)) == (38.0, 68.3)
    assert round((38 * 38) / (62 * 82), 3) == 0.284
    within = mantel_haenszel(**SIMPSON)
    assert round(within.odds_ratio.value, 3) == 2.605
    assert round(100 * within.risk_difference.value, 2) == 12.45
    assert round(within.p, 3) == 0.077


def test_mantel_haenszel_agrees_with_statsmodels() -> None:
    generator = np.random.default_rng(0)
    n, other_n = generator.integers(1, 9, (2, 40))
    a, c = generator.binomial(n, 0.6), generator.binomial(other_n, 0.5)
    ours = mantel_haenszel(a, n, other_successes=c, other_n=other_n)
    theirs = sm_stats.StratifiedTable(list(np.array([[a, n - a], [c, other_n - c]], float).transpose(2, 0, 1)))
    assert ours.odds_ratio.value == pytest.approx(theirs.oddsratio_pooled)
    assert (ours.odds_ratio.low, ours.odds_ratio.high) == pytest.approx(theirs.oddsratio_pooled_confint())
    assert ours.p == pytest.approx(theirs.test_null_odds().pvalue)


def test_conditional_odds_ratio_agrees_with_conditional_logit() -> None:
    generator = np.random.default_rng(1)
    n, other_n = generator.integers(1, 5, (2, 30))
    a, c = generator.binomial(n, 0.6), generator.binomial(other_n, 0.4)
    rows = [
        (prompt, kind, outcome)
        for prompt in range(30)
        for kind, hits, total in ((1, a[prompt], n[prompt]), (0, c[prompt], other_n[prompt]))
        for outcome in [1] * hits + [0] * (total - hits)
    ]
    prompts, kinds, outcomes = (np.array(each) for each in zip(*rows, strict=True))
    used = np.isin(prompts, [g for g in range(30) if 0 < outcomes[prompts == g].mean() < 1])
    fitted = ConditionalLogit(outcomes[used], kinds[used, None], groups=prompts[used]).fit(disp=0)
    ours = conditional_odds_ratio(a, n, other_successes=c, other_n=other_n)
    assert np.log(ours.value) == pytest.approx(fitted.params[0], abs=1e-3)
    assert np.log(ours.high / ours.value) == pytest.approx(1.959964 * fitted.bse[0], rel=1e-3)


def test_within_prompt_differences_give_the_worked_example() -> None:
    within = within_prompt_difference([2, 0, 1], [2, 2, 1], other_successes=[1, 1, 0], other_n=[2, 2, 0])
    assert (within.difference.value, within.no_advantage.value) == (0, 0.5)
    assert (within.usable_prompts, within.prompts) == (2, 3)


def test_prompts_of_one_kind_cannot_be_compared_within() -> None:
    message = "^none of 2 prompts has rollouts of both kinds: sample more rollouts a prompt$"
    with pytest.raises(Refused, match=message):
        within_prompt_difference([1, 0], [1, 0], other_successes=[0, 1], other_n=[0, 1])


def test_outcomes_that_never_differ_both_ways_have_no_common_odds_ratio() -> None:
    with pytest.raises(Refused, match="^1 prompts with both kinds of rollout hold no outcome that differs both ways$"):
        mantel_haenszel([2], [2], other_successes=[0], other_n=[2])


def test_outcomes_that_all_point_one_way_have_no_finite_odds_ratio() -> None:
    message = "^1 prompts with both kinds and both outcomes all point one way: no odds ratio is finite$"
    with pytest.raises(Refused, match=message):
        conditional_odds_ratio([2], [2], other_successes=[0], other_n=[2])


def test_longer_texts_alone_are_no_shift_at_equal_length() -> None:
    generator = np.random.default_rng(0)
    base_n = np.stack([np.full(200, 6), np.full(200, 2)], axis=1)
    n = base_n[:, ::-1]
    chances = np.array([0.2, 0.6])  # by band of length
    hits, base_hits = generator.binomial(n, chances), generator.binomial(base_n, chances)
    assert hits.sum() / n.sum() - base_hits.sum() / base_n.sum() > 0.15
    equal = difference_within_strata(hits, n, base_successes=base_hits, base_n=base_n)
    assert not equal.excludes(0)
    assert equal.high - equal.low < 0.12


def test_a_difference_within_strata_is_mantel_and_haenszels() -> None:
    one_row = {name: np.array([[*each], [0, 0]]) for name, each in SIMPSON.items()}
    found = difference_within_strata(
        one_row["successes"], one_row["n"], base_successes=one_row["other_successes"], base_n=one_row["other_n"]
    )
    assert found.value == pytest.approx(mantel_haenszel(**SIMPSON).risk_difference.value)


def test_windows_without_a_common_stratum_are_refused() -> None:
    message = "^none of 2 strata has rollouts of both windows: there is nothing to compare within$"
    with pytest.raises(Refused, match=message):
        difference_within_strata([[1, 0]], [[2, 0]], base_successes=[[0, 1]], base_n=[[0, 2]])
