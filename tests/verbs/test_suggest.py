import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import HOSTILE_RUN
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused, UnknownName
from traceanalytics.findings.shifts import split_of
from traceanalytics.judging import Answers, Question
from traceanalytics.store.store import Store
from traceanalytics.verbs.draw_audit import suggest_audit
from traceanalytics.verbs.suggest import suggest_disagreeing, suggest_uncertain

ASKED = ["verification"]


def shown_in(store: Store, questions: list[Question]) -> list[bool]:
    ids = [question.id for question in questions]
    rows = store.sql("SELECT rollout_id, shown FROM current_tagged WHERE list_contains($ids, rollout_id)", {"ids": ids})
    shown = dict(zip(rows["rollout_id"].to_pylist(), rows["shown"].to_pylist(), strict=True))
    return ["verification" in shown[each] for each in ids]


def judge(questions: list[Question], path: Path) -> Path:
    answers = Answers(questions, path, "maria", ASKED)
    for question, behavior in answers.open_questions():
        answers.answer(question, behavior, True)
    return path


def test_the_same_seed_draws_the_same_queue(analyzed: Store) -> None:
    first, again, other = (suggest_audit(analyzed, ASKED, run="random", n=20, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert {question.id for question in first} != {question.id for question in other}


def test_an_audit_says_with_which_probability_each_rollout_was_drawn(analyzed: Store) -> None:
    drawn = suggest_audit(analyzed, ASKED, run="random", split="train", n=60)
    assert len(drawn) == pytest.approx(60, abs=6)
    assert sum(1 / question.drawn_with for question in drawn if question.drawn_with) == pytest.approx(240, rel=0.1)
    assert {question.unit for question in drawn} == {"rollout"}


def test_rollouts_are_drawn_as_often_as_they_say(analyzed: Store) -> None:
    estimates, seen = [], []
    for seed in range(30):
        drawn = suggest_audit(analyzed, ASKED, run="random", split="train", n=45, seed=seed)
        weights = np.array([1 / (question.drawn_with or 1) for question in drawn])
        estimates.append((weights * shown_in(analyzed, drawn)).sum() / weights.sum())
        seen.append(weights.sum())
    (row,) = analyzed.query("behavior_rate", in_behavior="verification", in_run="random", bin_width=100).to_pylist()
    assert np.mean(estimates) == pytest.approx(row["share"], abs=0.02)
    assert np.mean(seen) == pytest.approx(240, rel=0.03)


def test_every_era_outcome_and_verdict_of_the_tagger_is_drawn_from(analyzed: Store) -> None:
    drawn = suggest_audit(analyzed, ASKED, run="random", split="train", n=60)
    ids = [question.id for question in drawn]
    rows = analyzed.sql("SELECT step, correct FROM rollouts WHERE list_contains($ids, rollout_id)", {"ids": ids})
    assert set(rows["step"].to_pylist()) == {0, 10, 20, 30, 40}
    assert set(rows["correct"].to_pylist()) == {True, False}
    assert sum(shown_in(analyzed, drawn)) >= 15


def test_what_was_judged_is_never_drawn_again(analyzed: Store, tmp_path: Path) -> None:
    first = suggest_audit(analyzed, ASKED, run="random", n=40)
    path = judge(first, tmp_path / "audit-judged.jsonl")
    second = suggest_audit(analyzed, ASKED, run="random", n=40, judged=[path])
    assert not {question.id for question in first} & {question.id for question in second}
    segments = suggest_uncertain(analyzed, n=20)
    path = judge(segments, tmp_path / "segments-judged.jsonl")
    again = suggest_uncertain(analyzed, n=20, judged=[path])
    assert not {question.id for question in segments} & {question.id for question in again}


def test_an_audit_leaves_out_rollouts_that_gave_a_segment_to_train_on(analyzed: Store, tmp_path: Path) -> None:
    segments = suggest_uncertain(analyzed, run="random", split="train", n=60)
    path = judge(segments, tmp_path / "segments-judged.jsonl")
    trained_on = {question.source for question in segments}
    drawn = suggest_audit(analyzed, ASKED, run="random", split="train", n=200, judged=[path])
    assert drawn
    assert not trained_on & {question.source for question in drawn}


def test_a_segment_comes_with_its_context(analyzed: Store) -> None:
    for question in suggest_uncertain(analyzed, behaviors=ASKED, run="truth", n=5):
        (row,) = analyzed.sql(
            "SELECT response FROM rollouts WHERE rollout_id = $id", {"id": question.id.split("/")[0]}
        ).to_pylist()
        assert question.text in row["response"]
        assert question.before + question.previous in row["response"]
        assert question.asked == ("verification",)
        assert question.drawn_with is None


def test_no_text_is_asked_often_and_none_twice_in_the_same_context(analyzed: Store) -> None:
    found = suggest_uncertain(analyzed, n=80)
    texts = Counter(" ".join(question.text.casefold().split()) for question in found)
    assert max(texts.values()) <= 3
    assert len({(question.previous, question.text) for question in found}) == len(found)


def test_named_behaviors_are_asked_of_every_segment(analyzed: Store) -> None:
    found = suggest_uncertain(analyzed, behaviors=["verification", "self_doubt"], n=30)
    assert {question.asked for question in found} == {("verification", "self_doubt")}


def test_every_third_segment_is_one_that_the_tagger_passes_over(analyzed: Store) -> None:
    found = suggest_uncertain(analyzed, behaviors=["verification", "self_doubt"], n=30)
    marked = {
        f"{row['rollout_id']}/{row['segment']}"
        for row in analyzed.sql(
            "SELECT rollout_id, segment FROM tags WHERE tagger_id LIKE 'ngrams@%' "
            "AND behavior IN ('verification', 'self_doubt')"
        ).to_pylist()
    }
    passed_over = [question.id not in marked for question in found]
    assert (len(found), sum(passed_over)) == (30, 10)
    assert 3 <= sum(passed_over[:15]) <= 7, "whoever stops early has judged some of both"


def test_taggers_that_part_are_asked_about_where_they_do(analyzed: Store) -> None:
    found = suggest_disagreeing(
        analyzed, "spurious_rewards.has_code", behaviors=["code_mention"], other_behavior="spurious_rewards.has_code"
    )
    assert found
    assert {question.asked for question in found} == {("code_mention",)}


def test_taggers_that_do_not_part_are_refused(analyzed: Store) -> None:
    with pytest.raises(Refused, match="part on nothing that is not judged yet; name what the other one calls it"):
        suggest_disagreeing(analyzed, "ngrams")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"behaviors": []}, "an audit asks of each rollout whether it shows certain behaviors: name them"),
        ({"behaviors": ["verificaton"]}, "no behavior is called 'verificaton'. Did you mean 'verification'"),
        ({"behaviors": ASKED, "tagger": "dancer"}, "tagger 'dancer' has read nothing here; run `ta tag --tagger"),
        ({"behaviors": ASKED, "run": "nowhere"}, "no tagged run is called 'nowhere'; the store holds"),
        ({"behaviors": ASKED, "split": "probe"}, "has read no rollout of the split probe that is not judged yet"),
    ],
    ids=["nothing asked", "behavior", "tagger", "run", "split"],
)
def test_a_wrong_audit_is_answered_in_words(asked: dict[str, object], message: str, analyzed: Store) -> None:
    with pytest.raises((BadInput, UnknownName, Refused), match=message):
        suggest_audit(analyzed, **asked)  # type: ignore[arg-type]


def test_another_name_needs_one_behavior(analyzed: Store) -> None:
    with pytest.raises(BadInput, match="--as says what the other tagger calls one behavior: name that with"):
        suggest_disagreeing(analyzed, "ngrams", other_behavior="x")


def test_a_store_without_tags_is_answered_with_the_command(store: Store) -> None:
    with store.writing():
        pass
    with pytest.raises(Refused, match="no rollout is tagged yet: `ta tag` finds the behaviors"):
        suggest_uncertain(store)


def test_the_command_writes_a_queue_and_draws_nothing_that_is_judged_beside_it(analyzed: Store, tmp_path: Path) -> None:
    words = ["suggest", "uncertain", "-n", "5", "--db", str(analyzed.path), "--json", "--out"]
    first = json.loads(CliRunner().invoke(app, [*words, str(tmp_path / "a.jsonl")]).stdout)
    assert (first["drawn"], first["queue"]) == (5, str(tmp_path / "a.jsonl"))
    CliRunner().invoke(app, ["label", str(tmp_path / "a.jsonl")], input="y" * first["questions"])
    CliRunner().invoke(app, [*words, str(tmp_path / "b.jsonl")])
    ids = [
        {json.loads(line)["id"] for line in (tmp_path / name).read_text().splitlines()}
        for name in ("a.jsonl", "b.jsonl")
    ]
    assert not ids[0] & ids[1]


def test_a_queue_that_is_shorter_than_asked_says_why(analyzed: Store, tmp_path: Path) -> None:
    words = ["suggest", "uncertain", "--db", str(analyzed.path), "-n", "5000", "--out", str(tmp_path / "queue.jsonl")]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert " of the 5,000 asked for: what else there is repeats these texts or is judged already" in result.stderr


def test_an_audit_names_the_split_that_it_is_drawn_from(analyzed: Store, tmp_path: Path) -> None:
    out = tmp_path / "audit.jsonl"
    words = ["suggest", "audit", "--behavior", "verification", "--db", str(analyzed.path), "-n", "9", "--out", str(out)]
    drawn = CliRunner().invoke(app, words, catch_exceptions=False)
    split = split_of(analyzed, "random")
    assert split == "val"
    assert drawn.stdout.splitlines()[0] == f"9 rollouts of the split {split} in {out}, 9 questions"
    assert "the split val is what findings read of most runs by default; --split draws from another\n" in drawn.stderr
    words[-1] = str(tmp_path / "of-training.jsonl")
    chosen = CliRunner().invoke(app, [*words, "--split", "train"], catch_exceptions=False)
    assert chosen.stdout.startswith("9 rollouts of the split train in ")
    assert "by default" not in chosen.stderr
    assert suggest_audit(analyzed, ASKED, run=HOSTILE_RUN, n=2), "a run without evaluations is audited where it is read"


def test_disagreeing_needs_the_other_tagger(analyzed: Store) -> None:
    found = CliRunner().invoke(app, ["suggest", "disagreeing", "--db", str(analyzed.path)])
    assert "`ta suggest disagreeing` needs --other TAGGER; `ta list taggers` names them" in str(found.exception)
