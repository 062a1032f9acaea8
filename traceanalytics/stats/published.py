"""Arithmetic that a published table must obey, whatever was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a number can be true as printed, and why."""

    holds: bool
    says: str


def possible_percentage(printed: str, n: int) -> Check:
    """Say whether a percentage as printed is a whole count out of n: |100k/n - x| ≤ half its last digit (GRIM, 2016).

    >>> possible_percentage("66.7", 500).says
    '66.7% of 500 is impossible: 333 give 66.6%, 334 give 66.8%'
    """
    low, high = _rounded(printed)
    below = int(high * n / 100 + 1e-9)
    if below >= low * n / 100 - 1e-9:
        return Check(True, f"{printed}% of {n} is {below}")
    digits = _digits(printed)
    near = ", ".join(f"{k} give {100 * k / n:.{digits}f}%" for k in (below, below + 1))
    return Check(False, f"{printed}% of {n} is impossible: {near}")


def total_probability(overall: str, *, share: str, inside: str, outside: str) -> Check:
    """Say whether overall = share·inside + (1 - share)·outside within rounding; all in percent, as printed."""
    corners = [
        f / 100 * a + (1 - f / 100) * b for f, a, b in product(_rounded(share), _rounded(inside), _rounded(outside))
    ]
    low, high = _rounded(overall)
    f, a, b = (float(each) for each in (share, inside, outside))
    mixed = f / 100 * a + (1 - f / 100) * b
    holds = min(corners) <= high + 1e-9 and max(corners) >= low - 1e-9
    verb = "agrees with" if holds else "contradicts"
    return Check(holds, f"{share}% at {inside} and the rest at {outside} make {mixed:.2f}, which {verb} {overall}")


def sums_to(parts: Sequence[str], total: float = 100) -> Check:
    """Say whether parts as printed can add up to the total within the rounding of each."""
    ranges = [_rounded(part) for part in parts]
    added = sum(float(part) for part in parts)
    holds = sum(low for low, _ in ranges) <= total + 1e-9 and sum(high for _, high in ranges) >= total - 1e-9
    written = f"{' + '.join(parts)} = {added:.{max(map(_digits, parts))}f}"
    if not holds:
        return Check(False, f"{written}, not {total:g}")
    return Check(True, written if abs(added - total) < 1e-9 else f"{written}, {total:g} within rounding")


def _digits(printed: str) -> int:
    return len(printed.partition(".")[2])


def _rounded(printed: str) -> tuple[float, float]:
    half = 0.5 * 10 ** -_digits(printed)
    return float(printed) - half, float(printed) + half
