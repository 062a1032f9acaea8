from dataclasses import replace

import numpy as np

from traceanalytics.classifiers.base import SHOWN, SILENT, candidates_of

PAIR = replace(
    candidates_of(["Let me check.", "So it is 4."], ["", "Let me check."], [0.0, 0.5]),
    cue_names=("verification", "planning"),
    cues=np.array([[SHOWN, SILENT], [SILENT, 7]], np.uint8),
)


def test_what_cues_say_is_asked_by_name() -> None:
    assert PAIR.said_by_cues(["planning", "verification"]).tolist() == [[SILENT, SHOWN], [7, SILENT]]


def test_cues_that_nobody_asked_are_silent() -> None:
    assert PAIR.said_by_cues(["backtracking"]).tolist() == [[SILENT], [SILENT]]
    assert candidates_of(["a"], [""], [0.0]).said_by_cues(["planning"]).tolist() == [[SILENT]]


def test_a_part_keeps_what_cues_said_of_it() -> None:
    assert PAIR.part(np.array([1])).said_by_cues(["planning"]).tolist() == [[7]]
