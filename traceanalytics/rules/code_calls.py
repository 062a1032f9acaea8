"""Tool calls inside a response, and the code that they carry."""

import json
import re
from typing import NamedTuple


class Call(NamedTuple):
    """Where a call stands, and its code, or nothing."""

    start: int
    stop: int
    code: str


CALL_TAGS = (  # beside <|python_tag|>
    *("tool_call", "function_call", "code", "python", "execute", "executor", "code_interpreter", "ipython", "jupyter"),
)
_CALL = re.compile(
    rf"<({'|'.join(CALL_TAGS)})>(.*?)(?:</\1>|\Z)"
    r"|<\|python_tag\|>(.*?)(?=<\||\Z)",
    re.DOTALL,
)
_CODE_KEYS = ("code", "python", "script", "source", "cell", "program", "command", "input")
_LOOKS_LIKE_CODE = re.compile(
    r"[=(*+/]|\bprint\b|\bimport\b|\bdef\b|\bfor\b",
)


def calls_in(text: str) -> list[Call]:
    """Return the calls in a text, also those that carry no code."""
    return [
        Call(*found.span(), _code_in_call((found[2] if found[2] is not None else found[3]) or ""))
        for found in _CALL.finditer(text)
    ]


def without_calls(text: str) -> str:
    """Cut the calls out of a text."""
    return _CALL.sub("", text)


def _code_in_call(content: str) -> str:
    """Return the code of a call: the call itself, or the argument that holds it."""
    stripped = content.strip()
    if not stripped.startswith("{"):
        return stripped if _LOOKS_LIKE_CODE.search(stripped) else ""
    try:
        call = json.loads(stripped, strict=False)
    except ValueError:
        found = re.search(r'\\?"(?:code|script|source)\\?"\s*:\s*\\?"(.*)', stripped, re.DOTALL)
        return found[1].replace("\\n", "\n") if found else ""
    return _code_argument(call)


def _code_argument(call: object) -> str:
    if isinstance(call, str):
        try:
            return _code_argument(json.loads(call, strict=False)) if call.lstrip().startswith("{") else ""
        except ValueError:
            return ""
    if not isinstance(call, dict):
        return ""
    for key in _CODE_KEYS[:3]:
        if isinstance(call.get(key), str) and _LOOKS_LIKE_CODE.search(call[key]):
            return str(call[key])
    for key in ("arguments", "parameters", "function", "input", "args"):
        if code := _code_argument(call.get(key)):
            return code
    return ""
