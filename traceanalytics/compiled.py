"""One decorator for the small kernels: numba where it has a wheel, the same function uncompiled elsewhere.

Decorating imports numba, so a module of kernels is imported inside the function that runs them.
"""

import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TypeVar

Kernel = TypeVar("Kernel", bound=Callable[..., object])

COMPILING = "compiling the kernels of this step, once on this machine and for this version: up to a minute"
_waiting: list[Callable[[str], None]] = []  # who is to be told when this process compiles for the first time
_told: list[str] = []  # what was told in this process, or in the one that it was forked from


def compiled(kernel: Kernel) -> Kernel:
    """Compile a kernel at its first call, cached on disk, run without the interpreter lock."""
    try:
        from numba import njit
    except ImportError:
        from numpy import errstate

        return errstate(over="ignore")(kernel)  # what is compiled wraps around in silence too
    _watch_for_compiling()
    _settle_that_scipy_multiplies()
    machine = njit(cache=True, nogil=True)(kernel)
    machine._cache._cache_file._source_stamp = _digest_of(_files_behind(kernel))
    return machine  # type: ignore[no-any-return]


def folder_of(kernel: Callable[..., object]) -> Path | None:
    """Return the folder that keeps a compiled kernel; None where nothing is compiled."""
    return Path(kernel.stats.cache_path) if hasattr(kernel, "stats") else None


def tell_of_compiling(say: Callable[[str], None]) -> None:
    """Have `say` told once when kernels are compiled in this process, as nothing else is seen of it for a while.

    A process that was forked from one that has told it tells it no more.
    """
    if not _told:
        _waiting[:] = [say]


@cache
def _watch_for_compiling() -> None:
    from numba.core import event

    class Watcher(event.Listener):  # type: ignore[misc]  # numba is untyped here
        def on_start(self, event: object) -> None:
            if _waiting:
                _told.append(COMPILING)
                _waiting.pop()(COMPILING)

        def on_end(self, event: object) -> None:
            pass

    event.register("numba:compile", Watcher())


@cache
def _settle_that_scipy_multiplies() -> None:
    """Keep numba from loading scipy's linear algebra to see whether it is there: no kernel of ours multiplies matrices.

    One that does, of somebody else in this process, loads it then.
    """
    asked = "scipy.linalg.cython_blas"
    if asked not in sys.modules:
        sys.modules[asked] = ModuleType(asked)
        try:
            import numba.np.arraymath  # noqa: F401  # asks, once a process
        finally:
            sys.modules.pop(asked, None)


def inner(part: Kernel) -> Kernel:
    """Compile a function that only kernels call: no door from Python, no cache of its own, no arrays made inside.

    Without numba's counting of references a call costs half as much.
    """
    try:
        from numba import njit
    except ImportError:
        return part
    return njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)(part)  # type: ignore[no-any-return]


def _files_behind(kernel: Callable[..., object]) -> set[str]:
    """Return the files of all kernels that one may call; numba itself would watch the first file alone."""
    from numba.extending import is_jitted

    files: set[str] = set()
    waiting = [kernel.__globals__]
    while waiting:
        module = waiting.pop()
        if module["__file__"] not in files:
            files.add(module["__file__"])
            waiting += [value.py_func.__globals__ for value in module.values() if is_jitted(value)]
    return files


def _digest_of(files: set[str]) -> str:
    return sha256(b"\0".join(Path(file).read_bytes() for file in sorted(files))).hexdigest()
