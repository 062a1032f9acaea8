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
    assert answer.verdict.startswith("in the same length of text responses of a show verification more often (")
    assert "backtracking" not in answer.verdict
    assert "subgoal_setting of a: 0 prompts hold a count at one end: a ratio needs 10 at both" in answer.caveats
    assert answer.chart is not None
    assert len(answer.chart.to_dict()["data"]["values"]) == 12


def test_other_behaviors_can_be_counted(store: Store) -> None:
    fill(store, written({"planning": [1.0, 1.0]}, [1000, 2000]))
    read = read_parameters(get_finding("behavior_counts"), ["in_behaviors=planning"])
    answer = count(store, **read)
    assert answer.verdict == "in a no count changes beyond chance at equal length of text (planning)"


def test_one_step_or_few_prompts_are_refused(store: Store) -> None:
    rows = written({"verification": [1.0, 1.0]}, [100, 100])
    with pytest.raises(Refused, match="run 'a' has one step in the split eval: a course needs two"):
        count(fill(store, [row for row in rows if row.step == 0]))
    with store.writing() as connection:
        connection.execute("DELETE FROM rollouts").fetchall()
    with pytest.raises(Refused, match="the store holds no rollouts"):
        count(store)
