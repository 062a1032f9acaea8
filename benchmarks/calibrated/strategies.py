"""Switches between strategies, and what they contribute to a gain."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import product

import numpy as np
from calibrated.worlds import ICCS, PROMPTS, SAMPLES, Cell, batches, correlated, coverage_cell, covering, prompt_rates

from traceanalytics.errors import Refused
from traceanalytics.stats.bootstrap import cluster_weights
from traceanalytics.stats.differences import mean_of_changes_limits
from traceanalytics.stats.ratios import share_of_total
from traceanalytics.stats.shift_share import StrategyCounts, shift_share
from traceanalytics.stats.switching import CELLS, pairs_by_cell, unchanged_policy

STRATEGIES = ((0.67, 0.9), (0.1, 0.3), (0.03, 0.1), (0.9, 0.67), (0.9, 0.9))
SWITCHED = (1, 2)  # cells that a policy which did not change fills too
ACCURACIES = ((0.6, 0.3, 0.7, 0.4), (0.1, 0.03, 0.1, 0.1))


POPULATION = 200_000  # prompts that a truth without a formula is the mean over


def strategy_chances(generator, shape, shares, accuracies, icc) -> list[np.ndarray]:
    """Draw base and final shares and the accuracies of both strategies, for prompts that share a difficulty."""
    difficulty = generator.standard_normal(shape)
    return [prompt_rates(correlated(generator, difficulty, 0.7), p, icc) for p in (*shares, *accuracies)]


def strategy_world(generator, shape, samples, shares, accuracies, icc) -> list[np.ndarray]:
    """Draw base and final counts, as the columns of `StrategyCounts`."""
    base, final, base_shown, base_other, final_shown, final_other = strategy_chances(
        generator, shape, shares, accuracies, icc
    )
    counts = []
    for shown_chance, right, other_right in ((base, base_shown, base_other), (final, final_shown, final_other)):
        shown = generator.binomial(samples, shown_chance)
        columns = (
            shown,
            generator.binomial(shown, right),
            samples - shown,
            generator.binomial(samples - shown, other_right),
        )
        counts.append(np.stack(columns, axis=-1).astype(float))
    return counts


@cache
def strategy_truth(shares, accuracies, icc) -> tuple[list[float], list[float], list[float]]:
    """Return per cell of `CELLS` its change, its pairs that differ, and what an unchanged policy switches."""
    generator = np.random.default_rng(0)
    base, final, base_shown, base_other, final_shown, final_other = strategy_chances(
        generator, POPULATION, shares, accuracies, icc
    )
    before, after = ((base, base_shown), (1 - base, base_other)), ((final, final_shown), (1 - final, final_other))
    change = [float((s * t * (b - a)).mean()) for (s, a), (t, b) in product(before, after)]
    differ = [float((s * t * (a * (1 - b) + b * (1 - a))).mean()) for (s, a), (t, b) in product(before, after)]
    unchanged = float((base * (1 - base) * (base_other - base_shown)).mean())
    return change, differ, [0.0, unchanged, -unchanged, 0.0]


def switch_cells(worlds: int, generator: np.random.Generator, *, prompts: Iterable[int] = PROMPTS) -> Iterable[Cell]:
    for shares, accuracies, icc, samples, count in product(STRATEGIES, ACCURACIES, ICCS, (1, *SAMPLES), prompts):
        change, differ, unchanged = strategy_truth(shares, accuracies, icc)
        held: Counter[str] = Counter()
        for size in batches(worlds):
            base, final = strategy_world(generator, (size, count), samples, shares, accuracies, icc)
            contributions, events = pairs_by_cell(base, final)
            for i, name in enumerate(CELLS):
                limits = mean_of_changes_limits(contributions[..., i], events[..., i])
                held[name] += covering(limits, change[i])
                if samples > 1 and i in SWITCHED:
                    limits = mean_of_changes_limits(
                        contributions[..., i] - unchanged_policy(base)[..., i], events[..., i]
                    )
                    held[f"{name} beyond chance"] += covering(limits, change[i] - unchanged[i])
        world = f"{shares[0]} → {shares[1]}, {accuracies}, ICC {icc}, {count} prompts × {samples}"
        for name, holding in held.items():
            events_there = count * differ[CELLS.index(name.removesuffix(" beyond chance"))]
            yield coverage_cell(f"{name}, {world}", events_there, 100 * holding / worlds, worlds)


def shares_of_gain(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    for samples, count in product((1, 8), (100, 500)):
        setting = (0.67, 0.9), (0.6, 0.3, 0.7, 0.6), 0.3
        change = strategy_truth(*setting)[0]
        base, final = strategy_world(generator, (worlds, count), samples, *setting)
        contributions = pairs_by_cell(base, final)[0]
        for i, name in enumerate(CELLS):
            held = [_share_holds(world, i, change[i] / sum(change)) for world in contributions]
            printed = [each for each in held if each is not None]
            if len(printed) < worlds / 2:
                continue
            note = f"refused {100 * (1 - len(printed) / worlds):.0f}"
            yield Cell(
                f"{name}, {count} prompts × {samples}", 100 * float(np.mean(printed)), len(printed), 93, 97, note
            )


def _share_holds(contributions: np.ndarray, cell: int, truth: float) -> bool | None:
    try:
        share = share_of_total(contributions[:, cell], contributions.sum(axis=1))
    except Refused:
        return None
    return share.low <= truth <= share.high


def decompositions(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    for samples, count in product((1, 8), (100, 500)):
        shares, accuracies, icc = (0.67, 0.9), (0.6, 0.3, 0.7, 0.6), 0.3
        truth = _population_shift_share(generator, shares, accuracies, icc)
        held, weights = [], cluster_weights(count)
        for _ in range(worlds):
            base, final = strategy_world(generator, (count,), samples, shares, accuracies, icc)
            parts = shift_share(StrategyCounts(*base.T), StrategyCounts(*final.T), weights=weights)
            held.append([getattr(parts, name).low <= truth[name] <= getattr(parts, name).high for name in truth])
        for name, percent in zip(truth, 100 * np.mean(held, axis=0), strict=True):
            yield Cell(f"{name}, {count} prompts × {samples}", float(percent), worlds, 93, 97)


def _population_shift_share(generator, shares, accuracies, icc) -> dict[str, float]:
    base, final = strategy_world(generator, (2_000_000,), 8, shares, accuracies, icc)
    parts = shift_share(
        StrategyCounts(*base.sum(0)[:, None].repeat(2, 1)), StrategyCounts(*final.sum(0)[:, None].repeat(2, 1))
    )
    return {
        name: getattr(parts, name).value for name in ("total", "between", "within_shown", "within_other", "interaction")
    }
