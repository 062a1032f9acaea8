"""Whether rollouts that show a behavior are right more often than those that do not, and on the same prompts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from traceanalytics.findings.accuracies import Accuracies, accuracies, accuracies_of_sums, strategy_names
from traceanalytics.findings.audits import audits_at, corrected_by_strategy, uncorrected
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import (
    FEWEST_PROMPTS,
    ONE_RUN,
    ask_each,
    evaluations_of,
    every_run,
    named,
    one_evaluation,
    percent,
    points,
    row_at,
)
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

_DIFFICULTY = "the difference over all prompts mixes in which prompts each is used on; that inside prompts does not"
_HOW = {
    "effective": "{} is right more often",
    "harmful": "{} is right less often",
    "no difference shown": "{} is not shown to be right more or less often",
    "undetermined": "whether {} is right more often is undetermined",
}
_TAGGER = (
    "uncorrected: an error of the tagger moves the two accuracies toward each other; no audit of it is in the store"
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One run's two accuracies at one step."""

    run: str
    step: int
    accuracies: Accuracies
    corrected: tuple[Named, ...]

    @property
    def verdict(self) -> str:
        """Say whether the behavior goes with more right answers, as far as both kinds of rollout are enough."""
        both = self.accuracies
        if min(both.shown.n, both.other.n) < FEWEST_PROMPTS:
            return "undetermined"
        apart = both.difference
        return "effective" if apart.low > 0 else "harmful" if apart.high < 0 else "no difference shown"


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    in_split: str | None = None,
    at_step: int | None = None,
) -> Answer:
    """Compare at one step, the last unless given."""

    def ask(run: str) -> Compared:
        row = row_at(evaluations_of(store, run, in_split), at_step, -1)
        evaluation = one_evaluation(store, row, behavior=in_behavior)
        counts, step = evaluation.strategies(), evaluation.step
        audits = audits_at(store, [in_behavior], [(run, evaluation.split, step)])
        corrected = corrected_by_strategy(labels, accuracies_of_sums, counts.columns(), audits)
        return Compared(run, step, accuracies(counts), tuple(corrected))

    names = strategy_names(in_behavior)
    labels = [*(f"accuracy of {name}" for name in names), "difference"]
    found, left_out = ask_each([in_run] if in_run is not None else every_run(store), ask)
    estimates = []
    for each in found:
        prefix = f"{each.run}: " if len(found) > 1 else ""
        both = each.accuracies
        for label, number in zip(labels, (both.shown, both.other, both.difference), strict=True):
            estimates.append(named(f"{prefix}{label}", number))
        estimates += [replace(number, label=f"{prefix}{number.label}") for number in each.corrected]
        if both.within is not None:
            estimates.append(named(f"{prefix}difference inside prompts", both.within.difference))
    sentence = "; ".join(_sentence(names, each) for each in found)
    caveats = [*_caveats(names, found), *left_out, *uncorrected(_TAGGER, [each.corrected for each in found])]
    caveats += [ONE_RUN] if len(found) == 1 else []
    return Answer(estimates, sentence, caveats, _table(names, found))


def _sentence(names: tuple[str, str], each: Compared) -> str:
    both = each.accuracies
    how = _HOW[each.verdict].format(names[0])
    said = (
        f"{how} in {each.run} at step {each.step}: "
        f"{percent(both.shown)} right against {percent(both.other)} of {names[1]}, {points(both.difference)}"
    )
    if both.within is None:
        return said
    inside = both.within.difference
    how = "beyond chance" if inside.excludes(0) else "not beyond chance"
    return f"{said}; inside {both.within.usable_prompts} prompts with both {points(inside)}, {how}"


def _caveats(names: tuple[str, str], found: Sequence[Compared]) -> list[str]:
    caveats = [_DIFFICULTY]
    for each in found:
        both = each.accuracies
        for name, rate in zip(names, (both.shown, both.other), strict=True):
            if rate.n < FEWEST_PROMPTS:
                caveats.append(
                    f"{each.run}: {name} is seen on {rate.n} prompts; a verdict needs at least {FEWEST_PROMPTS}"
                )
        if both.within is None:
            caveats.append(
                f"{each.run}: fewer than {FEWEST_PROMPTS} prompts hold both kinds of rollout, so that the difference "
                f"inside prompts is not known: sample more rollouts a prompt"
            )
        elif both.within.difference.value * both.difference.value < 0:
            caveats.append(f"{each.run}: inside prompts the difference points the other way; trust that one")
    return caveats


def _table(names: tuple[str, str], found: Sequence[Compared]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"run": each.run, "step": each.step, "strategy": name, "accuracy": rate.value, "low": rate.low}
            | {"high": rate.high, "prompts": rate.n, "verdict": each.verdict}
            for each in found
            for name, rate in zip(names, (each.accuracies.shown, each.accuracies.other), strict=True)
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw both accuracies of every run with their intervals."""
    return intervals(answer, value="accuracy", row="run", color="strategy", title="right answers", signed=False)


accuracy_by_behavior = Finding(
    name="accuracy_by_behavior",
    claim="Rollouts that show a behavior are right more often",
    infer=infer,
    queries=("evaluations", "correct_by_prompt"),
    draw=draw,
)
