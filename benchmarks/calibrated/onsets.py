"""Onsets on runs that change, and alarms on runs that do not."""

from collections.abc import Callable, Iterable
from itertools import product

import numpy as np
from calibrated.worlds import Cell, prompt_rates

from traceanalytics.stats.onset import Band, Changes, changes_since_base, onset, simultaneous_band

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
        shown = [each for each in found if each is not None]
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
        share = share_of_alarms(worlds, generator, panel, prompts, samples, evaluations, spread, carried)
        wobble = f"AR(1) {100 * spread:g} points, φ {carried}" if spread else "no wobble"
        yield Cell(f"{wobble}, {prompts} prompts × {samples}, {evaluations} evaluations", share, worlds, 0, 5)
    for spread, carried in wobbles[:3]:
        share = share_of_alarms(worlds, generator, curriculum, 128, 8, EVALUATIONS, spread, carried)
        wobble = f"AR(1) {100 * spread:g} points, φ {carried}" if spread else "no wobble"
        yield Cell(f"curriculum, {wobble}, 128 of 512 prompts × 8, {EVALUATIONS} evaluations", share, worlds, 0, 5)


def share_of_alarms(worlds, generator, draw: Callable, prompts, samples, evaluations, spread, carried) -> float:
    alarms = 0
    for seed in range(worlds):
        course = course_of("flat", evaluations) + wandering(generator, evaluations, spread, carried)
        hits, n = draw(generator, course, prompts, samples, 0.3)
        changes = changes_since_base(np.arange(evaluations), hits, n)
        if can_be_shown(changes):
            alarms += onset(simultaneous_band(changes, seed=seed)) is not None
    return 100 * alarms / worlds


def can_be_shown(changes: Changes) -> bool:
    """Say whether a band without width shows an onset: where it shows none, no band does, and none need be made."""
    value = changes.value
    return onset(Band(changes.steps, value, value, value, 0.0, changes.prompts)) is not None
