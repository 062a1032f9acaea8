"""Which judgments teach and which only test: by hash, so that a judgment stays where it is when others are added."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

FROZEN_SHARE = 0.2


def fold_of(group: str, folds: int, *, salt: str = "fold") -> int:
    """Return the fold of a group; it depends on nothing but the group's own text."""
    return int.from_bytes(blake2b(f"{salt}\0{group}".encode("utf-8", "replace"), digest_size=8).digest()) % folds


def folds_of(groups: Sequence[str], folds: int) -> NDArray[np.int64]:
    """Return the fold of every row, rows of one group together."""
    return np.array([fold_of(group, folds) for group in groups], dtype=np.int64)


def folds_by_voice(voices: Sequence[str], groups: Sequence[str], folds: int) -> NDArray[np.int64]:
    """Return a fold for every voice where there are from `folds` to three times as many, else folds by group.

    Texts differ more from one voice to another than from prompt to prompt, as they do from labels to a user's run.
    """
    names, places = np.unique(np.array(voices, dtype=str), return_inverse=True)
    return places.astype(np.int64) if folds <= len(names) <= 3 * folds else folds_of(groups, folds)


def frozen_rows(groups: Sequence[str], *, share: float = FROZEN_SHARE) -> NDArray[np.bool_]:
    """Return which rows belong to the frozen part, that no model is ever fitted on."""
    return np.array([fold_of(group, 1000, salt="frozen") < share * 1000 for group in groups], dtype=np.bool_)


def tied_groups(groups: Sequence[str], pairs: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Give rows that `pairs` tie one group, with all of their groups: the one of the earliest row, so that it stays."""
    leader: dict[str, str] = {}

    def led_by(group: str) -> str:
        while group in leader:
            group = leader[group]
        return group

    first = {group: row for row, group in reversed(list(enumerate(groups)))}
    for one, other in pairs:
        earlier, later = sorted((led_by(groups[one]), led_by(groups[other])), key=first.__getitem__)
        if earlier != later:
            leader[later] = earlier
    return tuple(map(led_by, groups))


def fingerprints(groups: Sequence[str]) -> tuple[str, ...]:
    """Return a short hash of every distinct group, so that a card can say what a model has seen."""
    return tuple(sorted({fingerprint(group) for group in groups}))


def fingerprint(group: str) -> str:
    """Return a short hash of a group."""
    return blake2b(group.encode("utf-8", "replace"), digest_size=5).hexdigest()
