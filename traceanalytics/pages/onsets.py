"""When a behavior that shifted began to: the step of the onset, between two that its band vouches for."""

from typing import TYPE_CHECKING

from traceanalytics.errors import Refused
from traceanalytics.findings.courses import Course
from traceanalytics.pages.rates import counts_of
from traceanalytics.pages.view import View
from traceanalytics.pages.words import shifts_of
from traceanalytics.stats.onset import Onset, onset, simultaneous_band
from traceanalytics.store.counts import Counts
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import numpy as np

MOST_SHIFTS = 8  # of a run, the largest first, whose onset is looked for
MOST_CLUSTERS = 1000  # prompts beyond this are put together at random, so that the band costs no more
CONSECUTIVE = 3  # evaluations in a row that confirm an onset


def onsets_of(view: View) -> dict[tuple[str, str], Onset]:
    """Return the onset of every shift that survives, by run and behavior, where the steps are enough to show one."""
    found: dict[tuple[str, str], Onset] = {}
    for run, shifts in shifts_of(view).items():
        moved = tuple((shift.behavior, shift.change.value > 0) for shift in shifts if shift.survives)[:MOST_SHIFTS]
        place = (view.store, view.seen, view.split, view.bin_width)
        found |= {(run, behavior): each for behavior, each in _onsets(*place, run, moved).items()}
    return found


def onset_in_words(found: Onset) -> str:
    """Write the step of an onset and the two that it lies between.

    >>> onset_in_words(Onset(40.0, 20.0, 60.0, None))
    'step 40 [20, 60]'
    """
    return f"step {found.step:.0f} [{found.earliest:.0f}, {found.latest:.0f}]"


@remembered
def _onsets(
    store: Store,
    seen: tuple[str, ...],
    split: str,
    width: int,
    run: str,
    moved: tuple[tuple[str, bool], ...],
) -> dict[str, Onset]:
    counts = counts_of(store, seen, split, width)
    mine = counts.runs == run
    found = {}
    for behavior, rises in moved:
        course = _course(counts, mine, run, split, behavior)
        if len(course.steps) <= CONSECUTIVE:
            break
        try:
            begun = onset(simultaneous_band(course.changes), consecutive=CONSECUTIVE, direction=1 if rises else -1)
        except Refused:  # steps that no chain of prompts connects, or too few prompts
            continue
        if begun.step is not None:
            found[behavior] = begun
    return found


def _course(counts: Counts, mine: "np.ndarray", run: str, split: str, behavior: str) -> Course:
    import numpy as np
    import pyarrow

    steps, at_step = np.unique(counts.steps[mine], return_inverse=True)
    encoded = pyarrow.array(counts.prompts[mine]).dictionary_encode()
    rows, prompts = encoded.indices.to_numpy(), len(encoded.dictionary)
    if prompts > MOST_CLUSTERS:
        rows = np.random.default_rng(0).integers(0, MOST_CLUSTERS, prompts)[rows]
    size = (min(prompts, MOST_CLUSTERS), len(steps))
    cells = rows * len(steps) + at_step
    column = counts.behaviors.index(behavior)
    hits, n = (
        np.bincount(cells, each[mine], size[0] * size[1]).reshape(size).astype(np.float64)
        for each in (counts.shown[:, column], counts.rollouts)
    )
    return Course(run, split, behavior, steps.astype(np.float64), hits, n)
