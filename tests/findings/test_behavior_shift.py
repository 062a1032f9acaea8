import dataclasses
from pathlib import Path

import numpy as np
import pytest
from findings.worlds import Row, fill

import traceanalytics
from traceanalytics.errors import BadInput, Refused, UnknownName
from traceanalytics.findings.base import Answer, Named, get_finding
from traceanalytics.findings.shifts import Window, find_shifts, percent
from traceanalytics.findings.turns import turns_of
from traceanalytics.store.store import Store

STEPS = tuple(range(0, 110, 10))


def world(
    courses: dict[str, list[float]], *, prompts: int = 64, samples: int = 8, seed: int = 0, run: str = "r"
) -> list[Row]:
    """Return a run whose behaviors have these rates at its steps; prompts differ in how inclined they are (ICC 0.3)."""
    draws = np.random.default_rng(seed)
    rates = {
        behavior: np.stack([draws.permutation(_spread_out(rate, prompts)) for rate in course])
        for behavior, course in courses.items()
    }
    for of in rates.values():
        of.sort(axis=1)  # a prompt keeps its place from step to step
    steps = STEPS[: len(next(iter(courses.values())))]
    return [
        Row(f"p{prompt}", step, run, shown=tuple(name for name, of in rates.items() if draws.random() < of[at, prompt]))
        for at, step in enumerate(steps)
        for prompt in range(prompts)
        for _ in range(samples)
    ]


def _spread_out(rate: float, prompts: int) -> np.ndarray:
    from scipy.stats import beta

    if not 0 < rate < 1:
        return np.full(prompts, rate)
    return np.asarray(beta.ppf((np.arange(prompts) + 0.5) / prompts, rate * 7 / 3, (1 - rate) * 7 / 3))


def audit(store: Store, behavior: str, early: tuple[int, ...], late: tuple[int, ...]) -> None:
    """Put audits of both ends into a store: true and false positives, false and true negatives."""
    with store.writing() as connection:
        for band, cells in (("0-0", early), ("100-100", late)):
            connection.execute(
                "INSERT INTO tagger_errors VALUES ('by_count', $1, 'r', $2, $3, $4, $5, $6, 'random')",
                [behavior, band, *cells],
            ).fetchall()


def shift(store: Store, **arguments: object) -> Answer:
    return get_finding("behavior_shift").find(store, **arguments)


RISE = [0.3] + [0.3 + 0.04 * i for i in range(1, 11)]
FALL = RISE[::-1]
HUMP = [0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3]
FLAT = [0.3] * 11


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One run: planning rises, summary stays, setup falls, verification rises and falls again."""
    courses = {"planning": RISE, "summary": FLAT, "setup": FALL, "verification": HUMP}
    return fill(Store(tmp_path_factory.mktemp("planted") / "traces.duckdb"), world(courses, prompts=128))


@pytest.fixture(scope="module")
def overall(planted: Store) -> Answer:
    return shift(planted)


def test_over_all_behaviors_each_has_its_verdict(overall: Answer) -> None:
    answer = overall
    assert answer.table is not None
    assert {row["behavior"]: row["verdict"] for row in answer.table.to_pylist()} == {
        "planning": "detected but unaudited",
        "setup": "detected but unaudited",
        "verification": "rose then fell",
        "summary": "no change (equivalent)",
    }
    assert "verification rose from " in answer.verdict
    assert answer.verdict.endswith("of the others: 1 no change (equivalent)")
    assert any(
        caveat.startswith("4 shifts are looked at, of 4 behaviors in 1 run: one in 20") for caveat in answer.caveats
    )


def test_the_finding_answers_in_a_sentence_with_its_caveats(planted: Store) -> None:
    answer = traceanalytics.open(planted.path).finding("behavior_shift", in_behavior="planning")
    assert answer.verdict.startswith("planning rose from ")
    assert answer.verdict.endswith("at step 100 of r, beyond 5 points from step 10 [10, 30] on: detected but unaudited")
    assert [each.label for each in answer.estimates[:3]] == ["planning: start", "planning: end", "planning: shift"]
    assert answer.estimates[2].value == pytest.approx(0.4, abs=0.03)
    assert any(
        each.startswith("uncorrected: the rates count what the tagger says; audit ") and "rollouts to know" in each
        for each in answer.caveats
    )
    assert (
        "one run: its prompts describe this checkpoint and say nothing about other seeds or about the reward"
        in answer.caveats
    )
    assert "behavior_by_prompt" in answer.query


@pytest.mark.parametrize(
    ("course", "early", "late", "verdict"),
    [
        (RISE, (29, 1, 1, 69), (68, 1, 2, 29), "confirmed rise"),
        (FALL, (68, 1, 2, 29), (29, 1, 1, 69), "confirmed fall"),
        (RISE, (29, 1, 1, 69), (30, 40, 0, 30), "undetermined"),
        ([0.1] * 11, (9, 1, 1, 89), (9, 1, 1, 89), "no change (equivalent)"),
    ],
    ids=["rise", "fall", "a tagger that drifted", "flat"],
)
def test_audits_of_both_eras_decide(
    course: list[float], early: tuple[int, ...], late: tuple[int, ...], verdict: str, store: Store
) -> None:
    fill(store, world({"planning": [course[0], *course[4:8], course[-1]] + [course[-1]] * 5}, prompts=128))
    audit(store, "planning", early, late)
    answer = shift(store, in_behavior="planning")
    assert answer.verdict.endswith(f": {verdict}")
    assert [each.kind for each in answer.estimates if each.kind == "corrected"] == ["corrected"]
    assert not any(caveat.startswith("uncorrected") for caveat in answer.caveats)
    if verdict == "undetermined":
        assert answer.verdict.startswith("As tagged, planning rose from ")
        assert "; corrected by audits " in answer.verdict
        assert any(
            "a late false positive rate of " in caveat and "explain the shift" in caveat for caveat in answer.caveats
        )
        assert "planning of r: the tagger errs otherwise late in the run than early in it" in answer.caveats


def test_few_rollouts_leave_it_undetermined(store: Store) -> None:
    fill(store, world({"planning": FLAT[:3]}, prompts=24, samples=2, seed=1))
    answer = shift(store, in_behavior="planning")
    assert answer.verdict.startswith("No shift beyond chance of planning in r, ")
    assert answer.verdict.endswith(": undetermined")


def test_a_trough_that_was_left_again_is_said_beside_the_verdict(store: Store) -> None:
    fill(store, world({"planning": [1 - rate for rate in HUMP]}, prompts=128))
    answer = shift(store, in_behavior="planning")
    assert answer.verdict.endswith(", within ±5 points: no change (equivalent)")
    assert any(caveat.startswith("planning of r was at ") and caveat.endswith("came back") for caveat in answer.caveats)


@pytest.mark.parametrize("margin", [5.0, -1.0, 0.0, 1.0])
def test_a_margin_is_a_fraction(margin: float, store: Store) -> None:
    with pytest.raises(BadInput) as refused:
        shift(store, margin=margin)
    assert str(refused.value) == f"margin={margin:g} is no fraction between 0 and 1: margin=0.05 is 5 points"


def test_a_turn_is_named_by_steps_that_are_there(store: Store) -> None:
    rows = world({"planning": HUMP}, prompts=128)
    fill(store, [dataclasses.replace(row, step=9 * row.step) for row in rows])
    (found,) = turns_of(store, find_shifts(store, run="r")).values()
    assert found.window.first % 90 == found.window.last % 90 == 0


def test_flat_behaviors_are_rarely_called_shifted(store: Store) -> None:
    """Twenty behaviors that stay: at a false discovery rate of 5% hardly a run in 20 shows one."""
    fill(store, world({f"b{i}": FLAT[:4] for i in range(20)}, samples=4))
    answer = shift(store)
    assert answer.verdict.startswith("No behavior shifted beyond chance: ")


def test_a_run_without_step_0_is_held_against_the_base_run(store: Store) -> None:
    rows = [row for row in world({"planning": RISE}) if row.step >= 50]
    base = [dataclasses.replace(row, prompt=f"base-{row.prompt}") for row in world({"planning": [0.3]}, run="base")]
    fill(store, rows + base)
    alone = shift(store, in_behavior="planning", in_run="r")
    assert any(
        "r has no step 0: its start, step 50, is already trained; base=RUN names the run" in caveat
        for caveat in alone.caveats
    )
    with store.writing() as connection:
        connection.execute("UPDATE prompts SET problem_key = replace(prompt_key, 'base-', '')").fetchall()
    answer = shift(store, in_behavior="planning", base="base")
    assert answer.estimates[2].value == pytest.approx(0.4, abs=0.04)
    assert "at step 0 of base to " in answer.verdict
    assert not any("no step 0" in caveat or "fewer than half of the prompts" in caveat for caveat in answer.caveats)


def test_a_base_run_of_another_split_is_refused(store: Store) -> None:
    base = [dataclasses.replace(row, split="val") for row in world({"planning": [0.3]}, run="base")]
    fill(store, world({"planning": FLAT}) + base)
    message = "base run 'base' has no tagged rollouts in the split eval, only in val"
    with pytest.raises(Refused, match=message):
        shift(store, in_run="r", base="base")


def test_longer_text_that_shows_more_is_told_from_more_of_it(store: Store) -> None:
    """Responses of 400 characters show it twice as often as those of 100; only their mix changes."""
    draws = np.random.default_rng(1)
    rows = [
        Row(f"p{i}", step, shown=("planning",) * (draws.random() < (0.8 if long else 0.3)), response="x" * length)
        for step, part in ((0, 0.2), (50, 0.5), (100, 0.8))
        for i in range(60)
        for _ in range(8)
        for long in [draws.random() < part]
        for length in [400 if long else 100]
    ]
    answer = shift(fill(store, rows), in_behavior="planning")
    by_label = {each.label: each for each in answer.estimates}
    same = by_label["planning: shift at equal length"]
    assert by_label["planning: shift"].value > 0.2
    assert same.low is not None
    assert same.low < 0 < (same.high or 0)
    assert by_label["planning: end per 1,000 characters"].value < by_label["planning: start per 1,000 characters"].value
    assert any("among responses of one length the shift is " in caveat for caveat in answer.caveats)


def test_a_behavior_that_nobody_shows_is_answered_with_zero(planted: Store) -> None:
    answer = shift(planted, in_behavior="backtracking")
    assert [each.value for each in answer.estimates[:3]] == [0.0, 0.0, 0.0]
    said = (
        "No shift beyond chance of backtracking in r, +0.0 points [-2.9, 2.9], within ±5 points: no change (equivalent)"
    )
    assert answer.verdict == said


def test_shifts_are_there_for_other_rooms(planted: Store) -> None:
    shifts = {shift.behavior: shift for shift in find_shifts(planted, run="r")}
    planning, summary = shifts["planning"], shifts["summary"]
    assert planning.survives
    assert not summary.survives
    assert (planning.start_window, planning.end_window) == (Window(0, 0), Window(100, 100))
    assert planning.shared_prompts == 1.0
    assert (planning.start.n, planning.start.unit) == (128, "prompts")


def test_a_notebook_shows_verdict_numbers_and_chart(overall: Answer) -> None:
    html = overall._repr_html_()
    assert "<b>planning rose from" in html or "<b>setup fell from" in html
    assert "<svg" in html
    assert "planning: shift" in html
    assert overall.chart is not None
    assert overall.chart.to_dict()["layer"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shown": None}, "no rollout is tagged: `ta tag` finds the behaviors"),
        ({"step": 0}, "run 'r' has a single step in the split eval: a shift needs two"),
        ({"prompt": "p"}, "run 'r' has 1 prompts in a window: at least 20 tell a shift from chance"),
        ({"split": "elsewhere"}, "run 'r' has no tagged rollouts in the split train: `ta tag --run r` tags them"),
    ],
    ids=["no tags", "one step", "few prompts", "no split of ours"],
)
def test_what_the_data_cannot_answer_is_refused(change: dict[str, object], message: str, store: Store) -> None:
    rows = [dataclasses.replace(row, **change) for row in world({"planning": FLAT[:3]})]
    with pytest.raises(Refused, match=message):
        shift(fill(store, rows))


def test_other_conditions_or_missing_tags_at_the_end_are_refused(store: Store, tmp_path: Path) -> None:
    rows = world({"planning": FLAT[:3]})
    templates = [dataclasses.replace(row, condition={"template": "a" if row.step else "b"}) for row in rows]
    with pytest.raises(
        Refused, match="sampled with template b at step 0 and with template a at step 20: a difference between them"
    ):
        shift(fill(store, templates))
    untagged = [dataclasses.replace(row, shown=None) if row.step and row.prompt < "p2" else row for row in rows]
    with pytest.raises(Refused, match="19% of the rollouts at step 20 of run 'r' are not tagged: `ta tag` finishes th"):
        shift(fill(Store(tmp_path / "untagged.duckdb"), untagged))


def test_an_unknown_run_is_answered_with_the_known_ones(planted: Store) -> None:
    with pytest.raises(UnknownName, match="no run is called 'x'. Known: r"):
        shift(planted, in_run="x")


def test_a_store_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such store; `ta ingest PATH --db"):
        traceanalytics.open(tmp_path / "none.duckdb")


def test_a_narrow_interval_gets_a_decimal() -> None:
    assert percent(Named("x", 0.0123, 0.0101, 0.0151, 900)) == "1.2% [1.0, 1.5]"
    assert percent(Named("x", 0.5, None, None, 900)) == "50%"


def test_pages_give_the_verdicts_of_the_finding_from_their_own_counts(planted: Store, overall: Answer) -> None:
    from traceanalytics.pages.base import Selectors
    from traceanalytics.pages.verdicts import verdicts_of
    from traceanalytics.pages.view import look

    assert overall.table is not None
    found = {(row["run"], row["behavior"]): row["verdict"] for row in overall.table.to_pylist()}
    assert verdicts_of(look(planted, Selectors())) == found
