"""The text buffer of a column as kernels read it, and bytes counted in code points."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow

CODE_WORDS = (
    *("python", "sympy", "numpy", "scipy", "matlab", "mathematica", "wolfram", "octave", "sage", "pari", "itertools"),
    *("code", "coding", " script", "program", "simulat", "brute", "computer", "loop", "interpreter", "snippet"),
    *("by machine", "pytest", "unit test", "compiler", "debugger", "notebook"),
)


def column_of(texts: Sequence[str]) -> "pyarrow.LargeStringArray":
    """Put texts into a column, as kernels and RE2 read them."""
    import pyarrow

    return pyarrow.array(texts, pyarrow.large_string())


def buffer_of(texts: "pyarrow.LargeStringArray") -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of all texts and where each begins; copies nothing."""
    _, offsets, data = texts.buffers()
    begins = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8), begins


def column_over(data: NDArray[np.uint8], begins: NDArray[np.int64]) -> "pyarrow.LargeStringArray":
    """Return texts as a column over their bytes, as kernels write them; copies nothing."""
    import pyarrow

    return pyarrow.LargeStringArray.from_buffers(len(begins) - 1, *map(pyarrow.py_buffer, (begins, data)))


def in_code_points(text: str, *places: int) -> list[int]:
    """Turn places counted in bytes of UTF-8 into places in the text.

    >>> in_code_points("é = 1", 2, 6)
    [1, 5]
    """
    if text.isascii():
        return [min(place, len(text)) for place in places]
    encoded = text.encode("utf-8", "surrogatepass")
    return [len(encoded[:place].decode("utf-8", "ignore")) for place in places]


def words(text: str) -> frozenset[str]:
    """Return the words of a text: for lists that read better as one."""
    return frozenset(text.split())
