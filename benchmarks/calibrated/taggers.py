"""Taggers that err and drift, and the audits that correct them."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

import numpy as np
from calibrated.worlds import RATES, Cell, batches, prompt_rates, quantiles

from traceanalytics.errors import Refused
from traceanalytics.stats.correction import Audit, corrected_rate, rogan_gladen_rate
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.rates import rate_limits
from traceanalytics.stats.tipping import AuditedShift, audited_shift


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
