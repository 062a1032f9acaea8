"""Rates, and their differences between two windows."""

from collections.abc import Iterable
from itertools import product

import numpy as np
from calibrated.worlds import (
    ICCS,
    PROMPTS,
    RATES,
    SAMPLES,
    SHIFTS,
    Cell,
    batches,
    correlated,
    coverage_cell,
    covering,
    prompt_rates,
    quantiles,
)

from traceanalytics.stats.differences import difference_limits
from traceanalytics.stats.rates import rate_limits, wilson


def rates(
    worlds: int, generator: np.random.Generator, *, prompts: Iterable[int] = PROMPTS, unequal: bool = False
) -> Iterable[Cell]:
    for p, icc, samples, count in product(RATES, ICCS, SAMPLES, prompts):
        truth, held, naive = quantiles(p, icc)[1], 0, 0
        for size in batches(worlds):
            chances = prompt_rates(generator.standard_normal((size, count)), p, icc)
            n = generator.integers(1, 2 * samples, chances.shape) if unequal else np.full(chances.shape, samples)
            limits = rate_limits(generator.binomial(n, chances), n)
            held += covering(limits, truth)
            naive += sum(_naive_holds(v, t, truth) for v, t in zip(limits.value, n.sum(axis=1), strict=True))
        name = f"p {p}, ICC {icc}, {count} prompts × {samples}"
        note = f"{100 * naive / worlds:.0f}"
        yield coverage_cell(name, count * min(p, 1 - p), 100 * held / worlds, worlds, note)


def _naive_holds(value: float, n: float, truth: float) -> bool:
    limits = wilson(value * n, n)
    return limits.low <= truth <= limits.high


def differences(
    worlds: int, generator: np.random.Generator, *, prompts: Iterable[int] = PROMPTS, paired: bool = True
) -> Iterable[Cell]:
    for (p, q), icc, samples, count in product(SHIFTS, ICCS, (1, *SAMPLES), prompts):
        truth = quantiles(q, icc)[1] - quantiles(p, icc)[1]
        held = sum(
            covering(_difference(generator, size, count, samples, (p, q), icc, paired=paired), truth)
            for size in batches(worlds)
        )
        events = count * min(p, 1 - p, q, 1 - q)
        yield coverage_cell(f"{p} → {q}, ICC {icc}, {count} prompts × {samples}", events, 100 * held / worlds, worlds)


def _difference(generator, worlds: int, count: int, samples: int, ends: tuple[float, float], icc: float, *, paired):
    latent = generator.standard_normal((worlds, count))
    later = correlated(generator, latent, 0.8 if paired else 0.0)
    hits = generator.binomial(samples, prompt_rates(latent, ends[0], icc))
    later_hits = generator.binomial(samples, prompt_rates(later, ends[1], icc))
    n = np.full(hits.shape, samples)
    if paired:
        return difference_limits(later_hits, n, hits, n)
    none = np.zeros_like(n)
    columns = ((none, later_hits), (none, n), (hits, none), (n, none))
    return difference_limits(*(np.concatenate(each, axis=1) for each in columns))
