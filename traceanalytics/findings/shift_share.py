"""How much of a gain comes from using the better strategy more often, and how much from using each one better."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from traceanalytics.findings.accuracies import strategy_names
from traceanalytics.findings.audits import audits_at, corrected_by_strategy, uncorrected
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.configurations import configurations
from traceanalytics.findings.drawing import intervals, rows_of
from traceanalytics.findings.evaluations import ONE_RUN, UNCORRECTED, Ends, ask_each, both_ends, named, points, runs_of
from traceanalytics.stats.runs import over_runs
from traceanalytics.stats.shift_share import ShiftShare, decomposition_of_sums
from traceanalytics.stats.shift_share import shift_share as decompose
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

_NO_CAUSE = (
    "an identity of shares and accuracies, no cause: which problems stay outside a strategy is a selection, so that an "
    "accuracy can rise because hard problems left; only an intervention on the strategy tells"
)
_TERMS = ("total", "between", "within_shown", "within_other", "composition", "within", "interaction")


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    in_split: str | None = None,
    from_step: int | None = None,
    to_step: int | None = None,
) -> Answer:
    """Decompose the gain of every run at mid-point weights (twofold) and at base weights (threefold)."""

    def ask(run: str) -> tuple[Ends, ShiftShare]:
        ends = both_ends(store, run, behavior=in_behavior, split=in_split, from_step=from_step, to_step=to_step)
        return ends, _with_one_gain(ends, decompose(ends.base.strategies(), ends.final.strategies()))

    found, left_out = ask_each(runs_of(store, in_run), ask)
    labels = _labels(in_behavior)
    several = len(found) > 1
    corrected = [_corrected(store, in_behavior, labels, ends) for ends, _ in found]
    estimates = []
    for (ends, shares), numbers in zip(found, corrected, strict=True):
        raw = [named(label, getattr(shares, term)) for term, label in zip(_TERMS, labels, strict=True)]
        estimates += [
            replace(each, label=f"{ends.run}: {each.label}" if several else each.label) for each in (*raw, *numbers)
        ]
    by_run = {ends.run: shares for ends, shares in found}
    for name, runs in configurations(store).items():
        of_runs = [by_run[run] for run in runs if run in by_run]
        if len(of_runs) > 1:
            of = "" if len(of_runs) == len(found) else f"{name}, "
            estimates += [
                named(f"{of}mean: {label}", over_runs([getattr(shares, term).value for shares in of_runs]))
                for term, label in zip(_TERMS, labels, strict=True)
            ]
    caveats = [
        _NO_CAUSE,
        *_of_gains(found),
        *_of_weights(found),
        *(each for ends, _ in found for each in ends.caveats),
        *left_out,
    ]
    caveats += [*uncorrected(UNCORRECTED, corrected), *([] if several else [ONE_RUN])]
    verdict = "; ".join(_sentence(in_behavior, *each) for each in found)
    return Answer(estimates, verdict, caveats, _table(found))


def _with_one_gain(ends: Ends, shares: ShiftShare) -> ShiftShare:
    """Give the gain the limits that it has in every finding, unless rollouts of unequal groups make it another one."""
    return replace(shares, total=ends.gain) if _is_gain(ends, shares) else shares


def _is_gain(ends: Ends, shares: ShiftShare) -> bool:
    return bool(np.isclose(shares.total.value, ends.gain.value, rtol=0, atol=1e-9))


def _corrected(store: Store, behavior: str, labels: Sequence[str], ends: Ends) -> list[Named]:
    """Return the terms with the strategies of both evaluations as audits of their eras correct them."""
    places = [(each.run, ends.split, each.step) for each in (ends.base, ends.final)]
    audits = audits_at(store, [behavior], places)
    columns = np.concatenate([ends.base.strategies().columns(), ends.final.strategies().columns()], axis=1)
    return corrected_by_strategy(labels, decomposition_of_sums, columns, audits)


def _labels(behavior: str) -> tuple[str, ...]:
    shown, other = strategy_names(behavior)
    return (
        "gain",
        "mix of strategies",
        f"better within {shown}",
        f"better within {other}",
        "at base weights: mix of strategies",
        "at base weights: better within",
        "at base weights: interaction",
    )


def _of_gains(found: Sequence[tuple[Ends, ShiftShare]]) -> list[str]:
    """Say where the gain that is split is not the one that other findings give."""
    return [
        f"{ends.run}: its parts add up to the gain over rollouts, {points(shares.total)}; with every prompt counted "
        f"alike, as in `reward_gain`, it is {points(ends.gain)}"
        for ends, shares in found
        if not _is_gain(ends, shares)
    ]


def _of_weights(found: Sequence[tuple[Ends, ShiftShare]]) -> list[str]:
    """Say where the two decompositions of the same counts disagree on the direction of the mix."""
    return [
        f"{ends.run}: the mix explains {100 * shares.between.value:+.1f} points at mid-point weights and "
        f"{100 * shares.composition.value:+.1f} at base weights; the interaction "
        f"({100 * shares.interaction.value:+.1f}) is counted in the one and not in the other"
        for ends, shares in found
        if abs(shares.interaction.value) > abs(shares.between.value)
    ]


def _sentence(behavior: str, ends: Ends, shares: ShiftShare) -> str:
    shown, other = strategy_names(behavior)
    return (
        f"{ends.gain_in_words()}, of which {points(shares.between)} by the mix of {shown} and {other}, "
        f"{points(shares.within_shown)} by better {shown} and {points(shares.within_other)} by better {other}"
    )


def _table(found: Sequence[tuple[Ends, ShiftShare]]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"run": ends.run, "term": term, **{name: getattr(getattr(shares, term), name) for name in _LIMITS}}
            for ends, shares in found
            for term in _TERMS
        ]
    )


_LIMITS = ("value", "low", "high")


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the three parts of the gain of every run with their intervals."""
    terms = {"between": "mix", "within_shown": "better within it", "within_other": "better outside it"}
    rows = [{**row, "part": terms[row["term"]]} for row in rows_of(answer) if row["term"] in terms]
    return intervals(rows, value="value", row="part", color="run", title="part of the gain")


shift_share = Finding(
    name="shift_share",
    claim="A gain comes from the mix of strategies, or from each strategy done better",
    infer=infer,
    queries=("evaluations", "correct_by_prompt"),
    draw=draw,
)
