"""Since when a behavior has changed: the one definition, which findings and pages share."""

from collections.abc import Iterable

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Named
from traceanalytics.findings.courses import Course, clusters_of
from traceanalytics.stats.onset import Changes, Onset, in_clusters, onset, simultaneous_band

THRESHOLD = 0.05  # a change beyond this has begun
CONSECUTIVE = 3  # evaluations in a row that confirm an onset
MOST_SHIFTS = 8  # of a run, the largest first, whose onset is looked for where all behaviors are asked about
MOST_CLUSTERS = 1000  # prompts beyond this are put together at random, so that the band costs no more


def onset_of(course: Course) -> Onset | None:
    """Return since when a course is 5 points from its first step, above it or below; None where that is not shown."""
    if len(course.steps) <= CONSECUTIVE:
        return None
    try:
        return onset(simultaneous_band(_changes(course)), threshold=THRESHOLD, consecutive=CONSECUTIVE)
    except Refused:  # steps that no chain of prompts connects
        return None


def onsets_of_courses(courses: Iterable[Course]) -> dict[str, Onset]:
    """Return the onset of each course that has one, by what it counts; a run that has no course has no onset."""
    try:
        found = {course.what: onset_of(course) for course in courses}
    except Refused:
        return {}
    return {what: begun for what, begun in found.items() if begun is not None}


def onset_named(prefix: str, found: Onset, prompts: int) -> Named:
    """Return an onset as a number of an answer."""
    return Named(f"{prefix}step of the onset", found.step, found.earliest, found.latest, prompts)


def onset_in_words(found: Onset) -> str:
    """Write the step of an onset and the two that it lies between.

    >>> onset_in_words(Onset(40.0, 20.0, 60.0, True))
    'step 40 [20, 60]'
    """
    return f"step {found.step:.0f} [{found.earliest:.0f}, {found.latest:.0f}]"


def since_in_words(found: Onset | None) -> str:
    """Return what a sentence adds of an onset; nothing where there is none.

    >>> since_in_words(Onset(40.0, 20.0, 60.0, True))
    ', beyond 5 points from step 40 [20, 60] on'
    """
    return "" if found is None else f", beyond {100 * THRESHOLD:.0f} points from {onset_in_words(found)} on"


def _changes(course: Course) -> Changes:
    """Return the change since the first step with the influence of at most so many clusters of prompts."""
    if len(course.n) <= MOST_CLUSTERS:
        return course.changes
    return in_clusters(course.changes, clusters_of(len(course.n), MOST_CLUSTERS))
