"""Reading rollouts in a terminal: what is on the screen and what each key does; `cli/read.py` puts it there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from traceanalytics.pages.base import Reading, Span
from traceanalytics.pages.html import SHOWN_FROM, fact_in_words, shown_text
from traceanalytics.pages.reading import ABSENT, ANY, NEARLY, SHOWN, sample
from traceanalytics.pages.view import View, few_runs

PLAIN, FAINT, STRONG, LIT, HALF_LIT = "plain", "faint", "strong", "lit", "half lit"
Piece = tuple[str, str]  # a text and its style; a lit one is `lit 0`, `lit 1`, … by behavior
Line = list[Piece]
AT_MOST = 50  # rollouts that one choice draws
MORE_BELOW = "↓ more"
MOST_HEAD = 4  # lines that say what is chosen
KEYS = "n/p rollout  ↑/↓ scroll  b behavior  k kind  ]/[ step  c correct  r rewarded  / search  2 beside  q quit"
_KINDS = (SHOWN, NEARLY, ABSENT, ANY)
_CORRECT = (None, True, False)


@dataclass(slots=True)
class Browser:
    """What a reader looks at; `press` changes it, `screen` shows it."""

    view: View
    behaviors: Sequence[str]
    steps: Sequence[int]
    behavior: str | None = None
    step: int | None = None
    kind: str = SHOWN
    is_correct: bool | None = None
    min_reward: float | None = None
    search: str = ""
    beside: bool = False
    at: int = 0
    top: int = 0
    typing: str | None = None  # a search that is being typed
    readings: list[Reading] = field(default_factory=list)

    def draw_rollouts(self) -> None:
        """Draw the rollouts that are chosen."""
        self.at = self.top = 0
        self.readings = sample(
            self.view,
            self.behavior,
            chosen_as=self.kind,
            at_step=self.step,
            is_correct=self.is_correct,
            min_reward=self.min_reward,
            in_search=self.search,
            at_most=AT_MOST,
        )

    def press(self, key: str) -> bool:
        """Do what a key asks for; False ends."""
        if self.typing is not None:
            self._type(key)
            return True
        if key == "q":
            return False
        if key in ("n", "p"):
            self.at = min(max(self.at + (1 if key == "n" else -1), 0), max(len(self.readings) - 1, 0))
            self.top = 0
        elif key in _SCROLLS:
            self.top = max(self.top + _SCROLLS[key], 0)
        elif key == "2":
            self.beside = not self.beside
        elif key == "/":
            self.typing = ""
        elif key in _CHANGES:
            _CHANGES[key](self)
            self.draw_rollouts()
        return True

    def screen(self, width: int, height: int) -> list[Line]:
        """Return as many lines as there is room for: what is chosen, the text, the keys."""
        head = list(wrapped([(self._choice(), STRONG)], width))[:MOST_HEAD]
        body = self._body(width)
        foot = self._foot(width)
        room = height - len(head) - len(foot)
        self.top = min(self.top, max(len(body) - room, 0))
        if self.top + room < len(body):
            foot = self._foot(width, MORE_BELOW)
            room = height - len(head) - len(foot)
        shown = body[self.top : self.top + room]
        return [*head, *shown, *([[("", PLAIN)]] * (room - len(shown))), *foot]

    def _foot(self, width: int, more: str = "") -> list[Line]:
        if self.typing is None:
            return _keys(f"{KEYS}  {more}" if more else KEYS, width)
        return [[(f"search: {self.typing[-max(width - 9, 1) :]}▏", FAINT)]]

    def _type(self, key: str) -> None:
        if key == "enter":
            self.search, self.typing = self.typing or "", None
            self.draw_rollouts()
        elif key == "escape":
            self.typing = None
        elif key == "backspace":
            self.typing = (self.typing or "")[:-1]
        elif len(key) == 1:
            self.typing = (self.typing or "") + key

    def _choice(self) -> str:
        right = {None: "", True: " · right", False: " · wrong"}[self.is_correct]
        what = f"{self.behavior} {self.kind}" if self.behavior else "all rollouts"
        step = "every step" if self.step is None else f"step {self.step}"
        reward = "" if self.min_reward is None else f" · reward ≥ {self.min_reward:g}"
        search = f" · “{self.search}”" if self.search else ""
        place = f"{min(self.at + 1, len(self.readings))}/{len(self.readings)}"
        return shown_text(
            f"{place}  {few_runs(self.view.runs)} · split {self.view.split} · {what} · {step}{right}{reward}{search}"
        )

    def _body(self, width: int) -> list[Line]:
        if not self.readings:
            return list(wrapped([("no rollout is like this; k shows other kinds, ] and [ other steps", PLAIN)], width))
        if not self.beside or self.at + 1 >= len(self.readings):
            return list(self._lines(self.readings[self.at], width))
        half = (width - 3) // 2
        left, right = (list(self._lines(self.readings[at], half)) for at in (self.at, self.at + 1))
        rows = max(len(left), len(right))
        both = zip(*(lines + [[]] * (rows - len(lines)) for lines in (left, right)), strict=True)
        return [[*_filled(mine, half), (" │ ", FAINT), *theirs] for mine, theirs in both]

    def _lines(self, reading: Reading, width: int) -> Iterator[Line]:
        facts = " · ".join(f"{name} {fact_in_words(value)}" for name, value in reading.facts.items())
        yield from wrapped([(shown_text(f"{reading.rollout_id}  {facts}"), FAINT)], width)
        seen = sorted({span.behavior for span in reading.spans if span.score >= SHOWN_FROM})
        yield from wrapped([(", ".join(seen) or "shows nothing", FAINT)], width)
        yield [("── prompt", STRONG)]
        yield from wrapped([(shown_text(reading.prompt), PLAIN)], width)
        yield [("── response", STRONG)]
        yield from wrapped(_lit(reading, self.behavior), width)


def _keys(keys: str, width: int) -> list[Line]:
    """Return all keys, on as many lines as a narrow screen needs."""
    lines = [""]
    for key in keys.split("  "):
        longer = f"{lines[-1]}  {key}" if lines[-1] else key
        lines = [*lines[:-1], longer] if len(longer) <= width else [*lines, key]
    return [[(cut(line, width), FAINT)] for line in lines if line]


def _next_behavior(browser: Browser) -> None:
    browser.behavior = _after(browser.behaviors, browser.behavior) if browser.behaviors else None


def _next_kind(browser: Browser) -> None:
    browser.kind = _after(_KINDS, browser.kind)


def _next_correct(browser: Browser) -> None:
    browser.is_correct = _after(_CORRECT, browser.is_correct)


def _rewarded(browser: Browser) -> None:
    browser.min_reward = 1.0 if browser.min_reward is None else None


def _later(browser: Browser) -> None:
    browser.step = _after((None, *browser.steps), browser.step)


def _earlier(browser: Browser) -> None:
    browser.step = _after((None, *reversed(browser.steps)), browser.step)


_SCROLLS = {"down": 1, "up": -1, "page down": 20, "page up": -20, " ": 20}
_CHANGES: dict[str, Callable[[Browser], None]] = {
    "b": _next_behavior,
    "k": _next_kind,
    "c": _next_correct,
    "r": _rewarded,
    "]": _later,
    "[": _earlier,
}


def _after(values: Sequence, current: object):  # type: ignore[no-untyped-def, type-arg]
    """Return the value after the current one, going round.

    >>> _after((1, 2, 3), 3)
    1
    """
    values = list(values)
    return values[(values.index(current) + 1) % len(values)] if current in values else values[0]


def _lit(reading: Reading, behavior: str | None) -> Line:
    """Cut a response where spans begin and end; the chosen behavior lies over the others."""
    names = sorted({span.behavior for span in reading.spans})
    edges = {0, len(reading.response), *(edge for span in reading.spans for edge in (span.start, span.stop))}
    ordered = sorted(edge for edge in edges if edge <= len(reading.response))
    pieces: Line = []
    for start, stop in zip(ordered, ordered[1:], strict=False):
        over = [span for span in reading.spans if span.start <= start and span.stop >= stop]
        pieces.append((shown_text(reading.response[start:stop]), _style(over, names, behavior)))
    return pieces


def _style(over: Sequence[Span], names: Sequence[str], behavior: str | None) -> str:
    if not over:
        return PLAIN
    first = max(over, key=lambda span: (span.behavior == behavior, span.score))
    return f"{LIT if first.score >= SHOWN_FROM else HALF_LIT} {names.index(first.behavior)}"


def wrapped(pieces: Line, width: int) -> Iterator[Line]:
    """Break pieces into lines of a width, at spaces where there are some."""
    line: Line = []
    used = 0
    for text, style in pieces:
        for row, paragraph in enumerate(text.replace("\t", "    ").split("\n")):
            if row:
                yield line
                line, used = [], 0
            for word in _words(paragraph):
                if used and used + _width(word) > width:
                    yield line
                    line, used = [], 0
                for part in _broken(word, width):
                    if used and used + _width(part) > width:
                        yield line
                        line, used = [], 0
                    line.append((part, style))
                    used += _width(part)
    yield line


def _words(text: str) -> list[str]:
    """Cut a text after its spaces.

    >>> _words("a bc  d")
    ['a ', 'bc ', ' ', 'd']
    """
    words = text.split(" ")
    return [f"{word} " for word in words[:-1]] + ([words[-1]] if words[-1] else [])


def _broken(word: str, width: int) -> Iterator[str]:
    part, used = "", 0
    for letter in word:
        if used + _width(letter) > width and part:
            yield part
            part, used = "", 0
        part, used = part + letter, used + _width(letter)
    yield part


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def _filled(line: Line, width: int) -> Line:
    return [*line, (" " * max(width - sum(_width(text) for text, _ in line), 0), PLAIN)]
