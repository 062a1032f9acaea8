"""A made-up training run on disk, in a real trainer's format, with the planted truth beside it."""

from dataclasses import dataclass
from pathlib import Path

from traceanalytics.errors import BadInput, UnknownName
from traceanalytics.simulate.trainers import TRAINERS, truth_folder
from traceanalytics.simulate.world import World


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was written where."""

    folder: Path
    truth: Path
    rollouts: int


def simulate(world: World, folder: Path, *, trainer: str = "verl") -> Simulated:
    """Write a run into a folder that must not hold anything yet."""
    if trainer not in TRAINERS:
        raise UnknownName("simulated trainer", trainer, TRAINERS)
    _check(world)
    try:
        if folder.exists() and any(folder.iterdir()):
            raise BadInput(f"{folder}: not empty; name a new folder for the made-up run")
        return Simulated(folder, truth_folder(folder), TRAINERS[trainer](world, folder))
    except OSError as error:
        raise BadInput(f"{folder}: no run can be written there: {error.strerror}") from error


def _check(world: World) -> None:
    for name in ("icc", "memorized", "mention", "degenerate"):
        value = getattr(world, name)
        if not 0 <= value < 1:
            raise BadInput(f"{name}={value!r} is no share; it must be from 0 to below 1")
    for name in ("prompts", "samples"):
        if getattr(world, name) < 1:
            raise BadInput(f"{name}={getattr(world, name)!r}; a run has at least one")
    if world.every < 1:
        raise BadInput(f"every={world.every!r}; two dumps are at least one step apart")
    if world.steps < 0:
        raise BadInput(f"steps={world.steps!r}; the last training step is 0 or later")
