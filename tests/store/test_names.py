"""Misspelled names are errors, and what is empty says why."""

import pytest

from traceanalytics.errors import BadQuery, UnknownName
from traceanalytics.store.store import Store


@pytest.fixture
def tagged(store: Store) -> Store:
    with store.writing() as connection:
        for statement in [
            "INSERT INTO runs (run_id, reader) VALUES ('first', 'verl')",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response)"
            " VALUES ('r', 'first', 'eval', 1, 'p', 'Let me check.')",
            "INSERT INTO taggers (tagger_id, kind, name, card) VALUES"
            " ('c-1', 'cues', 'cues', '{\"behaviors\": [\"verification\"]}'), ('d-1', 'published', 'detector', '{}'),"
            " ('u-1', 'mine', 'silent', NULL)",
            "INSERT INTO tagged VALUES ('c-1', 'r', ['verification'], 1, 13)",
            "INSERT INTO meta VALUES ('active_tagger', 'c-1')",
        ]:
            connection.execute(statement).fetchall()
    return store


@pytest.mark.parametrize(
    ("query", "arguments", "message"),
    [
        ("behavior_rate", {"in_behavior": "verfication"}, "no behavior that cues judges is called 'verfication'. Did"),
        ("behavior_rate", {"in_run": "frist"}, "no run is called 'frist'. Did you mean 'first'"),
        ("behavior_rate", {"in_split": "evals"}, "no split is called 'evals'. Did you mean 'eval'"),
        ("behaviors_shown", {"in_tagger": "cue"}, "no tagger of this store is called 'cue'. Did you mean 'cues'"),
        ("behavior_by_prompt", {"in_behaviors": ["verification", "x"]}, "no behavior that cues judges is called 'x'"),
        ("behavior_rate", {}, "no behavior that cues judges is called 'code_reasoning'"),
    ],
)
def test_a_misspelled_name_is_answered_with_the_nearest(
    tagged: Store, query: str, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(UnknownName, match=message):
        tagged.query(query, **arguments)


@pytest.mark.parametrize("width", [0, -5])
def test_a_bin_without_width_is_refused(tagged: Store, width: int) -> None:
    with pytest.raises(BadQuery, match=f"bin_width={width}: a bin holds at least 1 step"):
        tagged.query("reward_over_steps", bin_width=width)


def test_a_step_that_is_not_there_is_answered_with_its_neighbors(tagged: Store) -> None:
    with tagged.writing() as connection:
        connection.execute(
            "INSERT INTO rollouts (rollout_id, run_id, split, step, response) VALUES ('s', 'first', 'eval', 9, 'x')"
        ).fetchall()
    with pytest.raises(BadQuery, match="there is no step 7; the nearest is 1 or 9"):
        tagged.query("examples", in_behavior="verification", in_split="eval", at_step=7)
    with pytest.raises(BadQuery, match="there is no step 10; the nearest is 9"):
        tagged.query("examples", in_behavior="verification", in_split="eval", at_step=10)
    assert tagged.query("examples", in_behavior="verification", in_split="eval", at_step=9).num_rows == 0


def test_fewer_than_no_rows_are_refused(tagged: Store) -> None:
    with pytest.raises(BadQuery, match="at_most=-1: 0 or more can be shown"):
        tagged.query("examples", in_behavior="verification", at_most=-1)


def test_an_evaluation_that_is_not_there_is_answered_with_the_one_that_is(tagged: Store) -> None:
    with tagged.writing() as connection:
        for split in ("train", "val"):
            connection.execute(
                "INSERT INTO rollouts (rollout_id, run_id, split, step, response) VALUES ($1, 'second', $1, 9, 'x')",
                [split],
            ).fetchall()
    reason = tagged.why_empty("behavior_rate", in_run="second", in_split="eval")
    assert reason == "no rollouts of split 'eval'; there are 1 of 'train', 1 of 'val': add in_split=val"


def test_a_published_detector_does_not_judge_our_behaviors(tagged: Store) -> None:
    with tagged.writing() as connection:
        connection.execute("UPDATE meta SET value = 'd-1' WHERE name = 'active_tagger'").fetchall()
    with pytest.raises(UnknownName, match="no behavior that detector judges is called 'verification'"):
        tagged.query("behavior_rate", in_behavior="verification")


def test_a_tagger_whose_card_is_silent_may_judge_anything(tagged: Store) -> None:
    with tagged.writing() as connection:
        connection.execute("UPDATE meta SET value = 'u-1' WHERE name = 'active_tagger'").fetchall()
    assert tagged.query("behavior_rate", in_behavior="anything").num_rows == 0


def test_nothing_found_in_a_split_names_the_splits_that_are_there(tagged: Store) -> None:
    assert tagged.query("behavior_rate", in_behavior="verification").num_rows == 0
    reason = tagged.why_empty("behavior_rate", in_behavior="verification")
    assert reason == "no rollouts of split 'train'; there are 1 of 'eval': add in_split=eval"
    assert tagged.why_empty("behavior_rate", in_split="eval") is None


def test_nothing_found_before_tagging_says_so(tagged: Store) -> None:
    with tagged.writing() as connection:
        connection.execute("DELETE FROM meta WHERE name = 'active_tagger'").fetchall()
    assert tagged.why_empty("behavior_rate") == "nothing is tagged yet: run `ta tag`"
