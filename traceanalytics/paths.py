"""Where the parts that ship beside the code are found: in a checkout and in an installed wheel alike."""

import os
from collections.abc import Sequence
from pathlib import Path

SHIPPED = "shipped"  # what users call the labels that ship

_PACKAGE = Path(__file__).resolve().parent


def shipped_folder(name: str) -> Path:
    """Return the folder `queries`, `dashboards` or `labels`, wherever this installation keeps it."""
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def label_paths(named: Sequence[Path | str] | None) -> list[Path]:
    """Return label files and folders as a user names them: `shipped` is the judgments that ship, as is no name at all.

    A file or folder of that name goes before.
    """
    paths = [Path(each) for each in named or [SHIPPED]]
    return [shipped_folder("labels") if str(path) == SHIPPED and not path.exists() else path for path in paths]


def user_files(name: str, pattern: str) -> list[Path]:
    """Return what users add: files of the folders `queries`, `findings`, `dashboards` below `TRACEANALYTICS_PATH`.

    The variable holds one or several folders, separated as in `PATH`.
    """
    folders = [Path(each) for each in os.environ.get("TRACEANALYTICS_PATH", "").split(os.pathsep) if each]
    return [path for folder in folders for path in sorted((folder / name).glob(pattern))]


def default_store() -> Path:
    """Return the store that commands use when no `--db` is given."""
    return Path(os.environ.get("TRACEANALYTICS_DB", "traces.duckdb"))
