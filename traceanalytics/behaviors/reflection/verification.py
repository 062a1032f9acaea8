"""Verification: checking a result, step, assumption or reading that is already there."""

from traceanalytics.types import Behavior, Cue, Example, Family

_NOW = (
    r"(?:\blet(?:['’]?s| me| us)|\b(?:i|we)(?:['’]ll|['’]d (?:better|like to|want to)| will| should| must| shall| can"
    r"| could| had better| (?:want|need|have|ought|would like) to)|\b(?:need|want|have|try|good|wise|worth) (?:to )?"
    r"|\b(?:to|should|must|better)|^\W{0,9}(?:wait|but|just|hmm+)\W{0,9})(?: ?(?:just|also|now|quickly|briefly"
    r"|at least|carefully|explicitly|still|really|actually|again|therefore)){0,2}"
)
_WHAT = (
    r"(?: (?:it|this|that|these|those|again|once|twice|both|each|all|my|our|the|everything|if|whether|with|by|against"
    r"|using|another|numerically|for (?:errors?|mistakes?|consistency))\b|[.:!?…,]|\s{0,9}$)"
)
_STEP = r"(?:check|verify|confirm|comput|calculat|count|read|look|go|run|add|sum|multipl|expand|deriv|work|walk|see)"
_RESULT = r"=\s{0,9}-?\$?[\d\\(][^=]*"  # what an equation comes to, and the words after it
_OWN = ("quotation", "negation", "others_mistake")
_OWN_NOT_ADVICE = (*_OWN, "advice")

verification = Behavior(
    name="verification",
    family=Family.REFLECTION,
    definition=(
        "Opens or performs a check of a result, step, assumption or reading that is already there: puts a value back "
        "into what it must satisfy, computes something known a second time, tests a claim on an instance, asks whether "
        "an own step really holds. The check may carry no telling word at all: a sum done again that lands on the "
        "number found before is one. The attribute `announced_only` is true where the segment only says that a check "
        "will come and does not begin it."
    ),
    border=(
        "The bare verdict ('Correct.') is `confirmation`; a segment that checks and judges shows both. Announcing the "
        "next computation is `planning`; announcing a second look at an earlier one is verification. Going for the "
        "first time through what the task asks to check or verify is neither."
    ),
    attributes=("announced_only",),
    cues=(
        Cue(
            "check",
            confirm=rf"{_NOW} ?(?:re-?|double[- ]?|cross[- ]?|triple[- ]?|sanity[- ])?check\b{_WHAT}",
            guards=_OWN_NOT_ADVICE,
        ),
        Cue(
            "check",
            confirm=(
                r"\b(?:double|triple|cross|sanity)[- ]?check(?:ing|s|ed)?\b|\bre-?check(?:ing)?\b"
                r"|\bquick (?:\w+ )?check\b|\bas an? (?:\w+ )?check\b|^\W{0,9}checking(?: (?:this|that|with|by|it)\b"
                r"|:)|^\W{0,9}checking (?:the|my|our) (?:answer|result|solution|work|value)\b|^\W{0,9}(?:so |and "
                r"|now,? |then )?check(?: (?:again|this|that|it|my|whether|with|by|against)\b|\W{0,9}[:.])"
            ),
            guards=_OWN_NOT_ADVICE,
        ),
        Cue(
            "verif",
            confirm=(
                rf"{_NOW} ?(?:re-?|cross-?)?verify\b"
                r"(?! that(?! (?:by|with|using|again|first|once|now|too)\b|[.,;:!…]|$))"
                r"(?! the (?:given |stated )?(?:identity|inequality|claim))"
                r"|^\W{0,9}(?:quick )?verif(?:ication|ying)\s{0,9}:|\bas a (?:quick )?verification\b"
            ),
            guards=_OWN_NOT_ADVICE,
        ),
        Cue("confirm", confirm=rf"{_NOW} ?confirm\b(?! the (?:given )?identity)", guards=_OWN_NOT_ADVICE),
        Cue("sure", confirm=rf"{_NOW} ?(?:make|be)(?: \w+ly)? sure\b(?! (?:i|we) understand)", guards=_OWN),
        Cue("ensure", confirm=r"\b(?:but|wait|just)\b[^.:]{0,25}\bto ensure\b", guards=_OWN),
        *Cue.each("to be certain | just to be thorough | on the safe side | sanity test | sanity check", guards=_OWN),
        *Cue.each(
            "again | once more | one more time | one last time | a second time",
            confirm=(r"\b(?:let(?:['’]?s| me| us)|i['’]ll)\b[^.!?]{0,20}\b" + _STEP + r"[^.!?]{0,50}\bLITERAL\b"),
        ),
        *Cue.each(
            "recomput | recalculat | recount | reread | re-read | retrace | re-examin | reexamin",
            confirm=rf"{_NOW} ?LITERAL|^\W{{0,9}}(?:quick )?LITERAL",
            guards=(*_OWN_NOT_ADVICE, "after_something"),
        ),
        *Cue.each(
            "look over | go over | go back over | look back at | revisit | run through",
            confirm=rf"{_NOW} ?LITERAL\b",
            guards=_OWN,
        ),
        Cue("test", confirm=rf"{_NOW} ?(?:re)?test (?:this|it|that|the (?:answer|result|formula|claim|solution))\b"),
        *Cue.each(
            "plug | substitut | put",
            confirm=r"\bLITERAL[^.:=]{0,50}\b(?:back|original)\b[^=]{0,80}" + _RESULT,
        ),
        Cue(
            "back",
            confirm=(
                r"^\W{0,9}(?:(?:plugging|putting|substituting)(?: \S+){0,2} back(?: in)?"
                r"|back[- ]?substitution)\s{0,9}[:,]"
            ),
        ),
        Cue("original equation", confirm=r"\b(?:check|satisf|holds?)[^.]{0,40} original equation"),
        *Cue.each(
            "always true | always the case | really true | justified | legitimate | allowed",
            confirm=r"\b(?:is|are) (?:this|that|it|they) (?:really |actually )?LITERAL\b",
            guards=("question",),
        ),
        *Cue.each(
            "really | truly | actually",
            confirm=(
                r"^\W{0,9}(?:(?:but|wait|hmm+|so|and|now)\W{1,9}){0,2}(?:is|are|was|were|do|does|did|can"
                r"|could) (?!that|this|it\b)[^?]{3,60} LITERAL [^?]{3,}\?"
            ),
            guards=("question", "after_something"),
        ),
        *Cue.each(
            "did i | did we",
            confirm=r"\bLITERAL (?:\w+ )?(?:miss|forget|skip|overlook|drop|include|copy|misread|double|make|use)\b",
            guards=("question",),
        ),
        *Cue.each(
            "does this | does that | does it",
            confirm=r"\bLITERAL (?:really |actually |all )?(?:hold|work|satisfy|make sense|fit|agree|match|add up)",
            guards=("question",),
        ),
        Cue("✓", confirm=r"=[^=✓]*✓"),
        *Cue.each(
            "as expected | as required | as it should | as claimed | consistent | in agreement",
            confirm=rf"{_RESULT}\bLITERAL",
            guards=("negation",),
        ),
        *Cue.each(
            "matches | agrees | fits | checks | equals the | is what",
            confirm=rf"{_RESULT}\b(?:which|this|that|and it|it) (?:indeed )?LITERAL",
            guards=("negation",),
        ),
        Cue(
            "indeed",
            confirm=rf"^\W{{0,9}}(?:so |and )?indeed,?\W{{0,9}}\d[^.]*{_RESULT}|{_RESULT}\bindeed\W{{0,9}}$",
            guards=("after_something",),
        ),
        Cue("again", confirm=rf"{_RESULT} again\W{{0,9}}$", guards=("after_something",)),
    ),
    shows=(
        "Let me double-check that.",
        "Let me verify that.",
        "Wait, let me verify the count with a smaller board first.",
        "Substituting x = 4 back into the equation: 3*4 + 5 = 17, as required.",
        "Quick sanity check on the units: metres over seconds, good.",
        "Did I forget the pair (1, 12)?",
        "I should make sure that the second root isn't extraneous.",
        "But does this hold for n = 2 as well?",
        "To be on the safe side I go over the table once more.",
        "7·23 = 161 ✓",
        Example("Let me recompute the last sum: 14 + 27 + 9 = 50.", previous="The total is 50."),
        Example("By rows: 4 + 4 + 4 = 12 again.", previous="Counting by columns gives 3 * 4 = 12."),
    ),
    shows_not=(
        "Check which of these numbers are prime.",  # the task
        "Next, check for common factors in numerator and denominator.",  # a step to come
        "We verify the identity by starting from its left side.",  # the task again
        "We have to verify that the sum of two even numbers is even.",  # and again
        "Her checking account pays 2% a year.",
        "A checkerboard coloring settles the parity.",
        "Always double-check your units before an exam.",  # advice to a reader
        "There is no need to verify the remaining cases.",
        "The clerk checks both boxes twice a day.",  # somebody in the problem
        "Correct.",  # a bare verdict
    ),
)
