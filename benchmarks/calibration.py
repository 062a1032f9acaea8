"""How often the intervals of `traceanalytics.stats` are right, on worlds whose truth is known.

    python benchmarks/calibration.py                       the full grid, 4,000 worlds a cell
    python benchmarks/calibration.py --out docs/calibration.md

A world is drawn as GRPO logs look: a prompt has its own rate, from a Beta distribution whose intraclass correlation is
ICC, and all its rollouts share it. A cell counts the worlds whose interval holds the truth; its Monte Carlo error is
√(c(1-c)/worlds).
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.special import betaincinv, ndtr

from traceanalytics.errors import Refused
from traceanalytics.stats.bootstrap import cluster_weights
from traceanalytics.stats.correction import Audit, corrected_rate, rogan_gladen_rate
from traceanalytics.stats.differences import difference_limits, mean_of_changes_limits
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.onset import changes_since_base, onset, simultaneous_band
from traceanalytics.stats.rates import Limits, rate_limits, wilson
from traceanalytics.stats.ratios import count_rate, share_of_total
from traceanalytics.stats.shift_share import StrategyCounts, shift_share
from traceanalytics.stats.switching import CELLS, pairs_by_cell, unchanged_policy
from traceanalytics.stats.time_uniform import rates_at_every_look, running_mean_limits
from traceanalytics.stats.tipping import AuditedShift, audited_shift
from traceanalytics.stats.trend import trend

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


@dataclass(frozen=True)
class Section:
    title: str
    text: str
    cells: list[Cell]
    seconds: float


# ---------------------------------------------------------------- worlds


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


# ---------------------------------------------------------------- rates, differences, switching


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


# ---------------------------------------------------------------- onset


EVALUATIONS = 30
ONSET_AT = 8
DELTA = 0.05


def wandering(generator: np.random.Generator, evaluations: int, spread: float, carried: float) -> np.ndarray:
    """Return a stationary AR(1) series of this standard deviation."""
    wander = np.empty(evaluations)
    wander[0] = generator.normal() * spread
    for t in range(1, evaluations):
        wander[t] = carried * wander[t - 1] + np.sqrt(1 - carried**2) * spread * generator.normal()
    return wander


def course_of(kind: str, evaluations: int) -> np.ndarray:
    t = np.arange(evaluations)
    if kind == "flat":
        return np.full(evaluations, 0.667)
    if kind == "rise and fall":
        return np.where(t < ONSET_AT, 0.667, np.where(t < 2 * ONSET_AT, 0.90, 0.47))
    length = 1 if kind == "step" else int(kind.split()[-1])
    return 0.667 + 0.233 * np.clip((t - ONSET_AT + 1) / length, 0, 1)


def in_steps(course: np.ndarray) -> np.ndarray:
    """Round to 0.4 points: few distinct rates, whose quantiles are kept, and no change of exactly 5 points."""
    return (np.clip(course, 0.01, 0.99) * 250).round() / 250


def panel(generator, course: np.ndarray, prompts: int, samples: int, icc: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw the same prompts at every evaluation; each keeps its rank while the rate moves."""
    latent = generator.standard_normal(prompts)
    rounded = in_steps(course)
    by_rate = {rate: prompt_rates(latent, rate, icc) for rate in np.unique(rounded)}
    chances = np.stack([by_rate[rate] for rate in rounded], axis=1)
    return generator.binomial(samples, chances), np.full(chances.shape, samples)


def curriculum(generator, course: np.ndarray, prompts: int, samples: int, icc: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw prompts from a pool, easy ones first: the raw rate falls although no prompt's rate does."""
    hits, n = panel(generator, course, 4 * prompts, samples, icc)
    ease = (hits / n).mean(axis=1).argsort().argsort() / (4 * prompts)
    log_weights = 4 * (1 - 2 * np.arange(len(course)) / (len(course) - 1)) * (ease[:, None] - 0.5)
    keys = log_weights + generator.gumbel(size=hits.shape)  # the largest are drawn without return by these weights
    left_out = keys.argsort(axis=0).argsort(axis=0) < 3 * prompts
    return np.where(left_out, 0, hits), np.where(left_out, 0, n)


def look_for_onset(hits: np.ndarray, n: np.ndarray, seed: int):
    return simultaneous_band(changes_since_base(np.arange(hits.shape[1]), hits, n), seed=seed)


def found_onsets(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    kinds = (("step", 0.3), ("step", 0.5), ("ramp 5", 0.3), ("ramp 10", 0.3), ("ramp 20", 0.3), ("rise and fall", 0.3))
    for kind, icc in kinds:
        course = in_steps(course_of(kind, EVALUATIONS))
        true = int(np.argmax(course - course[0] > DELTA))
        found = [onset(look_for_onset(*panel(generator, course, 128, 8, icc), seed)) for seed in range(worlds)]
        shown = [each for each in found if each.step is not None]
        near = 100 * sum(abs(each.step - true) <= 2 for each in shown) / worlds
        covers = 100 * sum(each.earliest <= true <= each.latest for each in shown) / max(len(shown), 1)
        late = np.mean([each.latest - true for each in shown]) if shown else np.nan
        wide = np.mean([each.latest - each.earliest for each in shown]) if shown else np.nan
        world = f"{kind}, 128 prompts × 8, ICC {icc}"
        bar = 90.0 if kind.startswith("ramp 20") else 99.0
        yield Cell(f"{world}: within 2 evaluations", near, worlds, bar, 100, f"confirmed {late:.2f} evaluations late")
        yield Cell(f"{world}: interval holds the onset", covers, len(shown), 93, 100, f"{wide:.1f} evaluations wide")


def false_alarms(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    wobbles = ((0.0, 0.0), (0.02, 0.5), (0.02, 0.8), (0.02, 0.95))
    for (prompts, samples), evaluations, (spread, carried) in product(((128, 8), (500, 64)), (20, 60), wobbles):
        share = _alarms(worlds, generator, panel, prompts, samples, evaluations, spread, carried)
        wobble = f"AR(1) {100 * spread:g} points, φ {carried}" if spread else "no wobble"
        yield Cell(f"{wobble}, {prompts} prompts × {samples}, {evaluations} evaluations", share, worlds, 0, 5)
    for spread, carried in wobbles[:3]:
        share = _alarms(worlds, generator, curriculum, 128, 8, EVALUATIONS, spread, carried)
        wobble = f"AR(1) {100 * spread:g} points, φ {carried}" if spread else "no wobble"
        yield Cell(f"curriculum, {wobble}, 128 of 512 prompts × 8, {EVALUATIONS} evaluations", share, worlds, 0, 5)


def _alarms(worlds, generator, draw: Callable, prompts, samples, evaluations, spread, carried) -> float:
    alarms = 0
    for seed in range(worlds):
        course = course_of("flat", evaluations) + wandering(generator, evaluations, spread, carried)
        band = look_for_onset(*draw(generator, course, prompts, samples, 0.3), seed)
        alarms += any(onset(band, direction=direction).step is not None for direction in (1, -1))
    return 100 * alarms / worlds


# ---------------------------------------------------------------- taggers and audits


@dataclass(frozen=True)
class Era:
    true: float
    sensitivity: float
    false_positives: float


def audited_eras(
    generator, latent: np.ndarray, era: Era, samples: int, audited: int
) -> tuple[list[tuple[Estimate, Audit]], float]:
    """Draw an era's rollouts in every world, tag them with errors, and audit some at random."""
    chances = np.repeat(prompt_rates(latent, era.true, 0.3)[..., None], samples, axis=-1)
    shown = generator.random(chances.shape) < chances
    tagged = generator.random(chances.shape) < np.where(shown, era.sensitivity, era.false_positives)
    limits = rate_limits(tagged.sum(axis=-1), np.full(latent.shape, samples))
    worlds = len(latent)
    drawn = generator.random((worlds, shown[0].size), dtype=np.float32).argpartition(audited, axis=1)[:, :audited]
    y, f = (np.take_along_axis(each.reshape(worlds, -1), drawn, axis=1) for each in (shown, tagged))
    cells = np.stack([each.sum(axis=1) for each in (y & f, ~y & f, y & ~f, ~y & ~f)], axis=1).astype(float)
    observed = zip(limits.value, limits.low, limits.high, cells, strict=True)
    eras = [(Estimate(float(v), float(a), float(b), latent.shape[1]), Audit(*of)) for v, a, b, of in observed]
    return eras, quantiles(era.true, 0.3)[1]


DRIFTS = {
    "rise, false positives drift": (Era(0.667, 0.95, 0.1), Era(0.667, 0.95, 0.80)),
    "rise from 10%, false positives drift": (Era(0.1, 0.95, 0.02), Era(0.1, 0.95, 0.15)),
    "fall, sensitivity drifts": (Era(0.667, 0.95, 0.05), Era(0.667, 0.60, 0.05)),
}
TRUE_SHIFTS = {
    "0.667 → 0.90": (Era(0.667, 0.95, 0.1), Era(0.9, 0.95, 0.1)),
    "0.10 → 0.30": (Era(0.1, 0.9, 0.05), Era(0.3, 0.9, 0.05)),
    "0.65 → 0.47": (Era(0.65, 0.95, 0.05), Era(0.47, 0.95, 0.05)),
    "0.90 → 0.67": (Era(0.9, 0.95, 0.1), Era(0.667, 0.95, 0.1)),
}


def drifting_taggers(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    for name, eras in DRIFTS.items():
        shifts, _ = _audited_shifts(generator, worlds, eras)
        flagged = 100 * np.mean([not shift.confirmed for shift in shifts])
        noticed = 100 * np.mean([shift.drift_p < 0.05 for shift in shifts])
        yield Cell(f"{name}: not confirmed", float(flagged), worlds, 95, 100, f"drift test fires in {noticed:.0f}%")
    for name, eras in TRUE_SHIFTS.items():
        shifts, truth = _audited_shifts(generator, worlds, eras)
        confirmed = 100 * np.mean([shift.confirmed for shift in shifts])
        holds = 100 * np.mean([shift.corrected.low <= truth <= shift.corrected.high for shift in shifts])
        yield Cell(f"true shift {name}: confirmed", float(confirmed), worlds, 80, 100)
        yield Cell(f"true shift {name}: corrected interval holds it", float(holds), worlds, 93, 100)


def _audited_shifts(generator, worlds: int, eras: tuple[Era, Era]) -> tuple[list[AuditedShift], float]:
    shifts, truth = [], 0.0
    for size in batches(worlds):
        latent = generator.standard_normal((size, 200))
        (base, base_true), (final, true) = (audited_eras(generator, latent, era, 8, 200) for era in eras)
        truth = true - base_true
        shifts += [audited_shift(*before, *after) for before, after in zip(base, final, strict=True)]
    return shifts, truth


TAGGERS = ((0.95, 0.02), (0.8, 0.1), (0.7, 0.3))  # sensitivity and false positive rate


def corrected_rates(worlds: int, generator: np.random.Generator) -> Iterable[Cell]:
    for p, (se, fpr), audited in product(RATES, TAGGERS, (50, 200)):
        held: Counter[str] = Counter()
        for size in batches(worlds):
            latent = generator.standard_normal((size, 200))
            eras, truth = audited_eras(generator, latent, Era(p, se, fpr), 8, audited)
            for observed, audit in eras:
                held["corrected"] += _covers(corrected_rate(observed, audit), truth)
                held["raw"] += _covers(observed, truth)
                with suppress(Refused):
                    held["Rogan-Gladen"] += _covers(rogan_gladen_rate(observed, audit), truth)
                    held["answered"] += 1
        note = f"raw {100 * held['raw'] / worlds:.0f}"
        if held["answered"] > worlds / 2:
            note += f", Rogan-Gladen {100 * held['Rogan-Gladen'] / held['answered']:.0f}"
        percent = 100 * held["corrected"] / worlds
        yield Cell(f"p {p}, Se {se}, FPR {fpr}, {audited} audited", percent, worlds, 93, 100, note)


def _covers(found: Estimate, truth: float) -> bool:
    return found.low <= truth <= found.high


# ---------------------------------------------------------------- the rest


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


# ---------------------------------------------------------------- the page


PARTS: dict[str, tuple[str, Callable[..., Iterable[Cell]], float]] = {
    "Rates": ("Coverage in percent; the note is Wilson's interval over rollouts as if independent.", rates, 1),
    "Rates, unequal groups": (
        "The same with 1 to 2·samples - 1 rollouts a prompt.",
        lambda worlds, generator: rates(worlds, generator, unequal=True),
        1,
    ),
    "Shifts and paired differences": ("The same prompts in both windows, correlation .8.", differences, 1),
    "Shifts between different prompts": (
        "No prompt in both windows.",
        lambda worlds, generator: differences(worlds, generator, paired=False),
        1,
    ),
    "Switch cells, in points": ("Events are pairs in the cell whose correctness differs.", switch_cells, 1),
    "Switch cells, as shares of the gain": ("Printed only where the gain is clear of 0 by 4 SE.", shares_of_gain, 1),
    "Shift-share": ("Cluster bootstrap, 2,000 resamples.", decompositions, 1),
    "Onset": ("First step whose true change exceeds 5 points; 30 evaluations.", found_onsets, 1),
    "Onset on flat runs": ("Runs with an onset in either direction.", false_alarms, 0.5),
    "Taggers that drift, and shifts that are real": (
        "200 prompts × 8, 200 rollouts audited an era.",
        drifting_taggers,
        1,
    ),
    "Corrected rates": (
        "200 prompts × 8, ICC .3; the note is the raw rate's interval, and that of sensitivity and specificity.",
        corrected_rates,
        1,
    ),
    "Trends": ("Log odds per 100 steps, 11 evaluations.", trends, 1),
    "Counts per length of text": ("Coverage; prompts differ by a Gamma factor.", counts_per_text, 1),
    "Looking all run long": ("All limits right at once.", looks, 1),
}


def sections(worlds: int, names: Iterable[str] = PARTS, *, seed: int = 1) -> Iterable[Section]:
    """Run parts of the calibration; slow parts get their share of the worlds."""
    for name in names:
        text, cells, share = PARTS[name]
        started = perf_counter()
        done = list(cells(max(20, int(worlds * share)), np.random.default_rng([seed, len(name)])))
        yield Section(name, text, done, perf_counter() - started)


PREFACE = """# Calibration

Generated by `python benchmarks/calibration.py --out docs/calibration.md`; with `--parts` it does some parts again and
leaves the others. A world is drawn with a known truth, and a cell counts the worlds whose interval holds it (or that do
what their row says). Where prompts × min(p, 1 - p) ≥ 10 the bar is 93 to 97%, elsewhere at least 90%: limits may then
be wider than they need be. The aim is 4,000 worlds a cell; slow parts have fewer, as the table says. ± is the cell's
Monte Carlo error √(c(1 - c)/worlds).

| part | cells | worlds a cell | lowest | highest | outside the bar | by more than 2 MC errors |
|---|---|---|---|---|---|---|"""


def page(done: Iterable[Section], previous: str = "") -> str:
    """Return the table of every section and its worst cells as Markdown; parts not done are those of a page before."""
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in previous.splitlines() if line.count(" | ") == 6}
    sections = dict(part.split("\n", 1) for part in previous.split("\n## ")[1:])
    for section in done:
        percents = [cell.percent for cell in section.cells]
        strict, beyond = sum(not c.holds(0) for c in section.cells), sum(not c.holds() for c in section.cells)
        most = max(cell.worlds for cell in section.cells)
        span = f"{min(percents):.1f} | {max(percents):.1f}"
        rows[section.title] = f"| {section.title} | {len(percents)} | {most:,} | {span} | {strict} | {beyond} |"
        sections[section.title] = "\n".join(["", section.text, *_table(section)]) + "\n"
    kept = [title for title in PARTS if title in sections]
    lines = [PREFACE, *(rows[title] for title in kept)]
    return "\n".join(lines) + "\n" + "".join(f"\n## {title}\n{sections[title].rstrip()}\n" for title in kept)


SHOWN = 30  # cells of a large section: those nearest to their bar


def _table(section: Section) -> list[str]:
    groups = {
        "enough prompts (93 to 97%)": [c for c in section.cells if c.high == 97],
        "few events (at least 90%)": [c for c in section.cells if (c.low, c.high) == (90, 100)],
    }
    lines = []
    if len(section.cells) > SHOWN:
        for name, cells in groups.items():
            if cells:
                low, middle, high = np.quantile([c.percent for c in cells], [0, 0.5, 1])
                lines.append(f"{name}: {len(cells)} cells, lowest {low:.1f}, median {middle:.1f}, highest {high:.1f}.")
        lines.append(f"The {SHOWN} cells nearest to their bar:")
    chosen = sorted(section.cells, key=_margin)[:SHOWN] if len(section.cells) > SHOWN else section.cells
    lines += ["", "| world | percent | ± | bar | note |", "|---|---|---|---|---|"]
    lines += [f"| {c.world} | {c.percent:.1f} | {c.error:.1f} | {_bar(c)} | {c.note} |" for c in chosen]
    return lines


def _margin(cell: Cell) -> float:
    return min(cell.percent - cell.low, (cell.high - cell.percent) if cell.high < 100 else 100.0)


def _bar(cell: Cell) -> str:
    if cell.low == 0:
        return f"≤ {cell.high:g}"
    return f"≥ {cell.low:g}" if cell.high == 100 else f"{cell.low:g} to {cell.high:g}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=4000)
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS), metavar="PART")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    done = []
    for section in sections(arguments.worlds, arguments.parts):
        done.append(section)
        missed = [cell for cell in section.cells if not cell.holds()]
        print(
            f"{section.title}: {len(section.cells)} cells, {len(missed)} outside the bar, {section.seconds:.0f} s",
            flush=True,
        )
        for cell in missed:
            print(f"    {cell.world}: {cell.percent:.1f} ± {cell.error:.1f}, bar {_bar(cell)}", flush=True)
        if arguments.out:
            previous = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
            arguments.out.write_text(page([section], previous), encoding="utf-8")
    return int(any(not cell.holds() for section in done for cell in section.cells))


if __name__ == "__main__":
    raise SystemExit(main())
