"""`ta`, and `python -m traceanalytics`, which is the same; Ctrl-C ends both quietly while the commands still load."""

import os
import signal
from types import FrameType

STOPPED = 130  # what a shell says of a command that Ctrl-C ended


def main() -> None:
    """Run a command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)  # until the command line takes over; nothing is begun yet

    from traceanalytics import cli

    cli.main()


def _stop(number: int, frame: FrameType | None) -> None:
    os._exit(STOPPED)


if __name__ == "__main__":
    main()
