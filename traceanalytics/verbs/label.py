"""Opening a queue for a judge."""

import getpass
import re
from pathlib import Path

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.judging import Answers, answers_beside, read_queue


def open_answers(queue: Path, *, out: Path | None = None, judged_by: str | None = None) -> Answers:
    """Return the answers of one judge to a queue, with what was answered before."""
    known = BEHAVIORS.all()
    questions = read_queue(queue, behaviors=known)
    return Answers(questions, out or answers_beside(queue), judged_by or this_person(), known)


def this_person() -> str:
    """Return the name of who is logged in, as a judge's name; `author` where nobody is known."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "author"
    return re.sub(r"[^\w.@-]+", "-", name) or "author"
