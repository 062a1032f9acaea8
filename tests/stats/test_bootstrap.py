"""The cluster bootstrap against exact enumeration and the closed form."""

from itertools import product

import numpy as np
import pytest

from traceanalytics.errors import Refused
from traceanalytics.stats.bootstrap import bootstrap, cluster_weights, jackknife
from traceanalytics.stats.rates import rate_limits


def ratio(sums):
    return (sums[..., 0] / sums[..., 1])[..., None]


def test_weights_are_resamples_with_replacement() -> None:
    weights = cluster_weights(3, resamples=50_000)
    seen = {tuple(row) for row in weights.astype(int)}
    enumerated = {tuple(np.bincount(drawn, minlength=3)) for drawn in product(range(3), repeat=3)}
    assert seen == enumerated
    assert (weights @ [1.0, 0.5, 0.0] / 3).std() == pytest.approx(0.2357, abs=2e-3)


def test_a_ratio_of_sums_agrees_with_the_closed_form() -> None:
    generator = np.random.default_rng(0)
    n = generator.integers(1, 16, 300)
    hits = generator.binomial(n, generator.beta(2, 1, 300))
    (share,) = bootstrap(ratio, np.stack([hits, n], axis=1))
    closed = rate_limits(hits, n)
    assert share.value == pytest.approx(float(closed.value))
    assert (share.high - share.low) / 2 == pytest.approx(1.97 * float(closed.standard_error), rel=0.05)


def test_few_prompts_get_students_width() -> None:
    (share,) = bootstrap(ratio, [[2, 4], [1, 4], [3, 4], [2, 4]])
    standard_error = float(rate_limits([2, 1, 3, 2], [4] * 4).standard_error)
    assert share.high - share.low > 2 * 1.96 * standard_error


def test_shared_weights_pair_what_they_resample() -> None:
    generator = np.random.default_rng(0)
    columns = generator.integers(0, 9, (100, 2)).astype(float)
    (nothing,) = bootstrap(lambda sums: (sums[..., 0] - sums[..., 0])[..., None], columns)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)


def test_one_prompt_cannot_be_resampled() -> None:
    with pytest.raises(Refused, match="^1 of prompts to resample: a bootstrap needs at least 2$"):
        bootstrap(ratio, [[1, 2]])


def test_the_jackknife_of_a_mean_is_its_student_interval() -> None:
    values = np.random.default_rng(0).normal(3, 1, 16)
    without_one = (values.sum() - values)[:, None] / 15
    (found,) = jackknife(values.mean(), without_one)
    assert found.high - found.value == pytest.approx(2.131450 * values.std(ddof=1) / 4)
    assert (found.n, found.unit) == (16, "parts")
