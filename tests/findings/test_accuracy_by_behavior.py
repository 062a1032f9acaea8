import pytest
from findings.worlds import Row, fill, published_rows

from traceanalytics.errors import Refused
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store


def compare(store: Store, **arguments: object) -> Answer:
    return get_finding("accuracy_by_behavior").find(store, **arguments)


def test_the_published_base_model_is_right_more_often_in_code(store: Store) -> None:
    answer = compare(fill(store, published_rows(["random"])), at_step=0)
    code, language, apart = answer.estimates
    assert [round(100 * each.value, 1) for each in (code, language, apart)] == [60.9, 28.0, 32.9]
    assert [round(100 * limit, 1) for limit in (apart.low or 0, apart.high or 0)] == [24.0, 40.9]
    assert (code.n, language.n) == (325, 175)
    assert answer.verdict.startswith("code is right more often in random at step 0: 61% [")
    assert any("random: fewer than 20 prompts hold both kinds of rollout" in caveat for caveat in answer.caveats)


def test_few_prompts_leave_it_undetermined(store: Store) -> None:
    """OLMo2-7B-SFT: 103 of 490 in code right, 4 of 10 in language."""
    rows = [
        Row(f"{shown}-{i}", correct=i < right, shown=("code_reasoning",) if shown else ())
        for shown, n, right in ((True, 490, 103), (False, 10, 4))
        for i in range(n)
    ]
    answer = compare(fill(store, rows))
    assert answer.verdict.startswith("whether code is right more often is undetermined in a at step 0")
    assert "a: language is seen on 10 prompts; a verdict needs at least 20" in answer.caveats


def test_a_difference_inside_prompts_that_points_the_other_way_is_said(store: Store) -> None:
    """Code is used on the hard prompts and helps there."""
    kinds = {"easy": "CllllLLLLL", "hard": "CcccccccCl"}
    rows = [
        Row(f"{kind}-{i}", correct=letter.isupper(), shown=("code_reasoning",) if letter in "cC" else ())
        for kind, letters in kinds.items()
        for i in range(20)
        for letter in letters
    ]
    answer = compare(fill(store, rows))
    by_label = {each.label: each.value for each in answer.estimates}
    assert by_label["difference"] < 0 < by_label["difference inside prompts"]
    assert "a: inside prompts the difference points the other way; trust that one" in answer.caveats
    assert "; inside 40 prompts with both +" in answer.verdict
    assert answer.chart is not None
    assert len(answer.chart.to_dict()["data"]["values"]) == 2


def test_one_kind_of_rollout_alone_is_refused(store: Store) -> None:
    rows = [Row(f"p{i}", correct=i % 2 == 0) for i in range(30)]
    with pytest.raises(Refused, match="no graded rollout shows it: there is nothing to compare"):
        compare(fill(store, rows))


def test_it_compares_at_the_last_step_unless_one_is_given(store: Store) -> None:
    answer = compare(fill(store, published_rows(["format"])))
    assert "in format at step 150" in answer.verdict


@pytest.mark.parametrize(
    ("code", "language", "points", "verdict"),
    [
        ((268, 141), (232, 40), 35.4, "right more often"),
        ((461, 184), (39, 24), -21.6, "right less often"),
    ],
    ids=["Qwen2.5-Math-1.5B", "Qwen2.5-7B"],
)
def test_the_other_published_models_have_their_verdicts(
    code: tuple[int, int], language: tuple[int, int], points: float, verdict: str, store: Store
) -> None:
    rows = [
        Row(f"{shown}-{i}", correct=i < right, shown=shown)
        for shown, (n, right) in ((("code_reasoning",), code), ((), language))
        for i in range(n)
    ]
    answer = compare(fill(store, rows))
    assert round(100 * answer.estimates[2].value, 1) == points
    assert answer.verdict.startswith(f"code is {verdict} in a at step 0: ")
