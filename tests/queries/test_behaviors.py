import re

import duckdb
import pytest

from traceanalytics.store.names import PARTS
from traceanalytics.store.queries import get_query
from traceanalytics.store.store import Store


@pytest.fixture
def tagged(store: Store) -> Store:
    """Two steps of two prompts; at step 10 one rollout shows nothing and one is not tagged."""
    with store.writing() as connection:
        for statement in [
            "INSERT INTO meta VALUES ('active_tagger', 't')",
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('t', 'cues', 'cues'), ('o', 'published', 'other')",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response, reward) VALUES"
            " ('a', 'r', 'train', 0, 'p', 'Let me check. 2+2 is 4.', 1),"
            " ('b', 'r', 'train', 0, 'q', 'It is python.', 0),"
            " ('c', 'r', 'train', 10, 'p', 'Let me check.', 1), ('d', 'r', 'train', 10, 'q', 'plain', 0),"
            " ('e', 'r', 'train', 10, 'q', 'not tagged', 0), ('f', 'r', 'val', 10, 'q', 'other split', 0)",
            "INSERT INTO tagged VALUES ('t', 'a', ['confirmation', 'verification'], 2, 23), ('t', 'b', [], 1, 13),"
            " ('t', 'c', ['verification'], 1, 13), ('t', 'd', [], 1, 5), ('t', 'f', [], 1, 11), ('o', 'a', [], 1, 23)",
            "INSERT INTO tags VALUES ('t', 'a', 'verification', 0, 0, 13, 0.9, MAP {}),"
            " ('t', 'a', 'confirmation', 1, 14, 23, 0.8, MAP {}), ('t', 'a', 'backtracking', 1, 14, 23, 0.2, MAP {}),"
            " ('t', 'c', 'verification', 0, 0, 13, 0.9, MAP {})",
        ]:
            connection.execute(statement).fetchall()
    return store


def test_the_denominator_is_every_rollout_that_was_read(tagged: Store) -> None:
    rows = tagged.query("behavior_rate", in_behavior="verification").to_pylist()
    assert [(row["step"], row["rollouts"], row["shown"], row["share"]) for row in rows] == [
        (0, 2, 1, 0.5),
        (10, 2, 1, 0.5),
    ]


def test_a_behavior_that_nothing_shows_has_rate_zero_not_no_row(tagged: Store) -> None:
    rows = tagged.query("behavior_rate", in_behavior="backtracking", bin_width=100).to_pylist()
    assert [(row["rollouts"], row["share"]) for row in rows] == [(4, 0.0)]


def test_density_counts_segments_that_show_it_per_thousand_characters(tagged: Store) -> None:
    (first, second) = tagged.query("behavior_density", in_behavior="verification").to_pylist()
    assert first["per_1000_characters"] == pytest.approx(1000 / 36)
    assert second["per_1000_characters"] == pytest.approx(1000 / 18)


def test_the_word_alone_stands_beside_the_roles_of_code(tagged: Store) -> None:
    shares = {
        row["role"]: row["share"] for row in tagged.query("code_roles_over_steps").to_pylist() if row["step"] == 0
    }
    assert (shares["python"], shares["code_reasoning"]) == (0.5, 0.0)


def test_pairs_are_counted_once_and_compared_with_chance(tagged: Store) -> None:
    (pair,) = tagged.query("behavior_pairs").to_pylist()
    assert (pair["one"], pair["other"], pair["rollouts"], pair["both"]) == ("confirmation", "verification", 4, 1)
    assert pair["lift"] == pytest.approx((1 / 4) / ((1 / 4) * (2 / 4)))


def test_counts_by_prompt_come_in_the_order_of_the_behaviors_also_of_one_asked_twice(tagged: Store) -> None:
    asked = ["verification", "backtracking", "confirmation", "verification"]
    rows = tagged.query("behavior_by_prompt", in_behaviors=asked).to_pylist()
    assert [(row["step"], row["prompt_key"], row["rollouts"], row["shown"]) for row in rows] == [
        (0, "p", 1, [1, 0, 1, 1]),
        (0, "q", 1, [0, 0, 0, 0]),
        (10, "p", 1, [1, 0, 0, 1]),
        (10, "q", 1, [0, 0, 0, 0]),
    ]


def test_sixty_three_behaviors_are_counted_in_one_call(tagged: Store) -> None:
    asked = [*(f"b{number}" for number in range(62)), "verification"]
    rows = tagged.query("behavior_by_prompt", in_behaviors=asked, bin_width=100).to_pylist()
    assert [row["shown"][-2:] for row in rows] == [[0, 2], [0, 0]]


def test_examples_are_the_text_that_was_tagged(tagged: Store) -> None:
    rows = tagged.query("examples", in_behavior="verification", at_step=0).to_pylist()
    assert [(row["rollout_id"], row["text"]) for row in rows] == [("a", "Let me check.")]
    assert tagged.query("examples", in_behavior="backtracking").num_rows == 0


def test_coverage_says_what_each_tagger_has_read(tagged: Store) -> None:
    rows = {
        (r["split"], r["tagger_name"]): (r["tagged"], r["active"]) for r in tagged.query("tagger_coverage").to_pylist()
    }
    assert rows == {
        ("train", "cues"): (4, True),
        ("train", "other"): (1, False),
        ("val", "cues"): (1, True),
        ("val", "other"): (0, False),
    }


def test_points_lead_to_rollouts_that_show_it_nearly_do_or_part_two_taggers(tagged: Store) -> None:
    with tagged.writing() as connection:
        connection.execute("INSERT INTO tagged VALUES ('o', 'b', ['other'], 1, 13)").fetchall()
    asked = {"in_behaviors": ["verification", "backtracking"], "at_steps": [0], "bin_width": 5}
    rows = tagged.query("rollouts_of_points", **asked, other_tagger="o", other_name="other").to_pylist()
    assert [(row["behavior"], row["kind"], row["rollout_id"]) for row in rows] == [
        ("backtracking", "apart", "b"),
        ("backtracking", "nearly", "a"),
        ("verification", "apart", "a"),
        ("verification", "apart", "b"),
        ("verification", "shown", "a"),
    ]
    assert tagged.query("rollouts_of_points", **asked, in_search="zebra").num_rows == 0
    assert tagged.query("rollouts_of_points", **asked, in_runs=["s"]).num_rows == 0


def test_own_lengths_are_those_that_the_tagger_counted(tagged: Store) -> None:
    rows = tagged.query("own_length_over_steps", in_run="r").to_pylist()
    assert [(row["step"], row["rollouts"], row["median_characters"]) for row in rows] == [(0, 2, 18.0), (10, 2, 9.0)]
    assert tagged.query("length_over_steps", in_run="r").to_pylist()[1]["rollouts"] == 3, "the untagged one, too"


def test_a_rollout_belongs_to_the_model_that_wrote_it(tagged: Store) -> None:
    with tagged.writing() as connection:
        connection.execute("UPDATE rollouts SET model = rollout_id").fetchall()
    written_by = tagged.query("rollout_parts", by="model").to_pylist()
    assert {row["rollout_id"] for row in written_by} == {row["part"] for row in written_by}
    (cautions,) = tagged.query("run_cautions").to_pylist()
    assert cautions["models"] == len(written_by) > 1


def test_a_column_that_nothing_is_parted_by_is_an_error_in_any_shell(tagged: Store) -> None:
    with tagged.reading() as connection, pytest.raises(duckdb.Error) as refused:
        connection.execute("SELECT count(*) FROM rollout_parts(by := 'levl')").fetchall()
    assert "by := levl is no column to part by and no key of condition" in str(refused.value)


def test_the_columns_to_part_by_are_the_same_everywhere() -> None:
    sql = get_query("rollout_parts").sql
    parted = re.findall(r"WHEN '(\w+)' THEN", sql)
    lists = [re.findall(r"'(\w+)'", each) for each in re.findall(r"IN \(([^)]*)\)", sql)]
    assert [sorted(each) for each in (parted, *lists)] == [sorted(PARTS)] * 3
