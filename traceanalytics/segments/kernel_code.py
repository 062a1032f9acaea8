"""Which lines without a fence are a program, and where it ends."""

from traceanalytics.compiled import inner
from traceanalytics.segments.kernel_bytes import (
    APOSTROPHE,
    AT,
    BACKSLASH,
    BACKTICK,
    CLOSE,
    CLOSE_BRACE,
    CLOSE_BRACKET,
    COLON,
    COMMA,
    DOLLAR,
    EQUALS,
    EXCLAMATION,
    GREATER,
    HASH,
    HYPHEN,
    LESS,
    LETTER_C,
    OPEN,
    OPEN_BRACE,
    OPEN_BRACKET,
    PERCENT,
    PERIOD,
    PIPE,
    PLUS,
    QUOTE,
    SEMICOLON,
    SLASH,
    SPACE,
    STAR,
    TAB,
    UNDERSCORE,
    Bytes,
    after_literal,
    alphanumeric,
    digit,
    end_of_line,
    equals,
    hash_word,
    hashes,
    is_one_of,
    letter,
    lower,
    name_start,
    skip_space,
    starts,
    trim,
    upper,
)
from traceanalytics.segments.kernel_lines import marker

NOT_CODE, WEAK, STRONG, COMMENT = range(4)  # how much a line looks like a program

LONGEST_LINE = 400  # in bytes
MOST_BLANK_LINES = 2

_TYPE_WORDS = hashes(
    "int double float char bool auto const let var long void public private static function using std cout cin"
    " System string class struct"
)
_BUILTINS = hashes(
    "print len range int float str list set dict sorted symbols Symbol solve Eq input map zip enumerate Rational"
    " simplify"
)
_OPERATOR_WORDS = hashes("for in if else and or not is lambda await new")


@inner
def code_run(b: Bytes, i: int, e: int) -> tuple[int, int]:
    """Return the end of the program that begins with the line at i (-1 when it is none), and how far was looked.

    A program has two lines or more, one of them beyond doubt. No line in a run that is none begins another.
    """
    end, lines, strong, blanks, follows = -1, 0, 0, 0, False
    while i < e:
        stop = end_of_line(b, i, e)
        body = skip_space(b, i, stop)
        if body == stop:
            blanks += 1
            follows = False
            if blanks > MOST_BLANK_LINES:
                break
        else:
            body_end = trim(b, body, stop)
            if after_literal(b, body, body_end, b"```", body_end) >= 0:
                break
            level = code_level(b, body, body_end)
            if level == NOT_CODE and follows and _continues_code(b, i, body, body_end):
                level = WEAK
            if level == NOT_CODE:
                break
            follows, blanks = True, 0
            if level != COMMENT:
                lines += 1
                strong += level == STRONG
                end = body_end
        i = stop + 1
    return (end if lines >= 2 and strong >= 1 else -1), i


@inner
def prose_line(b: Bytes, i: int, e: int) -> bool:
    """Say whether a line opens with a capital, has five words or more and is no code."""
    if not upper(b[i]):
        return False
    gaps = 0
    for k in range(i, e):
        gaps += b[k] == SPACE
    return gaps >= 4 and code_level(b, i, e) == NOT_CODE


@inner
def _continues_code(b: Bytes, i: int, body: int, e: int) -> bool:
    """Say whether an indented line goes on with the program of the line before."""
    indented = body - i >= 2 or b[i] == TAB
    c = b[body]
    if not indented or c >= 128 or upper(c) or c in (STAR, HYPHEN, LESS, BACKTICK, PIPE):
        return False
    return marker(b, body, e) < 0 and not _formula(b, body, e)


@inner
def _formula(b: Bytes, i: int, e: int) -> bool:
    """Say whether a line holds LaTeX: a dollar, or a command outside quotation marks."""
    quoted = False
    for k in range(i, e):
        c = b[k]
        if c == DOLLAR:
            return True
        quoted = quoted or c in (QUOTE, APOSTROPHE)
        if c == BACKSLASH and not quoted and k + 1 < e:
            d = b[k + 1]
            if d in (OPEN, CLOSE, OPEN_BRACKET, CLOSE_BRACKET):
                return True
            if letter(d) and k + 2 < e and letter(b[k + 2]):
                return True
    return False


@inner
def code_level(b: Bytes, i: int, e: int) -> int:
    """Say how much one trimmed line looks like a line of a program."""
    if e - i > LONGEST_LINE:
        return NOT_CODE
    c = b[i]
    if c == HASH:
        return COMMENT if starts(b, i, e, b"# ") else STRONG if starts(b, i, e, b"#include") else NOT_CODE
    if c == SLASH:
        return COMMENT if starts(b, i, e, b"//") else NOT_CODE
    if c == GREATER:
        return STRONG if starts(b, i, e, b">>> ") else NOT_CODE
    if c in (CLOSE, CLOSE_BRACKET, CLOSE_BRACE, OPEN_BRACE):
        return WEAK if _brackets_alone(b, i, e) else NOT_CODE
    if c == AT:
        return STRONG if e - i > 1 and _end_of_dotted(b, i + 1, e) == e else NOT_CODE
    if not name_start(c):
        return NOT_CODE
    level = _statement(b, i, e)
    return NOT_CODE if level != NOT_CODE and _formula(b, i, e) else level


@inner
def _brackets_alone(b: Bytes, i: int, e: int) -> bool:
    if b[i] == OPEN_BRACE:
        return e - i == 1
    if b[e - 1] == OPEN_BRACE and b[i] == CLOSE_BRACE:
        return True
    while i < e and (b[i] == CLOSE or b[i] == CLOSE_BRACKET or b[i] == CLOSE_BRACE):
        i += 1
    return i == e or (i == e - 1 and (b[i] == COMMA or b[i] == COLON or b[i] == SEMICOLON))


@inner
def _statement(b: Bytes, i: int, e: int) -> int:
    """Say how much a line that opens with a name looks like a statement."""
    last = b[e - 1]
    word = _end_of_name(b, i, e)
    if word == e:
        return (
            WEAK if equals(b, i, e, b"break") or equals(b, i, e, b"continue") or equals(b, i, e, b"pass") else NOT_CODE
        )
    c = b[word]
    if c == SPACE and upper(b[i]) and letter(b[word + 1]) and last != OPEN_BRACE and last != SEMICOLON:
        return NOT_CODE
    if last == COLON:
        if equals(b, i, e, b"else:") or equals(b, i, e, b"try:") or equals(b, i, e, b"finally:"):
            return STRONG
        if starts(b, i, e, b"elif ") or starts(b, i, e, b"except"):
            return STRONG
        if starts(b, i, e, b"for ") and _names_then_in(b, i + 4, e):
            return STRONG
        if starts(b, i, e, b"if ") or starts(b, i, e, b"while ") or starts(b, i, e, b"with "):
            return WEAK
    if c == SPACE:
        if equals(b, i, word, b"import"):
            return STRONG if _imports(b, i + 7, e) else NOT_CODE
        if equals(b, i, word, b"from"):
            after = _end_of_dotted(b, i + 5, e)
            return STRONG if after > i + 5 and starts(b, after, e, b" import ") else NOT_CODE
        if equals(b, i, word, b"def") or equals(b, i, word, b"async") or equals(b, i, word, b"class"):
            return _definition(b, i, word, e)
        if equals(b, i, word, b"return"):
            return STRONG if last == SEMICOLON else NOT_CODE if last == PERIOD else WEAK
    if last in (SEMICOLON, OPEN_BRACE):
        if e - i > 3 and last == OPEN_BRACE and b[e - 2] == SPACE and b[e - 3] == CLOSE:
            return STRONG
        if is_one_of(hash_word(b, i, word, 0), _TYPE_WORDS):
            return STRONG
    if c in (OPEN, PERIOD):
        call = _call(b, i, e)
        if call != NOT_CODE:
            return call
    return _assignment(b, i, e)


@inner
def _imports(b: Bytes, i: int, e: int) -> bool:
    after = _end_of_dotted(b, i, e)
    if after == i:
        return False
    if starts(b, after, e, b" as "):
        alias = _end_of_name(b, after + 4, e)
        if alias == after + 4:
            return False
        after = alias
    return after == e or b[after] == COMMA or b[after] == SEMICOLON


@inner
def _definition(b: Bytes, i: int, word: int, e: int) -> int:
    if equals(b, i, word, b"async"):
        if not starts(b, word, e, b" def "):
            return NOT_CODE
        word += 4
    after = _end_of_name(b, word + 1, e)
    if after == word + 1 or after >= e:
        return NOT_CODE
    return STRONG if b[after] == OPEN or (b[after] == COLON and b[i] == LETTER_C) else NOT_CODE


@inner
def _names_then_in(b: Bytes, i: int, e: int) -> bool:
    while True:
        after = _end_of_name(b, i, e)
        if after == i:
            return False
        if starts(b, after, e, b" in "):
            return True
        if after < e and b[after] == COMMA:
            i = after + 1
            if i < e and b[i] == SPACE:
                i += 1
        else:
            return False


@inner
def _call(b: Bytes, i: int, e: int) -> int:
    """Read `name(…)` or `a.b(…)` that fills the line; print( may go on below."""
    if starts(b, i, e, b"print("):
        return STRONG
    after = _end_of_dotted(b, i, e)
    if after >= e or b[after] != OPEN:
        return NOT_CODE
    last = e - 2 if b[e - 1] == SEMICOLON else e - 1
    if b[last] != CLOSE:
        return NOT_CODE
    dotted = _end_of_name(b, i, e) < after
    return STRONG if dotted or last == e - 2 else WEAK


@inner
def _assignment(b: Bytes, i: int, e: int) -> int:
    """Read `a, b.c = value`; a value that reads as prose, units or a chain of equations is none."""
    level = WEAK
    while True:
        name = _end_of_name(b, i, e)
        if name == i:
            return NOT_CODE
        if _snake(b, i, name):
            level = STRONG
        i = name
        while i < e and (b[i] == PERIOD or b[i] == OPEN_BRACKET):
            level = STRONG
            if b[i] == PERIOD:
                name = _end_of_name(b, i + 1, e)
                if name == i + 1:
                    return NOT_CODE
                i = name
            else:
                while i < e and b[i] != CLOSE_BRACKET:
                    i += 1
                i += 1
        if i >= e or b[i] != COMMA:
            break
        i += 1
        if i < e and b[i] == SPACE:
            i += 1
    while i < e and b[i] == SPACE:
        i += 1
    operator = i
    while i < e and i - operator < 2 and _operator_byte(b[i]):
        i += 1
    if i > operator:
        level = STRONG
    if i >= e or b[i] != EQUALS or (i + 1 < e and b[i + 1] == EQUALS):
        return NOT_CODE
    i += 1
    while i < e and b[i] == SPACE:
        i += 1
    return _value(b, i, e, level)


@inner
def _value(b: Bytes, i: int, e: int, level: int) -> int:
    """Judge the right side of an assignment, up to the first quotation mark or comment."""
    if i >= e:
        return NOT_CODE
    depth, end_of_item, item_is_word, item_is_number = 0, -1, False, False
    begin = i
    while i < e:
        c = b[i]
        if c >= 128:
            return NOT_CODE
        if c in (QUOTE, APOSTROPHE):
            return STRONG if i - begin <= 1 else level
        if c == HASH and i > begin and b[i - 1] == SPACE:
            return level
        if name_start(c) or digit(c):
            name = _end_of_name(b, i, e)
            is_number = digit(c)
            plain = not is_number and _two_letters(b, i, name)
            operator = plain and is_one_of(hash_word(b, i, name, 0), _OPERATOR_WORDS)
            if plain and not operator and (item_is_word or item_is_number) and end_of_item < i:
                return NOT_CODE
            item_is_word, item_is_number = plain and not operator, is_number
            if name < e and b[name] == OPEN and is_one_of(hash_word(b, i, name, 0), _BUILTINS):
                level = STRONG
            if name < e and b[name] == PERIOD and not is_number:
                dotted = _end_of_dotted(b, i, e)
                if dotted < e and b[dotted] == OPEN:
                    level = STRONG
            end_of_item = i = name
            continue
        if c in (OPEN, OPEN_BRACKET, OPEN_BRACE):
            depth += 1
        elif c in (CLOSE, CLOSE_BRACKET, CLOSE_BRACE):
            depth -= 1
        elif c == EQUALS and depth <= 0:
            before, next_one = b[i - 1], b[i + 1] if i + 1 < e else SPACE
            compares = next_one == EQUALS or before in (EQUALS, LESS, GREATER)
            if not (compares or before == EXCLAMATION):
                return NOT_CODE
        if c != SPACE:
            item_is_word = item_is_number = False
        i += 1
    return NOT_CODE if b[e - 1] == PERIOD else level


@inner
def _snake(b: Bytes, i: int, e: int) -> bool:
    """Say whether a name is made of words, as in total_cost; x_max is a formula's."""
    for k in range(i + 2, e - 2):
        if b[k] == UNDERSCORE and lower(b[k - 1]) and lower(b[k - 2]) and lower(b[k + 1]) and lower(b[k + 2]):
            return True
    return False


@inner
def _two_letters(b: Bytes, i: int, e: int) -> bool:
    return e - i >= 2 and letter(b[i]) and letter(b[i + 1])


@inner
def _end_of_name(b: Bytes, i: int, e: int) -> int:
    while i < e and (alphanumeric(b[i]) or b[i] == UNDERSCORE):
        i += 1
    return i


@inner
def _end_of_dotted(b: Bytes, i: int, e: int) -> int:
    after = _end_of_name(b, i, e)
    while after > i and after < e and b[after] == PERIOD:
        name = _end_of_name(b, after + 1, e)
        if name == after + 1:
            break
        after = name
    return after


@inner
def _operator_byte(c: int) -> bool:
    return c in (PLUS, HYPHEN, STAR, SLASH, PERCENT)
