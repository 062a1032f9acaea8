"""How far runs of one configuration end apart, and how many of them a claim about the configuration needs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, counted, listed
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.configurations import configurations
from traceanalytics.findings.evaluations import FEWEST_PROMPTS, Ends, ask_each, both_ends, named, runs_of
from traceanalytics.findings.shifts import Window
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.runs import VarianceComponents, runs_needed, variance_components
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow


@dataclass(frozen=True, slots=True)
class Configuration:
    """Runs of one model under one reward, with the components of what differs between their last evaluations."""

    name: str
    ends: tuple[Ends, ...]
    components: VarianceComponents
    needed: int
    prompts: int  # that all of them were evaluated on

    @property
    def last(self) -> Window:
        """Return the steps of the evaluations that are compared."""
        steps = [ends.final.step for ends in self.ends]
        return Window(min(steps), max(steps))


def infer(
    store: Store, *, in_split: str | None = None, to_step: int | None = None, standard_error: float = 0.02
) -> Answer:
    """Split the variance at the last evaluation, for every configuration that several runs share."""

    def ask(run: str) -> Ends:
        return both_ends(store, run, split=in_split, to_step=to_step)

    found, caveats = ask_each(runs_of(store, None), ask)
    by_run = {ends.run: ends for ends in found}
    compared, single, unlike = [], [], []
    for name, runs in configurations(store).items():
        ends = tuple(by_run[run] for run in runs if run in by_run)
        if len(ends) == 1:
            single.append(name)
        elif ends:
            try:
                compared.append(_configuration(name, ends, standard_error))
            except Refused as refusal:
                unlike.append(f"{name} is left out: its {refusal}")
    if not compared and unlike:
        raise Refused(f"no configuration can be compared; {'; '.join(unlike)}")
    if not compared:
        alone = counted(len(found), "single run")
        raise Refused(f"no configuration has two runs, so that nothing says how far seeds differ: {alone}")
    if single:
        caveats.append(f"{listed(single)}: n_runs=1, no inference about the configuration: run it with more seeds")
    estimates = [number for each in compared for number in _numbers(each, standard_error)]
    sentences = [
        f"the {len(each.ends)} runs of {each.name} differ in right answers by an SD of {_points(each.components.run)} "
        f"at {each.last} on {counted(each.prompts, 'prompt')}; a mean with a standard error of "
        f"{100 * standard_error:g} points needs {counted(each.needed, 'run')}"
        for each in compared
    ]
    caveats += unlike
    caveats.append("runs are told apart by what the log says of their settings: others that differ count as chance")
    return Answer(estimates, "; ".join(sentences), caveats, _table(compared))


def _configuration(name: str, ends: tuple[Ends, ...], standard_error: float) -> Configuration:
    shared = sorted(set(ends[0].prompts).intersection(*(each.prompts for each in ends)))
    if len(shared) < FEWEST_PROMPTS:
        raise Refused(f"runs share {counted(len(shared), 'prompt')}, and at least {FEWEST_PROMPTS} are needed")
    counts = []
    for each in ends:
        place = {prompt: i for i, prompt in enumerate(each.prompts)}
        at = [place[prompt] for prompt in shared]
        counts.append((each.final.column("correct")[at], each.final.column("graded")[at]))
    correct, graded = (np.stack(each) for each in zip(*counts, strict=True))
    components = variance_components(correct, graded)
    # What one run's mean differs by: between runs, and what its own samples add.
    of_samples = float(np.mean([_error(*each) ** 2 for each in counts]))
    spread = float(np.sqrt(components.run.value**2 + of_samples))
    return Configuration(name, ends, components, runs_needed(spread, standard_error=standard_error), len(shared))


def _error(correct: np.ndarray, graded: np.ndarray) -> float:
    """Return the standard error of a run's accuracy from sampling alone, with its prompts fixed."""
    rates = correct / graded
    return float(np.sqrt((rates * (1 - rates) / np.maximum(graded - 1, 1)).sum()) / len(rates))


def _numbers(each: Configuration, standard_error: float) -> list[Named]:
    prompts, parts = each.prompts, each.components
    numbers = [named(f"{each.name}: SD between runs", parts.run)]
    for label, value in (
        ("prompts", parts.prompt),
        ("prompts within runs", parts.run_by_prompt),
        ("samples", parts.sample),
    ):
        if value is not None:
            numbers.append(Named(f"{each.name}: SD between {label}", value, None, None, prompts))
    label = f"{each.name}: runs for a standard error of {100 * standard_error:g} points"
    return [*numbers, Named(label, float(each.needed), None, None, len(each.ends), "runs")]


def _points(number: Estimate) -> str:
    return f"{100 * number.value:.1f} points [{100 * number.low:.1f}, {100 * number.high:.1f}]"


def _table(compared: list[Configuration]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"configuration": each.name, "run": ends.run, "accuracy": ends.final.accuracy}
            for each in compared
            for ends in each.ends
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw where every run of a configuration ended."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=60)
        .encode(
            x=alt.X("accuracy:Q", title="right answers at the last evaluation", axis=alt.Axis(format=".0%")),
            y=alt.Y("configuration:N", title=None),
        )
    )


run_to_run_variance = Finding(
    name="run_to_run_variance",
    claim="Runs of one configuration end far apart",
    infer=infer,
    queries=("evaluations", "outcomes_by_prompt"),
    draw=draw,
)
