"""What workers are forked from: a process that imports this has loaded what the default tagger needs, once for all."""

from collections.abc import Iterator
from contextlib import suppress

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.compiled import tell_of_compiling
from traceanalytics.segments import make_batch
from traceanalytics.taggers import DEFAULT, get_tagger
from traceanalytics.types import Example
from traceanalytics.verbs.workers import make_ready, say_aside


def _examples() -> Iterator[str]:
    """Yield what behaviors show: the patterns that confirm their cues are compiled when a text first asks for them."""
    for behavior in BEHAVIORS.all().values():
        for example in (*behavior.shows, *behavior.shows_not):
            yield example.text if isinstance(example, Example) else example


tell_of_compiling(say_aside)
with suppress(Exception):  # what fails here fails again in a worker, and is told from there
    make_ready(DEFAULT)
    get_tagger(DEFAULT).find(make_batch(list(_examples())))
