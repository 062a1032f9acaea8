"""Arrays of a saved model, read with suspicion: what a file says of itself is checked before memory is given to it."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from traceanalytics.errors import BadModel

_LONGEST_HEADER = 4096


def read_arrays(path: Path, wanted: Mapping[str, tuple[tuple[int, ...], DTypeLike]]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an .npz file; a file that holds others, or of another shape or type, is refused."""
    try:
        with ZipFile(path) as file:
            names = {f"{name}.npy" for name in wanted}
            if set(file.namelist()) != names or len(file.namelist()) != len(names):
                held = ", ".join(sorted(file.namelist())[:8]) or "nothing"
                raise ValueError(f"it holds {held[:200]} where {', '.join(sorted(names))} is right")
            return {name: _read(file, name, shape, np.dtype(kind)) for name, (shape, kind) in wanted.items()}
    except (OSError, ValueError, EOFError, BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise BadModel(f"{path}: no weights: {' '.join(str(error).split())}; train the model again") from error


def _read(file: ZipFile, name: str, shape: tuple[int, ...], kind: "np.dtype[Any]") -> NDArray[Any]:
    with file.open(f"{name}.npy") as stream:
        version = npy.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"{name!r} is in format {version} where (1, 0) is right")
        found_shape, by_columns, found_kind = npy.read_array_header_1_0(stream, max_header_size=_LONGEST_HEADER)
        if found_shape != shape or found_kind != kind or (by_columns and len(shape) > 1):
            order = " by columns" if by_columns and len(shape) > 1 else ""
            raise ValueError(f"{name!r} is {found_kind}{list(found_shape)}{order} where {kind}{list(shape)} is right")
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        content = stream.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{name!r} holds {len(content)} bytes where {size} is right")
    array = np.frombuffer(content, dtype=kind).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError(f"{name!r} holds what is no number, NaN or infinity")
    return array
