import dataclasses

import pytest
from findings.worlds import Row, fill

from traceanalytics.errors import Refused, UnknownName
from traceanalytics.findings.base import Answer, get_finding, read_parameters
from traceanalytics.store.store import Store

REFLECTS = ("verification",)


def rate(store: Store, **arguments: object) -> Answer:
    return get_finding("reflection_rate").find(store, **arguments)


def against(store: Store, **arguments: object) -> Answer:
    return get_finding("reflection_vs_accuracy").find(store, **arguments)


def course(shares: dict[int, int], length: int = 12) -> list[Row]:
    """Return 40 prompts with 10 samples a step, of which so many reflect; later responses are `length` times longer."""
    return [
        Row(
            f"p{i}", step, shown=REFLECTS if sample < shown else (), response="x" * (100 if step == 0 else length * 100)
        )
        for step, shown in shares.items()
        for i in range(40)
        for sample in range(10)
    ]


def prompts_with(counts: dict[str, tuple[int, int, int, int]], times: int) -> list[Row]:
    """Return prompts by their rollouts: right and all that reflect, right and all that do not."""
    return [
        Row(f"{name}-{i}", correct=sample < right, shown=shown)
        for name, (shown_right, shown_n, other_right, other_n) in counts.items()
        for i in range(times)
        for shown, right, n in ((REFLECTS, shown_right, shown_n), ((), other_right, other_n))
        for sample in range(n)
    ]


def test_a_rate_that_rises_in_longer_text_is_shown_beside_the_rate_per_length(store: Store) -> None:
    answer = rate(fill(store, course({0: 2, 100: 4, 200: 6}, length=6)))
    by_label = {each.label: each.value for each in answer.estimates}
    assert by_label["share at the first step"] == pytest.approx(0.2)
    assert by_label["change"] == pytest.approx(0.4)
    assert by_label["change per 100 steps"] == pytest.approx(0.2)
    assert by_label["spans per 1,000 characters at the first step"] == pytest.approx(2)
    assert by_label["spans per 1,000 characters at the last step"] == pytest.approx(1)
    assert answer.verdict.startswith("the share of responses that reflect rose in a from 20% [")
    assert answer.verdict.endswith(
        " on 40 prompts; the same length of text holds 0.50 [0.50, 0.50] times as many spans"
    )
    assert answer.chart is not None
    assert len(answer.chart.to_dict()["data"]["values"]) == 3


def test_a_rate_that_stays_is_not_called_a_change(store: Store) -> None:
    assert "shows no change beyond chance" in rate(fill(store, course({0: 3, 100: 3}))).verdict


def test_other_behaviors_can_be_followed(store: Store) -> None:
    read = read_parameters(get_finding("reflection_rate"), ["in_behaviors=backtracking,self_doubt"])
    answer = rate(fill(store, course({0: 3, 100: 3})), **read)
    assert answer.estimates[0].value == 0
    assert any("a: no trend is given: the rate is 0 at every step" in caveat for caveat in answer.caveats)


def test_an_unread_tagger_is_refused(store: Store) -> None:
    fill(store, course({0: 3, 100: 3}))
    with store.writing() as connection:
        connection.execute("INSERT INTO taggers (tagger_id, name) VALUES ('d-1', 'dr_grpo.keywords')").fetchall()
    message = "no rollout of run 'a' is tagged by dr_grpo.keywords: `ta tag --tagger` reads them"
    with pytest.raises(Refused, match=message):
        rate(store, in_tagger="dr_grpo.keywords")


def test_a_published_detector_counts_what_it_calls_reflection(store: Store) -> None:
    fill(store, course({0: 3, 100: 5}))
    with store.writing() as connection:
        for statement in (
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('d-1', 'published', 'dr_grpo.keywords')",
            "INSERT INTO tagged SELECT 'd-1', rollout_id, list_transform(shown, lambda x: 'dr_grpo.keywords'), 1, 4"
            " FROM tagged",
        ):
            connection.execute(statement).fetchall()
    by_label = {each.label: each.value for each in rate(store, in_tagger="dr_grpo.keywords").estimates}
    assert by_label["change"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("shares", "change", "message"),
    [
        ({0: 3}, {}, "run 'a' has one step in the split eval: a course needs two"),
        ({0: 3, 9: 3}, {"shown": None}, "no rollout of run 'a' is tagged: `ta tag` says what they show"),
        ({0: 3, 9: 3}, {"prompt": "p"}, "run 'a' has 1 prompt: at least 20 are needed"),
    ],
    ids=["one step", "untagged", "one prompt"],
)
def test_a_course_that_cannot_be_told_is_refused(
    shares: dict[int, int], change: dict[str, str | None], message: str, store: Store
) -> None:
    with pytest.raises(Refused, match=message):
        rate(fill(store, [dataclasses.replace(row, **change) for row in course(shares)]))


def test_other_conditions_at_the_end_are_refused(store: Store) -> None:
    rows = [dataclasses.replace(row, condition={"template": str(row.step)}) for row in course({0: 3, 9: 3})]
    with pytest.raises(Refused, match="run 'a' was sampled with other conditions at step 0 than at step 9"):
        rate(fill(store, rows))


def test_reflection_on_hard_prompts_looks_harmful_until_prompts_are_compared_with_themselves(store: Store) -> None:
    rows = prompts_with({"easy": (18, 20, 80, 100), "hard": (20, 80, 2, 20)}, times=10)
    answer = against(fill(store, rows))
    by_label = {each.label: each.value for each in answer.estimates}
    assert by_label["accuracy with reflection"] == pytest.approx(0.38)
    assert by_label["accuracy without"] == pytest.approx(82 / 120)
    assert by_label["difference inside prompts"] == pytest.approx(0.125)
    assert by_label["odds ratio inside prompts (Mantel-Haenszel)"] == pytest.approx(2.605, abs=0.001)
    assert "goes with more right answers inside prompts: +12.5 points [" in answer.verdict
    assert any(
        "over all prompts the difference is -30.3 points and inside prompts +12.5" in each for each in answer.caveats
    )
    assert answer.chart is not None


def test_prompts_where_reflection_is_no_advantage_are_counted(store: Store) -> None:
    rows = prompts_with({"a": (2, 2, 1, 2), "b": (0, 2, 1, 2), "c": (2, 2, 0, 0)}, times=10)
    answer = against(fill(store, rows))
    by_label = {each.label: each for each in answer.estimates}
    assert by_label["difference inside prompts"].value == 0
    assert by_label["difference inside prompts"].n == 20
    assert answer.verdict.endswith("over 20 prompts with both kinds; in 50% [30, 70] of them it is no advantage")


def test_odds_that_are_not_finite_are_left_out(store: Store) -> None:
    answer = against(fill(store, prompts_with({"a": (2, 2, 0, 2)}, times=20)))
    assert not any("odds" in each.label for each in answer.estimates)
    assert any("a: no odds ratio is given: 20 prompts" in caveat for caveat in answer.caveats)


def test_too_few_prompts_with_both_kinds_are_refused(store: Store) -> None:
    rows = prompts_with({"a": (1, 2, 1, 2)}, times=3) + prompts_with({"b": (2, 2, 0, 0)}, times=30)
    with pytest.raises(Refused, match="3 prompts of run 'a' with responses of both kinds at step 0: at least 20 are"):
        against(fill(store, rows))
    with pytest.raises(UnknownName, match="no run is called 'z'. Known: a"):
        against(store, in_run="z")
