import dataclasses
import json

import pytest
from findings.worlds import ARMS, PUBLISHED, Row, fill, published_rows
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.errors import Refused, UnknownName
from traceanalytics.findings.base import Answer, get_finding
from traceanalytics.store.store import Store

CELLS = ["code -> code", "code -> language", "language -> code", "language -> language"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return fill(Store(tmp_path_factory.mktemp("published") / "traces.duckdb"), published_rows())


def switch(store: Store, **arguments: object) -> Answer:
    return get_finding("strategy_switch").find(store, **arguments)


def values(answer: Answer, labels: list[str]) -> list[float]:
    by_label = {each.label: each.value for each in answer.estimates}
    return [round(100 * by_label[label], 2) for label in labels]


def sampled(before: str, after: str, prompts: int = 40) -> list[Row]:
    """Return rollouts of prompts; C and L are right, c and l wrong, in code and in language."""
    return [
        Row(f"p{i}", step, correct=kind.isupper(), shown=("code_reasoning",) if kind in "cC" else ())
        for i in range(prompts)
        for step, kinds in ((0, before), (100, after))
        for kind in kinds
    ]


@pytest.mark.parametrize("run", ARMS)
def test_the_published_counts_give_the_published_shares(run: str, published: Store) -> None:
    assert values(switch(published, in_run=run), CELLS) == PUBLISHED["shares"][ARMS[run]]


def test_the_mean_and_the_pooled_share_of_the_published_runs(published: Store) -> None:
    answer = switch(published)
    assert (
        values(answer, [f"mean: {cell}" for cell in CELLS])
        == PUBLISHED["shares"]["mean"]
        == [11.64, 8.61, 58.31, 21.44]
    )
    assert values(answer, ["pooled: language -> code"]) == [54.76]
    assert values(answer, [f"random: {cell}" for cell in CELLS]) == PUBLISHED["shares"]["random"]
    assert {each.unit for each in answer.estimates if each.label.startswith("mean: ")} == {"runs"}
    assert answer.verdict.count(" gained ") == 5
    assert (
        "rows labeled mean and pooled are over runs of 5 configurations: they describe none of their rewards"
        in answer.caveats
    )


def test_raw_shares_come_in_order_with_their_intervals(published: Store) -> None:
    command = ["finding", "strategy_switch", "in_run=format", "--db", str(published.path), "--json"]
    printed = CliRunner().invoke(app, command, catch_exceptions=False).stdout
    answer = json.loads(printed)
    arrows = [each for each in answer["estimates"] if "->" in each["label"] and each["kind"] == "raw"]
    assert [each["label"] for each in arrows] == CELLS
    assert arrows[2]["value"] == pytest.approx(83 / 110)
    assert 0.64 < arrows[2]["low"] < 0.70
    assert 0.80 < arrows[2]["high"] < 0.90
    assert {(each["n"], each["unit"]) for each in arrows} == {(500, "prompts")}
    assert answer["params"]["from_step"] is None
    assert "correct_by_prompt" in answer["query"]


def test_shift_share_stands_beside_it(published: Store) -> None:
    answer = switch(published, in_run="format")
    assert values(answer, ["gain", "gain explained by the mix of strategies"]) == [22.00, 3.88]
    assert "not that switching caused it" in answer.caveats[0]


def test_one_sample_a_prompt_leaves_no_null_to_subtract(published: Store) -> None:
    caveats = switch(published, in_run="random").caveats
    assert (
        "random: what an unchanged policy would switch is not subtracted: a prompt has 1 base rollout: how often an "
        "unchanged policy switches needs at least 2 a prompt"
    ) in caveats


def test_the_switching_of_an_unchanged_policy_is_subtracted(store: Store) -> None:
    """A policy whose code is always right and whose language never is seems to gain by switching, and to lose it."""
    answer = switch(fill(store, sampled("CCll", "CCCl")))
    raw, beyond = (values(answer, [f"{cell}{of}" for cell in CELLS]) for of in ("", ", beyond an unchanged policy"))
    assert raw == [0, -50, 150, 0]
    assert beyond == [0, pytest.approx(100 * (-0.125 + 1 / 3) / 0.25, abs=0.01), pytest.approx(16.67), 0]
    adjusted = [each.label for each in answer.estimates if each.kind == "beyond chance"]
    assert adjusted == [f"{cell}, beyond an unchanged policy" for cell in CELLS]


def test_a_gain_near_zero_is_given_in_points(store: Store) -> None:
    rows = sampled("Cl", "CL", 20) + [
        dataclasses.replace(row, prompt=f"other-{row.prompt}") for row in sampled("CL", "Cl", 19)
    ]
    answer = switch(fill(store, rows))
    arrows = [each.label for each in answer.estimates if "->" in each.label and each.kind == "raw"]
    assert arrows == [f"{cell}, as change of accuracy" for cell in CELLS]
    assert "too near 0 to be shared out; " in answer.verdict
    assert any("lies within 4 standard errors" in caveat for caveat in answer.caveats)
    assert "The gain of 2 runs" not in answer.verdict


def test_another_behavior_names_its_own_strategies(store: Store) -> None:
    rows = [dataclasses.replace(row, shown=("verification",) if row.shown else ()) for row in sampled("Cl", "CC")]
    answer = switch(fill(store, rows), in_behavior="verification")
    assert answer.estimates[0].label == "verification -> verification"
    assert answer.estimates[2].label == "no verification -> verification"


def test_the_eval_split_comes_before_val_and_train(store: Store) -> None:
    rows = sampled("Cl", "CC")
    train = [dataclasses.replace(row, split="train", step=row.step + 7) for row in rows]
    assert switch(fill(store, rows + train)).verdict.startswith("a gained right answers from step 0 to 100: ")


def test_a_run_that_cannot_answer_is_named_beside_those_that_can(store: Store) -> None:
    rows = sampled("Cl", "CC")
    single = [dataclasses.replace(row, run="b") for row in rows if row.step == 0]
    answer = switch(fill(store, rows + single))
    assert any(caveat.startswith("b is left out: it has graded rollouts at step 0 only") for caveat in answer.caveats)


def test_a_run_without_a_step_0_says_so(store: Store) -> None:
    rows = [dataclasses.replace(row, step=row.step + 10) for row in sampled("Cl", "CC")]
    assert "a has no step 0 in the split eval: step 10 is already trained" in switch(fill(store, rows)).caveats


def test_prompts_of_one_evaluation_are_left_out_and_counted(store: Store) -> None:
    rows = [*sampled("Cl", "CC"), Row("alone", 0, correct=True)]
    caveats = switch(fill(store, rows)).caveats
    assert "a: 1 prompt left out: only one of the two evaluations has them" in caveats


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: row if row.step == 0 else None, "has graded rollouts at step 0 only in the split eval: a change"),
        (lambda row: row if int(row.prompt[1:]) < 12 else None, "12 prompts of run 'a' in both evaluations"),
        (
            lambda row: dataclasses.replace(row, shown=None) if row.step and row.prompt > "p2" else row,
            r"^\d\d% of the rollouts at step 100 of run 'a' \(eval\) are not tagged: `ta tag` finishes them$",
        ),
        (
            lambda row: dataclasses.replace(row, correct=None) if row.step and row.prompt > "p2" else row,
            r"are not graded: `ta grade` finishes them$",
        ),
        (
            lambda row: dataclasses.replace(row, correct=None),
            "no rollout of run 'a' is graded, and none has a ground truth that",
        ),
        (
            lambda row: dataclasses.replace(row, condition={"template": "qwen" if row.step else "none"}),
            "was sampled with template none at step 0 and with template qwen at step 100: a difference between them",
        ),
        (
            lambda row: dataclasses.replace(row, condition={"temperature": "1.0"} if row.prompt > "p2" else {}),
            "step 0 of run 'a' .eval. mixes rollouts sampled with a condition that the log does not say and with temp",
        ),
        (lambda row: dataclasses.replace(row, split="eval" if row.step else "val"), "a change needs two steps of one"),
    ],
    ids=["one step", "few prompts", "untagged", "ungraded", "no grades", "templates", "mixed conditions", "splits"],
)
def test_what_cannot_be_answered_is_refused(change: object, message: str, store: Store) -> None:
    rows = [changed for row in sampled("Cl", "CC") if (changed := change(row)) is not None]  # type: ignore[operator]
    with pytest.raises(Refused, match=message):
        switch(fill(store, rows))


def test_a_step_or_run_that_is_not_there_is_answered_with_those_that_are(store: Store) -> None:
    fill(store, sampled("Cl", "CC"))
    with pytest.raises(Refused, match="run 'a' has no evaluation at step 50 in the split eval; there are 0, 100"):
        switch(store, to_step=50)
    with pytest.raises(UnknownName, match="no run is called 'b'. Known: a"):
        switch(store, in_run="b")


def test_an_empty_store_says_what_to_do(store: Store) -> None:
    with store.writing():
        pass
    with pytest.raises(Refused, match="the store holds no rollouts: `ta ingest PATH` reads some"):
        switch(store)


def test_the_chart_has_a_mark_for_every_cell(published: Store) -> None:
    chart = switch(published, in_run="format").chart
    assert chart is not None
    drawn = chart.to_dict()
    assert len(drawn["layer"][1]["data"]["values"]) == 4
