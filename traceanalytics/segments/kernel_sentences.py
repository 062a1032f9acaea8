"""Whether a full stop, a question mark or the like ends a sentence."""

import numpy as np

from traceanalytics.compiled import inner
from traceanalytics.segments.kernel_bytes import (
    APOSTROPHE,
    BACKSLASH,
    CLOSE,
    CLOSE_BRACE,
    CLOSE_BRACKET,
    COLON,
    DOLLAR,
    EXCLAMATION,
    NEWLINE,
    ONE,
    OPEN,
    PERIOD,
    QUESTION,
    QUOTE,
    SPACE,
    STAR,
    UNDERSCORE,
    Bytes,
    alphanumeric,
    ascii_space,
    digit,
    hash_word,
    hashes,
    is_one_of,
    letter,
    lower,
    opener,
    roman,
    skip_space_in_line,
    space_at,
    starts,
    upper,
)

_ABBREVIATIONS = hashes("Mr Mrs Ms Dr Prof St Mt Capt Sgt vs viz resp approx al e.g E.g i.e I.e cf Cf w.r.t s.t")
_BEFORE_NUMBERS = hashes("no nos fig figs eq eqs sec ch vol p pp thm lem ex def prop cor art ref")
_CLOSERS = tuple(mark.encode() for mark in "”’»」』）】")
_OPENERS = np.zeros(256, np.uint8)  # beside capitals, digits and opening marks
_OPENERS[list(b"{$\\<`-#>|&@~")] = 1


@inner
def sentence_end(b: Bytes, begin: int, i: int, e: int) -> tuple[int, bool]:
    """Look at a full stop or the like; return where to go on, and whether a sentence ends there."""
    u, dots, question, exclamation, wide = i, 0, False, False, False
    while u < e:
        c = b[u]
        if c == PERIOD:
            dots += 1
        elif c == QUESTION:
            question = True
        elif c == EXCLAMATION:
            exclamation = True
        elif starts(b, u, e, b"\xe2\x80\xa6"):  # …
            dots += 3
            u += 2
        elif c >= 128 and _wide_stop(b, u, e):
            wide = True
            u += 2
        else:
            break
        u += 1
    if u == i:
        return min(e, i + 3), False  # another character with the same first byte
    after = _skip_closers(b, u, e)
    if wide:
        return after, True
    if after < e and not space_at(b, after, e):
        return u, False
    nearest = skip_space_in_line(b, after, e)
    if nearest >= e or b[nearest] == NEWLINE:
        return after, False  # the next line decides
    c = b[nearest]
    if not (opens_sentence(c) or lower(c)) or (lower(c) and after > u):
        return after, False
    if question:
        return after, True
    if exclamation:
        return after, upper(c) or dots > 0 or not _factorial(b, begin, i)
    if lower(c):
        return after, False
    if dots > 1:
        return after, upper(c)
    return after, not _abbreviates(b, begin, i, c)


@inner
def _factorial(b: Bytes, begin: int, i: int) -> bool:
    if i <= begin:
        return False
    c = b[i - 1]
    alone = i - 2 < begin or not alphanumeric(b[i - 2])
    return digit(c) or c in (CLOSE, CLOSE_BRACE) or letter(c) and alone


@inner
def _abbreviates(b: Bytes, begin: int, i: int, nearest: int) -> bool:
    """Say whether the full stop at i belongs to its word: a list number, an abbreviation, an initial."""
    head = begin
    while head < i and (ascii_space(b[head]) or opener(b[head])):
        head += 1
    word = i
    while word > begin and not ascii_space(b[word - 1]):
        word -= 1
    while word < i and opener(b[word]):
        word += 1
    if word == i:
        return False
    numbers = _is_number(b, word, i)
    if word <= head and (numbers or (i - word == 1 and letter(b[word])) or _is_roman(b, word, i)):
        return True
    one_capital = i - word == 1 and upper(b[word])
    if (numbers or one_capital) and _follows_a_title(b, head, word):
        return True
    if i - word == 1 and b[word] == ONE and word - 2 >= begin and b[word - 1] == SPACE and b[word - 2] == COLON:
        return True
    if is_one_of(hash_word(b, word, i, 0), _ABBREVIATIONS):
        return True
    if digit(nearest) or nearest in (OPEN, DOLLAR, BACKSLASH):
        lowered = 0x20 if upper(b[word]) else 0
        if is_one_of(hash_word(b, word, i, lowered), _BEFORE_NUMBERS):
            return True
    initial_before = word - 3 >= begin and b[word - 1] == SPACE and b[word - 2] == PERIOD and upper(b[word - 3])
    return one_capital and initial_before and (word - 3 == begin or b[word - 4] == SPACE)


@inner
def _follows_a_title(b: Bytes, head: int, word: int) -> bool:
    """Say whether a segment so far is one capitalized word: `Step 1.`, `Case B.`."""
    if word - head < 3 or b[word - 1] != SPACE or not upper(b[head]):
        return False
    for k in range(head + 1, word - 1):
        if not lower(b[k]):
            return False
    return True


@inner
def _is_number(b: Bytes, i: int, e: int) -> bool:
    if e - i > 3:
        return False
    for k in range(i, e):
        if not digit(b[k]):
            return False
    return e > i


@inner
def _is_roman(b: Bytes, i: int, e: int) -> bool:
    if e - i > 4:
        return False
    for k in range(i, e):
        if not roman(b[k]):
            return False
    return e > i


@inner
def _skip_closers(b: Bytes, i: int, e: int) -> int:
    while i < e:
        c = b[i]
        if c in (QUOTE, APOSTROPHE, CLOSE, CLOSE_BRACKET, CLOSE_BRACE, STAR, UNDERSCORE):
            i += 1
        elif c < 128:
            break
        else:
            width = 0
            for known in _CLOSERS:
                if starts(b, i, e, known):
                    width = len(known)
            if not width:
                break
            i += width
    return i


@inner
def _wide_stop(b: Bytes, i: int, e: int) -> bool:
    """Say whether 。 ！ ？ or ｡ stands at i."""
    return bool(
        starts(b, i, e, b"\xe3\x80\x82")
        or starts(b, i, e, b"\xef\xbc\x81")
        or starts(b, i, e, b"\xef\xbc\x9f")
        or starts(b, i, e, b"\xef\xbd\xa1")
    )


@inner
def opens_sentence(c: int) -> bool:
    """Say whether a sentence can begin with this byte; a lower-case letter is another question."""
    return upper(c) or digit(c) or opener(c) or c >= 128 or _OPENERS[c] == 1
