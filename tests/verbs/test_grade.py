import pytest

from traceanalytics.errors import MissingExtra, UnknownName
from traceanalytics.store.store import Store
from traceanalytics.verbs import grading
from traceanalytics.verbs.grade import grade

CASES = {
    "half": ("so \\boxed{0.5}", "1/2", True),
    "wrong": ("\\boxed{3}", "4", False),
    "prose": ("The answer is 17.", "17", True),
    "thinking aloud": ("<think>\\boxed{5}</think>\\boxed{7}", "7", True),
    "roots": ("\\boxed{\\sqrt{12}}", "2\\sqrt{3}", True),
    "twin of wrong": ("\\boxed{3}", "4", False),
    "nothing said": ("I cannot tell", "17", False),
    "a tower that never ends": ("\\boxed{9^{9^{9^9}}}", "9^{9^{9}}", None),
    "no truth to compare": ("\\boxed{3}", "", None),
}


@pytest.fixture
def answered(store: Store) -> Store:
    with store.writing() as connection:
        for name, (response, truth, _) in CASES.items():
            connection.execute(
                "INSERT INTO prompts (prompt_key, ground_truth) VALUES ($1, $2)", [name, truth]
            ).fetchall()
            connection.execute(
                "INSERT INTO rollouts (rollout_id, run_id, prompt_key, response, reward) VALUES ($1, 'a', $1, $2, 1)",
                [name, response],
            ).fetchall()
    return store


def test_answers_are_graded_once_and_undecided_ones_say_why(answered: Store) -> None:
    graded = grade(answered, limit_seconds=1)
    found = answered.sql("SELECT rollout_id, correct, correct_source FROM rollouts").to_pylist()
    assert {row["rollout_id"]: row["correct"] for row in found} == {name: case[2] for name, case in CASES.items()}
    assert {row["correct_source"] for row in found} == {
        "graded",
        "undecided: no verdict in 1 s",
        "undecided: the ground truth is no expression",
    }
    assert (graded.right, graded.wrong, graded.undecided) == (4, 3, 2)
    again = grade(answered, limit_seconds=1)
    assert (again.right, again.wrong, again.undecided) == (0, 0, 0)


def test_grading_never_touches_what_the_log_says(answered: Store) -> None:
    with answered.writing() as connection:
        connection.execute("UPDATE rollouts SET correct = false, correct_source = 'acc'").fetchall()
    grade(answered, run="a")
    assert answered.sql("SELECT DISTINCT correct_source AS s FROM rollouts")["s"].to_pylist() == ["acc"]


def test_a_run_that_is_not_there_is_no_run_without_answers(answered: Store) -> None:
    with answered.writing() as connection:
        connection.execute("INSERT INTO runs (run_id) VALUES ('a')").fetchall()
    with pytest.raises(UnknownName, match="no run is called 'nope'"):
        grade(answered, run="nope")


def test_a_process_that_dies_costs_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "_GRACE_SECONDS", 2)
    tasks = [
        (str(n), "\\boxed{9^{9^{9^9}}}" if n == 2 else "\\boxed{1}", "9^{9^{9}}" if n == 2 else "1") for n in range(5)
    ]
    verdicts = {verdict.rollout_id: verdict.correct for verdict in grading.grade_all(tasks, workers=1, limit_seconds=1)}
    assert verdicts == {"0": True, "1": True, "2": None, "3": True, "4": True}


def test_without_the_extra_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"grading needs the extra 'grade': pip install 'traceanalytics\[grade\]'"):
        list(grading.grade_all([("a", "1", "1")]))
