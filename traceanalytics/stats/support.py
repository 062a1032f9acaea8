"""What a policy shows at all: prompts that show something in k rollouts before, after, or only in one of the two."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.differences import mean_of_changes
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, floats


@dataclass(frozen=True, slots=True)
class Support:
    """Parts of the prompts that show it in k rollouts of one policy and in none of k of the other.

    `by_chance` is either part for two sets of k rollouts of the base, `beyond_chance` is `only_after` less it; both
    are None where the base has fewer than 2k rollouts a prompt.
    """

    k: int
    only_after: Estimate
    only_before: Estimate
    by_chance: Estimate | None
    beyond_chance: Estimate | None


def chance_unseen(hits: Numbers, n: Numbers, k: int) -> Floats:
    """Return the chance that k of n rollouts, drawn without return, hold none of the hits: C(n - c, k) / C(n, k).

    >>> chance_unseen([0, 1, 4], [4, 4, 4], 2).round(4).tolist()
    [1.0, 0.5, 0.0]
    """
    from scipy.special import gammaln

    hits, n = floats(hits), floats(n)
    left = n - hits
    possible = left >= k
    some = np.where(possible, left, k)
    logs = gammaln(some + 1) - gammaln(some - k + 1) + gammaln(n - k + 1) - gammaln(n + 1)
    return floats(np.where(possible, np.exp(logs), 0.0))


def support(base_hits: Numbers, base_n: Numbers, *, hits: Numbers, n: Numbers, confidence: float = 0.95) -> Support:
    """Compare the prompts' rollouts of two policies at equal k, an entry a prompt.

    k is half of the base's rollouts where that is 1 or more, so that base can be held against base; else 1.
    """
    base_hits, base_n, hits, n = (floats(each) for each in (base_hits, base_n, hits, n))
    least = int(min(base_n.min(), n.min(), np.inf)) if len(base_n) else 0
    if least < 1:
        raise Refused("a prompt lacks rollouts of one of the two policies: give prompts that both have")
    halves = int(base_n.min()) // 2
    k = min(least, halves) if halves else 1
    unseen, unseen_after = chance_unseen(base_hits, base_n, k), chance_unseen(hits, n, k)
    gained, lost = unseen * (1 - unseen_after), (1 - unseen) * unseen_after
    only_after = mean_of_changes(gained, gained, confidence=confidence)
    only_before = mean_of_changes(lost, lost, confidence=confidence)
    if not halves:
        return Support(k, _share(only_after), _share(only_before), None, None)
    chance = unseen - chance_unseen(base_hits, base_n, 2 * k)
    by_chance = mean_of_changes(chance, chance, confidence=confidence)
    beyond = mean_of_changes(gained - chance, gained + chance, confidence=confidence)
    return Support(k, _share(only_after), _share(only_before), _share(by_chance), beyond)


def _share(part: Estimate) -> Estimate:
    return Estimate(part.value, max(0.0, part.low), min(1.0, part.high), part.n, part.unit)
