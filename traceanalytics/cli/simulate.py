"""`ta simulate`: a made-up run with planted truth."""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_line

PANEL = "Try it"


def simulate(
    folder: Annotated[Path, typer.Argument(help="Where to write the run; FOLDER.truth holds the planted truth.")],
    trainer: Annotated[str, typer.Option(help="Whose format to write: verl or trl.")] = "verl",
    reward: Annotated[
        str,
        typer.Option(help="ground_truth, majority, format, incorrect, random, python, one_shot, psr or nsr."),
    ] = "random",
    family: Annotated[str, typer.Option(help="latent: the model holds the strategy; none: it does not.")] = "latent",
    prompts: Annotated[int, typer.Option(help="Distinct prompts.")] = 64,
    samples: Annotated[int, typer.Option(help="Rollouts of a prompt at a step: the group size.")] = 8,
    steps: Annotated[int, typer.Option(help="The last training step.")] = 150,
    every: Annotated[int, typer.Option(help="Steps between two dumps.")] = 10,
    icc: Annotated[float, typer.Option(help="Correlation of the strategy within a prompt.")] = 0.3,
    memorized: Annotated[float, typer.Option(help="Share of prompts that the model knows by heart.")] = 0.0,
    mention: Annotated[float, typer.Option(help="Share that only talks about code, at the end.")] = 0.05,
    degenerate: Annotated[float, typer.Option(help="Share that loops empty fences, at the end.")] = 0.0,
    curriculum: Annotated[bool, typer.Option(help="Train on harder prompts from step to step.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed writes the same run.")] = 0,
    prompt_seed: Annotated[
        int | None, typer.Option(help="Runs of one number have the same prompts; that of --seed if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a made-up RLVR run in a trainer's real format, with the truth planted beside it."""
    from traceanalytics.errors import UnknownName
    from traceanalytics.simulate.world import Family, Reward, World
    from traceanalytics.verbs.simulate import simulate as write_run

    if reward not in list(Reward):
        raise UnknownName("reward", reward, Reward)
    if family not in list(Family):
        raise UnknownName("family", family, Family)
    world = World(
        reward=Reward(reward),
        family=Family(family),
        prompts=prompts,
        samples=samples,
        steps=steps,
        every=every,
        icc=icc,
        memorized=memorized,
        mention=mention,
        degenerate=degenerate,
        curriculum=curriculum,
        seed=seed,
        prompt_seed=prompt_seed,
    )
    written = write_run(world, folder, trainer=trainer)
    if as_json:
        emit_json({"folder": str(written.folder), "truth": str(written.truth), "rollouts": written.rollouts})
        return
    emit_line(f"{written.rollouts:,} rollouts in {written.folder}, their planted truth in {written.truth}")
    emit_line(f"next: ta ingest {written.folder}")
