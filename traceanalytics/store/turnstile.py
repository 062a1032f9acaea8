"""Who may open the store's file: one writer or many readers, and no reader overtakes a waiting writer.

Two hidden lock files stand beside the store. A reader passes the turnstile and shares the room; a writer holds the
turnstile until the room is empty, so that a stream of readers cannot starve it. The kernel drops the locks of a killed
process. A writer that fails before there is a store takes the lock files with it, while it still holds them: who waits
for one finds it gone and makes it anew.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from traceanalytics.errors import BadInput


@contextmanager
def reading(store: Path) -> Iterator[None]:
    """Share the store with other readers."""
    with _locked(_lock_file(store, "turnstile"), fcntl.LOCK_SH):
        room = _lock(_lock_file(store, "room"), fcntl.LOCK_SH)
    try:
        yield
    finally:
        if room is not None:
            room.close()


@contextmanager
def writing(store: Path) -> Iterator[None]:
    """Have the store alone."""
    turnstile, room = _lock_file(store, "turnstile"), _lock_file(store, "room")
    with _locked(turnstile, fcntl.LOCK_EX), _locked(room, fcntl.LOCK_EX):
        try:
            yield
        except BaseException:
            if not store.exists():
                room.unlink(missing_ok=True)
                turnstile.unlink(missing_ok=True)
            raise


@contextmanager
def _locked(path: Path, mode: int) -> Iterator[None]:
    file = _lock(path, mode)
    try:
        yield
    finally:
        if file is not None:
            file.close()


def _lock(path: Path, mode: int) -> BinaryIO | None:
    """Wait for a lock; None for a reader where there is none, as then there is no writer to wait for."""
    while True:
        file = _open(path, mode)
        if file is None:
            return None
        fcntl.flock(file, mode)
        try:
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        file.close()  # whoever made it has removed it meanwhile


def _open(path: Path, mode: int) -> BinaryIO | None:
    """Open a lock file; only writers make it, so that looking at a file leaves nothing beside it."""
    if mode == fcntl.LOCK_SH:
        return path.open("rb") if path.exists() else None
    try:
        return path.open("ab")
    except OSError as error:
        store = path.with_name(path.stem.removeprefix("."))
        raise BadInput(f"{store}: no store can be written there: {error.strerror}") from error


def _lock_file(store: Path, name: str) -> Path:
    return store.with_name(f".{store.name}.{name}")
