"""The audit that narrows a finding's interval most: how many rollouts, from which eras, tagged or not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, hypot, sqrt
from pathlib import Path

from traceanalytics.errors import BadInput, Refused
from traceanalytics.findings.base import CORRECTED, RAW, Answer, get_finding, read_parameters
from traceanalytics.judging import Question
from traceanalytics.stats.estimate import normal_quantile
from traceanalytics.store.store import Store
from traceanalytics.verbs.draw_audit import ERROR_OF_TAGGED, ERROR_OF_UNTAGGED, Era, split_of, suggest_audit
from traceanalytics.verbs.suggest import tagger_of

NARROWEST, WIDEST = 0.02, 0.1  # half-widths that an audit is planned for unless another is asked for
IN_RUN = "in_run="
FEWEST = 20  # rollouts of an era, so that its errors are seen at all


@dataclass(frozen=True, slots=True)
class Measured:
    """An era of the run, what part of it is tagged, and how wrong tagged and untagged rollouts are expected to be."""

    era: Era
    share: float
    error_of_tagged: float
    error_of_untagged: float
    audited: int

    @property
    def spread(self) -> float:
        """Return what an audited rollout of this era leaves unknown: Σ W·sqrt(e(1 - e)), allocated after Neyman."""
        tagged, untagged = self.error_of_tagged, self.error_of_untagged
        return self.share * sqrt(tagged * (1 - tagged)) + (1 - self.share) * sqrt(untagged * (1 - untagged))


@dataclass(slots=True)
class Plan:
    """How many rollouts to audit for a finding, and the half-widths of its widest interval now and then."""

    finding: str
    behaviors: tuple[str, ...]
    run: str
    split: str
    rollouts: int
    audited: int
    half_width_raw: float
    half_width_now: float | None
    half_width_then: float
    eras: list[tuple[Measured, int]] = field(default_factory=list)

    def __str__(self) -> str:
        now = "unknown without an audit" if self.half_width_now is None else f"±{100 * self.half_width_now:.1f} points"
        of_errors = sqrt(max(self.half_width_then**2 - self.half_width_raw**2, 0.0))
        return (
            f"{self.rollouts:,} rollouts of {self.run} ({self.split}) to judge for {', '.join(self.behaviors)}: "
            f"the widest corrected interval of {self.finding} is {now}, and would be about "
            f"±{100 * self.half_width_then:.1f} points with them: ±{100 * self.half_width_raw:.1f} come from the "
            f"prompts and ±{100 * of_errors:.1f} from the tagger's errors"
        )


def plan_audit(
    store: Store, finding: str, written: Sequence[str] = (), *, half_width: float | None = None, n: int | None = None
) -> Plan:
    """Plan an audit of the first and the last era of a run.

    Unless `n` or the `half_width` of the audit's own error is given, it is to know the errors as well as the prompts
    know the rates; where there are audits already, to halve the interval as far as the prompts allow.
    """
    found = get_finding(finding)
    # A finding over all runs takes none, and its audit is one of theirs.
    of_run = [] if "in_run" in found.parameters else [word for word in written if word.startswith(IN_RUN)]
    arguments = read_parameters(found, [word for word in written if word not in of_run])
    answer = found.find(store, **arguments)
    asked_run = of_run[-1].removeprefix(IN_RUN) if of_run else answer.params.get("in_run")
    behaviors, run = _asked(answer), _run_of(store, asked_run)
    tagger = tagger_of(store, None)
    asked_split = answer.params.get("in_split")
    split = str(asked_split) if asked_split else split_of(store, tagger, run)
    eras = _measured(store, behaviors, run=run, split=split, tagger=tagger)
    raw, now = _widest(answer, RAW) or WIDEST, _widest(answer, CORRECTED)
    spread, audited = sum(era.spread for era in eras), sum(era.audited for era in eras)
    reach = normal_quantile(0.95) * spread
    if n is None:
        target = half_width or _target(raw, now)
        n = max(ceil((reach / target) ** 2), FEWEST * len(eras)) - audited
    if n <= 0:
        raise Refused(
            f"{audited} rollouts are audited, and more would not narrow {finding}: its interval is as wide as its "
            "prompts make it; ask for more with -n"
        )
    shared_out = [(era, max(round(n * era.spread / spread), 1)) for era in eras]
    then = hypot(raw, reach / sqrt(n + audited))
    return Plan(
        finding, behaviors, run, split, sum(each for _, each in shared_out), audited, raw, now, then, shared_out
    )


def draw_planned(store: Store, plan: Plan, *, seed: int = 0, judged: Sequence[Path] = ()) -> list[Question]:
    """Draw the rollouts of a plan."""
    drawn: list[Question] = []
    for era, n in plan.eras:
        errors = era.error_of_tagged, era.error_of_untagged
        drawn += suggest_audit(
            store,
            plan.behaviors,
            run=plan.run,
            split=plan.split,
            n=n,
            seed=seed,
            judged=judged,
            eras=[era.era],
            errors=errors,
        )
    return drawn


def _measured(store: Store, behaviors: Sequence[str], *, run: str, split: str, tagger: str) -> list[Measured]:
    rows = store.query("corrected_rate", in_behaviors=list(behaviors), in_run=run, in_split=split).to_pylist()
    if not rows:
        raise Refused(f"{tagger} has read no rollout of run {run!r} in the split {split}: `ta tag` reads them")
    ends = [rows[0], rows[-1]] if len(rows) > 1 else rows
    measured = []
    for row in ends:
        tp, fp, fn, tn = (row[cell] or 0.0 for cell in ("tp", "fp", "fn", "tn"))
        # what nobody audited is expected; each audited rollout weighs as much as a tenth of that expectation
        wrong_of_tagged = (fp + 10 * ERROR_OF_TAGGED) / (tp + fp + 10)
        wrong_of_untagged = (fn + 10 * ERROR_OF_UNTAGGED) / (fn + tn + 10)
        era = Era(run, row["from_step"], row["to_step"])
        measured.append(Measured(era, row["share"], wrong_of_tagged, wrong_of_untagged, row["audited"]))
    return measured


def _target(raw: float, now: float | None) -> float:
    if now is None:
        return min(max(raw, NARROWEST), WIDEST)
    return sqrt(max((now / 2) ** 2 - raw**2, raw**2, NARROWEST**2))


def _widest(answer: Answer, kind: str) -> float | None:
    halves = [
        (each.high - each.low) / 2
        for each in answer.estimates
        if each.kind == kind and each.low is not None and each.high is not None and abs(each.value) <= 1
        if "1,000 characters" not in each.label and "Rogan-Gladen" not in each.label
    ]
    return max(halves, default=None)


def _asked(answer: Answer) -> tuple[str, ...]:
    several, one = answer.params.get("in_behaviors"), answer.params.get("in_behavior")
    if several:
        return tuple(several)
    if one:
        return (str(one),)
    rows = answer.table.to_pylist() if answer.table is not None and "behavior" in answer.table.column_names else []
    if rows:
        return (str(rows[0]["behavior"]),)
    raise BadInput(f"finding {answer.name!r} was asked of no behavior; name one: in_behavior=NAME, or in_behaviors=A,B")


def _run_of(store: Store, asked: object) -> str:
    if asked:
        return str(asked)
    runs = store.sql("SELECT DISTINCT run_id FROM current_tagged JOIN rollouts USING (rollout_id) ORDER BY 1")
    names = runs["run_id"].to_pylist()
    if len(names) != 1:
        raise BadInput(f"an audit speaks for one run: name it with in_run=NAME; there is {', '.join(names)}")
    return str(names[0])
