"""What a report keeps of itself to be checked by: its numbers, and a seal over every part of the document.

The seal tells what somebody changed by hand from what the store says otherwise since. Whoever makes a new seal is found
when `ta verify` draws the report again.
"""

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from html import unescape

from traceanalytics.pages.html import in_script
from traceanalytics.types import JSON

END = "</body></html>"
CHART = ", chart"  # how the names of what charts draw end
OPENED = '<script type="text/plain" id="facts">'
_FACTS = re.compile(rf"{re.escape(OPENED)}(.*?)</script>", re.DOTALL)
_SCRIPT = re.compile(r"(<script\b[^>]*>)(.*?)(</script>|\Z)", re.DOTALL)
_CHARTS = '<script type="application/json" id="charts">'
_BEGINS = re.compile(
    r"(?=</head>|<(?:title|style|body|header|nav|main|section|footer|h[1-6]|p|figure|figcaption|div|details|pre|tr)\b)"
)
_ELEMENT = re.compile(r"<(\w+)([^>]*)>(.*)", re.DOTALL)
_ID = re.compile(r'id="([^"]*)"')
_MARKUP = re.compile(r"<[^>]*>")
# What a reader calls an element; others are called by their tag, and a text by what stands over it.
_CALLED = {"title": "the window's title", "h1": "the headline", "h2": "title", "h3": "heading", "p": "paragraph",
           "tr": "row", "figcaption": "heading", "nav": "links"}  # fmt: skip
_COUNTED = ("row", "paragraph")  # called by their number from the first on
_DIGITS = 8  # of the digest of a part


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document: the name of its place, and what is written there."""

    name: str
    markup: str

    @property
    def digest(self) -> str:
        """Return what tells this part from one that was changed."""
        return sha256(self.markup.encode()).hexdigest()[:_DIGITS]


def sealed(document: str, facts: dict[str, JSON]) -> str:
    """Return a document that keeps these facts of itself, with a seal over both."""
    of_parts = [part.digest for part in [*parts_of(document), part_of_facts(facts)]]
    kept = packed({**facts, "seal": "".join(of_parts)})
    return document.replace(f"{OPENED}</script>", f"{OPENED}{kept}</script>", 1)


def packed(facts: dict[str, JSON]) -> str:
    """Write facts as text of a tenth of the size."""
    return b64encode(zlib.compress(json.dumps(facts, ensure_ascii=False, allow_nan=False).encode())).decode()


def facts_of(document: str) -> dict[str, JSON] | None:
    """Return what a report keeps of itself, its seal with it; None of what keeps nothing that can be read."""
    held = _FACTS.search(document)
    try:
        facts: JSON = json.loads(zlib.decompress(b64decode(held[1], validate=True))) if held else None
    except (ValueError, zlib.error):
        return None
    return facts if isinstance(facts, dict) and isinstance(facts.get("seal"), str) else None


def seal_of(facts: dict[str, JSON]) -> list[str]:
    """Return the digests of the parts as they were written; the last is that of the facts themselves."""
    seal: str = facts["seal"]
    return [seal[at : at + _DIGITS] for at in range(0, len(seal), _DIGITS)]


def part_of_facts(facts: dict[str, JSON]) -> Part:
    """Return the facts as a part that a seal covers."""
    kept = {name: value for name, value in facts.items() if name != "seal"}
    return Part("what the report keeps to be checked by", json.dumps(kept, ensure_ascii=False, sort_keys=True))


def parts_of(document: str) -> list[Part]:
    """Cut a document into its parts; every character is in one, but for the facts that it keeps."""
    return list(_Cutting().parts(_FACTS.sub("", document, count=1)))


class _Cutting:
    """Walks a document and knows the page, the heading and the charts passed so far."""

    def __init__(self) -> None:
        self._page = self._heading = ""
        self._text = "text"  # what the next text is
        self._charts: list[str] = []
        self._named: Counter[str] = Counter()

    def parts(self, document: str) -> Iterator[Part]:
        at = 0
        for script in _SCRIPT.finditer(document):
            yield from self._elements(document[at : script.start()])
            if script[1] == _CHARTS and script[3]:
                yield from self._of_charts(script[2])
            else:
                yield Part(self._place("script"), script[0])
            at = script.end()
        yield from self._elements(document[at:])

    def _elements(self, markup: str) -> Iterator[Part]:
        for piece in _BEGINS.split(markup):
            if piece:
                yield Part(self._name(piece), piece)
                self._leave(piece)

    def _name(self, piece: str) -> str:
        found = _ELEMENT.match(piece)
        if found is None:
            return "the head" if piece.startswith("<!doctype") else "the end" if END in piece else self._place("markup")
        tag, attributes, inner = found.groups()
        words = words_of(inner)
        if tag in ("section", "footer"):
            named = _ID.search(attributes)
            self._page, self._heading = (named[1] if named else tag), ""
        elif tag == "figcaption":
            self._charts.append(f"{self._page}, {words}")
            self._heading = words
        elif tag == "h3" or 'class="rollout"' in attributes:
            self._heading = words.partition(" run ")[0]
        elif tag == "h4":
            self._text = words.lower()
        elif 'class="sql"' in attributes:
            self._text = "SQL"
        return self._place(self._text if tag == "pre" else "headings" if "<th" in inner else _CALLED.get(tag, tag))

    def _leave(self, piece: str) -> None:
        if "</figure>" in piece or "</section>" in piece:
            self._heading = ""
        if "</main>" in piece or "</footer>" in piece:
            self._page = self._heading = ""

    def _place(self, called: str) -> str:
        name = ", ".join(each for each in (self._page, self._heading, called) if each)
        self._named[name] += 1
        return f"{name} {self._named[name]}" if called in _COUNTED or self._named[name] > 1 else name

    def _of_charts(self, text: str) -> Iterator[Part]:
        """Return a part for each chart, its specification with the rows that it draws, and one of what all share."""
        held = _charts_of(text)
        if held is None or in_script(held) != text:
            yield Part("the data of the charts", text)
        if held is None:
            return
        drawn: set[str] = set()
        for number, spec in enumerate(held["specs"]):
            written = json.dumps(spec)
            names = [name for name in held["rows"] if json.dumps(name) in written]
            drawn.update(names)
            place = self._charts[number] if number < len(self._charts) else f"chart {number}"
            yield Part(f"{place}{CHART}", in_script({"spec": spec, "rows": [held["rows"][name] for name in names]}))
        left = {name: rows for name, rows in held["rows"].items() if name not in drawn}
        yield Part(f"what all share{CHART}", in_script({**held, "specs": len(held["specs"]), "rows": left}))


def words_of(markup: str) -> str:
    """Return what a reader sees of it, on one line.

    >>> words_of("<p>5 &lt; 6<br>  and so on</p>")
    '5 < 6 and so on'
    """
    return " ".join(unescape(_MARKUP.sub(" ", markup)).split())


def _charts_of(text: str) -> dict[str, JSON] | None:
    """Return what a script of charts holds; None of one that holds none."""
    try:
        held: JSON = json.loads(text)
        return held if isinstance(held["specs"], list) and isinstance(held["rows"], dict) else None
    except (ValueError, TypeError, KeyError):
        return None
