from itertools import cycle, islice

import numpy as np
import pytest

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.pages.base import Selectors
from traceanalytics.pages.rates import from_counts, rates_over_steps
from traceanalytics.pages.view import look
from traceanalytics.store.counts import Counts, count_by_prompt
from traceanalytics.store.store import Store


def test_a_rate_counts_rollouts_and_its_interval_prompts() -> None:
    counts = Counts(
        ("planning",),
        np.array(["r", "r", "r"], dtype=object),
        np.array([0, 0, 10]),
        np.array(["p", "q", "p"], dtype=object),
        np.array([8, 4, 8]),
        np.array([[6], [3], [0]]),
    )
    first, second = from_counts(counts)
    assert (first["step"], first["value"], first["shown"], first["rollouts"], first["prompts"]) == (0, 0.75, 9, 12, 2)
    assert first["low"] < 0.75 < first["high"]
    assert (second["value"], second["low"]) == (0.0, 0.0)
    assert second["high"] > 0.5, "one prompt says little, however many rollouts it has"


def test_more_behaviors_than_one_call_counts_are_counted_all_the_same(analyzed: Store) -> None:
    others = [name for name in BEHAVIORS.all() if name != "verification"]
    names = [*islice(cycle(others), 60), "verification"]
    counts = count_by_prompt(analyzed, names, run="random")
    alone = count_by_prompt(analyzed, ["verification"], run="random")
    assert counts.shown.shape == (len(alone.rollouts), 61)
    assert counts.shown[:, 60].tolist() == alone.shown[:, 0].tolist()
    assert counts.shown[:, 0].tolist() == counts.shown[:, len(others)].tolist()


def test_rates_agree_with_the_query_that_counts_without_prompts(analyzed: Store) -> None:
    view = look(analyzed, Selectors(runs=("random",), bin_width=20))
    ours = {row["step"]: row["value"] for row in rates_over_steps(view, ["verification"])}
    query = analyzed.query(
        "behavior_rate", in_behavior="verification", in_run="random", in_split=view.split, bin_width=20
    )
    assert ours == pytest.approx({row["step"]: row["share"] for row in query.to_pylist()}, abs=1e-6)


def test_steps_put_together_here_are_what_the_store_puts_together(analyzed: Store) -> None:
    view = look(analyzed, Selectors(runs=("random", "truth"), bin_width=20))
    ours = {(row["run"], row["step"]): (row["shown"], row["prompts"]) for row in rates_over_steps(view, ["planning"])}
    for run in ("random", "truth"):
        counts = count_by_prompt(analyzed, ["planning"], run=run, split=view.split, bin_width=20)
        for step in set(counts.steps):
            at = counts.steps == step
            assert ours[run, step] == (counts.shown[at].sum(), at.sum())


def test_a_page_has_no_more_points_than_a_line_can_show(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO rollouts (rollout_id, run_id, split, step, response) "
            "SELECT n::VARCHAR, 'r', 'train', n, 'x' FROM range(1000) AS steps(n)"
        ).fetchall()
    assert look(store, Selectors()).bin_width == 20
    assert look(store, Selectors(bin_width=7)).bin_width == 7
