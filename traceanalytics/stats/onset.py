"""When a rate began to change: a scan for the one break that fits best, and the first step beyond a threshold."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial, prod

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Floats, Numbers, floats, normal_quantile, t_quantile
from traceanalytics.stats.rates import degrees, none_of

EXACT_ORDERS = 20_000  # distinct orders of the evaluations up to which the permutation p is enumerated
SHORTEST_WOBBLE = 10  # evaluations from which a run's wobble can be told from its course


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The split after `after` evaluations fits best; `ratios` has the statistic of every split."""

    after: int
    statistic: float
    p: float
    ratios: Floats


@dataclass(frozen=True, slots=True)
class Changes:
    """Change since the first `base` evaluations at every step, with each prompt's influence on it (prompts × steps)."""

    steps: Floats
    value: Floats
    influences: Floats
    prompts: int
    base: int


@dataclass(frozen=True, slots=True)
class Band:
    """Changes with limits that hold at all steps at once; `wobble` is the spread no sampling error explains."""

    steps: Floats
    value: Floats
    low: Floats
    high: Floats
    wobble: float
    prompts: int


@dataclass(frozen=True, slots=True)
class Onset:
    """First step whose change exceeds the threshold, between two steps that the band vouches for.

    `latest` is where the change is confirmed; the true onset is not before `earliest` and not after `latest`.
    """

    step: float
    earliest: float
    latest: float
    rises: bool


def change_point(counts: Numbers, totals: Numbers, *, resamples: int = 2000, seed: int = 0) -> ChangePoint:
    """Scan 2·(log L two rates - log L one rate) over splits, p by permuting the evaluations (Siegmund 1985, Pitman).

    Exact where the evaluations have few distinct orders. Evaluations are taken as exchangeable: on a run whose rate
    wanders from step to step by more than sampling error use `onset`, whose band allows for it.
    """
    counts, totals = floats(counts), floats(totals)
    if len(counts) < 4:
        raise Refused(f"{len(counts)} evaluations: a change point needs at least 4")
    ratios = _split_ratios(counts[None], totals[None])[0]
    order = _distinct_orders(list(zip(counts.tolist(), totals.tolist(), strict=True)), resamples, seed)
    permuted = _split_ratios(order[..., 0], order[..., 1]).max(axis=1)
    reached = int((permuted >= ratios.max() - 1e-9).sum())
    p = reached / len(permuted) if _orders(counts, totals) <= EXACT_ORDERS else (1 + reached) / (1 + len(permuted))
    return ChangePoint(int(ratios.argmax()) + 1, float(ratios.max()), p, ratios)


def changes_since_base(
    steps: Numbers,
    numerators: Numbers,
    denominators: Numbers,
    *,
    base: int = 1,
    blocks: Numbers | None = None,
) -> Changes:
    """Fit rate = prompt + step by least squares to counts of prompts × steps; the change is step minus base steps.

    With all prompts at all steps this is p_t - p_0; with a curriculum it compares each prompt with itself only.
    `blocks` names the stratum that each prompt is compared within, for prompts that never come twice.
    """
    hits, n, at = floats(numerators), floats(denominators), floats(steps)
    held = n.sum(axis=0) > 0
    hits, n, at = hits[:, held], n[:, held], at[held]
    of_block = np.arange(len(n)) if blocks is None else np.unique(np.asarray(blocks), return_inverse=True)[1]
    block_hits, block_n = _by_block(hits, of_block), _by_block(n, of_block)
    totals = np.maximum(block_n.sum(axis=1, keepdims=True), 1e-300)
    shares = block_n / totals
    information = np.diag(block_n.sum(axis=0)) - shares.T @ block_n
    _refuse_unconnected(information, at)
    inverse = np.zeros_like(information)
    inverse[1:, 1:] = np.linalg.inv(information[1:, 1:])
    effect = inverse @ (block_hits - shares * block_hits.sum(axis=1, keepdims=True)).sum(axis=0)
    levels = (block_hits - block_n * effect).sum(axis=1, keepdims=True) / totals
    influences = (hits - n * (levels[of_block] + effect)) @ inverse
    influences -= influences[:, :base].mean(axis=1, keepdims=True)
    return Changes(at, effect - effect[:base].mean(), influences, int((n.sum(axis=1) > 0).sum()), base)


def in_clusters(changes: Changes, clusters: np.ndarray) -> Changes:
    """Return the same changes with the influences of the prompts of each cluster added up: one row a cluster."""
    influences = _by_block(changes.influences, np.unique(clusters, return_inverse=True)[1])
    return Changes(changes.steps, changes.value, influences, min(changes.prompts, len(influences)), changes.base)


def simultaneous_band(changes: Changes, *, confidence: float = 0.95, resamples: int = 500, seed: int = 0) -> Band:
    """Return limits that hold at all steps at once: the quantile of max |Gaussian-weighted influences| / SE.

    Max-t multiplier bootstrap over prompts (Chernozhukov, Chetverikov & Kato 2013), with Student's quantile for few
    prompts, and with twice the wobble's variance added: that of the step and that of the base.
    """
    influences, prompts = changes.influences, changes.prompts
    if prompts < 2:
        raise Refused(f"{prompts} prompt: a band over prompts needs at least 2")
    error = np.sqrt(prompts / (prompts - 1) * (influences**2).sum(axis=0))
    moving = error > 1e-12
    drawn = resampled_changes(influences[:, moving], resamples, seed)
    widest = np.quantile(np.abs(drawn / error[moving]).max(axis=1), confidence) if moving.any() else 0.0
    student = t_quantile(confidence, degrees(influences.T, np.full(len(error), float(prompts))))
    wobble = _wobble(changes.value, influences, prompts)
    half = widest * np.sqrt((error * student / normal_quantile(confidence)) ** 2 + 2 * wobble**2)
    half = np.where(moving, half, none_of(floats(prompts), confidence))
    if changes.base == 1:
        half[0] = 0.0
    return Band(changes.steps, changes.value, changes.value - half, changes.value + half, wobble, prompts)


def resampled_changes(influences: Floats, resamples: int, seed: int) -> Floats:
    """Return resamples × steps of Gaussian weights over prompts times their influences.

    A factor of the products of their steps has the same distribution with fewer rows.
    """
    sizes, directions = np.linalg.eigh(influences.T @ influences)
    factor = np.sqrt(np.maximum(sizes, 0.0))[:, None] * directions.T
    return floats(np.random.default_rng(seed).standard_normal((resamples, len(factor))) @ factor)


def onset(band: Band, *, threshold: float = 0.05, consecutive: int = 3) -> Onset | None:
    """Return the first step whose change exceeds the threshold, upward or downward; None where none is shown.

    Confirmed at the first of `consecutive` evaluations whose limits all lie beyond it; the step itself is the first
    from which the change as measured stays beyond it until then. Of an onset in each direction the one confirmed
    first counts.
    """
    upward = _onset(band.steps, band.value, band.low, band.high, threshold, consecutive, rises=True)
    downward = _onset(band.steps, -band.value, -band.high, -band.low, threshold, consecutive, rises=False)
    return min((each for each in (upward, downward) if each is not None), key=lambda each: each.latest, default=None)


def _onset(
    steps: Floats, value: Floats, low: Floats, high: Floats, threshold: float, consecutive: int, *, rises: bool
) -> Onset | None:
    confirmed = _first_of_a_row(low > threshold, consecutive)
    if confirmed is None:
        return None
    first = confirmed
    while first > 0 and value[first - 1] > threshold:
        first -= 1
    earliest = int(np.argmax(high > threshold))
    return Onset(float(steps[first]), float(steps[earliest]), float(steps[confirmed]), rises)


def _first_of_a_row(holds: np.ndarray, length: int) -> int | None:
    if len(holds) < length:
        return None
    rows = np.lib.stride_tricks.sliding_window_view(holds, length).all(axis=1)
    return int(rows.argmax()) if rows.any() else None


def _by_block(counts: Floats, of_block: np.ndarray) -> Floats:
    order = np.argsort(of_block, kind="stable")
    firsts = np.searchsorted(of_block[order], np.arange(int(of_block.max()) + 1))
    return floats(np.add.reduceat(counts[order], firsts, axis=0))


def _refuse_unconnected(information: Floats, steps: Floats) -> None:
    """Refuse where no chain of shared prompts leads from the first step to every other."""
    if len(steps) < 2:
        raise Refused("one step has rollouts: a change needs at least two")
    shared = information < 0
    reached = np.zeros(len(steps), dtype=bool)
    reached[0] = True
    while True:
        grown = reached | shared[reached].any(axis=0)
        if (grown == reached).all():
            break
        reached = grown
    if not reached.all():
        lost = steps[~reached][0]
        raise Refused(f"step {lost:g} shares no prompt with the base: compare within strata, or evaluate fixed prompts")


def _wobble(value: Floats, influences: Floats, prompts: int) -> float:
    """Return the spread about the run's course that sampling does not explain; the course is the best two ramps."""
    if len(value) < SHORTEST_WOBBLE:
        return 0.0
    course = _best_ramps(value - value.mean())
    left = value - value.mean() - course @ (course.T @ value)
    sampled = influences - influences.mean(axis=1, keepdims=True) - influences @ course @ course.T
    expected = prompts / (prompts - 1) * (sampled**2).sum()
    return float(np.sqrt(max(0.0, (left @ left - expected) / (len(value) - 5))))


def _best_ramps(value: Floats) -> Floats:
    """Return an orthonormal basis of the two ramps that fit best, each chosen again beside the other."""
    ramps = _ramps(len(value))
    first, second = ramps[0], ramps[0]
    for _ in range(5):
        first = _best_beside(second, ramps, value)
        second = _best_beside(first, ramps, value)
    return floats(np.linalg.qr(np.stack([first, second], axis=1))[0])


def _best_beside(other: Floats, ramps: Floats, value: Floats) -> Floats:
    """Return the ramp that, fitted together with another, leaves least of a curve."""
    rest = value - other * (other @ value)
    along = ramps @ other
    apart = np.maximum(1 - along**2, 1e-9)
    return floats(ramps[((ramps @ rest) ** 2 / apart).argmax()])


def _ramps(evaluations: int) -> Floats:
    """Return level-ramp-level courses from every start and of doubling length, centered, of norm 1."""
    lengths = 2 ** np.arange(int(np.log2(evaluations - 1)) + 1)
    start, length = (each.ravel() for each in np.meshgrid(np.arange(evaluations - 1), lengths))
    ramps = np.clip((np.arange(evaluations) - start[:, None]) / length[:, None], 0, 1)
    ramps -= ramps.mean(axis=1, keepdims=True)
    return floats(ramps / np.sqrt((ramps**2).sum(axis=1, keepdims=True)))


def _split_ratios(counts: Floats, totals: Floats) -> Floats:
    left, left_n = counts.cumsum(axis=1)[:, :-1], totals.cumsum(axis=1)[:, :-1]
    all_hits, all_n = counts.sum(axis=1, keepdims=True), totals.sum(axis=1, keepdims=True)
    split = _log_likelihood(left, left_n) + _log_likelihood(all_hits - left, all_n - left_n)
    return 2 * (split - _log_likelihood(all_hits, all_n))


def _log_likelihood(hits: Floats, n: Floats) -> Floats:
    from scipy.special import xlogy

    return floats(xlogy(hits, hits) + xlogy(n - hits, n - hits) - xlogy(n, n))


def _orders(counts: Floats, totals: Floats) -> int:
    _, repeats = np.unique(np.stack([counts, totals]), axis=1, return_counts=True)
    return factorial(len(counts)) // prod(factorial(int(each)) for each in repeats)


def _distinct_orders(pairs: list[tuple[float, float]], resamples: int, seed: int) -> Floats:
    values = np.array(pairs)
    if _orders(values[:, 0], values[:, 1]) <= EXACT_ORDERS:
        return np.array(list(_permutations(sorted(pairs))))
    generator = np.random.default_rng(seed)
    return floats(values[generator.permuted(np.tile(np.arange(len(values)), (resamples, 1)), axis=1)])


def _permutations(pairs: list[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """Yield every distinct order of a sorted list once."""
    if not pairs:
        yield []
    for i, first in enumerate(pairs):
        if i == 0 or first != pairs[i - 1]:
            for rest in _permutations(pairs[:i] + pairs[i + 1 :]):
                yield [first, *rest]
