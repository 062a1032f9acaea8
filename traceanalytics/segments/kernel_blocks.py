"""Where fences, formulas, commands of LaTeX and tags end."""

from traceanalytics.compiled import inner
from traceanalytics.segments.kernel_bytes import (
    BACKSLASH,
    BACKTICK,
    CLOSE_BRACE,
    CODE,
    DOLLAR,
    GREATER,
    MATH,
    NEWLINE,
    OPEN,
    OUTPUT,
    SLASH,
    STAR,
    UNDERSCORE,
    Bytes,
    after_literal,
    ascii_space,
    blank_byte,
    digit,
    end_of_line,
    hash_language,
    hash_word,
    hashes,
    is_one_of,
    letter,
    lower,
    run_of,
    skip_space,
    skip_space_in_line,
    space_at,
    stop_byte,
    trim,
)
from traceanalytics.segments.kernel_code import prose_line
from traceanalytics.segments.kernel_sentences import opens_sentence

LONGEST_DISPLAY = 4000  # in bytes
LONGEST_INLINE = 400

_OUTPUT_FENCES = hashes("output stdout result results")
_MATH_FENCES = hashes("latex math tex")
_REOPENING_FENCES = hashes("python py output")
_ENVIRONMENTS = hashes("equation align gather multline eqnarray displaymath alignat flalign")


@inner
def after_fence(b: Bytes, after: int, e: int) -> tuple[int, int]:
    """Return the end and the kind of the block whose opening fence ends at `after`."""
    word = after
    while word < e and blank_byte(b[word]):
        word += 1
    language = hash_language(b, word, e)
    kind = OUTPUT if is_one_of(language, _OUTPUT_FENCES) else MATH if is_one_of(language, _MATH_FENCES) else CODE
    k = after
    while k < e:
        if b[k] != BACKTICK:
            k += 1
            continue
        ticks = run_of(b, k, e, BACKTICK)
        if ticks >= 3:
            return (k if _reopens(b, after, k, k + ticks, e) else k + ticks), kind
        k += ticks
    return _end_of_unclosed(b, after, e), kind


@inner
def _reopens(b: Bytes, after: int, i: int, word: int, e: int) -> bool:
    """Say whether a fence inside a block opens the next one: a closing fence never carries a language."""
    if word >= e or not letter(b[word]):
        return False
    if is_one_of(hash_language(b, word, e), _REOPENING_FENCES):
        return True
    while i > after and blank_byte(b[i - 1]):
        i -= 1
    return i > after and b[i - 1] == NEWLINE


@inner
def _end_of_unclosed(b: Bytes, after: int, e: int) -> int:
    """Return where a block without a closing fence ends: before prose that follows a blank line, else at the end."""
    i = min(e, end_of_line(b, after, e) + 1)
    end, blank_before = i, False
    while i < e:
        stop = end_of_line(b, i, e)
        body = skip_space(b, i, stop)
        if body == stop:
            blank_before = True
        else:
            body_end = trim(b, body, stop)
            if blank_before and prose_line(b, body, body_end):
                return end
            end, blank_before = body_end, False
        i = stop + 1
    return e


@inner
def after_environment(b: Bytes, i: int, e: int) -> int:
    r"""Return where the mathematical \begin{…} at i ends; -1 when it is another one or never does."""
    name = stop = i + 7
    while stop < e and lower(b[stop]):
        stop += 1
    if not is_one_of(hash_word(b, name, stop, 0), _ENVIRONMENTS):
        return -1
    if stop < e and b[stop] == STAR:
        stop += 1
    return _after_end(b, name, stop + 1, e) if stop < e and b[stop] == CLOSE_BRACE else -1


@inner
def _after_end(b: Bytes, name: int, stop: int, e: int) -> int:
    """Return the end of the first \\end{…} whose name and brace are those at name:stop."""
    k, limit = stop, min(e, stop + LONGEST_DISPLAY)
    while k < limit:
        k = after_literal(b, k, e, b"\\end{", limit - k)
        if k < 0:
            return -1
        same = e - k >= stop - name
        for j in range(stop - name):
            same = same and b[k + j] == b[name + j]
        if same:
            return k + stop - name
    return -1


@inner
def after_command(b: Bytes, i: int, e: int) -> tuple[int, bool]:
    r"""Step over \(…\) or one escaped character; say whether a sentence ends with it."""
    if i + 1 < e and b[i + 1] == OPEN:
        after = after_literal(b, i + 2, end_of_line(b, i, e, LONGEST_INLINE), b"\\)", LONGEST_INLINE)
        if after >= 0:
            return after, after - 3 > i + 1 and _ends_with_math(b, after - 3, after, e)
    return (i + 2 if i + 1 < e and 33 <= b[i + 1] < 127 else i + 1), False


@inner
def after_inline_math(b: Bytes, i: int, e: int) -> tuple[int, bool]:
    """Step over $…$ as pandoc reads it, so that a price is none; say whether a sentence ends with it."""
    stop = end_of_line(b, i, e, LONGEST_INLINE)
    if i + 1 >= stop or ascii_space(b[i + 1]):
        return i + 1, False
    k = i + 1
    while k < stop and b[k] != DOLLAR:
        k += 2 if b[k] == BACKSLASH else 1
    if k >= stop or ascii_space(b[k - 1]) or (k + 1 < e and digit(b[k + 1])):
        return i + 1, False
    return k + 1, _ends_with_math(b, k - 1, k + 1, e)


@inner
def _ends_with_math(b: Bytes, last: int, after: int, e: int) -> bool:
    """Say whether a formula that ends with a full stop ends a sentence too."""
    if not stop_byte(b[last]) or after >= e or not space_at(b, after, e):
        return False
    nearest = skip_space_in_line(b, after, e)
    return nearest < e and opens_sentence(b[nearest])


@inner
def after_inline_code(b: Bytes, i: int, ticks: int, e: int) -> int:
    stop = end_of_line(b, i, e, LONGEST_INLINE)
    k = i + ticks
    while k < stop:
        if b[k] == BACKTICK:
            closing = run_of(b, k, e, BACKTICK)
            if closing == ticks:
                return k + ticks
            if closing >= 3:
                break
            k += closing
        else:
            k += 1
    return i + ticks


@inner
def after_tag(b: Bytes, i: int, e: int) -> int:
    """Return where <name> or </name> ends (4 to 20 lower-case letters); -1 when it is none."""
    k = i + 1
    if k < e and b[k] == SLASH:
        k += 1
    name = k
    while k < e and (lower(b[k]) or (b[k] == UNDERSCORE and k > name)):
        k += 1
    return k + 1 if 4 <= k - name <= 20 and k < e and b[k] == GREATER else -1
