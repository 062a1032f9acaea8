"""Runs of one configuration: everything the log says of them but their seed is the same."""

from collections.abc import Iterable, Mapping

import numpy as np

from traceanalytics.stats.runs import over_runs
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

SETTINGS = ("model", "model_family", "reward_type", "algorithm", "data_format", "domain", "base_run_id")
_FAMILIES = "SELECT run_id, model_family, model, reward_type FROM runs"
_RUNS = f"SELECT run_id, {', '.join(SETTINGS)} FROM runs ORDER BY run_id"


def configurations(store: Store) -> dict[str, tuple[str, ...]]:
    """Return the runs of every configuration by its name; a run of which the log says nothing stands alone.

    A name is the model and the reward, and of the other settings those that tell it from another.
    """
    rows = store.sql(_RUNS).to_pylist()
    telling = [name for name in SETTINGS[3:] if len({row[name] for row in rows} - {None}) > 1]
    runs: dict[str, list[str]] = {}
    for row in rows:
        runs.setdefault(_name(row, telling), []).append(row["run_id"])
    return {name: tuple(of) for name, of in runs.items()}


def count_configurations(store: Store, runs: Iterable[str]) -> int:
    """Return of how many configurations these runs are."""
    asked = set(runs)
    return sum(bool(asked.intersection(of)) for of in configurations(store).values())


def families(store: Store) -> dict[str, tuple[str | None, str | None]]:
    """Return the model's family and the reward of every run; where no family is known its model stands, named so."""
    return {
        row["run_id"]: (row["model_family"] or (f"model {row['model']}" if row["model"] else None), row["reward_type"])
        for row in store.sql(_FAMILIES).to_pylist()
    }


def over_seeds(rows: Iterable[Mapping[str, JSON]], of: Mapping[str, tuple[str, ...]]) -> list[dict[str, JSON]]:
    """Return one curve of rates a configuration from those of its runs: their mean, Student's interval over runs (S13).

    Rows hold `run`, `step`, `value`, and whatever else tells curves apart, such as `behavior`. `run` becomes the
    configuration's name, `runs` counts those that have the step; with one of them there is no interval, because its
    prompts describe one checkpoint.
    """
    names = {run: name for name, runs in of.items() for run in runs}
    values: dict[tuple[JSON, ...], list[float]] = {}
    for row in rows:
        run = names.get(row["run"], row["run"])
        values.setdefault((run, row["step"], row.get("behavior")), []).append(row["value"])
    return [
        {"run": run, "step": step, "behavior": behavior, **_limits(values[run, step, behavior])}
        for run, step, behavior in values
    ]


def _limits(values: list[float]) -> dict[str, JSON]:
    if len(values) < 2:
        return {"value": values[0], "low": None, "high": None, "runs": 1}
    mean = over_runs(values)
    low, high = (float(limit) for limit in np.clip([mean.low, mean.high], 0, 1))
    return {"value": mean.value, "low": low, "high": high, "runs": mean.n}


def _name(row: Mapping[str, str | None], telling: list[str]) -> str:
    if all(row[name] is None for name in SETTINGS):
        return str(row["run_id"])
    others = [str(row[name]) for name in telling if row[name] is not None]
    return ", ".join(
        [
            f"{row['model'] or row['model_family'] or 'unnamed model'} under {row['reward_type'] or 'unnamed reward'}",
            *others,
        ]
    )
