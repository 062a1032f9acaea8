"""Language mixing: prose in a script or language that the prompt is not in. Formulas, quotations and names are none."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from traceanalytics.readers.text import Span
from traceanalytics.rules.code import blanked
from traceanalytics.rules.finding import Finding
from traceanalytics.rules.function_words import ANY_MAY_COME, FUNCTION_WORDS, LATIN_IS_FOREIGN, UNKNOWN
from traceanalytics.rules.letters import CYRILLIC, GREEK, HAN, HANGUL, KANA, LOWER, NO_LETTER, SCRIPTS, letters_of
from traceanalytics.rules.reading import Reading

LEAST_LETTERS = 2  # of a foreign script
GAP = 3  # characters between words of one foreign stretch
MOST_STRETCHES = 8
LEAST_WORDS = 8  # of a paragraph in another Latin language
FOREIGN_WORDS = 4  # different small words that only the other language has
FOREIGN_SHARE = 0.25
OWN_SHARE = 0.15
MAIN_SCRIPT = 0.3  # of the prompt's letters

_NOT_PROSE = (  # what each begins with, and its pattern; where several fit the first counts
    ("$$", r"\$\$[^$]{0,2000}\$\$"),
    ("$", r"\$[^$\n]*\$"),
    ("\\[", r"\\\[.{0,1500}?\\\]"),
    ("\\(", r"\\\(.{0,500}?\\\)"),
    ("\\begin{", r"\\begin\{.{0,2000}?\\end\{\w+\*?\}"),
    ("\\text{", r"\\text\{[^{}\n]{0,200}\}"),
    ("\\mathrm{", r"\\mathrm\{[^{}\n]{0,200}\}"),
    ("`", r"`[^`\n]*`"),
    ('"', r"\"[^\"\n]*\""),
    ("“", r"“[^”\n]*”"),
    ("«", r"«[^»\n]*»"),
    ("「", r"「[^」\n]*」"),
    ("『", r"『[^』\n]*』"),
    ("‘", r"‘[^’\n]*’"),
    ("(", r"\([^()\n]{1,60}\)"),
    ("（", r"（[^（）\n]{1,60}）"),
    ("http", r"https?://\S+"),
)
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
_ENGLISH = frozenset(FUNCTION_WORDS["English"].split())


def which_may_mix(readings: Sequence[Reading]) -> NDArray[np.bool_]:
    """Say which responses may mix languages, in one pass over their prose; `find` looks at these alone."""
    import pyarrow

    from traceanalytics.rules.foreign_words import may_mix

    proses = pyarrow.array([reading.prose for reading in readings], pyarrow.large_string())
    expected = np.fromiter((_expected(reading.prompt) for reading in readings), np.int64, len(readings))
    return may_mix(proses, expected, FOREIGN_WORDS)


@lru_cache(maxsize=4096)
def _expected(prompt: str) -> int:
    """Return what the pass over a batch is told of a prompt: the number of its language, or why there is none."""
    if _asks_for_language(prompt):
        return ANY_MAY_COME
    if _is_foreign_latin(prompt):
        return LATIN_IS_FOREIGN
    asked = _latin_language(prompt)
    return UNKNOWN if asked is None else list(FUNCTION_WORDS).index(asked)


def find(reading: Reading) -> Iterator[Finding]:
    """Find stretches in a script that the prompt does not use, and paragraphs in another Latin language."""
    if _asks_for_language(reading.prompt):
        return
    gaps = list(_not_prose(reading.prose))
    letters = letters_of(reading.prose)
    for start, stop in gaps:
        letters[start:stop] = NO_LETTER
    foreign = np.flatnonzero(_is_foreign(letters, reading))
    share = {"share": f"{len(foreign) / max(1, int(np.count_nonzero(letters))):.3f}"}
    prose = partial(blanked, reading.prose, gaps)  # most stretches are none that words could excuse
    stretches = list(_stretches(prose, letters, foreign, reading))
    for (start, stop), script in stretches[:MOST_STRETCHES]:
        yield Finding("language_mixing", start, stop, attributes={"script": script, **share})
    if not stretches:
        yield from _other_latin(prose, reading)


@lru_cache(maxsize=1024)
def _asks_for_language(prompt: str) -> bool:
    return _ASKS_FOR_LANGUAGE.search(prompt) is not None


def _not_prose(text: str) -> Iterator[Span]:
    """Yield formulas, quotations, brackets and addresses; a pattern whose beginning stands nowhere is not tried."""
    patterns = tuple(pattern for sign, pattern in _NOT_PROSE if sign in text)
    if patterns:
        yield from (found.span() for found in _any_of(patterns).finditer(text))


@lru_cache(maxsize=256)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.DOTALL)


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(listed.split()) for language, listed in FUNCTION_WORDS.items()}


@cache
def _only_in_others(own: str) -> dict[str, frozenset[str]]:
    """Return the small words of every other language that one's own language does not have."""
    return {language: listed - _function_words()[own] for language, listed in _function_words().items()}


def _stretches(
    prose: Callable[[], str], letters: NDArray[np.uint8], places: NDArray[np.int64], reading: Reading
) -> Iterator[tuple[Span, str]]:
    if len(places) < LEAST_LETTERS:
        if _is_foreign_latin(reading.prompt):
            found = _LATIN_STRETCH.finditer(prose())
            yield from ((stretch.span(), "Latin") for stretch in found if _is_english(stretch[0]))
        return
    breaks = np.flatnonzero(np.diff(places) > GAP + 1)
    for start, stop in zip(places[np.r_[0, breaks + 1]], places[np.r_[breaks, len(places) - 1]] + 1, strict=True):
        script = int(letters[start])
        if not (script == CYRILLIC and _is_name(prose()[start:stop])):
            yield (int(start), int(stop)), SCRIPTS[HAN if script == KANA and HAN in _scripts(reading) else script]


def _is_foreign(letters: NDArray[np.uint8], reading: Reading) -> NDArray[np.bool_]:
    expected = _scripts(reading)
    is_foreign = letters > GREEK
    for script in expected:
        is_foreign &= letters != script
    return is_foreign


def _scripts(reading: Reading) -> frozenset[int]:
    """Return the scripts beside Latin that belong here: those of the prompt; without one, the response's main one."""
    return _scripts_of(reading.prompt) if reading.prompt.strip() else _main_script(reading.prose)


@lru_cache(maxsize=1024)
def _scripts_of(prompt: str) -> frozenset[int]:
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
    letters = letters_of(prompt)
    known = letters[letters > 0]
    return len(known) > 4 and bool((known > GREEK).mean() >= MAIN_SCRIPT)


def _is_name(text: str) -> bool:
    words = text.split()
    return len(words) <= 3 and all(word[:1].isupper() for word in words)


def _is_english(text: str) -> bool:
    return sum(word.casefold() in _ENGLISH for word in _WORD.findall(text)) > 1


def _other_latin(prose: Callable[[], str], reading: Reading) -> Iterator[Finding]:
    asked = _latin_language(reading.prompt)
    if asked is None:
        return
    own = _function_words()[asked]
    shown = 0
    for paragraph in re.finditer(r"[^\n]+", prose()):
        words = [word.casefold() for word in _WORD.findall(paragraph[0])]
        if len(words) < LEAST_WORDS or shown == MOST_STRETCHES:
            continue
        if sum(map(own.__contains__, words)) > OWN_SHARE * len(words):
            continue
        language = _foreign_language(words, asked)
        if language is not None:
            shown += 1
            yield Finding("language_mixing", *paragraph.span(), attributes={"language": language})


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
    counts = {language: sum(map(listed.__contains__, words)) for language, listed in _function_words().items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= 0.2 * len(words) else None
