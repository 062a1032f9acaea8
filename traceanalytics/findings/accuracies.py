"""How right rollouts are that show a behavior, and those that do not: the two strategies of several findings."""

from dataclasses import dataclass

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.evaluations import FEWEST_PROMPTS
from traceanalytics.stats.differences import difference, newcombe
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.rates import rate
from traceanalytics.stats.shift_share import StrategyCounts
from traceanalytics.stats.within_prompt import WithinPrompt, within_prompt_difference

CODE_AND_LANGUAGE = ("code", "language")  # what the two strategies of `code_reasoning` are called


@dataclass(frozen=True, slots=True)
class Accuracies:
    """How right rollouts are that show something and that do not: over all prompts, and inside prompts with both."""

    shown: Estimate
    other: Estimate
    difference: Estimate
    within: WithinPrompt | None


def accuracies(counts: StrategyCounts) -> Accuracies:
    """Compare the two kinds of rollout; inside prompts where enough prompts hold both.

    With one rollout a prompt the two kinds share no prompt, and Newcombe's interval is that of independent shares.
    """
    shown, shown_correct, other, other_correct = counts.columns().T
    for kind, n in (("shows it", shown), ("does not show it", other)):
        if not n.sum() > 0:
            raise Refused(f"no graded rollout {kind}: there is nothing to compare")
    if (shown + other).max() == 1:
        sums = shown_correct.sum(), shown.sum()
        apart = newcombe(*sums, base_successes=other_correct.sum(), base_n=other.sum())
    else:
        apart = difference(shown_correct, shown, base_numerators=other_correct, base_denominators=other)
    both = int(((shown > 0) & (other > 0)).sum())
    within = None
    if both >= FEWEST_PROMPTS:
        within = within_prompt_difference(shown_correct, shown, other_successes=other_correct, other_n=other)
    return Accuracies(rate(shown_correct, shown), rate(other_correct, other), apart, within)


def accuracies_of_sums(sums: Floats) -> Floats:
    """Return the two accuracies and their difference from sums of the columns of `StrategyCounts`."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shown, other = sums[..., 1] / sums[..., 0], sums[..., 3] / sums[..., 2]
    return np.stack([shown, other, shown - other], axis=-1)


def strategy_names(behavior: str) -> tuple[str, str]:
    """Return what the two strategies are called: with the behavior and without it."""
    return CODE_AND_LANGUAGE if behavior == "code_reasoning" else (behavior, f"no {behavior}")
