"""Language mixing: prose in a script or language that the prompt is not in. Formulas, quotations and names are none."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain

import numpy as np

from traceanalytics.readers.text import Span
from traceanalytics.rules.code import blanked
from traceanalytics.rules.columns import Columns
from traceanalytics.rules.finding import Finding, Located
from traceanalytics.rules.function_words import FUNCTION_WORDS, UNKNOWN
from traceanalytics.rules.letters import CYRILLIC, GREEK, HAN, HANGUL, KANA, LOWER, SCRIPTS, letters_of
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.texts import column_of

LEAST_LETTERS = 2  # of a foreign script
GAP = 3  # characters between words of one foreign stretch
MOST_STRETCHES = 8
LEAST_WORDS = 8  # of a paragraph in another Latin language
FOREIGN_WORDS = 4  # different small words that only the other language has
FOREIGN_SHARE = 0.25
OWN_SHARE = 0.15
MAIN_SCRIPT = 0.3  # of the prompt's letters

_WORD = re.compile(r"[^\W\d_]+")
_LATIN_STRETCH = re.compile(r"[A-Za-z][A-Za-z'’]*(?:[\s,;:.–-]+[A-Za-z][A-Za-z'’]*){5,}")
_ASKS_FOR_LANGUAGE = re.compile(
    r"\b(?:translat\w+|languages?|transliterat\w+|pinyin|in (?:chinese|russian|japanese|korean|arabic|hindi|hebrew"
    r"|thai|greek"
    r"|spanish|french|german|italian|portuguese|english)|(?:chinese|russian|japanese|korean|arabic|hebrew"
    r"|greek) (?:word|letter"
    r"|character|alphabet|name)s?)\b|翻译|英文|英语|翻訳|번역|перевед",
    re.IGNORECASE,
)
_ASK = Columns(_ASKS_FOR_LANGUAGE)
_ENGLISH = frozenset(FUNCTION_WORDS["English"].split())


def find(readings: Sequence[Reading]) -> Iterator[Located]:
    """Find in each response what is in a script that its prompt does not use, or lines in another Latin language."""
    asking = _which_ask_for_language(list({reading.prompt for reading in readings}))
    rows = [row for row, reading in enumerate(readings) if reading.prompt not in asking]
    lines = dict(zip(rows, _lines_that_may_mix([readings[row] for row in rows]), strict=True))
    mixing = [row for row in rows if lines[row] or _is_foreign_latin(readings[row].prompt)]
    for row, seen in zip(mixing, _seen([readings[row] for row in mixing]), strict=True):
        stretches = list(_stretches(seen))
        share = {"share": f"{seen.foreign / max(1, seen.letters):.3f}"}
        for (start, stop), script in stretches[:MOST_STRETCHES]:
            yield row, Finding("language_mixing", start, stop, attributes={"script": script, **share})
        if not stretches:
            own_lines = _lines_of(seen) if _is_foreign_latin(seen.reading.prompt) else lines[row]
            yield from ((row, finding) for finding in _other_latin(seen, own_lines))


def _which_ask_for_language(prompts: Sequence[str]) -> set[str]:
    return {prompt for prompt, asks in zip(prompts, _ASK.found(prompts), strict=True) if asks}


def _lines_that_may_mix(readings: Sequence[Reading]) -> list[list[Span]]:
    """Return of each response the lines that may mix languages, in one pass over all prose."""
    from traceanalytics.rules.foreign_words import mixed_lines

    expected = np.fromiter((_expected(reading.prompt) for reading in readings), np.int64, len(readings))
    found = mixed_lines(column_of([reading.prose for reading in readings]), expected, FOREIGN_WORDS)
    lines: list[list[Span]] = [[] for _ in readings]
    for row, start, stop in found.tolist():
        lines[row].append((start, stop))
    return lines


@dataclass(slots=True)
class _Seen:
    """What one pass has seen in a response's prose."""

    reading: Reading
    gaps: list[Span]  # formulas, quotations, brackets and addresses
    stretches: list[tuple[int, int, int]]  # start, stop and script of letters that are not of the prompt's scripts
    letters: int
    foreign: int

    def without_gaps(self, start: int, stop: int) -> str:
        """Return a part of the prose without its gaps; most parts are none that words could excuse."""
        gaps = [(max(gap[0], start) - start, gap[1] - start) for gap in self.gaps if gap[0] < stop and start < gap[1]]
        return blanked(self.reading.prose[start:stop], gaps)


def _seen(readings: Sequence[Reading]) -> list[_Seen]:
    from traceanalytics.rules.foreign_letters import foreign_letters

    proses = [reading.prose for reading in readings]
    found = foreign_letters(proses, [_scripts(reading) for reading in readings], GAP)
    seen = [_Seen(reading, [], [], *counts) for reading, counts in zip(readings, found.letters.tolist(), strict=True)]
    for row, start, stop in found.gaps.tolist():
        seen[row].gaps.append((start, stop))
    for row, start, stop, script in found.stretches.tolist():
        seen[row].stretches.append((start, stop, script))
    return seen


@lru_cache(maxsize=4096)
def _expected(prompt: str) -> int:
    """Return the number of a prompt's language, where it is one in Latin letters."""
    asked = None if _is_foreign_latin(prompt) else _latin_language(prompt)
    return UNKNOWN if asked is None else list(FUNCTION_WORDS).index(asked)


@cache
def _languages_of_words() -> dict[str, list[str]]:
    """Return the languages that have each small word."""
    languages: dict[str, list[str]] = {}
    for language, listed in _function_words().items():
        for word in listed:
            languages.setdefault(word, []).append(language)
    return languages


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(listed.split()) for language, listed in FUNCTION_WORDS.items()}


@cache
def _only_in_others(own: str) -> dict[str, frozenset[str]]:
    """Return the small words of every other language that one's own language does not have."""
    return {language: listed - _function_words()[own] for language, listed in _function_words().items()}


def _stretches(seen: _Seen) -> Iterator[tuple[Span, str]]:
    if seen.foreign < LEAST_LETTERS:
        if _is_foreign_latin(seen.reading.prompt):
            found = _LATIN_STRETCH.finditer(seen.without_gaps(0, len(seen.reading.prose)))
            yield from ((stretch.span(), "Latin") for stretch in found if _is_english(stretch[0]))
        return
    for start, stop, script in seen.stretches:
        if not (script == CYRILLIC and _is_name(seen.without_gaps(start, stop))):
            yield (start, stop), SCRIPTS[HAN if script == KANA and HAN in _scripts(seen.reading) else script]


def _scripts(reading: Reading) -> frozenset[int]:
    """Return the scripts beside Latin that belong here: those of the prompt; without one, the response's main one."""
    return _scripts_of(reading.prompt) if reading.prompt.strip() else _main_script(reading.prose)


@lru_cache(maxsize=1024)
def _scripts_of(prompt: str) -> frozenset[int]:
    if prompt.isascii():
        return frozenset()
    letters = letters_of(prompt)
    counts = np.bincount(letters[letters > GREEK], minlength=64)
    scripts = {script for script in SCRIPTS if counts[script] >= LEAST_LETTERS}
    return frozenset(scripts | {HAN} if scripts & {KANA, HANGUL} else scripts)


@lru_cache(maxsize=64)
def _main_script(prose: str) -> frozenset[int]:
    letters = letters_of(prose)
    counts = np.bincount(letters[letters > 0], minlength=64)
    latin = counts[LOWER:GREEK].sum()
    return frozenset(script for script in SCRIPTS if counts[script] > max(latin, 1) / 2) | (
        frozenset({HAN}) if counts[KANA] > latin / 2 else frozenset()
    )


@lru_cache(maxsize=1024)
def _is_foreign_latin(prompt: str) -> bool:
    """Say whether the prompt is mainly in another script than Latin."""
    if prompt.isascii():
        return False
    letters = letters_of(prompt)
    known = letters[letters > 0]
    return len(known) > 4 and bool((known > GREEK).mean() >= MAIN_SCRIPT)


def _is_name(text: str) -> bool:
    words = text.split()
    return len(words) <= 3 and all(word[:1].isupper() for word in words)


def _is_english(text: str) -> bool:
    return sum(word.casefold() in _ENGLISH for word in _WORD.findall(text)) > 1


def _other_latin(seen: _Seen, lines: Sequence[Span]) -> Iterator[Finding]:
    asked = _latin_language(seen.reading.prompt)
    if asked is None or not lines:
        return
    own = _function_words()[asked]
    shown = 0
    for start, stop in lines:
        words = [word.casefold() for word in _WORD.findall(seen.without_gaps(start, stop))]
        if len(words) < LEAST_WORDS or shown == MOST_STRETCHES:
            continue
        if sum(map(own.__contains__, words)) > OWN_SHARE * len(words):
            continue
        language = _foreign_language(words, asked)
        if language is not None:
            shown += 1
            yield Finding("language_mixing", start, stop, attributes={"language": language})


def _lines_of(seen: _Seen) -> list[Span]:
    return [line.span() for line in re.finditer(r"[^\n]+", seen.reading.prose)]


def _foreign_language(words: list[str], asked: str) -> str | None:
    for language, only in _only_in_others(asked).items():
        hits = [word for word in words if word in only]
        if len(hits) >= FOREIGN_SHARE * len(words) and len(set(hits)) >= FOREIGN_WORDS:
            return language
    return None


@lru_cache(maxsize=1024)
def _latin_language(prompt: str) -> str | None:
    words = [word.casefold() for word in _WORD.findall(prompt)]
    if len(words) < 5:
        return None
    languages = _languages_of_words()
    counts = Counter(chain.from_iterable(languages[word] for word in words if word in languages))
    best = max(FUNCTION_WORDS, key=counts.__getitem__)
    return best if counts[best] >= 0.2 * len(words) else None
