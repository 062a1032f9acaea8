"""The calibration on few worlds: what the full grid of docs/calibration.md shows must not break unseen."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("calibration")
    finally:
        sys.path.pop(0)


@pytest.mark.parametrize(
    ("part", "worlds", "grid"),
    [
        ("rates", 400, {"prompts": (10, 100)}),
        ("differences", 100, {"prompts": (100,)}),
        ("switch_cells", 40, {"prompts": (100,)}),
        ("shares_of_gain", 60, {}),
        ("found_onsets", 8, {}),
        ("drifting_taggers", 25, {}),
        ("corrected_rates", 40, {}),
        ("trends", 30, {}),
        ("counts_per_text", 100, {}),
    ],
)
def test_intervals_hold_on_worlds_of_known_truth(calibration: ModuleType, part: str, worlds: int, grid: dict) -> None:
    cells = list(getattr(calibration, part)(worlds, np.random.default_rng(0), **grid))
    assert [cell for cell in cells if not cell.holds(4)] == []


@pytest.mark.usefixtures("calibration")
def test_flat_runs_raise_no_alarm() -> None:
    onsets = sys.modules["calibrated.onsets"]
    alarms = onsets.share_of_alarms(8, np.random.default_rng(0), onsets.curriculum, 128, 8, 30, 0.02, 0.8)
    assert alarms == 0


def test_a_naive_interval_is_seen_to_fail(calibration: ModuleType) -> None:
    cells = list(calibration.rates(300, np.random.default_rng(0), prompts=(100,)))
    clustered = [float(cell.note) for cell in cells if "ICC 0.5" in cell.world and "× 64" in cell.world]
    assert max(clustered) < 50


def test_the_page_lists_every_part_of_the_calibration(calibration: ModuleType) -> None:
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert all(f"\n## {part}\n" in page for part in calibration.PARTS)


def test_a_part_done_again_leaves_the_others(calibration: ModuleType) -> None:
    cells = {name: [calibration.Cell(f"of {name}", 95.0, 100, 93, 97)] for name in ("Rates", "Trends")}
    first = calibration.page(calibration.Section(name, "Text.", cells[name], 1.0) for name in cells)
    again = calibration.Section("Trends", "Text.", [calibration.Cell("again", 80.0, 400, 93, 97)], 1.0)
    page = calibration.page([again], first)
    assert "| of Rates | 95.0 | 2.2 | 93 to 97 |  |" in page
    assert "| of Trends |" not in page
    assert "| Trends | 1 | 400 | 80.0 | 80.0 | 1 | 1 |" in page
    assert calibration.page([], page) == page
