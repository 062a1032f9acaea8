"""The shape of a curve over training: jump or drift, steady or shaken, and how far it fell back."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats, normal_quantile, t_quantile
from traceanalytics.stats.onset import Changes, resampled_changes
from traceanalytics.stats.series import stationary_resamples

WINDOW = 7  # evaluations of the local line that is taken for the course of a curve
LENGTHS, PLACES = 41, 81  # of ramps that are tried
STRAIGHT = 0.8  # a straight drift spends 80% of the run between 10 and 90% of its change


@dataclass(frozen=True, slots=True)
class Transition:
    """Steps from 10 to 90% of the change; `sharpness` is 0 for a jump and 1 for a straight drift over the run."""

    rise_time: Estimate
    sharpness: Estimate
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak to a later trough, with limits over all pairs of evaluations at once."""

    depth: Estimate
    peak: float
    trough: float


def transition(steps: Numbers, numerators: Numbers, denominators: Numbers, *, confidence: float = 0.95) -> Transition:
    """Time 10 to 90% of the ramp that fits best, by least squares; limits by profile likelihood (Wilks 1938).

    Counts are prompts × steps. Limits hold the lengths whose best placed ramp leaves no more than the best of all does
    by what sampling explains: where a drift fits a noisy curve about as well as a jump, both are inside. Refuses where
    first and last third of the run do not differ.
    """
    steps, numerators, denominators = floats(steps), floats(numerators), floats(denominators)
    if len(steps) < 5:
        raise Refused(f"{len(steps)} evaluations: a rise time needs at least 5")
    total = denominators.sum(axis=0)
    curve = numerators.sum(axis=0) / total
    influences = (numerators - denominators * curve) / total
    third = max(1, len(steps) // 3)
    change = curve[-third:].mean() - curve[:third].mean()
    by_prompt = influences[:, -third:].mean(axis=1) - influences[:, :third].mean(axis=1)
    prompts = len(numerators)
    error = float(np.sqrt(prompts / max(prompts - 1, 1) * (by_prompt**2).sum()))
    half = float(t_quantile(confidence, max(prompts - 1, 1))) * error
    low, high = change - half, change + half
    if low <= 0 <= high:
        raise Refused(f"the change from the first to the last third is [{low:.3f}, {high:.3f}]: no rise to time")
    sharpnesses = np.linspace(0, 1, LENGTHS)
    fits = [_best_ramp(steps, curve, 1 / _variances(influences, total), each) for each in sharpnesses]
    left = np.array([each for each, _ in fits])
    # What no ramp explains, such as a wobble, counts as noise.
    scale = max(1.0, float(left.min()) / max(len(steps) - 4, 1))
    held = sharpnesses[left <= left.min() + scale * normal_quantile(confidence) ** 2]
    start, end = _crossings(steps, fits[int(left.argmin())][1])
    whole = STRAIGHT * float(steps[-1] - steps[0])
    low, high = float(min(held[0], (end - start) / whole)), float(max(held[-1], (end - start) / whole))
    rise = Estimate(end - start, low * whole, high * whole, prompts)
    return Transition(rise, Estimate(rise.value / whole, low, high, prompts), start, end)


def _variances(influences: Floats, total: Floats) -> Floats:
    """Return each step's sampling variance beside what prompts bring to all steps alike; of no event as of one."""
    varying = influences - influences.mean(axis=1, keepdims=True)
    return floats(np.maximum((varying**2).sum(axis=0), 1 / (total + 2) ** 2))


def _best_ramp(steps: Floats, curve: Floats, weights: Floats, sharpness: float) -> tuple[float, Floats]:
    """Return what the best placed ramp of this length leaves, by weighted least squares, and the course it makes."""
    whole = float(steps[-1] - steps[0])
    length = max(sharpness * whole, 1e-9)
    starts = steps[0] + np.linspace(0, whole - length, PLACES if sharpness < 1 else 1)
    ramps = np.clip((steps - starts[:, None]) / length, 0, 1)
    level = curve @ weights / weights.sum()
    apart, away = ramps - (ramps @ weights / weights.sum())[:, None], curve - level
    along, size = (apart * weights) @ away, np.maximum(apart**2 @ weights, 1e-300)
    best = int((along**2 / size).argmax())
    course = apart[best] * along[best] / size[best]
    return float(((away - course) ** 2) @ weights), floats(level + course)


def detrended_spread(values: Numbers, standard_errors: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return the SD of a curve about its local line (window of 7), less sampling: √(mean r²/(1-h) - mean SE²).

    Percentile limits of the stationary block bootstrap over evaluations.
    """
    values, errors = floats(values), floats(standard_errors)
    n = len(values)
    if n < 2 * WINDOW:
        raise Refused(f"{n} evaluations: a spread about the course of a curve needs at least {2 * WINDOW}")
    smoother = _local_line(n)
    squares = (values - smoother @ values) ** 2 / (1 - np.diag(smoother)) - errors**2
    resampled = squares[stationary_resamples(n, block=n ** (1 / 3))].mean(axis=1)
    low, high = np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2])
    value, low, high = (float(np.sqrt(max(0.0, each))) for each in (squares.mean(), low, high))
    return Estimate(value, low, high, n, "evaluations")


def spread_about_course(changes: Changes, *, confidence: float = 0.95) -> Estimate:
    """Return `detrended_spread` of changes whose evaluations share their prompts.

    What sampling adds is counted after the local line: what prompts bring to every evaluation alike is not noise.
    """
    influences, prompts = changes.influences, changes.prompts
    n = len(changes.value)
    if n < 2 * WINDOW:
        return detrended_spread(changes.value, np.zeros(n), confidence=confidence)
    smoother = _local_line(n)
    left = influences - influences @ smoother.T
    sampled = prompts / max(prompts - 1, 1) * (left**2).sum(axis=0) / (1 - np.diag(smoother))
    return detrended_spread(changes.value, np.sqrt(sampled), confidence=confidence)


def drawdown(changes: Changes, *, confidence: float = 0.95, resamples: int = 500, seed: int = 0) -> Drawdown:
    """Return max over s < t of p_s - p_t; limits from max-t over all pairs, prompts reweighted (as the band of S07).

    Noise alone makes a largest fall; only the lower limit says that there was one.
    """
    value, influences = changes.value, changes.influences
    prompts = len(influences)
    drawn = resampled_changes(influences, resamples, seed)
    gram = influences.T @ influences * prompts / max(prompts - 1, 1)
    variance = np.diag(gram)[:, None] + np.diag(gram) - 2 * gram
    earlier, later = np.triu_indices(len(value), k=1)
    error = np.sqrt(np.maximum(variance[earlier, later], 0))
    falls = value[earlier] - value[later]
    moving = error > 1e-12
    widest = np.zeros(resamples)
    for s in range(len(value) - 1):
        mine = moving & (earlier == s)
        if mine.any():
            spread = np.abs(drawn[:, [s]] - drawn[:, later[mine]]) / error[mine]
            widest = np.maximum(widest, spread.max(axis=1))
    half = float(np.quantile(widest, confidence)) * error
    deepest = int(falls.argmax())
    depth = Estimate(
        max(0.0, float(falls[deepest])),
        max(0.0, float((falls - half).max())),
        max(0.0, float((falls + half).max())),
        prompts,
    )
    return Drawdown(depth, float(changes.steps[earlier[deepest]]), float(changes.steps[later[deepest]]))


def _crossings(steps: Floats, course: Floats) -> tuple[float, float]:
    """Return where a ramp passes 10 and 90% of its change, on straight lines between evaluations."""
    part = (course - course[0]) / (course[-1] - course[0])
    strict = part + np.arange(len(part)) * 1e-12  # np.interp asks for a strict order
    first, last = np.interp([0.1, 0.9], strict, steps)
    return float(first), float(last)


def _local_line(n: int) -> Floats:
    smoother = np.zeros((n, n))
    for i in range(n):
        first = min(max(0, i - WINDOW // 2), n - WINDOW)
        window = np.arange(first, first + WINDOW)
        design = np.stack([np.ones(WINDOW), window - i], axis=1)
        smoother[i, window] = np.linalg.pinv(design)[0]
    return smoother
