"""Two evaluations of the same prompts, as findings compare them, and what forbids it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import CORRECTED, RAW, Named
from traceanalytics.findings.caveats import LEFT_OUT
from traceanalytics.findings.comparable import how_to_grade, refuse_gaps, refuse_graders, refuse_unlike
from traceanalytics.stats.differences import change_of_rates
from traceanalytics.stats.estimate import Estimate, Floats
from traceanalytics.stats.shift_share import StrategyCounts
from traceanalytics.store.store import Store

FEWEST_PROMPTS = 20
UNCORRECTED = "uncorrected: strategies are what the tagger says; no audit of it is in the store"
ONE_RUN = "one run: its prompts describe this checkpoint and say nothing about other seeds or about the reward"
_COLUMNS = ("graded", "correct", "shown", "shown_correct", "other", "other_correct")
_OUTCOMES = ("graded", "right_ones")  # the first of these, as another query calls them
REFLECTION = ("verification", "backtracking", "self_correction", "self_doubt", "confirmation", "gap_analysis")
SPLITS_BY_DEFAULT = ("eval", "val", "train", "probe")  # the first with two steps
_PROBLEMS = "SELECT prompt_key, coalesce(problem_key, prompt_key) AS problem FROM prompts WHERE prompt_key IS NOT NULL"
_BASES = "SELECT DISTINCT base_run_id FROM runs WHERE base_run_id <> run_id"
_BASE = """
SELECT base_run_id FROM runs
WHERE run_id = $run AND base_run_id <> run_id AND base_run_id IN (SELECT DISTINCT rollouts.run_id FROM rollouts)
"""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Counts at one step, a row a prompt; `shown` and `other` are the graded rollouts in a strategy and outside it."""

    run: str
    step: int
    split: str
    counts: Floats

    def column(self, name: str) -> Floats:
        """Return one count, an entry a prompt."""
        return self.counts[:, _COLUMNS.index(name)]

    def strategies(self) -> StrategyCounts:
        """Return the counts by strategy."""
        return StrategyCounts(*self.counts[:, 2:].T)

    @property
    def accuracy(self) -> float:
        """Return the share of the graded rollouts that are right."""
        return float(self.column("correct").sum() / self.column("graded").sum())


@dataclass(frozen=True, slots=True)
class Ends:
    """The evaluations of one run at two steps, on the prompts that both hold; `left_out` prompts are in one only."""

    run: str
    split: str
    prompts: tuple[str, ...]
    base: Evaluation
    final: Evaluation
    left_out: int
    of_base: tuple[str, ...] = ()  # why the base that the log names is not the one that is held against

    @property
    def rates(self) -> tuple[Floats, Floats]:
        """Return every prompt's share of right answers at the base and at the end."""
        before, after = (each.column("correct") / each.column("graded") for each in (self.base, self.final))
        return before, after

    @property
    def gain(self) -> Estimate:
        """Return what the run gained, every prompt counted alike: the one gain that all findings give."""
        before, after = self.rates
        return change_of_rates(after, before)

    @property
    def span(self) -> str:
        """Say between which steps."""
        if self.base.run != self.run:
            return f"from step {self.base.step} of {self.base.run} to step {self.final.step}"
        return f"from step {self.base.step} to {self.final.step}"

    def gain_in_words(self, who: str | None = None, *, moved: bool | None = None) -> str:
        """Say what was gained, of what, when and on how many prompts; `moved` says whether that is beyond chance."""
        gain = self.gain
        if not (gain.excludes(0) if moved is None else moved):
            verb = "shows no change beyond chance in"
        else:
            verb = "gained" if gain.value > 0 else "lost"
        return f"{who or self.run} {verb} right answers {self.span}: {points(gain)} on {counted(gain.n, 'prompt')}"

    @property
    def caveats(self) -> list[str]:
        """Say what a reader must know of the comparison."""
        caveats = list(self.of_base)
        if self.base.run == self.run and self.base.step > 0:
            caveats.append(
                f"{self.run} has no step 0 in the split {self.split}: step {self.base.step} is already trained"
            )
        if self.left_out:
            caveats.append(
                f"{self.run}: {counted(self.left_out, 'prompt')} left out: only one of the two evaluations has them"
            )
        return caveats


def runs_of(store: Store, in_run: str | None, *, base: str | None = None) -> list[str]:
    """Return the run asked for, or all of the store but those of one step that are the base of others."""
    if in_run is not None and in_run == base:
        raise Refused(f"in_run and base are both {base!r}: a run is not held against itself")
    if in_run is not None:
        return [in_run]
    steps: dict[str, set[int]] = {}
    for row in store.query("evaluations").to_pylist():  # of all runs at once, as each will be asked about
        steps.setdefault(row["run_id"], set()).add(row["step"])
    if not steps:
        raise Refused("the store holds no rollouts: `ta ingest PATH` reads some")
    bases = set(store.sql(_BASES)["base_run_id"].to_pylist())
    return [run for run, held in steps.items() if run != base and (run not in bases or len(held) > 1)] or list(steps)


def every_run(store: Store) -> list[str]:
    """Return all runs of the store, for what is asked of one evaluation."""
    runs = sorted(set(store.query("evaluations")["run_id"].to_pylist()))
    if not runs:
        raise Refused("the store holds no rollouts: `ta ingest PATH` reads some")
    return runs


def reflection_of(store: Store, tagger: str | None) -> tuple[str, ...]:
    """Return what a tagger calls reflection: behaviors of ours, or all that a published detector shows."""
    if tagger is None:
        return REFLECTION
    shown: list[str] = store.query("behaviors_shown", in_tagger=tagger)["behavior"].to_pylist()
    return tuple(each for each in REFLECTION if each in shown) or tuple(shown) or (tagger,)


def ask_each(runs: Sequence[str], ask: Callable[[str], Found]) -> tuple[list[Found], list[str]]:
    """Return the answers of the runs that have one, and of the others a caveat; with no answer at all, refuse."""
    found, left_out = [], []
    for run in runs:
        try:
            found.append(ask(run))
        except Refused as refusal:
            left_out.append(f"{run}{LEFT_OUT}{_of_this_run(str(refusal), run)}")
            reason = refusal
    if not found:
        raise reason if len(runs) == 1 else Refused(f"none of {len(runs)} runs can answer; {left_out[0]}")
    return found, left_out


def _of_this_run(refusal: str, run: str) -> str:
    """Return a refusal as it is said after the name of its run.

    >>> _of_this_run("run 'a' has one step", "a"), _of_this_run("no rollout of run 'a' is graded", "a")
    ('it has one step', 'no rollout is graded')
    """
    said = refusal.replace(f" of run {run!r}", "")
    return f"it {said.removeprefix(start)}" if said.startswith(start := f"run {run!r} ") else said


def both_ends(
    store: Store,
    run: str,
    *,
    behavior: str | None = None,
    split: str | None = None,
    from_step: int | None = None,
    to_step: int | None = None,
    base: str | None = None,
) -> Ends:
    """Read the evaluations at two steps, first and last unless given; refuse what may not be compared.

    The first is that of the base, see `base_row`. With a behavior the rollouts must be tagged too.
    """
    rows = evaluations_of(store, run, split)
    first, of_base = (row_at(rows, from_step, 0), []) if from_step is not None else base_row(store, rows, base)
    last = row_at(rows, to_step, -1)
    if first["run_id"] == run and first["step"] >= last["step"]:
        raise Refused(
            f"run {run!r} has graded rollouts at step {first['step']} only in the split {first['split']}: "
            f"a change needs two steps of one split; base=RUN names the run that holds the base model"
        )
    for row in (first, last):
        refuse_gaps(row, tagged=behavior is not None)
    refuse_unlike(first, last)
    refuse_graders(store, first, last)
    counts = counts_of_both(store, first, last, behavior=behavior)
    shared = sorted(counts[0].keys() & counts[1].keys())
    if len(shared) < FEWEST_PROMPTS:
        raise Refused(
            f"{counted(len(shared), 'prompt')} of run {run!r} in both evaluations (steps {first['step']} and "
            f"{last['step']} of {first['split']}): at least {FEWEST_PROMPTS} are needed"
        )
    start, final = (
        Evaluation(row["run_id"], row["step"], row["split"], np.array([held[prompt] for prompt in shared]))
        for row, held in zip((first, last), counts, strict=True)
    )
    apart = len(counts[0].keys() ^ counts[1].keys())
    return Ends(run, last["split"], tuple(shared), start, final, apart, tuple(of_base))


def evaluations_of(store: Store, run: str, split: str | None, *, needs: str = "graded") -> list[dict[str, Any]]:
    """Return the steps of one split of a run that hold rollouts graded or tagged (query `evaluations`).

    Unless a split is given it is the default one of those that hold such.
    """
    there = store.query("evaluations", in_run=run).to_pylist()
    rows = [row for row in there if split in (None, row["split"])]
    if not rows:
        raise Refused(f"run {run!r} has no rollouts in the split {split}{only_in(row['split'] for row in there)}")
    usable = [row for row in rows if row[needs] and row["split"] in SPLITS_BY_DEFAULT]
    if not usable:
        mend = how_to_grade(store, run) if needs == "graded" else ": `ta tag` says what they show"
        raise Refused(f"no rollout of run {run!r} is {needs}{mend}")
    enough = [row for row in usable if row["prompts"] >= FEWEST_PROMPTS]
    chosen = default_split(row["split"] for row in enough or usable)
    return [row for row in usable if row["split"] == chosen]


def default_split(of_steps: Iterable[str]) -> str:
    """Return the split that is looked at unless one is chosen, of the split of every step of a run.

    Evaluations ask the same prompts again and again, so that they come first.

    >>> default_split(["val", "train", "train"])
    'train'
    """
    held = list(of_steps)
    there = [split for split in SPLITS_BY_DEFAULT if split in held]
    return next((split for split in there if held.count(split) > 1), (there or ["train"])[0])


def only_in(splits: Iterable[str]) -> str:
    """Say in which splits there is something, and what to add to a command.

    >>> only_in(["val", "val"])
    ', only in val: add in_split=val'
    """
    there = set(splits)
    names = [split for split in SPLITS_BY_DEFAULT if split in there]
    return f", only in {' and '.join(names)}: add in_split={names[0]}" if names else ""


def base_row(
    store: Store, rows: Sequence[dict[str, Any]], base: str | None, *, needs: str = "graded"
) -> tuple[dict[str, Any], list[str]]:
    """Return the evaluation that a run's is held against, and why it is not that of the base which the log names.

    It is the first of the run `base`; unless one is given the run's own step 0, else the first of the run that the log
    names as its base, else its own first, which is already trained.
    """
    own, run = rows[0], str(rows[0]["run_id"])
    name = base if base is not None or own["step"] == 0 else recorded_base(store, run)
    if name is None or name == run:
        return own, []
    try:
        row = evaluations_of(store, name, own["split"], needs=needs)[0]
        if base is None:
            refuse_unlike(row, own)
    except Refused as refusal:
        if base is not None:
            raise
        return own, [f"{run} is not held against its base {name}: {refusal}"]
    return row, []


def recorded_base(store: Store, run: str) -> str | None:
    """Return the run that a run's log names as its base, where the store holds it."""
    rows = store.sql(_BASE, {"run": run}).to_pylist()
    return rows[0]["base_run_id"] if rows else None


def one_evaluation(store: Store, row: dict[str, Any], *, behavior: str) -> Evaluation:
    """Read one evaluation with its rollouts graded and tagged."""
    refuse_gaps(row, tagged=True)
    refuse_graders(store, row)
    (held,) = counts_at(store, row, behavior=behavior)
    if len(held) < FEWEST_PROMPTS:
        raise Refused(
            f"{len(held)} prompts of run {row['run_id']!r} are graded and tagged at step {row['step']} of "
            f"{row['split']}: at least {FEWEST_PROMPTS} are needed"
        )
    return Evaluation(row["run_id"], row["step"], row["split"], np.array(list(held.values())))


def counts_at(store: Store, *rows: dict[str, Any], behavior: str | None) -> list[dict[str, list[int]]]:
    """Return the counts by prompt of some evaluations of one run (query `correct_by_prompt`).

    Without a behavior they are what is graded and right alone (query `outcomes_by_prompt`), which asks no tagger.
    """
    import pyarrow.compute as pc

    arguments = {"in_run": rows[0]["run_id"], "in_split": rows[0]["split"]}
    columns: tuple[str, ...] = _COLUMNS
    if behavior is not None:
        table = store.query("correct_by_prompt", in_behavior=behavior, **arguments)
        there = pc.field("shown") + pc.field("other")
    else:
        table, columns, there = store.query("outcomes_by_prompt", **arguments), _OUTCOMES, pc.field("graded")
    held = []
    for row in rows:
        at_step = table.filter((pc.field("step") == row["step"]) & (there > 0))
        counts = zip(*(at_step[name].to_pylist() for name in columns), strict=True)
        held.append(dict(zip(at_step["prompt_key"].to_pylist(), map(list, counts), strict=True)))
    return held


def counts_of_both(
    store: Store, first: dict[str, Any], last: dict[str, Any], *, behavior: str | None
) -> list[dict[str, list[int]]]:
    """Return the counts of two evaluations; those of two runs by problem, as their templates may differ."""
    if first["run_id"] == last["run_id"]:
        return counts_at(store, first, last, behavior=behavior)
    problems = problems_of(store)
    return [by_problem(held, problems) for row in (first, last) for held in counts_at(store, row, behavior=behavior)]


def by_problem(held: Mapping[str, list[int]], problems: Mapping[str, str]) -> dict[str, list[int]]:
    """Add up the counts of the prompts of one problem."""
    found: dict[str, list[int]] = {}
    for prompt, counts in held.items():
        problem = problems.get(prompt, prompt)
        found[problem] = [a + b for a, b in zip(found.get(problem, [0] * len(counts)), counts, strict=True)]
    return found


def problems_of(store: Store) -> dict[str, str]:
    """Return the problem of every prompt, so that two templates of one question are one."""
    rows = store.sql(_PROBLEMS)
    return dict(zip(rows["prompt_key"].to_pylist(), rows["problem"].to_pylist(), strict=True))


def row_at(rows: Sequence[dict[str, Any]], step: int | None, place: int) -> dict[str, Any]:
    """Return the evaluation at a step, or that at a place in the list where no step is given."""
    if step is None:
        return rows[place]
    for row in rows:
        if row["step"] == step:
            return row
    steps = ", ".join(str(row["step"]) for row in rows)
    raise Refused(
        f"run {rows[0]['run_id']!r} has no evaluation at step {step} in the split {rows[0]['split']}; there are {steps}"
    )


def named(label: str, estimate: Estimate, *, corrected: bool = False) -> Named:
    """Give an estimate its label."""
    kind = CORRECTED if corrected else RAW
    return Named(label, estimate.value, estimate.low, estimate.high, estimate.n, estimate.unit, kind)


def points(number: Estimate | Named) -> str:
    """Write a difference of rates with its interval.

    >>> points(Estimate(0.22, 0.181, 0.262, 500))
    '+22.0 points [18.1, 26.2]'
    """
    return f"{100 * number.value:+.1f} points{_limits(number, 1)}"


def percent(number: Estimate | Named) -> str:
    """Write a share with its interval.

    >>> percent(Estimate(0.7545, 0.672, 0.844, 500))
    '75% [67, 84]'
    """
    return f"{number.value:.0%}{_limits(number, 0)}"


def times(ratio: Estimate) -> str:
    """Write a ratio with its interval.

    >>> times(Estimate(1.608, 1.328, 1.933, 48))
    '1.61 [1.33, 1.93] times'
    """
    return f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}] times"


def _limits(number: Estimate | Named, digits: int) -> str:
    if number.low is None or number.high is None:
        return ""
    return f" [{100 * number.low:.{digits}f}, {100 * number.high:.{digits}f}]"
