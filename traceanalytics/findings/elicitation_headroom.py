"""What a model would gain by always using its better strategy, as well as it did before training."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.accuracies import strategy_names
from traceanalytics.findings.audits import audits_at, corrected_by_strategy, uncorrected
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import (
    ONE_RUN,
    UNCORRECTED,
    Ends,
    Evaluation,
    ask_each,
    base_row,
    both_ends,
    evaluations_of,
    named,
    one_evaluation,
    points,
    row_at,
    runs_of,
)
from traceanalytics.stats.bootstrap import bootstrap
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow


@dataclass(frozen=True, slots=True)
class Headroom:
    """What one run would gain by either strategy alone, and what it gained where a later evaluation says."""

    run: str
    before: Evaluation
    by_shown: Estimate
    by_other: Estimate
    ends: Ends | None
    corrected: tuple[Named, ...]

    @property
    def gained(self) -> Estimate | None:
        """Return the gain to the last evaluation."""
        return None if self.ends is None else self.ends.gain


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    in_split: str | None = None,
    at_step: int | None = None,
) -> Answer:
    """Compute the headroom at one step, that of the base unless given, beside the gain from it to the last."""
    caveats = [
        "accuracies are those on the prompts where the model chose each strategy: on the others it may do worse",
        "headroom counts the mix of strategies only; published gains exceed it",
    ]

    def ask(run: str) -> Headroom:
        rows = evaluations_of(store, run, in_split)
        row = base_row(store, rows, None)[0] if at_step is None else row_at(rows, at_step, 0)
        evaluation = one_evaluation(store, row, behavior=in_behavior)
        columns = evaluation.strategies().columns()
        if 0 in columns.sum(axis=0)[[0, 2]]:
            raise Refused(
                f"run {run!r} uses one strategy only at step {evaluation.step}: the other's accuracy is not known"
            )
        by_shown, by_other = bootstrap(_headroom, columns)
        audits = audits_at(store, [in_behavior], [(evaluation.run, evaluation.split, evaluation.step)])
        corrected = corrected_by_strategy(labels, _headroom, columns, audits)
        ends = None
        try:
            ends = both_ends(store, run, split=in_split, from_step=at_step)
        except Refused as refusal:
            caveats.append(f"the gain of {run} is not known: {refusal}")
        return Headroom(run, evaluation, by_shown, by_other, ends, tuple(corrected))

    names = strategy_names(in_behavior)
    labels = [f"headroom by {name}" for name in names]
    found, left_out = ask_each(runs_of(store, in_run), ask)
    estimates, sentences = [], []
    for each in found:
        prefix = f"{each.run}: " if len(found) > 1 else ""
        estimates += [
            named(f"{prefix}{label}", room) for label, room in zip(labels, (each.by_shown, each.by_other), strict=True)
        ]
        estimates += [replace(number, label=f"{prefix}{number.label}") for number in each.corrected]
        if each.gained is not None:
            estimates.append(named(f"{prefix}gain", each.gained))
        sentences.append(_sentence(names, each))
    caveats += [
        *left_out,
        *uncorrected(UNCORRECTED, [each.corrected for each in found]),
        *([ONE_RUN] if len(found) == 1 else []),
    ]
    return Answer(estimates, "; ".join(sentences), caveats, _table(names, found))


def _headroom(sums: Floats) -> Floats:
    """Return what is gained over the mix by the first strategy alone, and by the other: share of one × difference."""
    shown, shown_correct, other, other_correct = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, apart = shown / (shown + other), shown_correct / shown - other_correct / other
    return np.stack([(1 - share) * apart, -share * apart], axis=-1)


def _sentence(names: tuple[str, str], each: Headroom) -> str:
    name, room = max(zip(names, (each.by_shown, each.by_other), strict=True), key=lambda pair: pair[1].value)
    of = "" if each.before.run == each.run else f" of {each.before.run}"
    said = (
        f"{each.run} would gain {points(room)} of right answers by {name} alone, as it was at step {each.before.step}"
        f"{of} on {counted(room.n, 'prompt')}"
    )
    if each.ends is None:
        return said
    gained = each.ends.gain
    how = (
        "more than that: what it did before training does not account for its gain"
        if gained.low > room.high
        else "less than that"
        if gained.high < room.low
        else "not shown to differ from that"
    )
    return f"{said}; {each.ends.gain_in_words('it')}, {how}"


def _table(names: tuple[str, str], found: list[Headroom]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"run": each.run, "what": what, "value": number.value, "low": number.low, "high": number.high}
            for each in found
            for what, number in (
                (f"headroom by {names[0]}", each.by_shown),
                (f"headroom by {names[1]}", each.by_other),
                ("gain", each.gained),
            )
            if number is not None
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw headroom and gain of every run with their intervals."""
    return intervals(answer, value="value", row="what", color="run", title="change in accuracy")


elicitation_headroom = Finding(
    name="elicitation_headroom",
    claim="What a model does before training decides what it can gain",
    infer=infer,
    queries=("evaluations", "correct_by_prompt", "outcomes_by_prompt"),
    draw=draw,
)
