"""Worlds whose truth is known, and the cells that count how often an interval held it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import betaincinv, ndtr

RATES = (0.03, 0.1, 0.67, 0.9)
SHIFTS = ((0.03, 0.03), (0.03, 0.1), (0.1, 0.1), (0.1, 0.3), (0.67, 0.67), (0.67, 0.9), (0.9, 0.9), (0.9, 0.97))
ICCS = (0.1, 0.3, 0.5)
SAMPLES = (8, 64)
PROMPTS = (10, 30, 100, 334, 500)
ENOUGH = 10  # prompts × min(p, 1 - p) from which coverage must lie within 93 to 97%
QUANTILES = 20_000
BATCH = 500  # worlds drawn at once


@dataclass(frozen=True)
class Cell:
    """How many of the worlds did what they should, and the limits that this must lie in."""

    world: str
    percent: float
    worlds: int
    low: float
    high: float
    note: str = ""

    @property
    def error(self) -> float:
        share = min(max(self.percent / 100, 0.5 / self.worlds), 1 - 0.5 / self.worlds)
        return 100 * float(np.sqrt(share * (1 - share) / self.worlds))

    def holds(self, errors: float = 2) -> bool:
        """Say whether the bar is met, or missed by no more than so many Monte Carlo errors."""
        return self.low - errors * self.error <= self.percent <= self.high + errors * self.error


@cache
def quantiles(p: float, icc: float) -> tuple[np.ndarray, float]:
    """Return the quantiles of a prompt's rate on a fine grid, and their mean: the truth of worlds drawn from it."""
    size = 1 / icc - 1
    grid = betaincinv(p * size, (1 - p) * size, (np.arange(QUANTILES) + 0.5) / QUANTILES)
    return grid, float(grid.mean())


def prompt_rates(latent: np.ndarray, p: float, icc: float) -> np.ndarray:
    """Return Beta rates whose ranks are those of standard normal latents."""
    return quantiles(p, icc)[0][np.minimum((ndtr(latent) * QUANTILES).astype(int), QUANTILES - 1)]


def correlated(generator: np.random.Generator, latent: np.ndarray, correlation: float) -> np.ndarray:
    return correlation * latent + np.sqrt(1 - correlation**2) * generator.standard_normal(latent.shape)


def covering(limits, truth: float) -> int:
    """Return how many worlds have a truth inside their limits."""
    return int(np.sum((limits.low <= truth + 1e-12) & (truth <= limits.high + 1e-12)))


def batches(worlds: int) -> Iterable[int]:
    """Return the sizes of batches whose arrays stay small, so that a run of 4,000 worlds needs little memory."""
    return [min(BATCH, worlds - done) for done in range(0, worlds, BATCH)]


def coverage_cell(name: str, events: float, percent: float, worlds: int, note: str = "") -> Cell:
    low, high = (93.0, 97.0) if events >= ENOUGH else (90.0, 100.0)
    return Cell(name, percent, worlds, low, high, note)
