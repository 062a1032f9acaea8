"""Whether code that stands after the answer still deals with the question: it shares a number or names with it."""

import re
from collections.abc import Set
from functools import lru_cache

from traceanalytics.rules.block_columns import Blocks
from traceanalytics.rules.texts import words

SHARED_NAMES = 2  # of a program with the question and the way to its answer

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TRIVIAL = frozenset({"0", "1", "2", "10", "100"})
_NAME = re.compile(r"[A-Za-z]{4,}")
_PLAIN_NAMES = words(
    "print import from return range sympy math numpy solve symbols simplify result answer value total count list "
    "append float sqrt else elif while true false none func main code python solution define calculate compute find "
    "given number numbers that with this using variables variable expression equation function evaluate final output "
    "step first the"
)


def is_of_the_question(blocks: Blocks, number: int) -> bool:
    """Say whether a block shares a number or names with the question or the text before it."""
    reading, start, text = blocks.of[number], blocks.each[number].start, blocks.body(number)
    numbers = _numbers_in(text)
    if not numbers.isdisjoint(_asked_numbers(reading.question)):
        return True
    if any(_holds_number(reading.prose, digits, start) for digits in numbers):
        return True
    names = {name.casefold() for name in set(_NAME.findall(text.replace("_", " ")))} - _PLAIN_NAMES
    return len(names) >= SHARED_NAMES and _shares_names(names, f"{reading.question} {reading.prose[:start]}")


def _numbers_in(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text)) - _TRIVIAL


_asked_numbers = lru_cache(maxsize=1024)(_numbers_in)


def _shares_names(names: Set[str], asked: str) -> bool:
    """Say whether enough of some names stand in a text; most do not even stand inside its words."""
    folded = asked.casefold()
    if sum(name in folded for name in names) < SHARED_NAMES:
        return False
    return len(names & {word.casefold() for word in set(_NAME.findall(asked))}) >= SHARED_NAMES


def _holds_number(text: str, number: str, stop: int) -> bool:
    """Say whether a number stands in the first part of a text as a whole: digits and points beside it belong to it."""
    at = text.find(number, 0, stop)
    while at >= 0:
        start, end = at, at + len(number)
        while start and _is_of_number(text[start - 1]):
            start -= 1
        while end < stop and _is_of_number(text[end]):
            end += 1
        if end - start == len(number) or number in _NUMBER.findall(text, start, end):
            return True
        at = text.find(number, end, stop)
    return False


def _is_of_number(sign: str) -> bool:
    return sign == "." or sign.isdecimal()
