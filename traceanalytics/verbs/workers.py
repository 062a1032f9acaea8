"""The processes that tag side by side: how they start, and how they end with the call that started them."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from multiprocessing import connection, forkserver, get_context, parent_process
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Event

from traceanalytics.compiled import tell_of_compiling
from traceanalytics.segments import make_batch
from traceanalytics.taggers import get_tagger

_CALLED_OFF: list[Event] = []  # in a worker: set when the call that started it has ended early


@contextmanager
def started_workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """Start worker processes; when the call breaks off, they finish only what they are at."""
    context = _starting()
    called_off, told = context.Event(), context.Event()
    arguments = (called_off, told)
    with ProcessPoolExecutor(count, mp_context=context, initializer=_start_worker, initargs=arguments) as pool:
        try:
            yield pool
        except BaseException:
            called_off.set()
            pool.shutdown(cancel_futures=True)
            raise


def start_loading() -> None:
    """Let the process that workers are forked from load while this one goes on; nothing waits for it here."""
    if _starting().get_start_method() == "forkserver":
        with interrupt_held_back():
            forkserver.ensure_running()


def _starting() -> BaseContext:
    """Say how workers start: on Linux forked from one process that has loaded what all of them need, else afresh."""
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["traceanalytics.verbs.loaded"])
    return context


@contextmanager
def interrupt_held_back() -> Iterator[None]:
    """Keep Ctrl-C for this process: a worker that starts here inherits that it is held back, and never sees it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def is_called_off() -> bool:
    """Say in a worker whether the call that started it has ended early."""
    return _CALLED_OFF[0].is_set()


def make_ready(tagger: str) -> None:
    """Load what tagging needs: as much work as some thousand rollouts are."""
    settle_that_no_frame_comes()
    get_tagger(tagger).find(make_batch([""]))


class _NoPandas(MetaPathFinder):
    """Finds pandas nowhere."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def settle_that_no_frame_comes() -> None:
    """Keep Arrow from loading pandas, where it is installed, to see whether its first array is made of a frame.

    Only a process of ours may settle that, a worker or a command; one that asks Arrow for a frame gets it all the same.
    """
    import pyarrow

    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, finder := _NoPandas())
        pyarrow.array([])
        sys.meta_path.remove(finder)


def say_aside(line: str) -> None:
    """Tell whoever waits, at a terminal or behind a pipe."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _start_worker(called_off: Event, told: Event) -> None:
    """End this worker with its parent, also when that is killed; of all workers one says that it compiles."""

    def say(line: str) -> None:
        if not told.is_set():
            told.set()
            say_aside(line)

    tell_of_compiling(say)
    _CALLED_OFF[:] = [called_off]
    at_end, end = connection.Pipe(duplex=False)
    watcher = threading.Thread(target=_end_with_parent, args=(at_end,), daemon=True)
    watcher.start()
    atexit.register(_stop_watching, end, watcher)


def _end_with_parent(at_end: connection.Connection) -> None:
    parent = parent_process()
    if parent is not None and at_end not in connection.wait([parent.sentinel, at_end]):
        os._exit(1)


def _stop_watching(end: connection.Connection, watcher: threading.Thread) -> None:
    """Let no thread outlive the worker: DuckDB would report what that one still holds as leaked."""
    end.close()
    watcher.join()
