"""Kernels: what their cache on disk must notice."""

import subprocess
import sys
from pathlib import Path

from traceanalytics.compiled import COMPILING

PARTS = "from traceanalytics.compiled import inner\n\n@inner\ndef part(number):\n    return number + {added}\n"
BETWEEN = (
    "from parts import part\nfrom traceanalytics.compiled import inner\n\n"
    "@inner\ndef between(number):\n    return part(number) * 10\n"
)
WHOLE = (
    "from between import between\nfrom traceanalytics.compiled import compiled\n\n"
    "@compiled\ndef whole(number):\n    return between(number)\n"
)
CALL = "from whole import whole\nprint(whole(1), sum(whole.stats.cache_hits.values()))"


def call(folder: Path) -> str:
    """Call the kernel in a process of its own; return what it says and how often the cache knew it."""
    command = [sys.executable, "-c", CALL]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_a_kernel_is_compiled_again_when_a_part_of_it_in_another_file_changes(tmp_path: Path) -> None:
    for name, text in (("parts", PARTS.format(added=1)), ("between", BETWEEN), ("whole", WHOLE)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    assert call(tmp_path) == "20 0"
    assert call(tmp_path) == "20 1"
    (tmp_path / "parts.py").write_text(PARTS.format(added=2), encoding="utf-8")
    assert call(tmp_path) == "30 0"


def test_compiling_is_said_once_and_reading_the_cache_is_not(tmp_path: Path) -> None:
    for name, text in (("parts", PARTS.format(added=1)), ("between", BETWEEN), ("whole", WHOLE)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    told = "from traceanalytics.compiled import tell_of_compiling\ntell_of_compiling(print)\n"
    command = [sys.executable, "-c", told + "from whole import whole\nwhole(1), whole(1.5)"]
    first, second = (
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout for _ in range(2)
    )
    assert first == f"{COMPILING}\n"
    assert second == ""


def test_kernels_load_no_linear_algebra_of_scipy_and_one_that_multiplies_matrices_still_can() -> None:
    code = (
        "import sys, numpy\nfrom traceanalytics.segments import make_batch\nmake_batch(['One. Two.'])\n"
        "print('scipy.linalg' in sys.modules)\n"
        "from numba import njit\nprint(njit(lambda a: numpy.dot(a, a))(numpy.eye(2))[0, 0])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert found.split() == ["False", "1.0"]


def test_compiling_that_was_told_of_is_not_told_again_by_whoever_asks_later(tmp_path: Path) -> None:
    for name, text in (("parts", PARTS.format(added=1)), ("between", BETWEEN), ("whole", WHOLE)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    script = (
        "from traceanalytics.compiled import tell_of_compiling\nfrom whole import whole\n"
        "for number in (1, 1.5):\n    tell_of_compiling(print)\n    whole(number)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == f"{COMPILING}\n"
