"""What workers are forked from: a process that imports this has loaded what the default tagger needs, once for all."""

from contextlib import suppress

from traceanalytics.compiled import tell_of_compiling
from traceanalytics.taggers import DEFAULT
from traceanalytics.verbs.workers import make_ready, say_on_terminal

tell_of_compiling(say_on_terminal)
with suppress(Exception):  # what fails here fails again in a worker, and is told from there
    make_ready(DEFAULT)
