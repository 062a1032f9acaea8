"""Prompts that show something only before or only after: published counts, enumeration, and an unchanged policy."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceanalytics.errors import Refused
from traceanalytics.stats.support import chance_unseen, support


@given(st.integers(0, 6), st.integers(1, 6))
def test_the_chance_is_that_of_every_draw(hits: int, k: int) -> None:
    draws = list(combinations([True] * hits + [False] * (6 - hits), k))
    assert chance_unseen([hits], [6], k)[0] == pytest.approx(sum(not any(draw) for draw in draws) / len(draws))


def test_published_counts_give_the_published_parts() -> None:
    # MATH-500 at the largest k (analyses.md, A18): 462 in both, 18 in the base only, 5 after RL only, 15 in neither.
    base, after = np.array([1] * 480 + [0] * 20), np.array([1] * 462 + [0] * 18 + [1] * 5 + [0] * 15)
    found = support(base, np.ones(500), hits=after, n=np.ones(500))
    assert (found.only_after.value, found.only_before.value) == (pytest.approx(0.01), pytest.approx(0.036))
    assert (found.k, found.by_chance) == (1, None)


def test_a_policy_that_did_not_change_gains_nothing_beyond_chance() -> None:
    generator = np.random.default_rng(0)
    chances, n = generator.beta(0.3, 3, 400), np.full(400, 16)
    held = []
    for _ in range(200):
        found = support(generator.binomial(16, chances), n, hits=generator.binomial(16, chances), n=n)
        assert found.beyond_chance is not None
        held.append(not found.beyond_chance.excludes(0))
    assert found.k == 8
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


def test_prompts_that_only_training_opened_are_seen() -> None:
    n = np.full(100, 8)
    found = support(np.repeat([0, 8], 50), n, hits=np.repeat([4, 8], 50), n=n)
    assert found.by_chance is not None
    assert found.by_chance.value == 0
    assert found.only_after.value == pytest.approx(0.5 * (1 - 1 / 70))
    assert found.only_before.value == 0


def test_prompts_of_one_policy_only_are_refused() -> None:
    with pytest.raises(
        Refused, match="^a prompt lacks rollouts of one of the two policies: give prompts that both have$"
    ):
        support([1, 0], [4, 4], hits=[1, 0], n=[4, 0])
