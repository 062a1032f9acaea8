import numpy as np
import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding, read_parameters
from traceanalytics.store.store import Store


def count(store: Store, **arguments: object) -> Answer:
    return get_finding("behavior_counts").find(store, **arguments)


def written(courses: dict[str, list[float]], lengths: list[int], run: str = "a") -> list[Row]:
    """Return 40 prompts with 5 responses a step, with so many spans of each behavior in 1,000 characters."""
    draws = np.random.default_rng(0)
    return [
        Row(
            f"p{i}",
            100 * at,
            run,
            shown=tuple(
                name for name, course in courses.items() for _ in range(draws.poisson(course[at] * length / 1000))
            ),
            response="x" * length,
        )
        for at, length in enumerate(lengths)
        for i in range(40)
        for _ in range(5)
    ]


def test_more_in_longer_text_is_told_from_more_in_the_same_text(store: Store) -> None:
    courses = {"verification": [1.0, 1.5, 2.0], "backtracking": [1.0, 1.0, 1.0]}
    answer = count(fill(store, written(courses, [1000, 2000, 3000])))
    by_label = {each.label: each for each in answer.estimates}
    assert by_label["verification: per response at the first step"].value == pytest.approx(1, abs=0.2)
    assert by_label["verification: per response at the last step"].value == pytest.approx(6, abs=0.5)
    assert by_label["verification: times as many in the same length"].value == pytest.approx(2, abs=0.4)
    assert by_label["verification: factor per 100 steps in the same length"].value == pytest.approx(2**0.5, abs=0.12)
    assert by_label["backtracking: per response at the last step"].value == pytest.approx(3, abs=0.3)
    same = by_label["backtracking: times as many in the same length"]
    assert (same.low or 0) < 1 < (same.high or 0)
    assert answer.verdict.startswith("in the same length of text responses of a show verification 1.")
    assert "backtracking" not in answer.verdict
    assert (
        "a: no ratio of subgoal_setting: 0 prompts with a count at one end: a ratio needs 10 at both" in answer.caveats
    )
    assert answer.chart is not None
    assert len(answer.chart.to_dict()["data"]["values"]) == 12


def test_other_behaviors_can_be_counted(store: Store) -> None:
    fill(store, written({"planning": [1.0, 1.0]}, [1000, 2000]))
    read = read_parameters(get_finding("behavior_counts"), ["in_behaviors=planning"])
    answer = count(store, **read)
    assert answer.verdict == (
        "in the same length of text responses of a show no change beyond chance from step 0 to 100 in planning"
    )


def test_one_step_or_few_prompts_are_refused(store: Store) -> None:
    rows = written({"verification": [1.0, 1.0]}, [100, 100])
    with pytest.raises(Refused, match="run 'a' has one step in the split eval: a course needs two"):
        count(fill(store, [row for row in rows if row.step == 0]))
    with store.writing() as connection:
        connection.execute("DELETE FROM rollouts").fetchall()
    with pytest.raises(Refused, match="the store holds no rollouts"):
        count(store)


def of_families(cells: dict[str, tuple[str, float]]) -> list[Row]:
    """Return a run for each family and factor per step; runs of a family are drawn apart."""
    rows = []
    for seed, (run, (family, factor)) in enumerate(cells.items()):
        draws = np.random.default_rng(seed)
        rows += [
            Row(f"p{i}", 100 * at, run, shown=("verification",) * draws.poisson(0.5 * factor**at), response="x" * 1000,
                model_family=family, reward_type="random")
            for at in range(3)
            for i in range(40)
            for _ in range(4)
        ]  # fmt: skip
    return rows


def test_where_families_have_several_runs_it_is_told_whether_they_differ(store: Store) -> None:
    cells = {"a1": ("qwen", 2.0), "a2": ("qwen", 2.1), "b1": ("llama", 1.0), "b2": ("llama", 0.95)}
    answer = count(fill(store, of_families(cells)), in_behaviors=("verification",))
    by_label = {each.label: each for each in answer.estimates}
    p = by_label["verification: p of family × step"]
    assert (p.value < 0.05, p.n, p.unit) == (True, 4, "runs")
    factor = by_label["verification: factor per 100 steps in the same length, runs of qwen"]
    assert (factor.n, factor.unit) == (2, "runs")
    assert factor.value == pytest.approx(2.05, abs=0.25)
    assert "verification changes in one family otherwise than in another (p = " in answer.verdict


def test_one_run_a_family_says_nothing_about_families(store: Store) -> None:
    rows = of_families({"a1": ("qwen", 2.0), "b1": ("llama", 1.0)})
    answer = count(fill(store, rows), in_behaviors=("verification",))
    assert any("no p of family × step: 2 runs in 2 cells: a test of " in caveat for caveat in answer.caveats)
    assert not [each for each in answer.estimates if "family" in each.label]
