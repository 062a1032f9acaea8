import dataclasses

import pytest
from findings.worlds import Row, fill, published_rows

from traceanalytics.errors import Refused, UnknownName
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.parts import PartOfStore
from traceanalytics.store.store import Store


def find(name: str, store: Store, **arguments: object) -> Answer:
    return get_finding(name).find(store, **arguments)


@pytest.fixture(scope="module")
def two_levels(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Forty easy problems that get easier, thirty hard ones that do not, ten of which nobody says how hard they are."""
    kinds = (("easy", 40, 2, 6), ("hard", 30, 1, 1), ("unsaid", 10, 1, 6))
    rows = [
        Row(f"{kind}-{i}", step, correct=k < right, shown=("code_reasoning",) * (k < right), condition={"arm": "x"})
        for kind, n, before, after in kinds
        for i in range(n)
        for step, right in ((0, before), (100, after))
        for k in range(8)
    ]
    store = fill(Store(tmp_path_factory.mktemp("levels") / 'a "store".duckdb'), rows)
    with store.writing() as connection:
        connection.execute("UPDATE prompts SET level = nullif(split_part(prompt_key, '-', 1), 'unsaid')").fetchall()
    return store


@pytest.mark.parametrize(
    ("finding", "label", "easy", "hard"),
    [
        ("reward_gain", "gain", 0.5, 0.0),
        ("behavior_shift", "code_reasoning: shift", 0.5, 0.0),
        ("accuracy_by_behavior", "accuracy of code", 1.0, 1.0),
        ("reflection_rate", "change", 0.0, 0.0),
        ("strategy_switch", "gain", 0.5, 0.0),
    ],
)
def test_a_finding_answers_for_each_part(finding: str, label: str, easy: float, hard: float, two_levels: Store) -> None:
    answer = find(finding, two_levels, by="level")
    by_label = {each.label: each for each in answer.estimates}
    assert (by_label[f"easy: {label}"].value, by_label[f"hard: {label}"].value) == (easy, hard)
    assert answer.verdict.startswith("level easy: ")
    assert "; level hard: " in answer.verdict
    assert "160 rollouts without a level are in no part" in answer.caveats
    assert "2 parts are looked at: the more parts, the more of them differ by chance" in answer.caveats
    assert answer.table is not None
    assert set(answer.table["level"].to_pylist()) == {"easy", "hard"}
    assert answer.params["by"] == "level"
    assert answer.chart is not None
    assert len(answer.chart.to_dict()["vconcat"]) == 2


def test_a_part_that_cannot_answer_is_left_out_by_name(store: Store) -> None:
    rows = published_rows(["random"])
    few = [dataclasses.replace(row, prompt=f"few-{row.prompt}", condition={"arm": "few"}) for row in rows[:6]]
    answer = find(
        "reward_gain", fill(store, [dataclasses.replace(row, condition={"arm": "all"}) for row in rows] + few), by="arm"
    )
    assert answer.verdict.startswith("arm all: random gained ")
    assert any(caveat.startswith("arm few is left out: 3 prompts of run 'random'") for caveat in answer.caveats)


def test_queries_of_rates_take_the_same_parts(two_levels: Store) -> None:
    rows = two_levels.query("behavior_rate", by="level", in_split="eval").to_pylist()
    assert [(row["step"], row["part"], row["rollouts"], row["share"]) for row in rows] == [
        (0, "easy", 320, 0.25),
        (0, "hard", 240, 0.125),
        (0, None, 80, 0.125),
        (100, "easy", 320, 0.75),
        (100, "hard", 240, 0.125),
        (100, None, 80, 0.75),
    ]
    assert two_levels.query("behavior_rate", in_split="eval")["part"].to_pylist() == [None, None]
    for query in ("behavior_density", "published_code_rate", "reward_over_steps", "length_over_steps"):
        assert two_levels.query(query, by="level", in_split="eval")["part"].to_pylist() == ["easy", "hard", None] * 2
        assert two_levels.query(query, in_split="eval").num_rows == 2
    roles = two_levels.query("code_roles_over_steps", by="level", in_split="eval").to_pylist()
    assert {(row["step"], row["part"]): row["share"] for row in roles if row["role"] == "code_reasoning"} == {
        (row["step"], row["part"]): row["share"] for row in rows
    }


def test_a_wrong_column_is_answered_with_the_list(two_levels: Store) -> None:
    message = (
        "no column to part by is called 'levl'. Did you mean 'level'. Known: algorithm, arm, base_run_id, data_for"
    )
    for ask in (
        lambda: find("reward_gain", two_levels, by="levl"),
        lambda: two_levels.query("behavior_rate", by="levl"),
    ):
        with pytest.raises(UnknownName, match=message):
            ask()


def test_nothing_to_part_by_or_too_much_is_refused(two_levels: Store, store: Store) -> None:
    with pytest.raises(Refused, match="no rollout says its dataset: there is nothing to part by"):
        find("reward_gain", two_levels, by="dataset")
    fill(store, [Row(f"p{i}", condition={"arm": str(i)}) for i in range(51)])
    with pytest.raises(Refused, match="by=arm makes 51 parts: at most 50 are told apart"):
        find("reward_gain", store, by="arm")
    with pytest.raises(
        Refused, match="none of 2 parts by level can answer; level hard is left out: run 'a' has no rol"
    ):
        find("reward_gain", two_levels, by="level", in_split="val")


def test_a_part_of_a_store_answers_plain_statements_too(two_levels: Store) -> None:
    part = PartOfStore(two_levels, "level", "hard")
    assert part.sql("SELECT count(*) AS n FROM rollouts").to_pylist() == [{"n": 480}]
    assert two_levels.sql("SELECT count(*) AS n FROM rollouts").to_pylist() == [{"n": 1280}]


def test_a_caveat_names_its_part_and_is_said_once(two_levels: Store) -> None:
    with two_levels.writing() as connection:
        connection.execute("UPDATE rollouts SET step = 10 WHERE step = 0").fetchall()
    try:
        caveats = find("reward_gain", two_levels, by="level").caveats
    finally:
        with two_levels.writing() as connection:
            connection.execute("UPDATE rollouts SET step = 0 WHERE step = 10").fetchall()
    assert "a has no step 0 in the split eval: step 10 is already trained" in caveats
    assert len(set(caveats)) == len(caveats)


def test_a_caveat_of_one_part_begins_with_its_name(store: Store) -> None:
    rows = [
        Row(
            f"{arm}-{i}",
            correct=k < 3,
            shown=("code_reasoning",) if k < 2 and i < coding else (),
            condition={"arm": arm},
        )
        for arm, coding in (("chat", 40), ("plain", 5))
        for i in range(40)
        for k in range(4)
    ]
    caveats = find("accuracy_by_behavior", fill(store, rows), by="arm").caveats
    assert "arm plain: a: code is seen on 5 prompts; a verdict needs at least 20" in caveats
    assert not any(caveat.startswith("arm chat: ") for caveat in caveats)


def test_what_a_log_could_say_is_refused_with_the_option_that_reads_it(store: Store) -> None:
    fill(store, [Row(f"p{i}") for i in range(3)])
    for by, cure in (("domain", "; `ta ingest PATH --set domain=…` says it"), ("level", "")):
        with pytest.raises(Refused) as refused:
            find("reward_gain", store, by=by)
        assert str(refused.value) == f"no rollout says its {by}: there is nothing to part by{cure}"
    for extra, key in (("NULL", "KEY"), ("""'{"level": 3}'""", "level")):
        with store.writing() as connection:
            connection.execute(f"UPDATE rollouts SET extra = {extra}").fetchall()
            connection.execute("UPDATE runs SET reader = 'plain'").fetchall()
        with pytest.raises(Refused) as refused:
            find("reward_gain", store, by="level")
        cure = f"`ta ingest PATH --map level={key}` reads it from the key {key} of the log"
        assert str(refused.value) == f"no rollout says its level: there is nothing to part by; {cure}"
