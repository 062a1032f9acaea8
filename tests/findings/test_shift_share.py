import dataclasses

import pytest
from findings.worlds import ARMS, PUBLISHED, Row, fill, published_rows

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return fill(Store(tmp_path_factory.mktemp("published") / "traces.duckdb"), published_rows())


def share(store: Store, **arguments: object) -> Answer:
    return get_finding("shift_share").find(store, **arguments)


@pytest.mark.parametrize("run", ARMS)
def test_the_published_counts_give_the_derived_table(run: str, published: Store) -> None:
    answer = share(published, in_run=run)
    assert [round(100 * each.value, 2) for each in answer.estimates] == PUBLISHED["shift_share_points"][ARMS[run]]
    assert all(each.low is not None and each.low <= each.value <= (each.high or 0) for each in answer.estimates)


def test_the_terms_of_a_run_add_up_and_the_verdict_names_them(published: Store) -> None:
    answer = share(published, in_run="format")
    gain, *terms = (each.value for each in answer.estimates)
    assert sum(terms[:3]) == pytest.approx(gain, abs=1e-9)
    assert sum(terms[3:]) == pytest.approx(gain, abs=1e-9)
    assert answer.verdict.startswith("format gained right answers from step 0 to 150: +22.0 points [")
    assert " +3.9 points [" in answer.verdict
    assert answer.caveats[1].startswith("format: the mix explains +3.9 points at mid-point weights and +9.3 at base")


def test_several_runs_add_their_mean_with_runs_as_the_unit(store: Store) -> None:
    rows = [dataclasses.replace(row, reward_type="one") for row in published_rows()]
    answer = share(fill(store, rows))
    (mean,) = (each for each in answer.estimates if each.label == "mean: gain")
    assert (round(100 * mean.value, 2), mean.n, mean.unit) == (23.52, 5, "runs")
    assert answer.verdict.count(" gained ") == 5
    assert answer.chart is not None
    assert len(answer.chart.to_dict()["layer"][1]["data"]["values"]) == 15


def test_runs_under_different_rewards_have_no_mean(published: Store) -> None:
    answer = share(published)
    assert not [each.label for each in answer.estimates if "mean" in each.label]
    assert all(f"{run} gained right answers from step 0 to 150: " in answer.verdict for run in ARMS)


def test_a_strategy_that_nobody_uses_is_refused(store: Store) -> None:
    rows = [Row(f"p{i}", step, correct=i % 3 > 0, shown=("code_reasoning",)) for i in range(30) for step in (0, 9)]
    with pytest.raises(Refused, match="no rollout is outside it at the base: its accuracy, and so the decomposition"):
        share(fill(store, rows))
