"""Judging one question after the other: what is on the screen or the page, and what each key does."""

from dataclasses import dataclass

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.judging import Answers, Question
from traceanalytics.pages.html import shown_text
from traceanalytics.pages.terminal import FAINT, PLAIN, STRONG, Line, cut, wrapped

KEYS = "y yes  n no  s skip  u undo  d definition  ↑/↓ scroll  q quit"
ANSWERS = {"y": True, "n": False, "s": None}
_ASKS = {"segment": "does this segment show it?", "rollout": "does this rollout show it anywhere?"}
_SCROLLS = {"down": 1, "up": -1, "page down": 20, "page up": -20, " ": 20}


@dataclass(slots=True)
class Labeler:
    """What a judge sees in a terminal: the question, its context and the keys; never reward, step or tags."""

    answers: Answers
    is_defined: bool = True
    top: int = 0

    def press(self, key: str) -> bool:
        """Do what a key asks for; False ends."""
        asked = self.answers.next()
        if key == "q":
            return False
        if key in ANSWERS and asked is not None:
            self.answers.answer(*asked, ANSWERS[key])
            self.top = 0
        elif key == "u":
            self.answers.undo()
            self.top = 0
        elif key == "d":
            self.is_defined = not self.is_defined
        elif key in _SCROLLS:
            self.top = max(self.top + _SCROLLS[key], 0)
        return True

    def screen(self, width: int, height: int) -> list[Line]:
        """Return as many lines as there is room for: what is asked, the text, the keys."""
        asked = self.answers.next()
        head: list[Line] = [[(cut(progress(self.answers), width), FAINT)]]
        body: list[Line] = [[("all is judged; u takes the last answer back, q quits and says what comes next", STRONG)]]
        if asked is not None:
            question, behavior = asked
            head += list(wrapped([(question_in_words(question, behavior), STRONG)], width))
            if self.is_defined:
                head += list(wrapped([(BEHAVIORS.get(behavior).definition, FAINT)], width))
            body = list(_body(question, width))
        room = max(height - len(head) - 1, 1)
        self.top = min(self.top, max(len(body) - room, 0))
        shown = body[self.top : self.top + room]
        return [*head, *shown, *([[("", PLAIN)]] * (room - len(shown))), [(cut(KEYS, width), FAINT)]][:height]


def progress(answers: Answers) -> str:
    """Say how far a judge is, and which of several questions about one text comes next."""
    said = f"{answers.done}/{answers.total} answered by {answers.judged_by} · {shown_text(answers.path.name)}"
    asked = answers.next()
    if asked is None or len(asked[0].asked) == 1:
        return said
    question, behavior = asked
    return f"{said} · {question.asked.index(behavior) + 1} of {len(question.asked)} about this {question.unit}"


def next_step(answers: Answers) -> str:
    """Say what answers are for: those of segments teach, those of whole rollouts audit."""
    if all(question.unit == "rollout" for question in answers.questions):
        return f"next: ta labels load {answers.path}"
    return f"next: ta train ngrams shipped {answers.path} --out mine"


def question_in_words(question: Question, behavior: str) -> str:
    """Say what is asked."""
    return f"{behavior}: {_ASKS[question.unit]}"


def parts(question: Question) -> list[tuple[str, str, bool]]:
    """Return the parts of a question: heading, text, and whether it is what is to be judged."""
    if question.unit == "rollout":
        return [("prompt", question.prompt, False), ("response", question.text, True)]
    return [
        ("prompt", question.prompt, False),
        ("before", question.before + _gap(question.before) + question.previous, False),
        ("this segment", question.text, True),
    ]


def _gap(before: str) -> str:
    return "" if not before or before[-1].isspace() else " "


def _body(question: Question, width: int) -> list[Line]:
    lines: list[Line] = []
    for heading, text, is_judged in parts(question):
        if text:
            lines.append([(f"── {heading}", STRONG)])
            mark, style = ("│ ", STRONG) if is_judged else ("  ", PLAIN)
            lines += [[(mark, PLAIN), *line] for line in wrapped([(shown_text(text), style)], max(width - 2, 10))]
    return lines
