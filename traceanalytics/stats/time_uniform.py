"""Limits that stay right however often a growing run is looked at."""

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Floats, Numbers, floats
from traceanalytics.stats.rates import Limits, rate_limits

BOLDEST_BET = 0.5  # the predictable plug-in never stakes more


def look_confidence(look: int, *, confidence: float = 0.95) -> float:
    """Return the confidence to use at look 1, 2, 3, …: 1 - α/(k(k+1)), whose errors add up to α over any number.

    >>> round(look_confidence(1), 3), round(look_confidence(10), 5)
    (0.975, 0.99955)
    """
    return 1 - (1 - confidence) / (look * (look + 1))


def rates_at_every_look(numerators: Numbers, denominators: Numbers, *, confidence: float = 0.95) -> list[Limits]:
    """Return `rate_limits` of every evaluation (… × prompts × evaluations) at the confidence of its look.

    All limits hold at once, however many evaluations follow: a page may be read after each of them.
    """
    numerators, denominators = floats(numerators), floats(denominators)
    return [
        rate_limits(
            numerators[..., look], denominators[..., look], confidence=look_confidence(look + 1, confidence=confidence)
        )
        for look in range(numerators.shape[-1])
    ]


def running_mean_limits(values: Numbers, *, confidence: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """Return center, low and high of the mean of values in [0, 1] after 1, 2, … of them, right at all times at once.

    The predictable plug-in empirical Bernstein sequence (Waudby-Smith & Ramdas 2024, theorem 2); give one value a
    prompt, in the order of arrival.
    """
    values = floats(values)
    if len(values) == 0 or values.min() < 0 or values.max() > 1:
        raise Refused("a running mean needs values between 0 and 1, one a prompt")
    times = np.arange(1, len(values) + 1)
    means = (0.5 + values.cumsum()) / (times + 1)
    before = np.concatenate([[0.5], means[:-1]])
    spreads = (0.25 + ((values - means) ** 2).cumsum()) / (times + 1)
    known = np.concatenate([[0.25], spreads[:-1]])
    log_odds = np.log(2 / (1 - confidence))
    bets = np.minimum(BOLDEST_BET, np.sqrt(2 * log_odds / (known * times * np.log(times + 1))))
    staked = bets.cumsum()
    center = (bets * values).cumsum() / staked
    risk = (4 * (values - before) ** 2 * (-np.log1p(-bets) - bets) / 4).cumsum()
    half = (log_odds + risk) / staked
    low = np.maximum.accumulate(np.maximum(center - half, 0.0))
    high = np.minimum.accumulate(np.minimum(center + half, 1.0))
    return center, low, high
