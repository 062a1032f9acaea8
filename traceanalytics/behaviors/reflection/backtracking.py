"""Backtracking: leaving the current line of attack for another, aloud."""

from traceanalytics.types import Behavior, Cue, Example, Family

_WAY = (
    r"(?:approach(?:es)?|ways?|methods?|route|strateg(?:y|ies)|angle|idea|technique|path|tack|attempt|perspective"
    r"|track|line of (?:attack|thought|reasoning)|trick|argument|direction|interpretation|reading|plan|view)"
)
_WE = (
    r"(?:let(?:['’]?s| me| us)|(?:i|we)(?:['’]ll|['’]d| will| can| could| should| might| may| would| need to"
    r"| have to)?)"
)
_TURN = (
    r"(?:try|use|think|consider|work|go|look|do|count|compute|start|approach|set|write|take|apply|argue|solve|find"
    r"|express|redo|choose|pick|switch|turn|substitut\w+|factor|treat|read|multiply|integrate|differentiate|evaluate)"
)
_TOPIC = (
    r"(?:the|this|that|it|these|my|induction|coordinates?|substitution|calculus|recursion|simulation|brute force"
    r"|integration|algebra|symmetry)"
)
_DENIED = r"[^.]{0,20}(?:\b(?:not|never)\b|n['’]t\b)"
_OUTSIDE = ("quotation", "prompt_echo")
_OWN = (*_OUTSIDE, "others_mistake")

backtracking = Behavior(
    name="backtracking",
    family=Family.REFLECTION,
    definition=(
        "Leaves the current approach or reading for another one, returns to an earlier point, or proposes an "
        "alternative approach to replace the present one. Replacing a slip inside the same approach is "
        "`self_correction`, not this."
    ),
    border=(
        "`self_correction` repairs, backtracking leaves; a segment that finds its own fault and leaves shows both. "
        "`exploration` floats something tentative and is backtracking as well only where that replaces an approach "
        "under way. Listing the next case, contrasting ('on the other hand') and writing the same number in another "
        "form leave nothing."
    ),
    cues=(
        Cue(
            "alternatively",
            confirm=(
                r"(?<!could )(?<!can )(?<!may )(?<!might )(?<!one )\balternatively\b(?! (?:written|spelled|labell?ed"
                rf"|said|phrased|expressed|stated|put|read)\b)[^.!?:]{{0,60}}?\b(?:{_WE}|one (?:can|could|may)|{_TURN}"
                rf"|{_WAY}|using|with|via|by|from|problem|question|they|there['’]?s|think of)\b"
            ),
            guards=(*_OUTSIDE, "after_something"),
        ),
        Cue("alternative", confirm=rf"\balternative (?:\w+ )?{_WAY}\b", guards=_OUTSIDE),
        Cue(
            "another",
            confirm=rf"\banother (?:\w+ )?{_WAY}\b(?! (?:of writing|of saying|to (?:see|spell|say|write|put|state)))",
            guards=_OUTSIDE,
        ),
        Cue("different", confirm=rf"\bdifferent(?: \w+)? {_WAY}\b", guards=_OUTSIDE),
        Cue("differently", confirm=r"\b(?:think|approach|look|do|try|go)\b[^.]{0,30}\bdifferently\b", guards=_OUTSIDE),
        *Cue.each(
            "other approach | other method | other way | other idea | other route",
            confirm=r"\b(?:try|use|consider) (?:some |an |the )?LITERAL",
            guards=_OUTSIDE,
        ),
        *Cue.each("try something else | do something else | some other way", guards=_OUTSIDE),
        *Cue.each(
            "better | simpler | easier | smarter | cleverer | quicker | neater | cleaner",
            confirm=rf"\bLITERAL {_WAY}\b",
            guards=_OUTSIDE,
        ),
        Cue("better to", confirm=r"\b(?:maybe|perhaps|wait)\W[^.]{0,12}\bbetter to\b", guards=_OUTSIDE),
        Cue(
            "instead",
            confirm=(
                rf"(?:\b{_WE}|^\W{{0,9}}(?:(?:so|and|ok|okay|now|hmm|but"
                rf"|no)\W{{1,9}})?) ?(?:\w+ )?{_TURN}\b[^.?]*\binstead\b(?! of (?:\d|a \d))"
                rf"|^\W{{0,9}}instead,? (?:of \w+ing\b|{_WE} {_TURN})|[,;] ?[^,;]{{1,40}} instead\W{{0,9}}$"
            ),
            guards=_OWN,
        ),
        Cue("rather than", confirm=r"^\W{0,9}rather than (?:\w+ing|the)\b", guards=_OUTSIDE),
        Cue("rather", confirm=r"\b(?:i|we)(?:['’]d| would) rather (?!not|say|than)", guards=_OUTSIDE),
        *Cue.each("start over | start again", guards=(*_OWN, "negation")),
        Cue("restart", confirm=rf"\b{_WE} restart\b|^\W{{0,9}}restart\b|\bso restart\b", guards=_OUTSIDE),
        Cue("from scratch", confirm=rf"\b{_WE}\b[^.]{{0,40}}\bfrom scratch", guards=_OUTSIDE),
        *Cue.each(
            "scrap | drop | abandon | forget | discard | leave aside | give up on | give up | skip | ditch | set aside",
            confirm=(
                rf"(?:\b(?:{_WE}|to|and|better|rather|so)|^\W{{0,9}}(?:\w+\W{{1,9}})?|[,;] ?)\s{{0,9}}(?:just "
                rf"|therefore |instead |simply )?LITERAL {_TOPIC}\b(?! (?:in|into|from|to)\b)"
            ),
            guards=(*_OWN, "negation"),
        ),
        *Cue.each(
            "scrap | drop | abandon | forget | discard | ditch | leave",
            confirm=(
                r"^\W{0,9}(?:(?:ok|okay|so|fine|well|but|no|hmm|actually|then"
                r"|right)\W{1,9}){0,2}LITERAL (?:about )?(?:[A-Z]\w+|\w+(?:s|tion|us|ing|ry)\b)(?! (?:in|into|from"
                r"|to)\b)"
            ),
            guards=_OWN,
        ),
        *Cue.each(
            "switch to | return to | go back to | turn to | fall back | backtrack",
            confirm=rf"\b{_WE}\b(?!{_DENIED})[^.]{{0,20}}\bLITERAL\b",
            guards=_OWN,
        ),
        Cue(
            "back to",
            confirm=(
                r"(?:^\W{0,9}|[,;.] ?)(?:so |and |ok(?:ay)?,? |then |all right, )?(?:back|return|go back) to (?:the"
                r"|that|my|our|inclusion|\w+ing)\b"
            ),
            guards=_OUTSIDE,
        ),
        *Cue.each(
            "dead end | leads nowhere | going nowhere | getting nowhere | gets us nowhere | isn't leading anywhere"
            "| isn't working | is not working | doesn't seem to work | not going to work | won't work"
            "| on second thought | scratch that | never mind",
            guards=_OUTSIDE,
        ),
        Cue(
            "what about",
            confirm=r"\bwhat about (?:\w+ ){0,2}(?:\w+ing|approach|method|using)\b",
            guards=(*_OUTSIDE, "question", "after_something"),
        ),
        Cue(
            "what if",
            confirm=rf"\bwhat if {_WE} (?:instead )?(?:tr|us|consider|look|go|went|appl)",
            guards=(*_OUTSIDE, "after_something"),
        ),
        Cue("redo", confirm=rf"\b(?:{_WE}|so|and|better|just|do) redo\b|^\W{{0,9}}redo\b", guards=_OUTSIDE),
        Cue("rethink", confirm=rf"\b{_WE} (?:\w+ )?rethink\b", guards=_OUTSIDE),
        Cue("reconsider", confirm=rf"\b{_WE} (?:\w+ )?reconsider (?:the|my|our|this|how)\b", guards=_OUTSIDE),
    ),
    shows=(
        "This isn't working. Let me factor the left side instead.",
        "Hmm, induction gets messy. Try a different approach: count pairs.",
        Example(
            "Alternatively, maybe I can use the angle bisector here.", previous="So the cosine rule gives two unknowns."
        ),
        "Rather than expanding everything, substitute u = x + 1/x.",
        "Forget the coordinates, similar triangles are enough.",
        "That is a dead end.",
        "Okay, back to the original recurrence.",
        "On second thought, a parity argument does it in one line.",
        "There might be a smarter way: reflect the second half of the path.",
    ),
    shows_not=(
        "Let me try x = 3: 9 + 3 = 12, which matches.",  # tries a value, drops nothing
        "Wait, 7 * 8 is 56, not 54.",  # a slip, same approach
        Example("Alternatively written, the result is 0.125.", previous="So it is 1/8."),  # another form
        "On the other hand, the second factor is odd.",
        "However, multiples of 6 have been counted twice.",  # inclusion and exclusion
        "Now take the case that n is odd.",
        "She takes the bus instead of the train.",
        "Ben went back to the shop for another bag.",
        "I will not start over.",
        "We don't have to go back to the definition.",
    ),
)
