"""What cues are built into, kept beside the compiled kernels: building it takes as long as tagging 700 rollouts."""

import os
import sys
from contextlib import suppress
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import BadZipFile

import numpy as np

from traceanalytics.compiled import folder_of
from traceanalytics.cues.automaton import Automaton
from traceanalytics.cues.kernel import propose
from traceanalytics.cues.programs import Programs

_FILE = f"built.{sys.implementation.cache_tag}.npz"


def kept(made_of: object) -> tuple[Automaton, Programs] | None:
    """Return what was kept, if it was built of these cues by this code and this Python."""
    folder = folder_of(propose)
    if folder is None:
        return None
    try:
        with (folder / _FILE).open("rb") as stream, np.load(stream) as file:
            if str(file["digest"]) != _digest(made_of):
                return None
            parts = [{each.name: file[each.name] for each in fields(kind)} for kind in (Automaton, Programs)]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None  # there is none, or a full disk cut it short
    return Automaton(**parts[0]), Programs(**parts[1])


def keep(made_of: object, automaton: Automaton, programs: Programs) -> None:
    """Keep what was built; where nothing can be written, the next process builds it again."""
    folder = folder_of(propose)
    if folder is None:
        return
    with suppress(OSError), NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as file:
        try:
            np.savez(file, digest=np.array(_digest(made_of)), **asdict(automaton), **asdict(programs))
            file.close()
            os.replace(file.name, folder / _FILE)
        except OSError:
            Path(file.name).unlink(missing_ok=True)


def _digest(made_of: object) -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(
        b"\0".join([repr((made_of, sys.version)).encode(), *(path.read_bytes() for path in sources)])
    ).hexdigest()
