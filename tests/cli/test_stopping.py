"""Ctrl-C, and errors of the machine: one line, an exit code, no traceback."""

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest
import typer

from traceanalytics import cli

INTERRUPTED_WHILE_LOADING = """
import signal, sys

class Interrupting:
    def find_spec(name, path, target=None):
        if name == sys.argv[1]:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting)
from traceanalytics.__main__ import main
main()
"""


def stopped_by(error: BaseException | None) -> Callable[[], None]:
    """Return a command line that meets Ctrl-C, and ends as libraries make it end."""

    def app(**options: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            if error is not None:
                raise error from None
            raise

    return app


@pytest.fixture(autouse=True)
def _handler() -> object:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("error", [None, typer.Abort(), RuntimeError("Query interrupted")], ids=repr)
def test_ctrl_c_ends_in_one_line(
    error: BaseException | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "app", stopped_by(error))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "stopped; what is stored stays, and the same command goes on from there\n"


def test_ctrl_c_that_a_command_never_sees_ends_in_the_same_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = typer.Typer()
    command.command()(lambda: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(cli, "app", command)
    monkeypatch.setattr(sys, "argv", ["ta"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "stopped; what is stored stays, and the same command goes on from there\n"


def test_a_server_that_ends_by_ctrl_c_has_done_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def app(**options: object) -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0


def test_an_error_of_the_machine_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def app(**options: object) -> None:
        raise OSError(28, "No space left on device", "traces.duckdb")

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().err) == (2, "traces.duckdb: No space left on device\n")


def test_a_bug_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def app(**options: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(RuntimeError, match="ours"):
        cli.main()


@pytest.mark.parametrize("module", ["traceanalytics.cli", "typer", "traceanalytics.cli.ingest"])
def test_ctrl_c_while_the_commands_load_ends_without_a_word(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_LOADING, module], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
