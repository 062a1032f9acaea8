"""Since when each behavior that shifted in a view has changed, as findings say it."""

from traceanalytics.findings.courses import courses_of
from traceanalytics.findings.onsets import MOST_CLUSTERS, MOST_SHIFTS, onsets_of_courses
from traceanalytics.pages.rates import counts_of_run
from traceanalytics.pages.view import View
from traceanalytics.pages.words import shifts_of
from traceanalytics.stats.onset import Onset
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store


def onsets_of(view: View) -> dict[tuple[str, str], Onset]:
    """Return the onset of every shift that survives, by run and behavior, where the steps are enough to show one."""
    found: dict[tuple[str, str], Onset] = {}
    for run, shifts in shifts_of(view).items():
        moved = tuple(shift.behavior for shift in shifts if shift.survives)[:MOST_SHIFTS]
        of_run = _onsets(view.store, view.seen, view.split, run, moved)
        found |= {(run, behavior): each for behavior, each in of_run.items()}
    return found


@remembered
def _onsets(store: Store, seen: tuple[str, ...], split: str, run: str, moved: tuple[str, ...]) -> dict[str, Onset]:
    counts = counts_of_run(store, seen, split, run)
    return onsets_of_courses(courses_of(store, run, moved, split=split, counts=counts, most_clusters=MOST_CLUSTERS))
