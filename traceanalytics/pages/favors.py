"""What rewards favor: the difference a behavior makes to the reward among rollouts of the same prompt."""

from typing import TYPE_CHECKING

from traceanalytics.pages.rates import Rates
from traceanalytics.pages.view import View
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

AT_ONCE = 24  # behaviors that one call of the query sums up
LEAST_PROMPTS = 5


def what_reward_favors(view: View) -> tuple[Rates, str]:
    """Return a row a run and behavior (value, low, high, prompts), and the query behind them."""
    seen = sorted(view.rows("behaviors_shown"), key=lambda row: -row["rollouts"])
    names = tuple(row["behavior"] for row in seen)[:AT_ONCE]
    rows = _favored(view.store, names, view.split)
    sql = view.sql("reward_by_prompt", in_behaviors=list(names), in_split=view.split)
    return [row for row in rows if row["run"] in view.runs], sql


@remembered
def _favored(store: Store, names: tuple[str, ...], split: str) -> Rates:
    import numpy as np

    table = store.query("reward_by_prompt", in_behaviors=list(names), in_split=split)
    runs, prompts = (table[name].combine_chunks().dictionary_encode() for name in ("run_id", "prompt_key"))
    run_of, prompt_of = (encoded.indices.to_numpy() for encoded in (runs, prompts))
    rollouts, reward = table["rollouts"].to_numpy()[:, None], table["reward"].to_numpy()[:, None]
    shown, shown_reward = (_matrix(table[name], table.num_rows)[:, : len(names)] for name in ("shown", "shown_reward"))
    is_mixed = (shown > 0) & (shown < rollouts)
    with np.errstate(invalid="ignore", divide="ignore"):
        differences = shown_reward / shown - (reward - shown_reward) / (rollouts - shown)
    rows: Rates = []
    for number, run in enumerate(runs.dictionary.to_pylist()):
        for column, behavior in enumerate(names):
            mine = is_mixed[:, column] & (run_of == number)
            found = _mean_over_prompts(differences[mine, column], prompt_of[mine])
            if found is not None:
                rows.append({"run": run, "behavior": behavior, **found})
    return rows


def _mean_over_prompts(differences: "np.ndarray", prompts: "np.ndarray") -> dict[str, float] | None:
    """Return the mean with Student's limits; a prompt that comes at several steps is one draw."""
    import numpy as np

    from traceanalytics.stats.estimate import t_quantile

    times = np.bincount(prompts)
    count = int((times > 0).sum())
    if count < LEAST_PROMPTS:
        return None
    value = float(differences.mean())
    residuals = np.bincount(prompts, differences - value) / len(differences)
    half = float(t_quantile(0.95, count - 1)) * float(np.sqrt(count / (count - 1) * (residuals**2).sum()))
    limits = {"value": value, "low": value - half, "high": value + half}
    return {**{name: round(each, 6) for name, each in limits.items()}, "prompts": count}


def _matrix(column: "pyarrow.ChunkedArray", rows: int) -> "np.ndarray":
    import numpy as np

    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    sums: np.ndarray = np.nan_to_num(flat.astype(np.float64)).reshape(rows, AT_ONCE)
    return sums
