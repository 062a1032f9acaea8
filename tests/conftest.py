"""Fixtures of a few lines, shared by every room's tests."""

import json
from pathlib import Path

import pytest

from traceanalytics.store.store import Store

HOSTILE = (
    '</script><script>document.title = "taken"</script><img src=x onerror="document.title = 1"> '
    "<a href='javascript:document.title=2'>x</a> \u202eback\u202c \x1b[31mred\x1b[0m & \"quoted\" Let me check this."
)
HOSTILE_RUN = "<script>bad</script>\u202e"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store that does not exist yet."""
    return Store(tmp_path / "traces.duckdb")


@pytest.fixture(scope="session")
def analyzed(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store of two made-up runs and a hostile one, tagged; tests read it only."""
    from traceanalytics.simulate.world import Reward, World
    from traceanalytics.verbs.ingest import ingest
    from traceanalytics.verbs.simulate import simulate
    from traceanalytics.verbs.tag import tag

    folder = tmp_path_factory.mktemp("analyzed")
    store = Store(folder / "traces.duckdb")
    for name, reward in (("random", Reward.RANDOM), ("truth", Reward.GROUND_TRUTH)):
        world = World(reward=reward, prompts=12, samples=4, steps=40, every=10, degenerate=0.1)
        simulate(world, folder / name)
    lines = [
        {"prompt": HOSTILE, "response": f"{HOSTILE} {n}", "step": 10 * (n // 4), "reward": n % 2, "correct": n % 2 == 0}
        for n in range(8)
    ]
    (folder / "hostile.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    ingest([folder / "random", folder / "truth"], store=store)
    ingest([folder / "hostile.jsonl"], store=store, run=HOSTILE_RUN)
    tag(store, workers=1)
    tag(store, tagger="spurious_rewards.has_code", workers=1)
    return store
