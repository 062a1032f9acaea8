"""What a run gained over the best that its base does under any template, and over a reward for form alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused, counted, listed
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.comparable import refuse_gaps, refuse_graders
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import (
    FEWEST_PROMPTS,
    ONE_RUN,
    ask_each,
    evaluations_of,
    named,
    percent,
    points,
    recorded_base,
    row_at,
    runs_of,
)
from traceanalytics.stats.bootstrap import bootstrap
from traceanalytics.stats.differences import change_of_rates
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.rates import rate
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

FORMAT = "format"
_UNSAID = "condition unknown"
_RUNS = "SELECT run_id, model, reward_type FROM runs"
Counts = dict[str, tuple[float, float]]  # right and graded rollouts by problem


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One run's last accuracy beside every way in which its base was sampled, best first, and beside a format run."""

    run: str
    step: int
    final: Estimate
    baselines: tuple[tuple[str, Estimate], ...]
    over_best: Estimate
    over_chosen: Estimate
    over_format: tuple[str, Estimate] | None
    caveats: tuple[str, ...]


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_split: str | None = None,
    to_step: int | None = None,
    base: str | None = None,
) -> Answer:
    """Take the best of the base's templates and temperatures on the problems of the last step, unless one is given.

    The base is the run's step 0, and the run that `base` or the log names as its base. The best of several is
    better than it should be by chance: beside the plain difference stands that over the one chosen on other problems.
    """
    known = {row["run_id"]: row for row in store.sql(_RUNS).to_pylist()}

    def ask(run: str) -> Adjusted:
        return _adjusted(store, run, known, in_split, to_step, base)

    found, left_out = ask_each(runs_of(store, in_run, base=base), ask)
    estimates = [number for each in found for number in _numbers(each, several=len(found) > 1)]
    caveats = [
        "a gain over the best template of the base may be reasoning, one over its worst is partly the template",
        *(caveat for each in found for caveat in each.caveats),
        *left_out,
        *([ONE_RUN] if len(found) == 1 else []),
    ]
    return Answer(estimates, "; ".join(map(_sentence, found)), caveats, _table(found))


def _adjusted(
    store: Store, run: str, known: dict[str, dict[str, Any]], split: str | None, step: int | None, base: str | None
) -> Adjusted:
    rows = evaluations_of(store, run, split)
    last = row_at(rows, step, -1)
    refuse_gaps(last, tagged=False)
    refuse_graders(store, last, *([rows[0]] if rows[0]["step"] == 0 < last["step"] else []))
    sampled = _baselines(store, run, rows[0], last, base or recorded_base(store, run))
    (final,) = _counts(store, last).values()
    problems = sorted(set(final).intersection(*sampled.values()))
    if len(problems) < FEWEST_PROMPTS:
        raise Refused(
            f"{counted(len(problems), 'problem')} of run {run!r} in its last evaluation and in all of "
            f"{len(sampled)} of its base: at least {FEWEST_PROMPTS} are needed"
        )
    columns = np.array([[counts[problem] for problem in problems] for counts in (final, *sampled.values())])
    rates = columns[..., 0] / columns[..., 1]
    baselines = [(name, rate(*columns[place].T)) for place, name in enumerate(sampled, 1)]
    over_format, reason = _over_format(store, run, known, last, final)
    return Adjusted(
        run,
        last["step"],
        rate(*columns[0].T),
        tuple(sorted(baselines, key=lambda each: -each[1].value)),
        bootstrap(_over_best, np.column_stack([rates.T, np.ones(len(problems))]))[0],
        _over_chosen(rates),
        over_format,
        (*_caveats(run, sampled), *reason),
    )


def _baselines(
    store: Store, run: str, first: dict[str, Any], last: dict[str, Any], base: str | None
) -> dict[str, Counts]:
    """Return the counts of the base by the way in which it was sampled."""
    sampled: dict[str, Counts] = {}
    if first["step"] == 0 < last["step"]:
        sampled |= _counts(store, first)
    if base is not None:
        (row, *_) = evaluations_of(store, base, last["split"])
        refuse_graders(store, last, row)
        sampled |= {f"{name} of {base}": counts for name, counts in _counts(store, row).items()}
    if not sampled:
        has = "has no step 0" if first["step"] else "holds step 0 only"
        raise Refused(
            f"run {run!r} {has} in the split {last['split']}: base=RUN names the run that holds the base model"
        )
    return sampled


def _counts(store: Store, row: dict[str, Any]) -> dict[str, Counts]:
    """Return right and graded rollouts by condition and problem at one evaluation."""
    table = store.query(
        "correct_by_problem",
        in_run=row["run_id"],
        in_split=row["split"],
        from_step=row["step"],
        to_step=row["step"],
    )
    counts: dict[str, Counts] = {}
    for each in table.to_pylist():
        if each["graded"]:
            counts.setdefault(each["sampled_as"] or _UNSAID, {})[each["problem_key"]] = (
                each["right_ones"],
                each["graded"],
            )
    return counts


def _over_best(sums: Floats) -> Floats:
    """Return the final rate less the largest of the base's; the last column counts problems."""
    final, baselines, problems = sums[..., 0], sums[..., 1:-1], sums[..., -1]
    return ((final - baselines.max(axis=-1)) / problems)[..., None]  # type: ignore[no-any-return]


def _over_chosen(rates: Floats) -> Estimate:
    """Return the mean difference from the baseline that is best on the other half of the problems."""
    half = np.arange(rates.shape[1]) % 2 == 0
    best = np.where(half, rates[1:, ~half].mean(axis=1).argmax(), rates[1:, half].mean(axis=1).argmax())
    chosen = np.take_along_axis(rates[1:], best[None], axis=0)[0]
    return change_of_rates(rates[0], chosen)


def _over_format(
    store: Store, run: str, known: dict[str, dict[str, Any]], last: dict[str, Any], final: Counts
) -> tuple[tuple[str, Estimate] | None, list[str]]:
    """Compare with the last accuracy of the one run of the same model whose reward asks for form alone."""
    mine = known.get(run, {})
    others = [
        row["run_id"]
        for row in known.values()
        if row["reward_type"] == FORMAT and row["model"] == mine.get("model") and row["run_id"] != run
    ]
    if mine.get("reward_type") == FORMAT or len(others) != 1:
        reason = f"{run}: no run of the same model was rewarded for form alone, which would show what form is worth"
        if others:
            reason = f"{run}: {listed(others)} were all rewarded for form alone: which to hold it against is not told"
        return None, [] if mine.get("reward_type") == FORMAT else [reason]
    try:
        row = evaluations_of(store, others[0], last["split"])[-1]
        refuse_gaps(row, tagged=False)
        (counts,) = _counts(store, row).values()
        if row["conditions"] != last["conditions"]:
            raise Refused(f"{others[0]} was sampled otherwise")
    except Refused as refusal:
        return None, [f"{run} is not held against {others[0]}: {refusal}"]
    shared = sorted(set(final) & set(counts))
    if len(shared) < FEWEST_PROMPTS:
        return None, [f"{run} is not held against {others[0]}: they share {len(shared)} problems"]
    now, then = (np.array([of[problem][0] / of[problem][1] for problem in shared]) for of in (final, counts))
    return (others[0], change_of_rates(now, then)), []


def _caveats(run: str, sampled: dict[str, Counts]) -> list[str]:
    if len(sampled) > 1:
        return []
    return [
        f"{run}: the base was sampled in one way only ({next(iter(sampled))}); under another template it may do as "
        f"well as the trained model: evaluate it without a template too"
    ]


def _numbers(each: Adjusted, *, several: bool) -> list[Named]:
    prefix = f"{each.run}: " if several else ""
    numbers = [named(f"{prefix}final accuracy", each.final)]
    numbers += [named(f"{prefix}accuracy of the base, {name}", estimate) for name, estimate in each.baselines]
    numbers.append(named(f"{prefix}gain over the best of the base", each.over_best))
    if len(each.baselines) > 1:
        numbers.append(named(f"{prefix}gain over the base as chosen on other problems", each.over_chosen))
    if each.over_format is not None:
        numbers.append(named(f"{prefix}gain over the format reward ({each.over_format[0]})", each.over_format[1]))
    return numbers


def _sentence(each: Adjusted) -> str:
    gain = each.over_best
    how = "is above" if gain.low > 0 else "is below" if gain.high < 0 else "is not shown to differ from"
    name, best = each.baselines[0]
    said = (
        f"{each.run} {how} the best of its base in right answers: {percent(each.final)} at step {each.step} against "
        f"{percent(best)} ({name}), {points(gain)} on {counted(gain.n, 'prompt')}"
    )
    if each.over_format is None:
        return said
    return f"{said}; {points(each.over_format[1])} beyond {each.over_format[0]}, rewarded for form alone"


def _table(found: Sequence[Adjusted]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"run": each.run, "sampled": name, "accuracy": accuracy.value, "low": accuracy.low, "high": accuracy.high}
            for each in found
            for name, accuracy in ((f"step {each.step}", each.final), *each.baselines)
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the final accuracy beside every baseline."""
    return intervals(answer, value="accuracy", row="sampled", color="run", title="right answers", signed=False)


baseline_adjusted_gain = Finding(
    name="baseline_adjusted_gain",
    claim="A gain is more than the recovery of a template that the base was denied",
    infer=infer,
    queries=("evaluations", "correct_by_problem"),
    draw=draw,
)
