from collections.abc import Callable

import pytest

from traceanalytics.store import remembering
from traceanalytics.store.remembering import Remembering, remembered
from traceanalytics.store.store import Store

RUNS = "INSERT INTO rollouts (rollout_id, run_id, split, step, correct) VALUES "


@pytest.fixture
def asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """Return what the store behind is asked."""
    with store.writing() as connection:
        connection.execute(f"{RUNS} ('a', 'one', 'train', 0, true), ('b', 'two', 'val', 1, false)").fetchall()
    questions: list[tuple[str, dict[str, object]]] = []
    query = Store.query

    def count(self: Store, name: str, **arguments: object) -> object:
        questions.append((name, arguments))
        return query(self, name, **arguments)

    monkeypatch.setattr(Store, "query", count)
    return questions


def test_a_question_is_asked_once_also_when_a_default_is_written_out(store: Store, asked: list) -> None:
    memory = Remembering(store)
    for arguments in ({}, {"in_run": None}, {"in_split": "train", "bin_width": 1}, {"in_split": "val"}):
        memory.query("reward_over_steps", **arguments)
    assert asked == [("reward_over_steps", {}), ("reward_over_steps", {"in_split": "val"})]


def test_what_was_asked_of_all_runs_answers_for_one_and_its_split(store: Store, asked: list) -> None:
    memory = Remembering(store)
    whole = memory.query("evaluations")
    parts = [memory.query("evaluations", in_run="one", in_split="train"), memory.query("evaluations", in_split="val")]
    assert [part.to_pylist() for part in parts] == [[row] for row in whole.to_pylist()]
    assert len(asked) == 1
    assert memory.query("evaluations", in_run="one", in_split="val").num_rows == 0
    assert len(asked) == 2  # a store that knows no such row is asked why


def test_a_store_that_remembers_reads_by_the_tagger_that_was_chosen(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO meta VALUES ('active_tagger', 'one@1')").fetchall()
    with Remembering(Remembering(Store(store.path, tagger="two@1"))).reading() as connection:
        assert connection.execute("SELECT value FROM meta WHERE name = 'active_tagger'").fetchall() == [("two@1",)]


@pytest.mark.parametrize(("wrap", "computed"), [(Remembering, 1), (lambda store: store, 2)], ids=["memory", "none"])
def test_only_a_store_that_remembers_keeps_what_was_computed_of_it(
    store: Store, wrap: Callable[[Store], Store], computed: int
) -> None:
    calls = []

    @remembered
    def count(store: Store, *, of: str) -> int:
        calls.append(of)
        return len(calls)

    held = wrap(store)
    assert [count(held, of="a"), count(held, of="a")] == [1, computed]
    assert count(held, of="b") == computed + 1


def test_what_was_asked_longest_ago_is_forgotten_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST_ANSWERS", 2)
    memory, found = Remembering(store), []
    for key in ("a", "b", "a", "c", "a", "b"):
        memory.remember(key, lambda key=key: found.append(key))  # type: ignore[misc]
    assert found == ["a", "b", "c", "b"]
