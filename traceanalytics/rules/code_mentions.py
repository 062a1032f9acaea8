"""Announcements of code, or talk of it, that no code follows."""

import re
from collections.abc import Iterator, Sequence

from traceanalytics.readers.text import Span
from traceanalytics.rules.code import blanked
from traceanalytics.rules.code_calls import Call
from traceanalytics.rules.columns import Columns
from traceanalytics.rules.finding import Finding, Located
from traceanalytics.rules.reading import Reading
from traceanalytics.rules.texts import CODE_WORDS

_ANNOUNCES = re.compile(
    r"\b(?:python|sympy|numpy|scipy|matlab|mathematica|wolfram(?:alpha)?|sage(?:math)?|octave|pari|itertools|pytest)\b"
    r"|\b(?:a|an|some|the|this|any|simple|short|small|little|few lines of|quick|write|run|execute|with|using|in"
    r"|via|by|of)"
    r" (?:\w+ ){0,2}?(?:code|script|program|simulation|snippet|computer|interpreter|compiler|debugger|notebook)s?\b"
    r"|\b(?:nested|quick|short|small|simple|for|while|a|the) ?-?loops?\b|\bbrute[- ]forc(?:e|ing)\b|\bby machine\b"
    r"|\bcod(?:e|ing) (?:this|it|that|up)\b|\b(?:in|into) code\b|\bprogram(?:ming|s)? (?:this|it|that|the)\b"
    r"|\bprogrammatic(?:ally)?\b|\bsimulat(?:e|ing|ion)\b|\bunit tests?\b",
    re.IGNORECASE,
)
_BY_HAND = re.compile(r"\b(?:brute[- ]forc|simulat|loop|unit test)", re.IGNORECASE)  # also done without a computer
_MACHINE = re.compile(
    r"\b(?:code|coding|script|program\w*|comput\w+|machine|python|run(?:ning)?|write|lines|numerically|trials|quick)\b",
    re.IGNORECASE,
)
_BY_THE_MODEL = re.compile(
    r"\b(?:i|we|let['’]?s|let us|let me|one|you|us|me|our|here['’]?s|here is|easy|easily)\b"
    r"|\b(?:can|could|would|will|should|may|might|['’]d|['’]ll) ?(?:be )?\w+"
    r"|^\W*(?:using|with|by|in|a|the following|below|now|to)\b",
    re.IGNORECASE,
)
_OTHER_CODES = re.compile(
    r"\b(?:secret|zip|area|bar|post(?:al)?|morse|security|access|pass|pin|qr|color|colour|dress|country|genetic"
    r"|binary|error|"
    r"promo|discount|letter|digit|entry|lock|source of the|penal|building|civil|product|huffman|gray|ascii) ?-?codes?\b"
    r"|\bcode ?words?\b|\bcodes\b|\bprogramming (?:language|class|course|contest|club|competition)\b"
    r"|\b(?:linear|integer|dynamic|quadratic|tv|television|training|school|space|reading|loyalty|exchange"
    r"|graduate) program"
    r"|\bprogrammers?\b|\bpythons\b|\b(?:burmese|ball|reticulated|pet) python\b|\bmonty python\b|\bmanuscript\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|no|without|cannot|can['’]?t|don['’]?t|won['’]?t|unable|instead of|rather than|never)\b[^.\n]{0,50}"
    r"\b(?:python|code|coding|program|script|computer|run|execute)",
    re.IGNORECASE,
)
_OF_SHOWN_CODE = re.compile(r"\b(?:above|previous|the|this|our) (?:\w+ )?(?:code|program|script)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.](?=\w)[^.!?\n]+)*[.!?:]*")


DOTTED_I = "\u0130"  # lowered it is two letters: where it stands, words count only in small letters
ANNOUNCES = Columns(_ANNOUNCES, needs=CODE_WORDS)
_OF_OTHER_CODES = Columns(_OTHER_CODES)
_IS_DENIED = Columns(_DENIES)
_IS_BY_THE_MODEL = Columns(_BY_THE_MODEL)


def find(readings: Sequence[Reading], behind_code: Sequence[int], calls: Sequence[Sequence[Call]]) -> Iterator[Located]:
    """Find what each response says of code behind its last code, with its number; 0 stands behind no code."""
    rows: list[int] = []
    spans: list[Span] = []
    texts: list[str] = []
    for row, (reading, behind, own_calls) in enumerate(zip(readings, behind_code, calls, strict=True)):
        if not reading.code_words or reading.code_words[-1][0] < behind:
            continue
        prose = reading.prose
        if own_calls:
            prose = blanked(prose, ((call.start, call.stop) for call in own_calls))
        for start, stop in _sentences_with(reading.code_words, prose, max(0, behind - 1)):
            rows.append(row)
            spans.append((start, stop))
            texts.append(prose[start:stop])
    mentioning = _mentioning(list(dict.fromkeys(texts)))
    for row, span, text in zip(rows, spans, texts, strict=True):
        if text in mentioning and not (behind_code[row] and _OF_SHOWN_CODE.search(text)):
            yield row, Finding("code_mention", *span, score=0.7)


def _mentioning(sentences: list[str]) -> set[str]:
    """Return the sentences that announce code, or talk of it as a way to go; rollouts of a prompt say much alike."""
    for pattern, wanted in (
        (ANNOUNCES, True),
        (_IS_BY_THE_MODEL, True),
        (_OF_OTHER_CODES, False),
        (_IS_DENIED, False),
    ):
        found = pattern.found(sentences)
        sentences = [sentence for sentence, holds in zip(sentences, found, strict=True) if holds is wanted]
    return {sentence for sentence in sentences if not _BY_HAND.search(sentence) or _MACHINE.search(sentence)}


def _sentences_with(words: Sequence[tuple[int, int]], prose: str, begin: int) -> Iterator[Span]:
    """Yield the sentences from a place on that hold one of the words, in order."""
    reached = begin
    lowers = DOTTED_I not in prose
    for at, number in sorted(words):
        if at < reached or not _stands(CODE_WORDS[number], prose, at, lowers=lowers):
            continue
        start = begin
        for mark in ("\n", ". ", ": ", "? ", "! "):
            start = max(start, prose.rfind(mark, start, at) + 1)
        sentence = _SENTENCE.match(prose, start)
        if sentence is not None and sentence.end() > at:
            reached = sentence.end()
            yield start + len(sentence[0]) - len(sentence[0].lstrip()), sentence.end()


def _stands(word: str, prose: str, at: int, *, lowers: bool) -> bool:
    """Say whether a word of the response is also one of its prose."""
    found = prose[at : at + len(word)]
    return found == word or (lowers and found.lower() == word)
