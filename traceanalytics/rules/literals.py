"""Literals in many texts: one automaton (Aho and Corasick), a table look-up a byte, whatever their number."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from traceanalytics.compiled import compiled
from traceanalytics.rules.texts import buffer_of

if TYPE_CHECKING:
    import pyarrow

BEGINS_LINE = 1  # the state in which a text begins, and that after a line break


class Automaton(NamedTuple):
    """What to do at each byte; letters count in any size."""

    moves: NDArray[np.uint16]  # (state, byte) to state
    outputs: NDArray[np.int64]  # the flags of what ends in a state


def automaton(literals: Iterable[tuple[str, int]], *, leads: str = "") -> Automaton:
    r"""Build the automaton of small literals and their flags; one after `\n` begins a line, behind any `leads`."""
    children: list[dict[int, int]] = [{ord("\n"): BEGINS_LINE}, {}]
    outputs = [0, 0]
    for literal, flag in literals:
        state = 0
        for byte in literal.encode():
            if byte not in children[state]:
                children[state][byte] = len(children)
                children.append({})
                outputs.append(0)
            state = children[state][byte]
        outputs[state] |= flag
    moves = np.zeros((len(children), 256), np.uint16)
    queue = deque([(0, 0)])
    while queue:
        state, fallback = queue.popleft()
        if state:
            moves[state] = moves[fallback]
            outputs[state] |= outputs[fallback]
        for byte, child in children[state].items():
            queue.append((child, int(moves[fallback, byte]) if state else 0))
        for byte, child in children[state].items():
            moves[state, byte] = child
    moves[BEGINS_LINE, [ord(sign) for sign in leads]] = BEGINS_LINE
    moves[:, ord("A") : ord("Z") + 1] = moves[:, ord("a") : ord("z") + 1]
    return Automaton(moves, np.array(outputs, np.int64))


def hold_any(texts: "pyarrow.LargeStringArray", literals: Automaton) -> NDArray[np.bool_]:
    """Say which texts hold one of the literals.

    >>> from traceanalytics.rules.texts import column_of
    >>> hold_any(column_of(["Rerun it", "## Q 2", "a Q"]), automaton([("run", 1), ("\\nq", 1)], leads="# ")).tolist()
    [True, True, False]
    """
    found = np.zeros(len(texts), np.bool_)
    _find(*buffer_of(texts), *literals, found)
    return found


@compiled
def _find(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    moves: NDArray[np.uint16],
    outputs: NDArray[np.int64],
    found: NDArray[np.bool_],
) -> None:
    for row in range(len(found)):
        state = BEGINS_LINE
        for byte in data[offsets[row] : offsets[row + 1]]:
            state = moves[state, byte]
            if outputs[state] != 0:
                found[row] = True
                break
