"""Where a gain sits: problems that changed strategy between two evaluations, or kept it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.errors import Refused, listed
from traceanalytics.findings.accuracies import strategy_names
from traceanalytics.findings.audits import BY_ERROR_RATES, audits_at
from traceanalytics.findings.base import ADJUSTED, Answer, Finding, Named
from traceanalytics.findings.configurations import count_configurations
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import (
    ONE_RUN,
    UNCORRECTED,
    Ends,
    ask_each,
    both_ends,
    named,
    percent,
    points,
    runs_of,
)
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.ratios import share_of_total
from traceanalytics.stats.runs import over_runs
from traceanalytics.stats.shift_share import shift_share
from traceanalytics.stats.switching import Switching, corrected_switching, switching, switching_beyond_chance
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

_NO_CAUSE = (
    "this says where the gain sits, not that switching caused it: problems that failed before are where any "
    "improvement lands; `shift_share` says how much the mix of strategies explains"
)

AS_PARTS = ", as change of accuracy"  # what a label adds where a row is a part of the gain and no share of it
_ERRS_ALIKE = "corrected cells take the tagger to err alike on right and on wrong rollouts"


@dataclass(frozen=True, slots=True)
class Switch:
    """One run's gain by cell, as counted and beyond an unchanged policy; shares are None where the gain may be 0."""

    ends: Ends
    counted: Switching
    shares: tuple[Estimate, ...] | None
    beyond: Switching | None
    mix: Estimate | None
    caveats: tuple[str, ...]
    corrected: tuple[Estimate, ...] = ()  # the cells in points and the gain, by audits of both eras


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    in_split: str | None = None,
    from_step: int | None = None,
    to_step: int | None = None,
) -> Answer:
    """Split the gain of every run by the strategies of its base and final rollouts."""

    def ask(run: str) -> Switch:
        ends = both_ends(store, run, behavior=in_behavior, split=in_split, from_step=from_step, to_step=to_step)
        return _corrected(store, in_behavior, _switch(ends))

    found, left_out = ask_each(runs_of(store, in_run), ask)
    cells = _cells(in_behavior)
    prefixes = [f"{each.ends.run}: " if len(found) > 1 else "" for each in found]
    estimates = [
        number for prefix, each in zip(prefixes, found, strict=True) for number in _numbers(prefix, cells, each)
    ]
    of_all = _over_runs(cells, found) if len(found) > 1 else []
    estimates += of_all
    caveats = [_NO_CAUSE, *(caveat for each in found for caveat in each.caveats), *left_out]
    caveats += [UNCORRECTED] if not all(each.corrected for each in found) else []
    if len(found) == 1:
        caveats.append(ONE_RUN)
    elif of_all and (n := count_configurations(store, [each.ends.run for each in found])) > 1:
        rows = listed(dict.fromkeys(each.label.partition(":")[0] for each in of_all))
        caveats.append(f"rows labeled {rows} are over runs of {n} configurations: they describe none of their rewards")
    verdict = "; ".join(_verdict_of_run(cells, each) for each in found)
    return Answer(estimates, verdict, caveats, _table(cells, found))


def _switch(ends: Ends) -> Switch:
    base, final = ends.base.strategies(), ends.final.strategies()
    counted = switching(base, final)
    caveats = list(ends.caveats)
    shares = beyond = mix = None
    try:
        shares = counted.shares()
    except Refused as refusal:
        caveats.append(f"{ends.run}: {refusal}")
    try:
        beyond = switching_beyond_chance(base, final)
    except Refused as refusal:
        caveats.append(f"{ends.run}: what an unchanged policy would switch is not subtracted: {refusal}")
    try:
        mix = shift_share(base, final).between
    except Refused as refusal:
        caveats.append(f"{ends.run}: what the mix explains is not known: {refusal}")
    return Switch(ends, counted, shares, beyond, mix, tuple(caveats))


def _corrected(store: Store, behavior: str, switch: Switch) -> Switch:
    """Add the cells as audits of both eras correct the strategies, where there are some."""
    ends = switch.ends
    audits = audits_at(store, [behavior], [(each.run, ends.split, each.step) for each in (ends.base, ends.final)])
    if not audits:
        return switch
    base, final = (audited.audit for audited in audits)
    try:
        corrected = corrected_switching(ends.base.strategies(), ends.final.strategies(), (base, final))
    except Refused as refusal:
        return replace(switch, caveats=(*switch.caveats, f"{ends.run}: its cells are not corrected: {refusal}"))
    return replace(switch, corrected=corrected, caveats=(*switch.caveats, _ERRS_ALIKE))


def _numbers(prefix: str, cells: Sequence[str], switch: Switch) -> list[Named]:
    """Return the cells as shares of the gain, or as its parts where it may be 0; then what stands beside them."""
    of = "" if switch.shares is not None else AS_PARTS
    parts = switch.counted.points if switch.shares is None else switch.shares
    numbers = [named(f"{prefix}{cell}{of}", part) for cell, part in zip(cells, parts, strict=True)]
    numbers.append(named(f"{prefix}gain", switch.counted.total))
    if switch.mix is not None:
        numbers.append(named(f"{prefix}gain explained by the mix of strategies", switch.mix))
    if switch.beyond is not None:
        parts = switch.beyond.points if switch.shares is None else switch.beyond.shares()
        numbers += [
            replace(named(f"{prefix}{cell}{of}, beyond an unchanged policy", part), kind=ADJUSTED)
            for cell, part in zip(cells, parts, strict=True)
        ]
    numbers += [
        named(f"{prefix}{cell}{AS_PARTS}, {BY_ERROR_RATES}", part, corrected=True)
        for cell, part in zip(cells, switch.corrected, strict=False)
    ]
    return numbers


def _over_runs(cells: Sequence[str], found: Sequence[Switch]) -> list[Named]:
    """Return the mean of the runs' shares and the share of the gain of all; a prompt of several runs is one cluster."""
    numbers = []
    shares = [each.shares for each in found if each.shares is not None]
    if len(shares) > 1:
        of_cells = zip(*[[share.value for share in each] for each in shares], strict=True)
        numbers = [named(f"mean: {cell}", over_runs(of)) for cell, of in zip(cells, of_cells, strict=True)]
    prompts = sorted({prompt for each in found for prompt in each.ends.prompts})
    place = {prompt: i for i, prompt in enumerate(prompts)}
    pooled = np.zeros((len(prompts), len(cells)))
    for each in found:
        pooled[[place[prompt] for prompt in each.ends.prompts]] += each.counted.contributions
    try:
        of_all = [share_of_total(column, pooled.sum(axis=1)) for column in pooled.T]
    except Refused:
        return numbers
    return numbers + [named(f"pooled: {cell}", share) for cell, share in zip(cells, of_all, strict=True)]


def _verdict_of_run(cells: Sequence[str], switch: Switch) -> str:
    gain = switch.ends.gain_in_words()
    if switch.shares is None:
        cell, part = max(zip(cells, switch.counted.points, strict=True), key=lambda each: abs(each[1].value))
        return f"{gain}, too near 0 to be shared out; {cell} holds {points(part)}"
    shares = sorted(zip(cells, switch.shares, strict=True), key=lambda each: -each[1].value)
    (first, most), (second, next_to_it) = shares[:2]
    return f"{gain}; {percent(most)} of that sits in {first}, {percent(next_to_it)} in {second}"


def _cells(behavior: str) -> list[str]:
    names = strategy_names(behavior)
    return [f"{before} -> {after}" for before in names for after in names]


def _table(cells: Sequence[str], found: Sequence[Switch]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {
                "run": each.ends.run,
                "cell": cell,
                "points": each.counted.points[i].value,
                "low": each.counted.points[i].low,
                "high": each.counted.points[i].high,
                "share": each.shares[i].value if each.shares is not None else None,
                "beyond_unchanged": each.beyond.points[i].value if each.beyond is not None else None,
                "prompts": each.counted.points[i].n,
            }
            for each in found
            for i, cell in enumerate(cells)
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the points of the gain that every cell holds, with intervals."""
    return intervals(answer, value="points", row="cell", color="run", title="part of the gain")


strategy_switch = Finding(
    name="strategy_switch",
    claim="A gain sits in the problems that changed strategy",
    infer=infer,
    queries=("evaluations", "correct_by_prompt"),
    draw=draw,
)
