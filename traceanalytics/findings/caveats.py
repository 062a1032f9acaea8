"""Caveats of several runs or parts: what holds of many is said once, with the names of all of them."""

from collections.abc import Collection, Iterable

from traceanalytics.errors import listed

LEFT_OUT, MANY_LEFT_OUT = " is left out: ", " are left out: "


def said_once(caveats: Iterable[str], names: Collection[str]) -> list[str]:
    """Return what is said of several runs (or parts) in the same words once, with the names of all of them.

    >>> said_once(["a: no step 0", "one run", "b: no step 0", "one run"], ["a", "b"])
    ['a and b: no step 0', 'one run']
    >>> said_once(["a is left out: no grades", "b is left out: no grades"], ["a", "b"])
    ['a and b are left out: no grades']
    """
    of: dict[tuple[str, str], list[str]] = {}
    for caveat in caveats:
        name, how = _who(caveat, names)
        held = of.setdefault((how, caveat.removeprefix(name + how)), [])
        if name not in held:
            held.append(name)
    return [
        f"{listed(held)}{MANY_LEFT_OUT if how == LEFT_OUT and len(held) > 1 else how}{said}"
        for (how, said), held in of.items()
    ]


def _who(caveat: str, names: Collection[str]) -> tuple[str, str]:
    """Return of whom a caveat is said, and what stands between the name and what is said."""
    for name in sorted(names, key=len, reverse=True):
        for how in (": ", LEFT_OUT):
            if caveat.startswith(name + how):
                return name, how
    return "", ""
