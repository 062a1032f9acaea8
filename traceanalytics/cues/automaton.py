"""Literals to an automaton: the tables that the kernel walks."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Automaton:
    """The complete automaton of a set of literals; ASCII letters are folded, other characters are taken as they are."""

    classes: NDArray[np.uint8]  # of the 256 bytes: those that no literal holds share class 0
    moves: NDArray[np.int32]
    literal_at: NDArray[np.int32]
    shorter_at: NDArray[np.int32]


def build(literals: Sequence[str]) -> Automaton:
    """Build the automaton of distinct, lower-cased literals."""
    encoded = [literal.encode() for literal in literals]
    alphabet = sorted({byte for literal in encoded for byte in literal})
    classes = np.zeros(256, np.uint8)
    for number, byte in enumerate(alphabet, 1):
        classes[byte] = number
        if 97 <= byte <= 122:
            classes[byte - 32] = number
    children: list[dict[int, int]] = [{}]
    ends: list[int] = [-1]
    for number, literal in enumerate(encoded):
        state = 0
        for byte in literal:
            if classes[byte] not in children[state]:
                children[state][int(classes[byte])] = len(children)
                children.append({})
                ends.append(-1)
            state = children[state][int(classes[byte])]
        ends[state] = number
    moves, shorter = _completed(children, ends, len(alphabet) + 1)
    return Automaton(
        classes=classes,
        moves=moves,
        literal_at=np.array(ends, np.int32),
        shorter_at=shorter,
    )


def _completed(
    children: list[dict[int, int]], ends: list[int], width: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Turn the trie into a complete automaton, breadth first; say where each state's next shorter literal ends."""
    moves = np.zeros((len(children), width), np.int32)
    fallback = [0] * len(children)
    shorter = np.zeros(len(children), np.int32)
    waiting = deque([0])
    while waiting:
        state = waiting.popleft()
        if state:
            moves[state] = moves[fallback[state]]
            back = fallback[state]
            shorter[state] = back if ends[back] >= 0 else shorter[back]
        for symbol, child in children[state].items():
            fallback[child] = int(moves[state, symbol]) if state else 0
            moves[state, symbol] = child
            waiting.append(child)
    return moves, shorter
