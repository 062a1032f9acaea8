"""Trends, counts per length of text, and limits that are looked at all run long."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product

import numpy as np
from calibrated.worlds import Cell, batches, coverage_cell, prompt_rates, quantiles

from traceanalytics.stats.rates import Limits, rate_limits
from traceanalytics.stats.ratios import count_rate
from traceanalytics.stats.time_uniform import rates_at_every_look, running_mean_limits
from traceanalytics.stats.trend import trend


def trends(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    steps = np.arange(0, 201, 20)
    for start, slope, icc, prompts in product((0.1, 0.65), (0.0, 0.5), (0.1, 0.3), (30, 128)):
        held, latents = [], generator.standard_normal((worlds, prompts))
        truth = _population_slope(start, slope, icc, steps)
        for latent in latents:
            hits, n = _trending(generator, latent, start, slope, icc, steps)
            fitted = trend(steps, hits, n).log_odds
            held.append(fitted.low <= truth <= fitted.high)
        name = f"from {start}, {slope} log odds per 100 steps, ICC {icc}, {prompts} prompts × 8"
        yield coverage_cell(name, prompts * start, 100 * float(np.mean(held)), worlds)


def _trending(generator, latent, start, slope, icc, steps):
    base = np.clip(prompt_rates(latent, start, icc), 1e-9, 1 - 1e-9)
    logits = np.log(base / (1 - base))[:, None] + slope * steps / 100
    chances = 1 / (1 + np.exp(-logits))
    return generator.binomial(8, chances), np.full(chances.shape, 8)


@cache
def _slope_of(start: float, slope: float, icc: float, steps: tuple[int, ...]) -> float:
    base = np.clip(quantiles(start, icc)[0], 1e-9, 1 - 1e-9)[::10]
    chances = 1 / (1 + np.exp(-(np.log(base / (1 - base))[:, None] + slope * np.array(steps) / 100)))
    return trend(steps, chances, np.ones_like(chances)).log_odds.value


def _population_slope(start, slope, icc, steps) -> float:
    return _slope_of(start, slope, icc, tuple(steps.tolist()))


def counts_per_text(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    for mean, shape, prompts in product((0.02, 0.5), (0.5, 2.0), (30, 100, 500)):
        held = []
        for _ in range(worlds):
            lengths = generator.gamma(4, 250, (prompts, 8))
            levels = generator.gamma(shape, mean / shape, prompts)
            counts = generator.poisson(levels * lengths.sum(axis=1) / 1000)
            limits = count_rate(counts, lengths.sum(axis=1) / 1000)
            held.append(limits.low <= mean <= limits.high)
        name = f"{mean} per 1,000 characters, Gamma({shape:g}), {prompts} prompts × 8"
        yield Cell(name, 100 * float(np.mean(held)), worlds, 90, 100)


def looks(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    for p, icc in product((0.1, 0.67), (0.1, 0.3)):
        truth, held = quantiles(p, icc)[1], Counter()
        for size in batches(worlds):
            chances = prompt_rates(generator.standard_normal((size, 128)), p, icc)
            hits = generator.binomial(8, chances[..., None], (size, 128, 40))
            n = np.full(hits.shape, 8)
            held["looks"] += _hold_always(rates_at_every_look(hits, n), truth)
            held["plain"] += _hold_always([rate_limits(hits[..., look], n[..., look]) for look in range(40)], truth)
            means = generator.binomial(8, chances) / 8
            held["mean"] += sum(_always(running_mean_limits(each), truth) for each in means)
        note = f"plain 95% limits {100 * held['plain'] / worlds:.0f}"
        world = f"p {p}, ICC {icc}, 128 prompts × 8"
        yield Cell(f"40 looks, {world}", 100 * held["looks"] / worlds, worlds, 95, 100, note)
        yield Cell(f"running mean, {world}", 100 * held["mean"] / worlds, worlds, 95, 100)


def _hold_always(limits: Sequence[Limits], truth: float) -> int:
    """Return in how many worlds the limits of every look hold the truth."""
    return int(np.all([(each.low <= truth) & (truth <= each.high) for each in limits], axis=0).sum())


def _always(sequence: tuple[np.ndarray, np.ndarray, np.ndarray], truth: float) -> bool:
    return bool(np.all((sequence[1] <= truth) & (truth <= sequence[2])))
