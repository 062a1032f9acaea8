"""What each run gained on its evaluation, and whether another reward did as well as the true one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.comparable import MOST_MISSING
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import (
    FEWEST_PROMPTS,
    Ends,
    ask_each,
    both_ends,
    by_problem,
    counts_at,
    evaluations_of,
    named,
    percent,
    points,
    problems_of,
    row_at,
    runs_of,
)
from traceanalytics.stats.differences import change_of_rates, differing, mean_of_changes_limits
from traceanalytics.stats.equivalence import equivalence
from traceanalytics.stats.estimate import Estimate, Floats, normal_p
from traceanalytics.stats.multiplicity import holm
from traceanalytics.stats.ratios import share_of_total
from traceanalytics.stats.runs import over_runs
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

TRUE_REWARD = "ground_truth"
MOST_P = 0.05  # of a gain, or of an equivalence, that is told
SMOOTHED = 10  # evaluations at the end that published gains are the mean of


@dataclass(frozen=True, slots=True)
class Gain:
    """One run's gain, by prompt and over prompts, with its p and what the log says of the run."""

    ends: Ends
    reward: str | None
    model: str | None
    by_prompt: Floats
    total: Estimate
    p: float
    smoothed: tuple[int, Estimate] | None  # evaluations averaged at the end, and the gain to their mean

    @property
    def run(self) -> str:
        """Return the run's name."""
        return self.ends.run


@dataclass(frozen=True, slots=True)
class Against:
    """A run's gain beside that of the run with the true reward, on the prompts of both."""

    run: str
    less_true: Estimate
    part_of_true: Estimate | None
    equivalent_p: float


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_split: str | None = None,
    from_step: int | None = None,
    to_step: int | None = None,
    true_run: str | None = None,
    base: str | None = None,
    margin: float = 0.02,
) -> Answer:
    """Give the gain of every run; with a run of the true reward also what each lacks of its gain.

    A run is held against its step 0, else against the run `base`, else against the one that its log names as its base.
    """

    def ask(run: str) -> Gain:
        ends = both_ends(store, run, split=in_split, from_step=from_step, to_step=to_step, base=base)
        return _gain(ends, *_described(store, run), _smoothed(store, ends))

    found, left_out = ask_each(runs_of(store, in_run, base=base), ask)
    true = _true_gain(ask, found, runs_of(store, true_run)[0] if true_run is not None else None)
    compared = [] if true is None else [_against(each, true, margin) for each in found if each.run != true.run]
    several = len(found) > 1
    estimates = [number for each in found for number in _numbers(each, several=several)]
    for each in compared:
        estimates.append(named(f"{each.run}: gain less that of the true reward", each.less_true))
        if each.part_of_true is not None:
            estimates.append(named(f"{each.run}: part of the gain of the true reward", each.part_of_true))
    estimates += _by_reward(found)
    caveats = [caveat for gain in found for caveat in gain.ends.caveats] + left_out + _run_caveats(found)
    if compared:
        within = f"±{100 * margin:.1f} points"
        caveats.append(f"equivalent means: both one-sided tests against a difference of {within} pass")
    return Answer(estimates, _verdict(found, true, compared), caveats, _table(found, compared))


def _gain(ends: Ends, reward: str | None, model: str | None, smoothed: tuple[int, Estimate] | None) -> Gain:
    before, after = ends.rates
    error = float(mean_of_changes_limits(after - before, differing(after, before)).standard_error)
    total = ends.gain
    p = normal_p(total.value / error) if error > 0 else float(total.value == 0)
    return Gain(ends, reward, model, after - before, total, p, smoothed)


def _smoothed(store: Store, ends: Ends) -> tuple[int, Estimate] | None:
    """Return the gain to the mean of the last evaluations, as published gains are: the first is left as it is.

    Evaluations sampled otherwise, or with gaps, are not among them; with one there is nothing to average.
    """
    rows = evaluations_of(store, ends.run, ends.split)
    last = row_at(rows, ends.final.step, -1)
    of_base = ends.base.run == ends.run
    later = [row for row in rows if row["step"] <= last["step"] and not (of_base and row["step"] <= ends.base.step)]
    later = [row for row in later[-SMOOTHED:] if row["conditions"] == last["conditions"] and _is_whole(row)]
    if len(later) < 2:
        return None
    right = np.zeros((2, len(ends.prompts)))
    problems = {} if of_base else problems_of(store)
    for counts in (by_problem(held, problems) for held in counts_at(store, *later, behavior=None)):
        right += np.array([counts.get(prompt, [0, 0])[:2] for prompt in ends.prompts], dtype=np.float64).T
    after = right[1] / right[0]  # every prompt is in the last evaluation, so that none is divided by 0
    return len(later), change_of_rates(after, ends.rates[0])


def _is_whole(row: dict[str, Any]) -> bool:
    return bool(row["graded"] >= (1 - MOST_MISSING) * row["rollouts"])


def _numbers(each: Gain, *, several: bool) -> list[Named]:
    label = f"{each.run}: gain" if several else "gain"
    numbers = [named(label, each.total)]
    if each.smoothed is not None:
        evaluations, gain = each.smoothed
        numbers.append(named(f"{label} to the mean of the last {evaluations} evaluations", gain))
    return numbers


def _described(store: Store, run: str) -> tuple[str | None, str | None]:
    rows = store.sql("SELECT reward_type, model FROM runs WHERE run_id = $run", {"run": run}).to_pylist()
    return (rows[0]["reward_type"], rows[0]["model"]) if rows else (None, None)


def _true_gain(ask: Callable[[str], Gain], found: Sequence[Gain], true_run: str | None) -> Gain | None:
    """Return the run that the others are held against: the one named, else the only one with the true reward."""
    if true_run is not None:
        return next((each for each in found if each.run == true_run), None) or ask(true_run)
    true = [each for each in found if each.reward == TRUE_REWARD]
    return true[0] if len(true) == 1 else None


def _against(gain: Gain, true: Gain, margin: float) -> Against:
    place = {prompt: i for i, prompt in enumerate(true.ends.prompts)}
    shared = [i for i, prompt in enumerate(gain.ends.prompts) if prompt in place]
    if len(shared) < FEWEST_PROMPTS:
        raise Refused(
            f"runs {gain.run!r} and {true.run!r} share {len(shared)} prompts: at least {FEWEST_PROMPTS} are needed to "
            f"compare their gains"
        )
    mine = gain.by_prompt[shared]
    theirs = true.by_prompt[[place[gain.ends.prompts[i]] for i in shared]]
    apart = mine - theirs
    # Half of it lies in [-1, 1], as gains do.
    limits = mean_of_changes_limits(apart / 2, np.abs(apart) / 2)
    less = Estimate(2 * float(limits.value), 2 * float(limits.low), 2 * float(limits.high), int(limits.prompts))
    error = 2 * float(limits.standard_error)
    test = equivalence(less.value, error, margin=margin, n=less.n, degrees=less.n - 1)
    try:
        part = share_of_total(mine, theirs)
    except Refused:
        part = None
    return Against(gain.run, less, part, test.p)


def _by_reward(found: Sequence[Gain]) -> list[Named]:
    numbers = []
    for model, reward in dict.fromkeys((each.model, each.reward) for each in found):
        gains = [each.total.value for each in found if (each.model, each.reward) == (model, reward)]
        if len(gains) > 1 and reward is not None:
            numbers.append(named(f"{reward}{f' on {model}' if model else ''}: mean gain", over_runs(gains)))
    return numbers


def _run_caveats(found: Sequence[Gain]) -> list[str]:
    caveats = []
    if len(found) > 1:
        caveats.append(f"{len(found)} runs are looked at: beyond chance means after Holm's correction for their number")
    settings = [(each.model, each.reward) for each in found]
    single = [
        f"{reward or 'a reward that is not named'}{f' on {model}' if model else ''}"
        for model, reward in dict.fromkeys(settings)
        if settings.count((model, reward)) == 1
    ]
    if single:
        caveats.append(
            f"no inference about a reward from one run of it (n_runs=1): {', '.join(single)}; intervals over prompts "
            f"describe a checkpoint"
        )
    return caveats


def _verdict(found: Sequence[Gain], true: Gain | None, compared: Sequence[Against]) -> str:
    adjusted = holm([each.p for each in found])
    gained = [each.ends.gain_in_words(moved=p <= MOST_P) for each, p in zip(found, adjusted, strict=True)]
    said = "; ".join(gained)
    for each in compared:
        run = cast(Gain, true).run
        apart = f"the gain of {each.run} less that of {run} is {points(each.less_true)}"
        if each.part_of_true is not None:
            apart = (
                f"{each.run} has {percent(each.part_of_true)} of the gain of {run}, {points(each.less_true)} beside it"
            )
        how = "equivalent" if each.equivalent_p <= MOST_P else "not shown to be equivalent"
        said += f"; {apart}: the two are {how}"
    return said


def _table(found: Sequence[Gain], compared: Sequence[Against]) -> "pyarrow.Table":
    import pyarrow

    against = {each.run: each for each in compared}
    adjusted = holm([each.p for each in found])
    rows = []
    for each, p in zip(found, adjusted, strict=True):
        beside = against.get(each.run)
        rows.append(
            {
                "run": each.run,
                "reward": each.reward,
                "model": each.model,
                "accuracy_before": each.ends.base.accuracy,
                "accuracy_after": each.ends.final.accuracy,
                "gain": each.total.value,
                "low": each.total.low,
                "high": each.total.high,
                "prompts": each.total.n,
                "smoothed_gain": each.smoothed[1].value if each.smoothed is not None else None,
                "adjusted_p": float(p),
                "less_true": beside.less_true.value if beside is not None else None,
                "equivalent_p": beside.equivalent_p if beside is not None else None,
            }
        )
    return pyarrow.Table.from_pylist(rows)


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw every run's gain with its interval."""
    return intervals(answer, value="gain", row="run", color="reward", title="gain in accuracy", largest_first=True)


reward_gain = Finding(
    name="reward_gain",
    claim="A reward that knows nothing of the answer gains as much as the true one",
    infer=infer,
    queries=("evaluations", "outcomes_by_prompt"),
    draw=draw,
)
