"""Guards: each looks at a hit in its segment, with the segment before and the prompt, and says whether to veto it.

Names of the first group say what must not be there (`negation`, `quotation`, …); names of the second group say what
must be there, and veto where it is not (`starts_sentence`, `first_person`, …).
"""

import re
from collections.abc import Callable
from functools import lru_cache

Guard = Callable[[str, str, slice, str], bool]

_NEGATION = re.compile(
    r"\b(?:not|never|no|without|cannot|neither|nor|hardly|isn|doesn|don|didn|won|wasn|aren|couldn|wouldn|shouldn)\b"
    r"(?:['’]t)?(?:\s+[\w'’-]+){0,3}\s*$"
    r"|\b(?:can|won|don|isn)['’]t(?:\s+[\w'’-]+){0,3}\s*$"
    r"|\bno (?:need|reason|way|point)\b[^,.;:]*$",
    re.IGNORECASE,
)
_A_QUOTE = re.compile(r"[“«「『‘\"]")
_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|「[^」]*」|『[^』]*』|‘[^’]*’|\"[^\"]*\"")
_SOMEBODY = re.compile(
    r"\b(?:users?|students?|teachers?|author|authors|friend|person|people|they|he|she|his|her|their|someone|somebody"
    r"|question|problem|statement|textbook|clerk|cashier"
    r"|(?!(?:It|That|There|Here|What|Let|This|Where|Who|How|So|Now)['’]s)[A-Z][a-z]+['’]s)\b",
)
_OWN = re.compile(r"\b(?:i|my|me|we|our|us|mine|i['’]m|i['’]ve|let['’]?s)\b", re.IGNORECASE)
_CONDITION = re.compile(r"\b(?:if|unless|whether|would|could|might|in case|suppose|assuming|were)\b", re.IGNORECASE)
_HEDGE = re.compile(r"\b(?:maybe|perhaps|possibly|might|may|could|probably|suspect|wonder|did)\b", re.IGNORECASE)
_ANNOUNCEMENT = re.compile(
    r"\b(?:let['’]?s|let (?:me|us)|(?:i|we)['’]ll|will|shall|(?:am|are|is|['’]m|['’]re) going to|should|must"
    r"|(?:need|needs|want|have|has|plan|try|ought) to|remember to)\b[^.;:!?]*$",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:you (?:should|can|could|may|might|must|need|will|have)|(?:please|always|remember|make sure|be sure))\b", re.I
)
_INLINE_CODE = re.compile(r"(`{1,9})(?!`).{1,400}?(?<!`)\1(?!`)", re.DOTALL)
_INLINE_MATH = re.compile(
    r"\$(?=\S)[^$\n]+?(?<=\S)\$(?!\d)|\\\(.{1,400}?\\\)|\\\[.{1,400}?\\\]|\$\$.{1,400}?\$\$", re.DOTALL
)
_LATEX_TEXT = re.compile(r"\\(?:text|textbf|mathrm|operatorname|mbox)\{[^{}]*\}")
_COMPUTED = re.compile(
    r"\d\W{0,3}(?:[-+*/×·÷^−]|\\times|\\cdot|choose|plus|minus|times|by)\W{0,3}\d[^=≈?]{0,60}(?:=|≈|\\approx|\bis\b|\bgives\b)\s*\S"
    r"|[=≈]\s*\$?-?[\d.,]+\W*$|[=≈][^=≈]+[=≈]"
)
_LEAD = re.compile(
    r"[\s*_#>\"'“‘(\[]*(?:(?:[-+•]|\(?(?:\d{1,3}|[A-Za-z])[.)]|(?:Step|Case|Part) \d+[.:])\s+)?[\s*_\"'“‘(\[]*"
)
_HEADING = re.compile(r"\s*(?:#{1,6}\s|\*\*[^*]+\*\*:?\s*$|__[^_]+__:?\s*$)")
_CLAUSE_EDGE = re.compile(r"[,;:—]\s|\s[-–]\s")
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_MOST_WORDS_OF_A_SHORT_ONE = 8
_ECHO_WORDS = 3  # around the hit


def negation(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit that is denied: at most three words after a negation, in the same clause."""
    return bool(_NEGATION.search(_clause_before(segment, hit)))


def quotation(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit inside quotation marks, straight or paired."""
    return bool(_A_QUOTE.search(segment)) and _inside(_QUOTED, segment, hit)


def prompt_echo(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit that stands in the prompt with three neighboring words: the model repeats its question."""
    if not prompt:
        return False
    asked, echo = spaced_words(prompt), echo_of(segment, hit)
    if not echo or echo not in asked:
        return False
    words = _words(segment[hit])
    before, after = _words(segment[: hit.start]), _words(segment[hit.stop :])
    for taken in range(_ECHO_WORDS + 1):
        left, right = before[max(0, len(before) - taken) :], after[: _ECHO_WORDS - taken]
        if len(left) + len(right) == _ECHO_WORDS and f" {' '.join([*left, *words, *right])} " in asked:
            return True
    return False


def others_mistake(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit about somebody else's doing: a user, a student, a name with 's, and no I or we up to the hit's end."""
    before = segment[: hit.start]
    return bool(_SOMEBODY.search(before) or _SOMEBODY.match(segment[hit])) and not _OWN.search(segment[: hit.stop])


def conditional(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit under an if, a whether or a would in the same clause."""
    return bool(_CONDITION.search(_clause_before(segment, hit)))


def hedged(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit that is only thought possible: after a maybe, perhaps or might in the same clause, or inside it."""
    return bool(_HEDGE.search(_clause_before(segment, hit) + segment[hit]))


def announcement(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit that is only announced: after let's, will, should, need to, in the same clause."""
    return bool(_ANNOUNCEMENT.search(_clause_before(segment, hit)))


def advice(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit in advice to a reader: you should, make sure, always, please."""
    return bool(_ADVICE.search(segment[: hit.stop]))


def in_question(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit in a segment that ends as a question."""
    return _ends_with_question_mark(segment)


def computed(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit in a segment that carries a computation out: 3 * 4 = 12, or a chain of equations."""
    return bool(_COMPUTED.search(segment))


def in_code(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit inside inline code."""
    return "`" in segment and _inside(_INLINE_CODE, segment, hit)


def in_math(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit inside inline math or the text command of a formula."""
    return ("$" in segment or "\\" in segment) and (
        _inside(_INLINE_MATH, segment, hit) or _inside(_LATEX_TEXT, segment, hit)
    )


def in_heading(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto a hit in a heading."""
    return bool(_HEADING.match(segment))


def starts_sentence(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto unless the hit opens its segment; a list marker, bold stars and quotation marks may stand before it."""
    lead = _LEAD.match(segment)
    return bool(lead is None or hit.start > lead.end())


def ends_sentence(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto unless nothing but punctuation follows the hit."""
    return any(letter.isalnum() for letter in segment[hit.stop :])


def question(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto unless the segment ends as a question."""
    return not _ends_with_question_mark(segment)


def first_person(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto unless I, we or let's stands in the segment."""
    return not _OWN.search(segment)


def short(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto unless the segment has at most eight words."""
    return len(_WORD.findall(segment)) > _MOST_WORDS_OF_A_SHORT_ONE


def after_something(segment: str, previous: str, hit: slice, prompt: str) -> bool:
    """Veto unless a segment stands before: what opens a response looks back at nothing."""
    return not previous.strip()


GUARDS: dict[str, Guard] = {
    guard.__name__: guard
    for guard in (
        negation,
        quotation,
        prompt_echo,
        others_mistake,
        conditional,
        hedged,
        announcement,
        advice,
        in_question,
        computed,
        in_code,
        in_math,
        in_heading,
        starts_sentence,
        ends_sentence,
        question,
        first_person,
        short,
        after_something,
    )
}

READ_CONTEXT = frozenset({"prompt_echo", "after_something"})  # they look beyond the segment


def _clause_before(segment: str, hit: slice) -> str:
    """Return what stands before the hit since the last comma, semicolon, colon or dash."""
    return _CLAUSE_EDGE.split(segment[: hit.start])[-1]


def _inside(pattern: re.Pattern[str], segment: str, hit: slice) -> bool:
    return any(found.start() <= hit.start and hit.stop <= found.end() for found in pattern.finditer(segment))


def _ends_with_question_mark(segment: str) -> bool:
    return segment.rstrip().rstrip("\"'”’)*_").endswith(("?", "？"))


def echo_of(segment: str, hit: slice) -> str:
    """Return the word of a hit without which a prompt holds no echo of it, between spaces; empty where it has none."""
    first = _WORD.search(segment, hit.start, hit.stop)
    return f" {first[0].casefold()} " if first else ""


@lru_cache(maxsize=256)
def spaced_words(prompt: str) -> str:
    """Return the words of a prompt with a space before and after each."""
    return f" {' '.join(_words(prompt))} "


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
