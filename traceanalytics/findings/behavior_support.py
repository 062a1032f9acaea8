"""Whether a behavior was already in the base model, or unseen in so many of its samples; beside a distilled model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.audits import audits_at, corrected_ends, uncorrected
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.comparable import conditions_in_words, refuse_gaps
from traceanalytics.findings.drawing import intervals
from traceanalytics.findings.evaluations import (
    FEWEST_PROMPTS,
    ask_each,
    base_row,
    evaluations_of,
    named,
    percent,
    points,
    runs_of,
)
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.rates import rate
from traceanalytics.stats.support import Support, support
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

UNCORRECTED = "uncorrected: a tagger that errs finds a behavior in any base; no audit of it is in the store"
_RATES = ("rate in the base", "rate after training")
_PROBLEMS = "SELECT DISTINCT prompt_key, problem_key FROM prompts WHERE prompt_key IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Arm:
    """One trained model beside its base, on the problems of both."""

    run: str
    how: str
    base_run: str
    steps: tuple[int, int]  # of the base and of the trained model
    base: Estimate
    base_samples: int
    base_prompts: int  # that show it
    after: Estimate
    support: Support
    corrected: tuple[Named, ...]
    of_base: tuple[str, ...]  # why the base that the log names is not the one that is held against

    @property
    def base_name(self) -> str:
        """Return what the base is called."""
        return f"the base {self.base_run}" if self.base_run != self.run else f"the base of {self.run}"

    @property
    def is_unseen(self) -> bool:
        """Say whether no sample of the base shows the behavior."""
        return self.base.value == 0

    def sentence(self, behavior: str) -> str:
        """Say what the base had, and what this model has beyond it."""
        found = self.support
        if self.is_unseen:
            said = (
                f"{behavior} is unseen in {self.base_samples:,} samples of {self.base.n} prompts of {self.base_name} "
                f"at step {self.steps[0]}: its rate there is at most {self.base.high:.2%}"
            )
        else:
            said = (
                f"{behavior} is already in {self.base_name} at step {self.steps[0]}: {percent(self.base)} of "
                f"{self.base_samples:,} samples show it, on {self.base_prompts} of {self.base.n} prompts"
            )
        said += f"; {self.run} ({self.how}) shows it in {percent(self.after)} of its samples at step {self.steps[1]}"
        where = f"some of {found.k} samples after training and in none of {found.k}"
        if found.k == 1:
            where = "1 sample after training and not in 1"
        only_after = f"{percent(found.only_after)} of the prompts show it in {where} before"
        if found.beyond_chance is None:
            return f"{said}; {only_after}, and how many would by chance is not known"
        more = "is more" if found.beyond_chance.low > 0 else "is not shown to be more"
        return (
            f"{said}; {only_after}, which {more} than chance alone would give ({points(found.beyond_chance)} beyond it)"
        )


def infer(
    store: Store,
    *,
    in_run: str | None = None,
    in_behavior: str = "code_reasoning",
    in_split: str | None = None,
    base: str | None = None,
    distilled: str | None = None,
) -> Answer:
    """Hold every run's last evaluation, and that of a distilled model, against the base.

    That is the run `base`, else the run's own step 0, else the run that its log names as its base.
    """
    problems = {row["prompt_key"]: row["problem_key"] for row in store.sql(_PROBLEMS).to_pylist()}
    runs = runs_of(store, in_run)
    asked = [run for run in runs if run not in (base, distilled)] or runs

    def ask(run: str) -> Arm:
        return _arm(store, run, in_behavior, in_split, base, problems, how="RL")

    found, left_out = ask_each(asked, ask)
    if distilled is not None:
        found.append(_arm(store, distilled, in_behavior, in_split, found[0].base_run, problems, how="distilled"))
    estimates: list[Named] = []
    for each in found:
        estimates += _numbers(each, f"{each.run}: " if len(found) > 1 else "")
    caveats = [
        "prompts are compared at equal numbers of samples; by chance: what two sets of base samples would show",
        *_counter_examples(found, in_behavior),
        *(caveat for each in found for caveat in each.of_base),
        *left_out,
        *uncorrected(UNCORRECTED, [each.corrected for each in found]),
    ]
    if any(each.support.by_chance is None for each in found):
        caveats.append("one base sample a prompt: what chance alone would show is not known; sample 2 or more")
    if distilled is None:
        caveats.append("no distilled model is beside it: with distilled=RUN one is")
    return Answer(estimates, "; ".join(each.sentence(in_behavior) for each in found), caveats, _table(found))


def _counter_examples(found: Sequence[Arm], behavior: str) -> list[str]:
    unseen = {each.base_samples for each in found if each.is_unseen}
    return [
        f"unseen in {samples:,} samples is not absent: more samples, or other prompts, may show {behavior}"
        for samples in sorted(unseen)
    ]


def _arm(
    store: Store, run: str, behavior: str, split: str | None, base: str | None, problems: dict[str, str], *, how: str
) -> Arm:
    rows = evaluations_of(store, run, split, needs="tagged")
    last = rows[-1]
    first, of_base = base_row(store, rows, base, needs="tagged")
    if first["run_id"] == run and first["step"] > 0:
        why = f"; {of_base[0]}" if of_base else ""
        raise Refused(
            f"run {run!r} has no step 0 in the split {first['split']}: name a run of the untrained model with "
            f"base=RUN{why}"
        )
    if first["run_id"] == run and last["step"] == first["step"]:
        raise Refused(f"run {run!r} has one step in the split {first['split']}: the trained model needs another")
    for row in (first, last):
        refuse_gaps(row, graded=False, tagged=True)
    if first["conditions"] != last["conditions"]:
        raise Refused(
            f"the base was sampled with {conditions_in_words(first['conditions'])}, run {run!r} with "
            f"{conditions_in_words(last['conditions'])}: what shows only in one may be the condition's doing"
        )
    before, after = (_counts(store, row, behavior, problems) for row in (first, last))
    shared = sorted(before.keys() & after.keys())
    if len(shared) < FEWEST_PROMPTS:
        raise Refused(
            f"{counted(len(shared), 'problem')} of run {run!r} also in the base: at least {FEWEST_PROMPTS} are needed"
        )
    (hits, n), (new_hits, new_n) = (
        np.array([counts[problem] for problem in shared], dtype=np.float64).T for counts in (before, after)
    )
    rates = rate(hits, n), rate(new_hits, new_n)
    audits = audits_at(store, [behavior], [(row["run_id"], row["split"], row["step"]) for row in (first, last)])
    return Arm(
        run,
        how,
        first["run_id"],
        (first["step"], last["step"]),
        rates[0],
        int(n.sum()),
        int((hits > 0).sum()),
        rates[1],
        support(hits, n, hits=new_hits, n=new_n),
        tuple(corrected_ends(_RATES, rates, audits)),
        tuple(of_base),
    )


def _counts(store: Store, row: dict[str, Any], behavior: str, problems: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Return by problem how many rollouts of one evaluation show the behavior, and how many there are."""
    arguments = {"in_run": row["run_id"], "in_split": row["split"], "from_step": row["step"], "to_step": row["step"]}
    table = store.query("behavior_by_prompt", in_behaviors=[behavior], **arguments)
    counts: dict[str, tuple[int, int]] = {}
    columns = (table[name].to_pylist() for name in ("prompt_key", "shown", "rollouts"))
    for prompt, shown, rollouts in zip(*columns, strict=True):
        problem = problems.get(prompt, prompt)
        hits, n = counts.get(problem, (0, 0))
        counts[problem] = hits + shown[0], n + rollouts
    return counts


def _numbers(each: Arm, prefix: str) -> list[Named]:
    found = each.support
    numbers = [
        *(named(f"{prefix}{label}", rate) for label, rate in zip(_RATES, (each.base, each.after), strict=True)),
        *(replace(number, label=f"{prefix}{number.label}") for number in each.corrected),
        named(f"{prefix}prompts that show it only after training, {found.k} samples each", found.only_after),
        named(f"{prefix}prompts that show it only in the base, {found.k} samples each", found.only_before),
    ]
    if found.by_chance is not None and found.beyond_chance is not None:
        numbers.append(named(f"{prefix}either of them by chance", found.by_chance))
        numbers.append(named(f"{prefix}only after training, beyond chance", found.beyond_chance))
    return numbers


def _table(found: Sequence[Arm]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist(
        [
            {"run": each.run, "how": each.how, "when": when, "share": number.value, "low": number.low}
            | {"high": number.high, "prompts": number.n}
            for each in found
            for when, number in (("base", each.base), ("after training", each.after))
        ]
    )


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the rate in the base and after training, an arm a row."""
    title = "responses that show it"
    return intervals(answer, value="share", row="run", color="when", title=title, signed=False, shape="how")


behavior_support = Finding(
    name="behavior_support",
    claim="Training brings out what the base already shows, and distillation adds what it does not",
    infer=infer,
    queries=("evaluations", "behavior_by_prompt"),
    draw=draw,
)
