"""Selection pressure: exact enumeration, random rewards, covariates, and one step size."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.errors import Refused
from traceanalytics.stats.selection import SelectionPressure, group_moments, predict_drift, selection_pressure


def select(
    advantages: np.typing.ArrayLike, shown: np.typing.ArrayLike, groups: np.typing.ArrayLike
) -> SelectionPressure:
    return selection_pressure(group_moments(advantages, shown, groups))


def group_advantages(rewards: np.ndarray) -> np.ndarray:
    return rewards - rewards.mean(axis=-1, keepdims=True)


def test_it_is_the_covariance_of_reward_and_behavior_in_expectation() -> None:
    # Two rollouts a group; a rollout shows the behavior with ½, is rewarded with .8 then and .4 else.
    outcomes = {(1, 1): 0.4, (1, 0): 0.1, (0, 1): 0.2, (0, 0): 0.3}
    expected = 0.0
    for first, second in product(outcomes, repeat=2):
        advantages = group_advantages(np.array([first[1], second[1]], float))
        found = select([*advantages, 0, 0], [first[0], second[0], 0, 0], [0, 0, 1, 1])
        expected += outcomes[first] * outcomes[second] * 2 * found.expected.value
    assert expected == pytest.approx(0.5 * 0.5 * (0.8 - 0.4))


def test_a_random_reward_selects_nothing_in_expectation() -> None:
    generator = np.random.default_rng(0)
    groups, shown = np.repeat(np.arange(500), 8), generator.binomial(1, 0.6, 4000)
    advantages = group_advantages(generator.binomial(1, 0.5, (500, 8)).astype(float)).ravel()
    found = select(advantages, shown, groups)
    assert not found.expected.excludes(0)
    assert not found.realized.excludes(0)


def test_silent_groups_count_as_0() -> None:
    found = select([0.5, -0.5, 0, 0, 0, 0], [1, 0, 1, 0, 0, 1], [0, 0, 1, 1, 2, 2])
    assert found.expected.value == pytest.approx(0.5 / 3)
    assert found.silent_groups == 2


def test_the_formula_is_that_of_the_page() -> None:
    generator = np.random.default_rng(1)
    advantages = group_advantages(generator.normal(0, 1, (20, 4)))
    shown = generator.binomial(1, 0.5, (20, 4))
    found = select(advantages.ravel(), shown.ravel(), np.repeat(np.arange(20), 4))
    assert found.expected.value == pytest.approx(4 / 3 * (advantages * shown).mean(axis=1).mean())


def test_chance_is_the_spread_over_every_pairing() -> None:
    advantages, shown = np.array([1.0, -0.5, -0.5]), np.array([1, 0, 1])
    orders = [np.array(order) for order in product(range(3), repeat=3) if len(set(order)) == 3]
    spread = np.std([(advantages[order] * (shown - shown.mean())).sum() / 2 for order in orders])
    found = select([*advantages, 0, 0, 0], [*shown, 0, 0, 0], [0] * 3 + [1] * 3)
    assert (found.realized.high - found.realized.value) == pytest.approx(1.959964 * spread / 2)


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(12)))
def test_the_order_of_rollouts_does_not_matter(order: list[int]) -> None:
    advantages, shown, groups = np.linspace(-1, 1, 12) ** 3, np.arange(12) % 2, np.arange(12) // 4
    found = select(advantages, shown, groups)
    turned = select(advantages[order], shown[order], groups[order])
    assert turned.expected.value == pytest.approx(found.expected.value)
    assert turned.realized.low == pytest.approx(found.realized.low)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([0, 0, 1], "^group 1 has 1 of 2 rollouts: selection needs whole groups$"),
        ([0, 0, 0], "^1 groups of 3: selection needs at least 2 groups of at least 2 rollouts$"),
    ],
)
def test_parts_of_groups_are_refused(groups: list[int], message: str) -> None:
    with pytest.raises(Refused, match=message):
        select([1, -1, 0], [1, 0, 1], groups)


def test_no_group_is_refused() -> None:
    with pytest.raises(Refused, match="^no group to read selection from$"):
        select([], [], [])


def test_what_length_explains_is_taken_out() -> None:
    generator = np.random.default_rng(2)
    groups, length = np.repeat(np.arange(300), 8), generator.normal(0, 1, 2400)
    shown = (length + generator.normal(0, 1, 2400) > 0).astype(float)
    advantages = group_advantages(length.reshape(300, 8)).ravel()
    moments = group_moments(advantages, shown, groups, covariates=length[:, None])
    assert selection_pressure(moments).expected.low > 0.2
    assert not selection_pressure(moments.given_covariates()).expected.excludes(0)


def test_given_covariates_is_the_selection_of_the_residual_of_a_regression() -> None:
    generator = np.random.default_rng(4)
    groups, columns = np.repeat(np.arange(40), 6), generator.normal(0, 1, (240, 2))
    shown = (columns.sum(axis=1) + generator.normal(0, 1, 240) > 0).astype(float)
    advantages = group_advantages(columns[:, 0].reshape(40, 6) + generator.normal(0, 1, (40, 6))).ravel()
    centered = np.concatenate([columns, shown[:, None]], axis=1).reshape(40, 6, 3)
    centered = (centered - centered.mean(axis=1, keepdims=True)).reshape(240, 3)
    slopes = np.linalg.lstsq(centered[:, :2], centered[:, 2], rcond=None)[0]
    by_hand = select(advantages, centered[:, 2] - centered[:, :2] @ slopes, groups)
    found = selection_pressure(group_moments(advantages, shown, groups, covariates=columns).given_covariates())
    assert found.expected.value == pytest.approx(by_hand.expected.value)
    assert (found.expected.low, found.realized.low) == pytest.approx((by_hand.expected.low, by_hand.realized.low))


def test_one_step_size_is_found_and_predicts_what_was_left_out() -> None:
    generator = np.random.default_rng(3)
    true = generator.normal(0, 0.05, (6, 20))
    pressures, drifts = (scale * true + generator.normal(0, 0.01, (2, 6, 20)) for scale in (1, 2))
    found = predict_drift(pressures, drifts)
    assert found.step_size == pytest.approx(2, abs=0.1)
    assert found.explained > 0.8
    assert predict_drift(pressures, generator.normal(0, 0.1, (2, 6, 20))).explained < 0.1


def test_two_intervals_are_refused() -> None:
    with pytest.raises(Refused, match="^2 intervals between evaluations: a step size needs at least 3$"):
        predict_drift(np.ones((2, 1, 2)), np.ones((2, 1, 2)))


def test_halves_that_do_not_agree_are_refused() -> None:
    message = "^the two halves of the prompts do not agree on any selection pressure: no step size can be fitted$"
    with pytest.raises(Refused, match=message):
        predict_drift(np.stack([np.ones((1, 4)), -np.ones((1, 4))]), np.ones((2, 1, 4)))
