"""The command line: a file a command, each a thin door to the verb of its name.

A module of this folder becomes a command when it defines a function of its own name, and a group of commands when it
defines `app`. `PANEL` names its heading in the help.
"""

import re
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from types import FrameType
from typing import Annotated

import typer
from typer.exceptions import TyperException

from traceanalytics import __version__
from traceanalytics.__main__ import STOPPED
from traceanalytics.cli.output import note
from traceanalytics.compiled import tell_of_compiling
from traceanalytics.errors import TraceAnalyticsError

app = typer.Typer(
    name="ta",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_CHOICE, _QUOTED = re.compile(r"'([^']*)' is not one of (.+)"), re.compile(r"'([^']*)'")
_NOT_COMMANDS = {"options", "output", "screen"}


def _add_commands() -> None:
    for info in iter_modules(__path__):
        if info.name in _NOT_COMMANDS:
            continue
        module = import_module(f"{__name__}.{info.name}")
        name = info.name.removesuffix("_").replace("_", "-")
        panel = getattr(module, "PANEL", None)
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, rich_help_panel=panel)
        else:
            command = getattr(module, "COMMAND", None)
            settings = getattr(module, "SETTINGS", None)
            does = getattr(module, info.name)
            whole = (does.__doc__ or "").partition("\n\n")[0]  # where none is given, the list of commands cuts it short
            app.command(name, cls=command, short_help=whole, rich_help_panel=panel, context_settings=settings)(does)


_add_commands()


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"traceanalytics {__version__}\n")
        raise typer.Exit


@app.callback()
def ta(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """See what a language model learns to do under reinforcement learning, and whether the reward caused it."""


def main() -> None:
    """Run a command; what its user could act on is said in one line, with the exit code of its kind."""
    tell_of_compiling(note)
    # outside of the handling of an error, which would keep what the error touched until Python itself has ended
    sys.exit(_run(_Interrupt()))


def _run(interrupt: "_Interrupt") -> int:
    try:
        code = app(standalone_mode=False) or 0
        return _stopped() if code == STOPPED else code
    except BaseException as error:
        if interrupt.came or isinstance(error, typer.Abort | KeyboardInterrupt):
            return _stopped()
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
            return 0
        if isinstance(error, TraceAnalyticsError):
            sys.stderr.write(f"{error}\n")
            return error.exit_code
        if isinstance(error, TyperException):
            sys.stderr.write(f"{_one_line(error)}\n")
            return TraceAnalyticsError.exit_code
        if isinstance(error, OSError) and error.strerror:
            where = f"{error.filename}: " if error.filename else ""
            sys.stderr.write(f"{where}{error.strerror}\n")
            return TraceAnalyticsError.exit_code
        raise


def _stopped() -> int:
    sys.stderr.write("stopped; what is stored stays, and the same command goes on from there\n")
    return STOPPED


def _one_line(error: TyperException) -> str:
    """Say what was wrong in a call and where its help is; a bare `ta` gets its whole help, as it asks for."""
    message = error.format_message().replace("Value error, ", "")
    if (choice := _CHOICE.search(message)) and (near := get_close_matches(choice[1], _QUOTED.findall(choice[2]), n=1)):
        message = f"{message.rstrip('.')}; did you mean {near[0]!r}?"
    context = getattr(error, "ctx", None)
    if context is None or "\n" in message.strip():
        return message
    command = context.command_path
    return f"{command}: {message.strip().rstrip('.')}; `{command} --help` shows what it takes"


class _Interrupt:
    """Remembers Ctrl-C, which libraries turn into errors of their own on its way up."""

    def __init__(self) -> None:
        self.came = False
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt
