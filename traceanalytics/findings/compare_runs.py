"""Whether one run answers the problems of another better, and which single problems flipped beyond chance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused, counted, listed
from traceanalytics.findings.audits import audits_at, corrected_ends, uncorrected
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.comparable import conditions_in_words, refuse_gaps, refuse_graders
from traceanalytics.findings.evaluations import (
    FEWEST_PROMPTS,
    evaluations_of,
    every_run,
    named,
    percent,
    points,
    row_at,
)
from traceanalytics.stats.differences import change_of_rates, mcnemar_exact
from traceanalytics.stats.estimate import Estimate, Floats, Test
from traceanalytics.stats.flips import exact_p_by_prompt
from traceanalytics.stats.multiplicity import benjamini_hochberg
from traceanalytics.stats.rates import rate
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

FALSE_DISCOVERIES = 0.05
FEWEST_TO_HALVE = 4  # rollouts a problem in both runs
SPLITS_OF_THE_BASE = 20
_TWO_RUNS = "two runs: this says how these two checkpoints differ, and nothing of other seeds or of their rewards"


@dataclass(frozen=True, slots=True)
class Side:
    """One run at one step: its rollouts by problem and how many of them count."""

    run: str
    row: dict[str, Any]
    hits: Floats
    n: Floats

    def __str__(self) -> str:
        return f"{self.run} at step {self.row['step']}"


@dataclass(frozen=True, slots=True)
class Flips:
    """Problems of which the two runs differ beyond chance, `better` and `worse` in the first."""

    better: int
    worse: int
    halves: tuple[float, float] | None  # found from half the rollouts: between the runs, and inside the second


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_other_run: str | None = None,
    in_split: str | None = None,
    at_step: int | None = None,
    in_behavior: str | None = None,
) -> Answer:
    """Compare `in_run` with `in_other_run` at the last step of each, unless one is given, on the problems of both.

    Compared is how often their rollouts are right; with a behavior, how often they show it.
    """
    first, second = _two_runs(store, in_run, in_other_run)
    rows = [_row(store, run, in_split, at_step, in_behavior) for run in (first, second)]
    _refuse_unlike(rows)
    if in_behavior is None:
        refuse_graders(store, *rows)
    problems, (mine, theirs) = _sides(store, rows, in_behavior)
    both = min(float(side.n.max()) for side in (mine, theirs))
    change = _paired(mine, theirs)
    flips = _flips(mine, theirs) if both > 1 else None
    single = _mcnemar(mine, theirs) if max(mine.n.max(), theirs.n.max()) == 1 else None
    p = exact_p_by_prompt(mine.hits, mine.n, base_successes=theirs.hits, base_n=theirs.n)
    what = "right" if in_behavior is None else f"with {in_behavior}"
    estimates = [named(f"{side}: {what}", rate(side.hits, side.n)) for side in (mine, theirs)]
    estimates += [named("difference", change), *_flip_numbers(flips, len(problems), theirs.run)]
    corrected = [] if in_behavior is None else _corrected(store, in_behavior, what, (theirs, mine))
    caveats = _caveats(rows, problems, mine, theirs, both)
    if in_behavior is not None:
        caveats += uncorrected(
            f"uncorrected: {in_behavior} is what the tagger says; no audit of it is in the store", [corrected]
        )
    return Answer(
        [*estimates, *corrected],
        _verdict(in_behavior, mine, theirs, change, flips, single),
        caveats,
        _table(problems, mine, theirs, p),
    )


def _two_runs(store: Store, in_run: str | None, in_other_run: str | None) -> tuple[str, str]:
    runs = every_run(store)
    asked = [run for run in (in_run, in_other_run) if run is not None]
    others = [run for run in runs if run not in asked]
    if len(asked) < 2 and len(asked) + len(others) != 2:
        raise Refused(
            f"which two runs? in_run=… and in_other_run=… name them, of {counted(len(runs), 'run')}: {listed(runs)}"
        )
    if in_run is None:
        return others[0], in_other_run or others[1]
    if in_other_run is None:
        return in_run, others[0]
    if in_run == in_other_run:
        raise Refused(f"in_run and in_other_run are both {in_run!r}: a run is not compared with itself")
    return in_run, in_other_run


def _row(store: Store, run: str, split: str | None, step: int | None, behavior: str | None) -> dict[str, Any]:
    tagged = behavior is not None
    row = row_at(evaluations_of(store, run, split, needs="tagged" if tagged else "graded"), step, -1)
    refuse_gaps(row, tagged=tagged, graded=not tagged)
    return row


def _refuse_unlike(rows: list[dict[str, Any]]) -> None:
    first, second = rows
    if first["split"] != second["split"]:
        raise Refused(
            f"run {first['run_id']!r} has the split {first['split']} and run {second['run_id']!r} {second['split']}: "
            f"splits are not mixed; in_split=… names one that both have"
        )
    if first["conditions"] != second["conditions"]:
        written = [conditions_in_words(row["conditions"]) for row in rows]
        raise Refused(
            f"run {first['run_id']!r} was sampled with {written[0]} and run {second['run_id']!r} with {written[1]}: a "
            f"difference between them is no difference of the models"
        )


def _sides(store: Store, rows: list[dict[str, Any]], behavior: str | None) -> tuple[list[str], tuple[Side, Side]]:
    hits, n = ("right_ones", "graded") if behavior is None else ("showing", "tagged")
    held = []
    for row in rows:
        arguments = {"in_run": row["run_id"], "in_split": row["split"]}
        table = store.query(
            "correct_by_problem", in_behavior=behavior or "", from_step=row["step"], to_step=row["step"], **arguments
        )
        columns = (table[name].to_pylist() for name in ("problem_key", hits, n))
        held.append({problem: (k, of) for problem, k, of in zip(*columns, strict=True) if of})
    shared = sorted(held[0].keys() & held[1].keys())
    if len(shared) < FEWEST_PROMPTS:
        raise Refused(
            f"runs {rows[0]['run_id']!r} and {rows[1]['run_id']!r} share {counted(len(shared), 'problem')}: at "
            f"least {FEWEST_PROMPTS} are needed"
        )
    mine, theirs = (
        Side(row["run_id"], row, *np.array([of[problem] for problem in shared], dtype=np.float64).T)
        for row, of in zip(rows, held, strict=True)
    )
    return shared, (mine, theirs)


def _corrected(store: Store, behavior: str, what: str, sides: tuple[Side, Side]) -> list[Named]:
    """Return both rates and their difference as audits correct them, the second less the first."""
    audits = audits_at(store, [behavior], [(side.run, side.row["split"], side.row["step"]) for side in sides])
    labels = [*(f"{side}: {what}" for side in sides), "difference"]
    return corrected_ends(labels, [rate(side.hits, side.n) for side in sides], audits)


def _paired(mine: Side, theirs: Side) -> Estimate:
    now, then = mine.hits / mine.n, theirs.hits / theirs.n
    return change_of_rates(now, then)


def _mcnemar(mine: Side, theirs: Side) -> Test:
    return mcnemar_exact(int((mine.hits > theirs.hits).sum()), int((theirs.hits > mine.hits).sum()))


def _flips(mine: Side, theirs: Side) -> Flips:
    better, worse = _flipped(mine.hits, mine.n, theirs.hits, theirs.n)
    if min(mine.n.min(), theirs.n.min()) < FEWEST_TO_HALVE:
        return Flips(better, worse, None)
    generator = np.random.default_rng(0)
    found = []
    for _ in range(SPLITS_OF_THE_BASE):
        (half, half_n), (rest, rest_n) = _halved(theirs, generator)
        (now, now_n), _unused = _halved(mine, generator)
        found.append((sum(_flipped(now, now_n, half, half_n)), sum(_flipped(rest, rest_n, half, half_n))))
    between, inside = np.mean(found, axis=0)
    return Flips(better, worse, (float(between), float(inside)))


def _halved(side: Side, generator: np.random.Generator) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Deal a run's rollouts of each problem into two halves at random."""
    n = side.n // 2
    hits = generator.hypergeometric(side.hits.astype(int), (side.n - side.hits).astype(int), n.astype(int))
    return (hits.astype(np.float64), n), (side.hits - hits, side.n - n)


def _flipped(hits: Floats, n: Floats, base_hits: Floats, base_n: Floats) -> tuple[int, int]:
    p = benjamini_hochberg(exact_p_by_prompt(hits, n, base_successes=base_hits, base_n=base_n))
    beyond, up = p <= FALSE_DISCOVERIES, hits / n > base_hits / base_n
    return int((beyond & up).sum()), int((beyond & ~up).sum())


def _flip_numbers(flips: Flips | None, problems: int, base: str) -> list[Named]:
    if flips is None:
        return []
    counts: list[tuple[str, float]] = [("for the better", flips.better), ("for the worse", flips.worse)]
    if flips.halves is not None:
        counts.append(("from half of the rollouts", flips.halves[0]))
        counts.append((f"between two halves of {base}", flips.halves[1]))
    return [
        Named(f"share of problems flipped {what}", count / problems, None, None, problems, "problems")
        for what, count in counts
    ]


def _verdict(
    behavior: str | None, mine: Side, theirs: Side, change: Estimate, flips: Flips | None, single: Test | None
) -> str:
    does = "is right" if behavior is None else f"shows {behavior}"
    said = f"{mine} is not shown to differ from {theirs} in how often it {does}"
    if change.excludes(0):
        said = f"{mine} {does} {'more' if change.value > 0 else 'less'} often than {theirs}"
    here, there = (percent(rate(side.hits, side.n)) for side in (mine, theirs))
    said += f" on {counted(change.n, 'problem')}: {here} against {there}, {points(change)}"
    if single is not None:
        return f"{said}, McNemar's exact p = {single.p:.2g}"
    if flips is None:
        return said
    said += f"; {counted(flips.better, 'problem')} flipped for the better and {flips.worse} for the worse"
    if flips.halves is None:
        return said
    between, inside = flips.halves
    return f"{said}; from half of the rollouts {between:.1f} flip, and between two halves of {theirs.run} {inside:.1f}"


def _caveats(rows: list[dict[str, Any]], problems: list[str], mine: Side, theirs: Side, both: float) -> list[str]:
    caveats = [_TWO_RUNS]
    left_out = max(row["prompts"] for row in rows) - len(problems)
    if left_out > 0:
        caveats.append(f"{counted(left_out, 'prompt')} left out: only one of the two runs has the problem")
    if mine.row["step"] != theirs.row["step"]:
        caveats.append(f"the steps differ: {mine} and {theirs}")
    if both == 1:
        caveats.append(
            "one rollout a problem: which single problems changed cannot be told from chance, and how many flip "
            "between two samples of one model is not known: sample more rollouts a problem"
        )
    else:
        caveats.append(
            f"flipped: Fisher's exact test of each problem at a false discovery rate of {FALSE_DISCOVERIES:.0%}"
        )
    return caveats


def _table(problems: list[str], mine: Side, theirs: Side, p: Floats) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.table(
        {
            "problem": problems,
            "rate": mine.hits / mine.n,
            "other_rate": theirs.hits / theirs.n,
            "rollouts": mine.n.astype(int),
            "other_rollouts": theirs.n.astype(int),
            "p": p,
            "adjusted_p": benjamini_hochberg(p),
        }
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw every problem by its rates in the two runs; those beyond chance stand out."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    rows = [{**row, "beyond chance": row["adjusted_p"] <= FALSE_DISCOVERIES} for row in rows]
    axis = alt.Axis(format=".0%")
    problems = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True)
        .encode(
            x=alt.X("other_rate:Q", title="in the other run", axis=axis),
            y=alt.Y("rate:Q", title="in the run", axis=axis),
            color=alt.Color("beyond chance:N"),
            size=alt.Size("count():Q", title="problems"),
        )
    )
    same = alt.Chart(alt.Data(values=[{"at": 0}, {"at": 1}])).mark_line(strokeDash=[4, 3], opacity=0.6)
    return alt.layer(same.encode(x="at:Q", y="at:Q"), problems)


compare_runs = Finding(
    name="compare_runs",
    claim="One run answers the problems of another better",
    infer=infer,
    queries=("evaluations", "correct_by_problem"),
    draw=draw,
)
