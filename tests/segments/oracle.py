"""What the compiled segmenter must find, in plain Python: patterns over code points, one decision a function."""

import re
from collections.abc import Iterator

from segments.code_oracle import code_line, formula

from traceanalytics.readers.text import own_spans

Found = tuple[int, int, str]

MOST = {"segment": 2000, "display": 4000, "inline": 400, "heading": 300}  # in bytes
FENCE_KINDS = {"output": "OUTPUT", "stdout": "OUTPUT", "result": "OUTPUT", "results": "OUTPUT"} | dict.fromkeys(
    ("latex", "math", "tex"), "MATH"
)
WORDS = re.compile(r"\S+").findall
ABBREVIATIONS = set(WORDS("Mr Mrs Ms Dr Prof St Mt Capt Sgt vs viz resp approx al e.g E.g i.e I.e cf Cf w.r.t s.t"))
BEFORE_NUMBERS = set(WORDS("no nos fig figs eq eqs sec ch vol p pp thm lem ex def prop cor art ref"))
ENVIRONMENTS = "equation|align|gather|multline|eqnarray|displaymath|alignat|flalign"
ASCII_SPACE = " \t\n\v\f\r\x1c\x1d\x1e\x1f"
STOP = re.compile(r"[.!?…。！？｡]+")
CLOSERS = re.compile(r"[\"')\]}*_”’»」』）】]*")
OPENERS = "\"'([*_"
BULLET = r"(?:[-*+•–]|[0-9]{1,3}[.)]|[A-Za-z][.)]|[ivx]{1,4}[.)]|\([0-9]{1,3}\)|\([A-Za-z]\))"
MARKER = re.compile(BULLET + r"(?=[ \t]|\Z)")
TAG = re.compile(r"</?[a-z][a-z_]{3,19}>")
ENVIRONMENT = re.compile(r"\\begin\{((?:" + ENVIRONMENTS + r")\*?)\}")


def segment(text: str) -> list[Found]:
    found: list[Found] = []
    position = 0
    for start, stop in [*own_spans(text), (len(text), len(text))]:
        found += trimmed(text, position, start, "FOREIGN")
        found += [(a + start, b + start, kind) for a, b, kind in Island(text[start:stop]).segments()]
        position = stop
    return found


def trimmed(text: str, start: int, stop: int, kind: str) -> Iterator[Found]:
    inside = text[start:stop]
    if inside.strip():
        yield start + len(inside) - len(inside.lstrip()), start + len(inside.rstrip()), kind


def size(text: str) -> int:
    return len(text.encode("utf-8"))


class Island:
    """The model's own text between two foreign spans."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Found] = []
        self.begin: int | None = None
        self.content = 0  # where the pending segment's text begins, after its marker
        self.kind = "SENTENCE"
        self.line_begin = 0

    def segments(self) -> list[Found]:
        i = no_code_until = 0
        at_line_start = True
        while i < len(self.text):
            if at_line_start:
                at_line_start = False
                line = self.line(i)
                if not line.strip():
                    self.flush_unless_marker(i)
                    i += len(line) + 1
                    self.line_begin = i
                    at_line_start = True
                    continue
                body = i + len(line) - len(line.lstrip())
                if body >= no_code_until and code_line(line.strip()) != "none":
                    end, no_code_until = self.code_run(i)
                    if end is not None:
                        self.block(i, body, end, "CODE")
                        i = self.line_begin = end
                        continue
                if heading(line.strip()):
                    self.flush(i)
                    self.found += trimmed(self.text, i, i + len(line), "HEADING")
                    i = self.line_begin = body + len(line.strip())
                    continue
                marker = MARKER.match(line.strip())
                if self.begin is not None and not self.joins(i, line.strip(), marker):
                    self.flush(i)
                i = self.line_begin = body
                if self.begin is None:
                    self.begin, self.kind = body, "ITEM" if marker else "SENTENCE"
                    end = marker.end() if marker else 0
                    rest = line.strip()[end:]
                    i = self.content = body + end + len(rest) - len(rest.lstrip())
            elif self.begin is None and self.text[i] != "\n":
                if self.text[i].isspace():
                    i += 1
                    continue
                self.begin, self.content, self.kind = i, i, "SENTENCE"
            if i < len(self.text):
                i, at_line_start = self.step(i)
        self.flush(len(self.text))
        return self.found

    def step(self, i: int) -> tuple[int, bool]:
        """Read the character at i; return where to go on and whether a line begins there."""
        c = self.text[i]
        if c == "\n":
            return i + 1, True
        block = self.block_at(i)
        if block:
            self.block(i, i, *block)
            self.line_begin = block[0]
            return block[0], False
        after, ends = i + 1, False
        if c == "`":
            after = self.after_inline_code(i)
        elif c == "$":
            after, ends = self.after_dollar(i)
        elif c == "\\":
            after, ends = self.after_command(i)
        elif STOP.match(c):
            after, ends = self.sentence_end(i)
        if ends:
            self.flush(after)
        return after, False

    def line(self, i: int) -> str:
        return self.text[i:].split("\n", 1)[0]

    def flush(self, end: int) -> None:
        if self.begin is None:
            return
        pending, self.begin = list(trimmed(self.text, self.begin, end, self.kind)), None
        for start, stop, kind in pending:
            while size(self.text[start:stop]) > MOST["segment"]:
                cut = self.cut(start)
                self.found += trimmed(self.text, start, cut, kind)
                rest = self.text[cut:stop]
                start, kind = cut + len(rest) - len(rest.lstrip()), "SENTENCE"
            self.found += trimmed(self.text, start, stop, kind)

    def cut(self, begin: int) -> int:
        raw = self.text[begin:].encode()
        for k in range(MOST["segment"], MOST["segment"] // 2 - 1, -1):
            if raw[k : k + 1].decode("ascii", "replace") in ASCII_SPACE:
                return begin + len(raw[:k].decode("utf-8", "ignore"))
        return begin + len(raw[: MOST["segment"]].decode("utf-8", "ignore"))

    def only_marker(self, i: int) -> bool:
        return self.begin is not None and not self.text[self.content : i].strip()

    def flush_unless_marker(self, i: int) -> None:
        if not self.only_marker(i):
            self.flush(i)

    def block(self, i: int, start: int, end: int, kind: str) -> None:
        if self.begin is not None and self.only_marker(i):
            start = min(self.begin, start)
            self.begin = None
        self.flush(i)
        self.found += trimmed(self.text, start, end, kind)

    def joins(self, i: int, body: str, marker: re.Match[str] | None) -> bool:
        if marker:
            return False
        if self.only_marker(i):
            return True
        before = self.text[self.line_begin : i].rstrip()
        wrapped = size(before) >= 40 and re.search(r"[A-Za-z0-9,]\Z", before)
        return bool(wrapped and re.match(r"[a-z]{2}|a ", body))

    def block_at(self, i: int) -> tuple[int, str] | None:
        """Return the end and kind of the block that begins at i."""
        if self.text.startswith("```", i):
            return self.fence(i)
        for opener, closer in (("$$", "$$"), ("\\[", "\\]")):
            if self.text.startswith(opener, i):
                end = self.text.find(closer, i + 2)
                if end >= 0 and size(self.text[i + 2 : end]) <= MOST["display"]:
                    return end + 2, "MATH"
        environment = ENVIRONMENT.match(self.text, i)
        if environment:
            closer = "\\end{" + environment[1] + "}"
            end = self.text.find(closer, environment.end())
            if end >= 0 and size(self.text[environment.end() : end]) <= MOST["display"]:
                return end + len(closer), "MATH"
        tag = TAG.match(self.text, i)
        return (tag.end(), "MARKUP") if tag else None

    def fence(self, i: int) -> tuple[int, str]:
        after = i + len(re.match(r"`+", self.text[i:])[0])  # type: ignore[index]
        word = re.match(r"[ \t]*([A-Za-z]+)", self.text[after:])
        kind = FENCE_KINDS.get(word[1].lower(), "CODE") if word else "CODE"
        for closing in re.finditer("```+", self.text[after:]):
            start, stop = after + closing.start(), after + closing.end()
            language = re.match(r"[A-Za-z]+", self.text[stop:])
            at_line_start = re.search(r"\n[ \t]*\Z", self.text[after:start])
            if language and (at_line_start or language[0].lower() in ("python", "py", "output")):
                return start, kind
            return stop, kind
        return self.end_of_unclosed(after), kind

    def end_of_unclosed(self, after: int) -> int:
        i = after + len(self.line(after)) + 1
        end, blank_before = min(i, len(self.text)), False
        while i < len(self.text):
            line = self.line(i)
            if not line.strip():
                blank_before = True
            else:
                if blank_before and prose_line(line.strip()):
                    return end
                end, blank_before = i + len(line.rstrip()), False
            i += len(line) + 1
        return len(self.text)

    def near(self, i: int) -> str:
        """Return the rest of the line, as far as an inline formula may reach."""
        return self.line(i).encode()[: MOST["inline"]].decode("utf-8", "ignore")

    def after_inline_code(self, i: int) -> int:
        near, line = self.near(i), self.line(i)
        ticks = re.match("`+", line)[0]  # type: ignore[index]
        for closing in re.finditer("`+", line[len(ticks) :]):
            if len(ticks) + closing.start() >= len(near):
                break
            if closing[0] == ticks:
                return i + len(ticks) + closing.end()
            if len(closing[0]) >= 3:
                break
        return i + len(ticks)

    def after_dollar(self, i: int) -> tuple[int, bool]:
        if self.text.startswith("$$", i):
            return i + 2, False
        near = self.near(i)
        k = 1
        if k >= len(near) or near[k] in ASCII_SPACE:
            return i + 1, False
        while k < len(near) and near[k] != "$":
            k += 2 if near[k] == "\\" else 1
        if k >= len(near) or near[k - 1] in ASCII_SPACE or re.match("[0-9]", self.text[i + k + 1 : i + k + 2]):
            return i + 1, False
        return i + k + 1, self.ends_with_math(i + k - 1, i + k + 1)

    def after_command(self, i: int) -> tuple[int, bool]:
        if self.text.startswith("\\(", i):
            closed = self.near(i).find("\\)", 2)
            if closed >= 0:
                return i + closed + 2, closed > 2 and self.ends_with_math(i + closed - 1, i + closed + 2)
        escaped = re.match(r"[!-~]", self.text[i + 1 : i + 2])
        return i + (2 if escaped else 1), False

    def ends_with_math(self, last: int, after: int) -> bool:
        nearest = self.nearest(after)
        return self.text[last] in ".!?" and nearest is not None and opens_sentence(nearest)

    def nearest(self, after: int) -> str | None:
        """Return the next character of the line behind white space; None where there is no space or no character."""
        rest = self.line(after)
        return rest.lstrip()[0] if rest[:1].isspace() and rest.strip() else None

    def sentence_end(self, i: int) -> tuple[int, bool]:
        stops = STOP.match(self.text, i)[0]  # type: ignore[index]
        u = i + len(stops)
        closers = CLOSERS.match(self.text, u)[0]  # type: ignore[index]
        after = u + len(closers)
        if re.search("[。！？｡]", stops):
            return after, True
        if after < len(self.text) and not self.text[after].isspace():
            return u, False
        nearest = self.nearest(after)
        if nearest is None:
            return after, False
        lower = bool(re.match("[a-z]", nearest))
        if not (lower or opens_sentence(nearest)) or (lower and closers):
            return after, False
        return after, self.decides(stops, i, nearest, lower)

    def decides(self, stops: str, i: int, nearest: str, lower: bool) -> bool:
        capital = bool(re.match("[A-Z]", nearest))
        dots = stops.count(".") + 3 * stops.count("…")
        if "?" in stops:
            return True
        start = max(self.begin or 0, self.content)
        before = self.text[start:i]
        if "!" in stops:
            factorial = re.search(r"[0-9)}]\Z|(?<![A-Za-z0-9])[A-Za-z]\Z", before)
            return capital or dots > 0 or not factorial
        if lower:
            return False
        return capital if dots > 1 else not abbreviates(before, nearest)

    def code_run(self, i: int) -> tuple[int | None, int]:
        end, lines, strong, blanks, follows = None, 0, 0, 0, False
        while i < len(self.text):
            line = self.line(i)
            body = line.strip()
            if not body:
                blanks, follows = blanks + 1, False
                if blanks > 2:
                    break
            else:
                level = code_line(body)
                if "```" in body:
                    break
                if level == "none" and follows and continues_code(line):
                    level = "weak"
                if level == "none":
                    break
                follows, blanks = True, 0
                if level != "comment":
                    lines += 1
                    strong += level == "strong"
                    end = i + len(line.rstrip())
            i += len(line) + 1
        return (end if lines >= 2 and strong else None), i


def opens_sentence(c: str) -> bool:
    return bool(re.match(r"[A-Z0-9\"'(\[*_{$\\<`\-#>|&@~]", c)) or ord(c) >= 128


def abbreviates(before: str, nearest: str) -> bool:
    head = before.lstrip(ASCII_SPACE + OPENERS)
    word = re.search(r"[^ \t\n\v\f\r\x1c-\x1f]*\Z", before)[0].lstrip(OPENERS)  # type: ignore[index]
    if not word:
        return False
    number, capital = re.fullmatch("[0-9]{1,3}", word), re.fullmatch("[A-Z]", word)
    rest = before[: len(before) - len(word)]
    if len(word) >= len(head) and (number or re.fullmatch("[A-Za-z]|[ivx]{1,4}", word)):
        return True
    if (number or capital) and len(word) < len(head) and re.fullmatch("[A-Z][a-z]+ ", head[: len(head) - len(word)]):
        return True
    if word == "1" and rest.endswith(": "):
        return True
    if word in ABBREVIATIONS:
        return True
    if re.match(r"[0-9($\\]", nearest) and word[:1].lower() + word[1:] in BEFORE_NUMBERS:
        return True
    return bool(capital and re.search(r"(?:\A| )[A-Z]\. \Z", rest))


def heading(body: str) -> bool:
    if size(body) > MOST["heading"] or "```" in body:
        return False
    if body.startswith("#"):
        return bool(re.match(r"#{1,6}[ \t]", body))
    bold = body.removesuffix(":")
    inner = bold[2:-2]
    return (
        len(bold) >= 5
        and bold.startswith("**")
        and bold.endswith("**")
        and inner[-1] not in ".!?"
        and bold.find("**", 2) == len(bold) - 2
    )


def prose_line(body: str) -> bool:
    return bool(re.match("[A-Z]", body)) and body.count(" ") >= 4 and code_line(body) == "none"


def continues_code(line: str) -> bool:
    body = line.strip()
    indent = len(line.encode()) - len(line.lstrip().encode())
    if indent < 2 and not line.startswith("\t"):
        return False
    return not re.match(r"[A-Z*\-<`|]|[^\x00-\x7f]", body) and not MARKER.match(body) and not formula(body)
