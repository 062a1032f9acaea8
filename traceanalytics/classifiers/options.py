"""What can be chosen of a kind when it is trained: fields of a dataclass, read from words such as `--fine-tune`."""

from collections.abc import Sequence
from dataclasses import Field, field, fields
from typing import Any, TypeVar, get_args, get_type_hints

from traceanalytics.errors import BadInput, UnknownName

Options = TypeVar("Options")


def option(default: Any, about: str) -> Any:
    """Declare one option with its default and the line that explains it."""
    return field(default=default, metadata={"about": about})


def options_of(options_type: type[Any]) -> list[dict[str, str]]:
    """Return what can be chosen, as it is written on the command line, with its default and what it is."""
    return [
        {
            "name": _written(each.name),
            "default": "off" if each.default is False else str(each.default),
            "about": each.metadata["about"],
        }
        for each in _fields(options_type)
    ]


def read_options(kind: str, options_type: type[Options], words: Sequence[str]) -> tuple[Options, list[str]]:
    """Read `--name VALUE` and `--name=VALUE`, `--name` and `--no-name` where a field is true or false.

    Returns the options, and the words that belong to none.
    """
    known = {_written(each.name).removeprefix("--"): each for each in _fields(options_type)}
    types = get_type_hints(options_type)
    given: dict[str, Any] = {}
    rest, others = list(words), []
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            others.append(word)
            continue
        name, has_value, value = word.partition("=")
        plain = name.removeprefix("--")
        negated = plain.startswith("no-") and plain not in known
        each = known.get(plain.removeprefix("no-") if negated else plain)
        if each is None:
            raise UnknownName(f"option of {kind}", name, [f"--{known_name}" for known_name in known])
        if types[each.name] is bool:
            if has_value:
                raise BadInput(f"{name} takes no value; {value!r} was given")
            given[each.name] = not negated
            continue
        if not has_value and not rest:
            raise BadInput(f"{name} needs a value: {each.metadata['about']}")
        given[each.name] = _converted(name, value if has_value else rest.pop(0), types[each.name])
    return options_type(**given), others


def _written(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _fields(options_type: Any) -> tuple[Field[Any], ...]:
    return fields(options_type)


def _converted(name: str, value: str, wanted: Any) -> Any:
    try:
        return next(each for each in (*get_args(wanted), wanted) if each in (int, float, str))(value)
    except ValueError as error:
        kind = "a whole number" if wanted is int else "a number"
        raise BadInput(f"{name} is {value!r}; it must be {kind}") from error
