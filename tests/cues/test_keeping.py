"""What cues are built into: kept from one process to the next, and never taken for that of other cues."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from traceanalytics.cues import cue_set, keeping
from traceanalytics.cues.cue_set import CueSet, kept_cue_set, make_cue_set
from traceanalytics.types import Behavior, Cue, Family

CUES = (Cue("check", r"(let me|i) check"), Cue("verif", guards=("negation",)), Cue("make sure"))


def behavior(*cues: Cue) -> Behavior:
    return Behavior("verification", Family.REFLECTION, "d", "b", (), (), cues)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeping, "folder_of", lambda kernel: tmp_path)
    return tmp_path


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that grows by each set that is built."""
    calls: list[object] = []
    build = cue_set._built
    monkeypatch.setattr(cue_set, "_built", lambda groups: (calls.append(groups), build(groups))[1])
    return calls


def assert_same(one: CueSet, other: CueSet) -> None:
    assert one.groups == other.groups
    np.testing.assert_equal(asdict(one.automaton), asdict(other.automaton))
    np.testing.assert_equal(asdict(one.programs), asdict(other.programs))


def test_what_was_kept_is_what_building_gives_and_is_built_once(folder: Path, built: list[object]) -> None:
    first, second = kept_cue_set([behavior(*CUES)]), kept_cue_set([behavior(*CUES)])
    assert len(built) == 1
    assert_same(first, second)
    assert_same(second, make_cue_set([behavior(*CUES)]))


def test_kernels_are_compiled_for_what_was_kept_as_for_what_was_built(folder: Path) -> None:
    def kinds(cues: CueSet) -> list[tuple[object, ...]]:
        arrays = [*asdict(cues.automaton).values(), *asdict(cues.programs).values()]
        return [(each.dtype, each.flags.c_contiguous, each.flags.writeable) for each in arrays]

    assert kinds(kept_cue_set([behavior(*CUES)])) == kinds(kept_cue_set([behavior(*CUES)]))


def test_other_cues_are_built_anew(folder: Path, built: list[object]) -> None:
    kept_cue_set([behavior(*CUES)])
    assert_same(kept_cue_set([behavior(*CUES[:2])]), make_cue_set([behavior(*CUES[:2])]))
    kept_cue_set([behavior(*CUES[:2])])
    assert len(built) == 3


@pytest.mark.parametrize("left", [0, 100, 0.5])
def test_a_file_that_was_cut_short_is_built_again(left: float, folder: Path, built: list[object]) -> None:
    kept_cue_set([behavior(*CUES)])
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: int(left if left >= 1 else left * len(whole))])
    assert_same(kept_cue_set([behavior(*CUES)]), make_cue_set([behavior(*CUES)]))
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_does_no_harm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "folder_of", lambda kernel: folder / "missing")
    assert_same(kept_cue_set([behavior(*CUES)]), make_cue_set([behavior(*CUES)]))


def test_without_a_compiler_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "folder_of", lambda kernel: None)
    assert_same(kept_cue_set([behavior(*CUES)]), make_cue_set([behavior(*CUES)]))
    assert not list(folder.iterdir())
