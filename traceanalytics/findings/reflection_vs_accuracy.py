"""Whether responses that reflect are right more often, once hard problems are compared with themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.accuracies import Accuracies, accuracies, accuracies_of_sums
from traceanalytics.findings.audits import audits_at, corrected_by_strategy, uncorrected
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.comparable import refuse_gaps, refuse_graders
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import (
    FEWEST_PROMPTS,
    ONE_RUN,
    ask_each,
    evaluations_of,
    every_run,
    named,
    percent,
    points,
    reflection_of,
    row_at,
)
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.shift_share import StrategyCounts
from traceanalytics.stats.within_prompt import WithinPrompt, conditional_odds_ratio, mantel_haenszel
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

_COLUMNS = ("shown", "shown_correct", "other", "other_correct")
_LABELS = ("accuracy with reflection", "accuracy without", "difference over all prompts")
_TAGGER = "uncorrected: an error of the tagger moves the accuracies toward each other; no audit of it is in the store"


@dataclass(frozen=True, slots=True)
class Compared:
    """One run at one step: accuracies with and without reflection, and odds ratios inside prompts where finite."""

    run: str
    step: int
    accuracies: Accuracies
    within: WithinPrompt
    ratios: tuple[tuple[str, Estimate], ...]
    caveats: tuple[str, ...]
    corrected: tuple[Named, ...] = ()


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behaviors: tuple[str, ...] | None = None,
    in_split: str | None = None,
    at_step: int | None = None,
    in_tagger: str | None = None,
) -> Answer:
    """Compare inside prompts at one step, the last unless given."""

    behaviors = in_behaviors or reflection_of(store, in_tagger)

    def ask(run: str) -> Compared:
        row = row_at(evaluations_of(store, run, in_split), at_step, -1)
        refuse_gaps(row, tagged=in_tagger is None)
        refuse_graders(store, row)
        arguments = {"in_run": run, "in_split": row["split"], "in_tagger": in_tagger}
        table = store.query("reflection_by_prompt", in_behaviors=list(behaviors), **arguments)
        at = table["step"].to_numpy() == row["step"]
        counts, step = StrategyCounts(*(table[name].to_numpy()[at] for name in _COLUMNS)), row["step"]
        audits = audits_at(store, behaviors, [(run, row["split"], step)], tagger=in_tagger)
        corrected = corrected_by_strategy(_LABELS, accuracies_of_sums, counts.columns(), audits)
        return replace(_compare(run, step, counts), corrected=tuple(corrected))

    found, left_out = ask_each([in_run] if in_run is not None else every_run(store), ask)
    estimates = []
    for each in found:
        prefix = f"{each.run}: " if len(found) > 1 else ""
        both = each.accuracies
        estimates += [
            *(
                named(f"{prefix}{label}", number)
                for label, number in zip(_LABELS, (both.shown, both.other, both.difference), strict=True)
            ),
            *(replace(number, label=f"{prefix}{number.label}") for number in each.corrected),
            named(f"{prefix}difference inside prompts", each.within.difference),
            named(f"{prefix}prompts with both kinds where reflection is no advantage", each.within.no_advantage),
            *(named(f"{prefix}{label}", ratio) for label, ratio in each.ratios),
        ]
    caveats = [
        "an association: a response may reflect because it is going wrong, and reflection is not assigned at random",
        *(caveat for each in found for caveat in each.caveats),
        *left_out,
        *uncorrected(_TAGGER, [each.corrected for each in found]),
        *([ONE_RUN] if len(found) == 1 else []),
    ]
    return Answer(estimates, "; ".join(map(_sentence, found)), caveats, _table(found), tagger=in_tagger)


def _compare(run: str, step: int, counts: StrategyCounts) -> Compared:
    both = accuracies(counts)
    if both.within is None:
        shown, _, other, _ = counts.columns().T
        prompts = counted(int(((shown > 0) & (other > 0)).sum()), "prompt")
        raise Refused(
            f"{prompts} of run {run!r} with responses of both kinds at "
            f"step {step}: at least {FEWEST_PROMPTS} are needed, from several rollouts a prompt"
        )
    shown, shown_correct, other, other_correct = counts.columns().T
    arguments = {"other_successes": other_correct, "other_n": other}
    ratios, caveats = [], []
    try:
        ratios.append(
            (
                "odds ratio inside prompts (Mantel-Haenszel)",
                mantel_haenszel(shown_correct, shown, **arguments).odds_ratio,
            )
        )
        ratios.append(
            ("odds ratio inside prompts (conditional logit)", conditional_odds_ratio(shown_correct, shown, **arguments))
        )
    except Refused as refusal:
        caveats.append(f"{run}: no odds ratio is given: {refusal}")
    apart, within = both.difference.value, both.within.difference.value
    if np.sign(apart) * np.sign(within) < 0:
        caveats.append(
            f"{run}: over all prompts the difference is {100 * apart:+.1f} points and inside prompts "
            f"{100 * within:+.1f}: reflection is more frequent on other prompts, trust the second"
        )
    return Compared(run, step, both, both.within, tuple(ratios), tuple(caveats))


def _sentence(each: Compared) -> str:
    within = each.within
    d = within.difference
    says = (
        "goes with more right answers"
        if d.low > 0
        else "goes with fewer right answers"
        if d.high < 0
        else "is not shown to make a difference"
    )
    return (
        f"in {each.run} at step {each.step} reflection {says} inside prompts: {points(d)} over "
        f"{counted(within.usable_prompts, 'prompt')} with both kinds; in {percent(within.no_advantage)} of them it is "
        f"no advantage"
    )


def _table(found: Sequence[Compared]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"run": each.run, "step": each.step, "compared": label, "difference": d.value, "low": d.low}
            | {"high": d.high, "prompts": d.n, "no_advantage": each.within.no_advantage.value}
            for each in found
            for label, d in (
                ("over all prompts", each.accuracies.difference),
                ("inside prompts", each.within.difference),
            )
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the difference over all prompts and inside them."""
    title = "accuracy with reflection less accuracy without"
    return intervals(answer, value="difference", row="compared", color="run", title=title)


reflection_vs_accuracy = Finding(
    name="reflection_vs_accuracy",
    claim="Responses that reflect are right more often",
    infer=infer,
    queries=("evaluations", "reflection_by_prompt"),
    draw=draw,
)
