"""What rewards favor: the difference a behavior makes to the reward among rollouts of the same prompt."""

from functools import lru_cache
from typing import TYPE_CHECKING

from traceanalytics.pages.rates import Rates
from traceanalytics.pages.view import View, state_of
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 24  # behaviors that one call of the query sums up
LEAST_PROMPTS = 5


def what_reward_favors(view: View) -> tuple[Rates, str]:
    """Return a row a run and behavior (value, low, high, prompts), and the query behind them."""
    seen = sorted(view.rows("behaviors_shown"), key=lambda row: -row["rollouts"])
    names = tuple(row["behavior"] for row in seen)[:AT_ONCE]
    rows = _favored(view.store, state_of(view.store), names, view.split)
    sql = view.sql("reward_by_prompt", in_behaviors=list(names), in_split=view.split)
    return [row for row in rows if row["run"] in view.runs], sql


@lru_cache(maxsize=8)
def _favored(store: Store, state: tuple[int, int], names: tuple[str, ...], split: str) -> Rates:
    import numpy as np

    table = store.query("reward_by_prompt", in_behaviors=list(names), in_split=split)
    runs = np.asarray(table["run_id"].to_pylist(), dtype=object)
    prompts = np.asarray(table["prompt_key"].to_pylist(), dtype=object)
    rollouts, reward = table["rollouts"].to_numpy(), table["reward"].to_numpy()
    shown, shown_reward = (_matrix(table[name], len(runs)) for name in ("shown", "shown_reward"))
    rows: Rates = []
    for run in dict.fromkeys(runs):
        for column, behavior in enumerate(names):
            mine = (runs == run) & (shown[:, column] > 0) & (shown[:, column] < rollouts)
            with_it = shown_reward[mine, column] / shown[mine, column]
            without = (reward[mine] - shown_reward[mine, column]) / (rollouts[mine] - shown[mine, column])
            found = _mean_over_prompts(with_it - without, prompts[mine])
            if found is not None:
                rows.append({"run": run, "behavior": behavior, **found})
    return rows


def _mean_over_prompts(differences: "np.ndarray", prompts: "np.ndarray") -> dict[str, float] | None:
    """Return the mean with Student's limits; a prompt that comes at several steps is one draw."""
    import numpy as np

    from traceanalytics.stats.estimate import t_quantile

    names, places = np.unique(prompts.astype(str), return_inverse=True)
    count = len(names)
    if count < LEAST_PROMPTS:
        return None
    value = float(differences.mean())
    residuals = np.bincount(places, differences - value) / len(differences)
    half = float(t_quantile(0.95, count - 1)) * float(np.sqrt(count / (count - 1) * (residuals**2).sum()))
    limits = {"value": value, "low": value - half, "high": value + half}
    return {**{name: round(each, 6) for name, each in limits.items()}, "prompts": count}


def _matrix(column: "object", rows: int) -> "np.ndarray":
    import numpy as np

    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)  # type: ignore[attr-defined]
    sums: np.ndarray = np.nan_to_num(flat.astype(np.float64)).reshape(rows, AT_ONCE)
    return sums
