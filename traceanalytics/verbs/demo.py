"""Two made-up runs under one random reward: a model that holds code reasoning, and one that only learns the word."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from traceanalytics.pages.words import PUBLISHED_CODE
from traceanalytics.simulate.trainers import truth_folder
from traceanalytics.simulate.world import Family, Reward, World
from traceanalytics.store.store import Store
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.report import report
from traceanalytics.verbs.simulate import simulate
from traceanalytics.verbs.tag import TagReport, tag

REPORT = "report.html"
WORLDS = {
    "latent-random": World(reward=Reward.RANDOM, family=Family.LATENT, prompts=48, seed=1),
    "none-random": World(reward=Reward.RANDOM, family=Family.NONE, prompts=48, mention=0.35, degenerate=0.25, seed=2),
}
SETTINGS = {
    "latent-random": {"model": "made-up-latent", "model_family": "latent", "reward_type": "random", "seed": "1"},
    "none-random": {"model": "made-up-none", "model_family": "none", "reward_type": "random", "seed": "2"},
}


@dataclass(frozen=True, slots=True)
class Point:
    """The share of code reasoning at one evaluation: planted, as our tagger sees it, and by the published word."""

    run: str
    step: int
    planted: float
    seen: float
    published: float


def demo(folder: Path, *, say: Callable[[str], None] = lambda line: None) -> list[Point]:
    """Make the runs that are not there yet, bring the store up to date, and return the curves on the eval prompts."""
    store = Store(folder / "traces.duckdb")
    if not all((folder / name).exists() for name in WORLDS):
        say(f"making two runs, tagging them and writing a report, all in {folder}: some tens of seconds")
    for name, world in WORLDS.items():
        if not (folder / name).exists():
            made = simulate(world, folder / name)
            say(f"made {made.rollouts:,} rollouts in {made.folder}, their planted truth in {made.truth}")
        ingested = ingest([folder / name], store=store, settings=SETTINGS[name])
        say(f"{name}: {ingested.total('rollouts'):,} new rollouts in {store.path}")
    tagged = tag(store, progress=lambda report: _begun(report, say))
    say(f"{tagged.tagger_id}: {tagged.tagged:,} rollouts tagged in {tagged.seconds:.1f} s")
    tag(store, tagger=PUBLISHED_CODE)
    say("writing the report")
    written = report(store, folder / REPORT)
    say(f"{written.headline}: {written.path}")
    return [point for name in WORLDS for point in _curve(store, folder, name)]


def _begun(tagging: TagReport, say: Callable[[str], None]) -> None:
    if not tagging.tagged:
        say(f"tagging {tagging.untagged:,} rollouts with {tagging.tagger_id}")


def _curve(store: Store, folder: Path, run: str) -> list[Point]:
    planted = _planted_shares(folder, run)
    seen = store.query("behavior_rate", in_behavior="code_reasoning", in_run=run, in_split="val").to_pylist()
    published = store.query("published_code_rate", in_run=run, in_split="val").to_pylist()
    words = {row["step"]: row["share"] for row in published}
    return [Point(run, row["step"], planted[row["step"]], row["share"], words[row["step"]]) for row in seen]


def _planted_shares(folder: Path, run: str) -> dict[int, float]:
    shown: dict[int, list[bool]] = {}
    with (truth_folder(folder / run) / "val.jsonl").open(encoding="utf-8") as lines:
        for rollout in map(json.loads, lines):
            shown.setdefault(rollout["step"], []).append("code_reasoning" in rollout["behaviors"])
    return {step: sum(each) / len(each) for step, each in shown.items()}
