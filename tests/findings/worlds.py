"""Stores filled with rollouts by count, and the published counts of strategies as rollouts."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from traceanalytics.store.store import Store

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "stats" / "published" / "strategy_switching.json").read_text(encoding="utf-8")
)
ARMS = {arm.replace(" ", "_"): arm for arm in PUBLISHED["arms"]}  # by the run's name
TAGGER = "by_count"


@dataclass(frozen=True, slots=True)
class Row:
    """One rollout; `shown` is None where no tagger has read it."""

    prompt: str
    step: int = 0
    run: str = "a"
    correct: bool | None = None
    shown: tuple[str, ...] | None = ()
    split: str = "eval"
    condition: Mapping[str, str] = field(default_factory=dict)
    reward: float | None = None
    advantage: float | None = None
    response: str = "Some words."
    reward_type: str | None = None
    model_family: str | None = None
    prediction: str | None = None


def fill(store: Store, rows: Iterable[Row]) -> Store:
    """Put rollouts and what a tagger says of them into a store."""
    import pyarrow

    rows = list(rows)
    ids = [str(i) for i in range(len(rows))]
    names = ("run", "split", "step", "prompt", "correct", "reward", "advantage", "response", "prediction")
    table = pyarrow.table(
        {
            "rollout_id": ids,
            **{name: [getattr(row, name) for row in rows] for name in names},
            "condition": pyarrow.array(
                [list(row.condition.items()) for row in rows], pyarrow.map_(pyarrow.string(), pyarrow.string())
            ),
        }
    )
    read = [(id_, row) for id_, row in zip(ids, rows, strict=True) if row.shown is not None]
    tagged = pyarrow.table(
        {
            "rollout_id": pyarrow.array([id_ for id_, _ in read], pyarrow.string()),
            "shown": pyarrow.array([list(row.shown or ()) for _, row in read], pyarrow.list_(pyarrow.string())),
            "characters": pyarrow.array([len(row.response) for _, row in read], pyarrow.int32()),
        }
    )
    spans = [(id_, behavior) for id_, row in read for behavior in row.shown or ()]
    tags = pyarrow.table(
        {
            "rollout_id": pyarrow.array([id_ for id_, _ in spans], pyarrow.string()),
            "behavior": pyarrow.array([behavior for _, behavior in spans], pyarrow.string()),
        }
    )
    runs = {row.run: (row.run, row.reward_type, row.model_family) for row in rows}
    with store.writing() as connection:
        for name, each in (("new_rollouts", table), ("new_tagged", tagged), ("new_tags", tags)):
            connection.register(name, each)
        connection.execute(
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, correct, reward, advantage, group_id, "
            "response, prediction, condition) SELECT rollout_id, run, split, step, prompt, correct, reward, advantage, "
            "concat_ws('/', run, split, step, prompt), response, prediction, condition FROM new_rollouts"
        ).fetchall()
        connection.execute(
            "INSERT INTO prompts (prompt_key, problem_key) SELECT DISTINCT prompt, prompt FROM new_rollouts"
        ).fetchall()
        connection.executemany(
            "INSERT INTO runs (run_id, reward_type, model_family) VALUES ($1, $2, $3)", list(runs.values())
        )
        connection.execute(
            f"INSERT INTO tagged (tagger_id, rollout_id, shown, characters) SELECT '{TAGGER}', * FROM new_tagged"
        ).fetchall()
        connection.execute(
            f"INSERT INTO tags (tagger_id, rollout_id, behavior, score) SELECT '{TAGGER}', *, 1.0 FROM new_tags"
        ).fetchall()
        connection.execute(f"INSERT INTO meta VALUES ('active_tagger', '{TAGGER}')").fetchall()
    return store


def published_rows(runs: Iterable[str] = tuple(ARMS)) -> list[Row]:
    """Return the published counts as rollouts: 500 problems before and after, in every arm the same ones before."""
    return [row for run in runs for row in _arm(run)]


def _arm(run: str) -> list[Row]:
    """Give every cell of an arm its problems: right before and after as many as can be both."""
    unused = {
        (coded, right): [f"{'code' if coded else 'language'}-{'right' if right else 'wrong'}-{i}" for i in range(n)]
        for (coded, right), n in {(True, True): 198, (True, False): 127, (False, True): 49, (False, False): 126}.items()
    }
    rows = []
    ends = [(before, after) for before in (True, False) for after in (True, False)]
    for (before, after), (n, right_before, right_after) in zip(ends, PUBLISHED["arms"][ARMS[run]], strict=True):
        for i in range(n):
            was_right = i < right_before
            prompt = unused[before, was_right].pop()
            for step, coded, right in ((0, before, was_right), (150, after, i < right_after)):
                shown = ("code_reasoning",) if coded else ()
                rows.append(Row(prompt, step, run, right, shown, reward_type=run))
    assert not any(unused.values())
    return rows
