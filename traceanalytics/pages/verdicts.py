"""What can be said of each shift of a view: the verdict of the finding `behavior_shift`, from counts of the pages."""

from traceanalytics.findings.behavior_shift import Verdict, audit_shift, judge
from traceanalytics.findings.evaluations import FEWEST_PROMPTS
from traceanalytics.findings.shifts import SMALL, Shift
from traceanalytics.findings.turns import Turn, turns_of
from traceanalytics.pages.corrected import audited_behaviors
from traceanalytics.pages.rates import counts_of_run
from traceanalytics.pages.view import View
from traceanalytics.pages.words import fewest_prompts, shifts_of
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store

Verdicts = dict[tuple[str, str], Verdict]  # by run and behavior


def verdicts_of(view: View) -> Verdicts:
    """Return the verdict on every shift; undetermined in a run with too few prompts to tell a shift from chance."""
    audited = audited_behaviors(view)
    found: Verdicts = {}
    turns = turns_of_view(view)
    for run, shifts in shifts_of(view).items():
        few = fewest_prompts(shifts) < FEWEST_PROMPTS
        for shift in shifts:
            audit = audit_shift(view.store, shift) if shift.behavior in audited else None
            verdict = judge(shift, turns.get((run, shift.behavior)), audit, SMALL)
            found[run, shift.behavior] = Verdict.UNDETERMINED if few else verdict
    return found


def turns_of_view(view: View) -> dict[tuple[str, str], Turn]:
    """Return by run and behavior where a shift turned round between its two ends."""
    return {
        (run, behavior): turn
        for run, shifts in shifts_of(view).items()
        for behavior, turn in _turns(view.store, view.seen, view.split, run, shifts).items()
    }


@remembered
def _turns(store: Store, seen: tuple[str, ...], split: str, run: str, shifts: tuple[Shift, ...]) -> dict[str, Turn]:
    return turns_of(store, shifts, counts=counts_of_run(store, seen, split, run))
