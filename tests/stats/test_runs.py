"""Runs as the unit: worked examples, moments on exact tables, and shares that sum to 1."""

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f_oneway
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from traceanalytics.errors import Refused
from traceanalytics.stats.runs import (
    between_groups,
    interaction,
    over_runs,
    runs_needed,
    variance_components,
    variance_share,
)


@pytest.fixture
def published_gains(published) -> tuple[list[float], dict[str, list[str]]]:
    rows = [
        (float(gain), model, reward)
        for model, row in published["gains_by_reward"]["models"].items()
        for reward, gain in zip(published["gains_by_reward"]["rewards"], row["gains"], strict=True)
    ]
    gains, models, rewards = zip(*rows, strict=True)
    return list(gains), {"family": list(models), "reward": list(rewards)}


def test_three_seeds_give_the_worked_example() -> None:
    gain = over_runs([15.6, 18.0, 6.0])
    assert (round(gain.value, 1), round(gain.low, 1), round(gain.high, 1)) == (13.2, -2.6, 29.0)
    assert (gain.high - gain.value) / 4.302653 == pytest.approx(3.67, abs=5e-3)


def test_one_run_says_nothing_about_its_reward() -> None:
    with pytest.raises(Refused, match="^n_runs=1: no inference about the reward; its prompts describe one checkpoint$"):
        over_runs([15.6])


def test_a_spread_of_6_35_points_needs_11_runs_for_2() -> None:
    assert round(float(np.std([15.6, 18.0, 6.0], ddof=1)), 2) == 6.35
    assert runs_needed(6.35, standard_error=2) == 11


def test_the_published_table_is_mostly_family(published_gains) -> None:
    shares = variance_share(*published_gains)
    assert {name: round(100 * share, 1) for name, share in shares.items()} == {
        "family": 65.9,
        "reward": 19.4,
        "remainder": 14.7,
    }


def test_a_balanced_table_has_the_sums_of_squares_of_the_analysis_of_variance(published_gains) -> None:
    gains, factors = published_gains
    table = anova_lm(ols("gain ~ C(family) + C(reward)", pandas.DataFrame({"gain": gains, **factors})).fit())
    shares = variance_share(gains, factors)
    assert list(shares.values()) == pytest.approx((table["sum_sq"] / table["sum_sq"].sum()).tolist())


runs = st.lists(st.tuples(st.floats(-50, 50), st.sampled_from("ab"), st.sampled_from("xyz")), min_size=4, max_size=20)


@settings(max_examples=60, deadline=None)
@given(runs)
def test_shares_sum_to_1_and_ignore_the_order_of_factors(rows) -> None:
    values, first, second = zip(*rows, strict=True)
    if np.ptp(values) < 1e-3:
        return
    shares = variance_share(values, {"first": first, "second": second})
    turned = variance_share(values, {"second": second, "first": first})
    assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
    assert shares["first"] == pytest.approx(turned["first"], abs=1e-9)


def test_equal_runs_have_no_variance_to_share() -> None:
    with pytest.raises(Refused, match="^all 3 runs have one value: there is no variance to share$"):
        variance_share([1, 1, 1], {"reward": ["a", "b", "c"]})


def test_planted_components_are_found() -> None:
    generator = np.random.default_rng(0)
    runs, prompts = generator.normal(0, 0.05, 40)[:, None], generator.normal(0, 0.15, 400)
    chances = np.clip(0.5 + runs + prompts + generator.normal(0, 0.1, (40, 400)), 0, 1)
    found = variance_components(generator.binomial(16, chances), np.full((40, 400), 16))
    assert found.run.value == pytest.approx(0.05, abs=0.015)
    assert found.run.low < 0.05 < found.run.high
    assert found.prompt == pytest.approx(0.15, abs=0.02)
    assert found.run_by_prompt == pytest.approx(0.1, abs=0.02)


def test_one_rollout_a_cell_cannot_tell_samples_from_interaction() -> None:
    found = variance_components([[1, 0, 1], [0, 0, 1]], np.ones((2, 3)))
    assert found.run_by_prompt is None


@pytest.mark.parametrize(
    ("n", "message"),
    [
        ([[1, 1]], "^1 runs × 2 prompts: variance components need at least 2 of each$"),
        ([[1, 1], [1, 0]], "^a run lacks a prompt: variance components need every run to hold every prompt$"),
    ],
)
def test_tables_with_holes_are_refused(n: list[list[int]], message: str) -> None:
    with pytest.raises(Refused, match=message):
        variance_components(np.zeros_like(n), n)


def test_an_interaction_agrees_with_the_analysis_of_variance() -> None:
    generator = np.random.default_rng(0)
    rows, columns = np.repeat(list("aabb"), 5), np.repeat(list("xyxy"), 5)
    gains = generator.normal(0, 1, 20) + 2 * ((rows == "a") & (columns == "x"))
    frame = pandas.DataFrame({"gain": gains[:-2], "row": rows[:-2], "column": columns[:-2]})
    table = anova_lm(ols("gain ~ C(row) * C(column)", frame).fit(), typ=2)
    found = interaction(gains[:-2], rows[:-2], columns[:-2])
    assert (found.statistic, found.p) == pytest.approx(tuple(table.loc["C(row):C(column)", ["F", "PR(>F)"]]))


def test_one_run_a_cell_has_no_interaction_p(published_gains) -> None:
    gains, factors = published_gains
    with pytest.raises(Refused, match="^24 runs in 24 cells: an interaction needs cells with several runs$"):
        interaction(gains, factors["family"], factors["reward"])


def test_groups_of_one_block_are_those_of_a_one_way_analysis_of_variance() -> None:
    first, second, third = [1.0, 1.4, 1.1], [2.0, 1.8], [1.5, 1.9, 1.6]
    found = between_groups([*first, *second, *third], [*"aaabbccc"], ["x"] * 8)
    assert (found.statistic, found.p) == pytest.approx(tuple(f_oneway(first, second, third)))


def test_groups_are_held_against_runs_within_cells() -> None:
    values, groups, blocks = [1.0, 1.3, 2.0, 2.2, 1.6, 1.5, 2.9, 2.4, 2.6], [*"aabbaabbb"], [*"xxxxyyyyy"]
    data = pandas.DataFrame({"value": values, "group": groups, "block": blocks})
    both, one = (ols(f"value ~ {terms}", data).fit() for terms in ("C(block) + C(group)", "C(block)"))
    cells = ols("value ~ C(block) * C(group)", data).fit()
    found = between_groups(values, groups, blocks)
    assert found.statistic == pytest.approx((one.ssr - both.ssr) / (cells.ssr / cells.df_resid))


@pytest.mark.parametrize(
    ("groups", "blocks", "message"),
    [
        ("ab", "xx", "2 runs in 2 cells: a test of groups needs cells with several runs"),
        ("aabb", "xxyy", "no block holds two groups: what differs may be the block"),
    ],
)
def test_groups_that_cannot_be_told_apart_are_refused(groups: str, blocks: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        between_groups(range(len(groups)), [*groups], [*blocks])
