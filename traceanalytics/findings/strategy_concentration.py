"""Whether rollouts of one prompt come to agree as training goes on: in their strategy, and in their answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted, listed
from traceanalytics.findings.accuracies import strategy_names
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.courses import Course, read_courses
from traceanalytics.findings.drawing import band_over_steps, rows_of
from traceanalytics.findings.evaluations import ONE_RUN, ask_each, named, percent, points, runs_of
from traceanalytics.stats.bootstrap import bootstrap
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

ANSWERED = 0.5  # of the rollouts must have an answer for answers to be compared
UNCORRECTED = (
    "uncorrected: errors of the tagger look like diversity, and as they differ from pair to pair no audit subtracts "
    "them; it says how many there are, and whether more of them early or late; no audit is in the store"
)


@dataclass(frozen=True, slots=True)
class Concentration:
    """One run's pairs of rollouts that differ, over its steps: in strategy, and in answer where answers are read."""

    strategies: Course
    shown: Course
    answers: Course | None

    @property
    def within(self) -> list[Estimate]:
        """Return at both ends the part of the overall diversity that lies within prompts: 1 where prompts are alike."""
        return [
            bootstrap(_part_within, np.stack([*_columns(self.strategies, at), *_columns(self.shown, at)], axis=1))[0]
            for at in (0, -1)
        ]


def infer(
    store: Store, *, in_run: str | None = None, in_behavior: str = "code_reasoning", in_split: str | None = None
) -> Answer:
    """Follow in every run the share of pairs of a prompt's rollouts that differ (Simpson 1949)."""

    def ask(run: str) -> Concentration:
        return _concentration(store, run, in_behavior, in_split)

    found, left_out = ask_each(runs_of(store, in_run), ask)
    estimates: list[Named] = []
    sentences, caveats = [], []
    for each in found:
        prefix = f"{each.strategies.run}: " if len(found) > 1 else ""
        said = []
        for course, what in ((each.strategies, "strategy"), (each.answers, "answer")):
            if course is None:
                caveats.append(
                    f"{each.strategies.run}: answers are not compared, because fewer than half of the rollouts have "
                    f"one that the log or `ta grade` has read"
                )
                continue
            change = course.change
            estimates.append(named(f"{prefix}pairs that differ in {what} at the first step", course.at(0)))
            estimates.append(named(f"{prefix}pairs that differ in {what} at the last step", course.at(-1)))
            estimates.append(named(f"{prefix}change of the pairs that differ in {what}", change))
            said.append(
                f"{_moved(change)} in {what} (from {percent(course.at(0))} that differ to {percent(course.at(-1))}, "
                f"{points(change)} on {counted(change.n, 'prompt')})"
            )
        for when, part in zip(("first", "last"), each.within, strict=True):
            estimates.append(
                named(f"{prefix}part of the diversity of strategy within prompts at the {when} step", part)
            )
        first, last = (f"{each.strategies.steps[place]:.0f}" for place in (0, -1))
        sentences.append(
            f"from step {first} to {last} pairs of a prompt's rollouts in {each.strategies.run} {listed(said)}"
        )
        caveats += each.strategies.caveats
    caveats.append(
        f"strategies: {' and '.join(strategy_names(in_behavior))}; pairs agree more also where the rate itself nears 0 "
        f"or 1: the part within prompts tells the two apart"
    )
    caveats += [*left_out, UNCORRECTED, *([ONE_RUN] if len(found) == 1 else [])]
    return Answer(estimates, "; ".join(sentences), caveats, _table(found))


def _concentration(store: Store, run: str, behavior: str, split: str | None) -> Concentration:
    strategies, shown, answers, answered = read_courses(
        store,
        run,
        split,
        query="agreement_by_prompt",
        in_behavior=behavior,
        columns=(
            ("strategies", "strategies_differ", "pairs"),
            ("shown", "shown", "rollouts"),
            ("answers", "answers_differ", "answer_pairs"),
            ("answered", "answered", "rollouts"),
        ),
    )
    for place in (0, -1):
        if not strategies.n[:, place].any():
            raise Refused(
                f"run {run!r} has one rollout a prompt at step {strategies.steps[place]:.0f}: "
                f"pairs that differ need 2 or more"
            )
    read = answered.hits.sum() >= ANSWERED * answered.n.sum() and answers.n[:, 0].any() and answers.n[:, -1].any()
    return Concentration(strategies, shown, answers if read else None)


def _columns(course: Course, place: int) -> tuple[Floats, Floats]:
    return course.hits[:, place], course.n[:, place]


def _part_within(sums: Floats) -> Floats:
    """Return the share of pairs that differ within prompts, over that of all pairs of rollouts, 2p(1-p)."""
    differ, pairs, shown, rollouts = np.moveaxis(sums, -1, 0)
    share = shown / rollouts
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(differ / pairs / (2 * share * (1 - share)))[..., None]


def _moved(change: Estimate) -> str:
    if not change.excludes(0):
        return "show no change beyond chance"
    return "came to agree more often" if change.value < 0 else "came to differ more often"


def _table(found: Sequence[Concentration]) -> "pyarrow.Table":
    import pyarrow

    rows = []
    for each in found:
        for what, course in (("strategy", each.strategies), ("answer", each.answers)):
            if course is not None:
                limits = course.limits
                rows += [
                    {"run": course.run, "what": what, "step": int(step), "differ": limits.value[i]}
                    | {"low": limits.low[i], "high": limits.high[i]}
                    for i, step in enumerate(course.steps)
                ]
    return pyarrow.Table.from_pylist(rows)


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the share of pairs that differ over steps, a panel for strategies and one for answers."""
    import altair as alt

    both = band_over_steps(rows_of(answer), "differ", title="pairs that differ")
    return both.facet(column=alt.Column("what:N", title=None))


strategy_concentration = Finding(
    name="strategy_concentration",
    claim="Training concentrates a prompt's rollouts on one strategy and one answer",
    infer=infer,
    queries=("evaluations", "agreement_by_prompt"),
    draw=draw,
)
