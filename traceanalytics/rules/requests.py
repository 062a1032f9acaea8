"""Whether a prompt asks for a program: then the code in a response is the task, not a way to reason about it."""

import re
from collections.abc import Iterable

from traceanalytics.rules.columns import LETTERS_ALIKE, Columns

_LANGUAGE = (
    r"(?:python|java|c\+\+|cpp|c#|javascript|typescript|matlab|octave|sql|rust|golang|haskell|bash|sympy|numpy"
    r"|julia|lean)"
)
_THING = r"(?:code|program|script|function|method|class|solution|implementation|query|snippet|one-liner)s?"
_WRITE = (
    r"(?:write|implement|complete|code|develop|provide|give|generate|produce|finish|fix|debug|refactor|submit|create)"
)
_REQUESTS = re.compile(
    rf"\b{_WRITE}\b[^.\n?!]{{0,60}}?\b{_LANGUAGE}\b[^.\n?!]{{0,20}}?\b{_THING}\b"
    rf"|\b(?:{_WRITE}|show|add|run|make)\b[^.\n?!]{{0,60}}?\b(?:in|using|with) {_LANGUAGE}(?![\w+#])"
    rf"|\b(?:{_WRITE}|show|add|run) (?:me )?(?:a|some|the) (?:\w+ )?{_LANGUAGE}\b"
    rf"|\b(?:compute|calculate|solve|find|sort|count|evaluate|determine|do|check|answer)\b[^.\n?!]{{0,160}}?"
    rf" (?:in|with|using|via|by) (?:a (?:short |small |simple )?)?(?:{_LANGUAGE}|code|program|script)(?![\w+#-])"
    r"|\b(?:write|implement|complete|finish|fix|debug|refactor|submit)\b(?: \w+){0,3}?"
    r" (?:program|script|source code|code)s?\b(?! words?\b| numbers?\b)"
    r"|\b(?:write|implement|complete|define|fix) (?:a|an|the|this|your|one) (?:\w+ ){0,2}?function"
    r"(?=[ :`]*(?:called|named|`|\w+\("
    r"|that (?:takes|accepts|returns|receives|computes|checks|counts|finds|sorts|prints)|which (?:takes|accepts"
    r"|returns)"
    r"|to (?!model|represent|describe|express|show|give)\w+))"
    rf"|\b(?:use|using|with|via|solve [^.\n]{{0,40}}? in|run|by running) (?:the )?(?:{_LANGUAGE}(?:'s)?|code)(?: \w+)?"
    r"(?=\s|[.,:;)]|$)"
    r"|\b(?:code|python|bash|shell) (?:interpreter|tool|sandbox|environment|repl|executor)\b|\bexecute_(?:python"
    r"|code)\b"
    r"|\byou have (?:a|access to a) (?:\w+ )?(?:shell|terminal|interpreter|repl)\b|(?:^|[.] )simulate\b"
    r"|\buse the tool\b|(?:^|[.] )(?:bash|shell)(?: tool)?[.]|\breasoning with programs\b"
    r"|\bwrite code\b|\bwrite pseudo-?code\b|\bwrite `|\b(?:repository|repo|codebase)\b"
    r"|\byour (?:code|program|function|implementation)\b (?:should|must|will|here)"
    r"|\bfunction signature\b|\bstarter code\b|\bclass Solution\b|\bpass(?:es)? (?:all )?(?:the )?(?:unit )?tests\b"
    r"|\bfirst line of (?:the )?(?:standard )?input\b|\b(?:standard (?:input|output)|stdin|stdout)\b"
    r"|\b(?:coding|programming) (?:problem|challenge|task|question|competition)\b"
    r"|`[^`\n]*(?:\bdef |SELECT |\breturn |\bfor .* in |;\s*$|\(\))[^`\n]*`[^`]{0,200}\b(?:fix|bug|crash\w*|wrong"
    r"|fails?|why)\b"
    r"|\b(?:fix|correct|improve|debug|refactor)\b[^`\n]{0,40}`[^`\n]*(?:\bdef |SELECT |\breturn |\bfor .* in |\(\))",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"^[ \t]*(?:async )?def \w+\(.*\).*:\s*$(?:\n\s*(?:\"\"\"|'''|pass\b|#|\.\.\.)|\s*\Z)", re.MULTILINE
)
_DENIAL = re.compile(
    rf"\b(?:do not|don['’]t|must not|never|without|avoid|no need to|not allowed to|cannot|rather than|instead of)\b"
    rf"[^.\n;]{{0,40}}?\b(?:{_LANGUAGE}|code|coding|programs?|programming|calculators?|computers?|scripts?)\b[^.\n;]{{0,20}}",
    re.IGNORECASE,
)
_SHOWN = re.compile(r"```(?:python|py)\b", re.IGNORECASE)
_TURNS = re.compile(r"^(?:Question|Problem|Q|Example|### Question|\*\*Question)\b", re.MULTILINE)


_STEMS = (  # no request does without one of them
    *("`", "def ", "python", "java", "c++", "cpp", "c#", "typescript", "matlab", "octave", "sql", "rust", "golang"),
    *("haskell", "bash", "sympy", "numpy", "julia", "lean", "code", "coding", "program", "script", "function", "shell"),
    *(
        "terminal",
        "interpreter",
        "repl",
        "simulate",
        "use the tool",
        "repo",
        "implementation",
        "class solution",
        "test",
    ),
    *("input", "output", "stdin", "stdout"),
)
_ASKS = Columns(_REQUESTS)
_SIGNS = Columns(_SIGNATURE)
_DENIES = Columns(_DENIAL)


def which_ask_for_code(prompts: Iterable[str]) -> set[str]:
    """Return the prompts that ask for a program, offer a tool that runs one, or show solved examples made of them.

    >>> which_ask_for_code(["Write a Python function that returns the sum of a list.", "Do not write code."])
    {'Write a Python function that returns the sum of a list.'}
    """
    told = [prompt for prompt in prompts if _may_ask(prompt)]
    denied = _DENIES.found(told)
    asked = [_DENIAL.sub(" ", prompt) if denies else prompt for prompt, denies in zip(told, denied, strict=True)]
    verdicts = zip(told, _ASKS.found(asked), _SIGNS.found(asked), strict=True)
    return {prompt for prompt, asks, signs in verdicts if asks or signs or _shows_solved_by_code(prompt)}


def _may_ask(prompt: str) -> bool:
    folded = prompt.casefold()
    return any(stem in folded for stem in _STEMS) or any(letter in prompt for letter in LETTERS_ALIKE)


def _shows_solved_by_code(prompt: str) -> bool:
    return "```" in prompt and len(_SHOWN.findall(prompt)) > 1 and len(_TURNS.findall(prompt)) > 1
