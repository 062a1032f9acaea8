import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from traceanalytics.errors import StoreHeld
from traceanalytics.store import store as store_module
from traceanalytics.store import turnstile
from traceanalytics.store.store import Store

ROOT = Path(__file__).resolve().parents[2]


HOLD = (
    "import sys; from pathlib import Path; from traceanalytics.store import turnstile\n"
    "with turnstile.{mode}(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
)


@contextmanager
def held(path: Path, mode: str) -> Iterator["subprocess.Popen[str]"]:
    """Hold a store in another process until it is told to let go, or killed."""
    command = [sys.executable, "-c", HOLD.format(mode=mode), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "in\n"
        yield holder


def test_a_writer_among_readers_gets_its_turn_and_nobody_is_refused() -> None:
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "concurrency.py"),
        "--seconds",
        "1",
        "--readers",
        "3",
        "--json",
    ]
    met = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert met["refused"] == []
    assert met["appends"] >= 1
    assert met["reads"] >= 1


def test_readers_share_and_a_writer_waits_for_them(tmp_path: Path) -> None:
    path, wrote = tmp_path / "traces.duckdb", threading.Event()

    def write() -> None:
        with turnstile.writing(path):
            wrote.set()

    with turnstile.writing(path):
        pass
    writer = threading.Thread(target=write)
    with held(path, "reading") as reader:
        with turnstile.reading(path):
            pass
        writer.start()
        assert not wrote.wait(0.3)
        reader.communicate("")
        assert wrote.wait(60)
    writer.join()


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "traces.duckdb"
    with held(path, "writing") as holder:
        holder.kill()
    with turnstile.writing(path):
        pass


def test_a_lock_that_its_maker_removed_is_made_anew(tmp_path: Path) -> None:
    path, wrote = tmp_path / "traces.duckdb", threading.Event()

    def write() -> None:
        with turnstile.writing(path):
            wrote.set()

    writer = threading.Thread(target=write)
    with pytest.raises(ZeroDivisionError), turnstile.writing(path):
        writer.start()
        assert not wrote.wait(0.2)
        raise ZeroDivisionError
    writer.join(60)
    assert wrote.is_set()
    assert sorted(file.name for file in tmp_path.iterdir()) == [".traces.duckdb.room", ".traces.duckdb.turnstile"]


def test_a_foreign_program_that_holds_the_file_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writing():
        pass
    script = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('in', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", script, str(store.path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "in\n"
    monkeypatch.setattr(store_module, "PATIENCE_SECONDS", 0.1)
    try:
        with (
            pytest.raises(StoreHeld, match=f"is held by process {holder.pid}; close it there") as held,
            store.writing(),
        ):
            pass
        assert held.value.exit_code == 4
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
