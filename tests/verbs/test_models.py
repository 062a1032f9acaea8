import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner
from verbs.test_train import write_labels

from traceanalytics.classifiers.base import Judged, candidates_of
from traceanalytics.classifiers.models import save_model
from traceanalytics.classifiers.splits import fingerprints
from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused
from traceanalytics.store.store import Store
from traceanalytics.taggers import load_tagger
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.models import compared, history, hold_against, left_to_cues, models, promote, roll_back
from traceanalytics.verbs.tag import tag
from traceanalytics.verbs.train import train

TEXTS = ("I want to see whether that can be right, aa of kkkk.", "It is 4.")


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("models") / "labels")


@pytest.fixture(scope="module")
def model(labels: Path) -> Path:
    return train("ngrams", [labels], labels.parent / "mine").folder


@pytest.fixture
def store(tmp_path: Path, model: Path) -> Store:
    lines = [json.dumps({"prompt": "q", "response": text, "step": step}) for step in (0, 10) for text in TEXTS]
    (tmp_path / "run.jsonl").write_text("\n".join(lines))
    store = Store(tmp_path / "traces.duckdb")
    ingest([tmp_path / "run.jsonl"], store=store)
    tag(store, tagger="cues")
    tag(store, tagger=str(model))
    return store


def test_a_promotion_shows_the_test_and_the_points_that_move(store: Store, model: Path, labels: Path) -> None:
    promoted = promote(store, str(model), labels=[labels])
    assert promoted.active.startswith("mine@")
    assert promoted.before is not None
    assert promoted.before.startswith("cues@")
    assert promoted.test[-1]["behavior"] == "all"
    assert promoted.test[-1]["new_f1"] > promoted.test[-1]["old_f1"]
    (moved,) = promoted.moved
    assert (moved["behavior"], moved["before"], moved["after"]) == ("verification", 0.0, 0.5)
    assert (moved["prompts"], moved["rollouts"]) == (1, 4)
    assert moved["low"] <= moved["change"] <= moved["high"]
    assert (promoted.unread, promoted.judges_ours) == (0, True)


def test_a_promoted_model_outlives_its_folder(store: Store, model: Path, labels: Path, tmp_path: Path) -> None:
    promote(store, "mine", labels=[labels])
    assert tag(store).tagger_id.startswith("mine@")
    assert load_tagger(store.path.with_name("traces.duckdb.models") / tag(store).tagger_id).name == "mine"


def test_a_model_that_is_worse_is_refused_unless_forced(
    store: Store, model: Path, labels: Path, tmp_path: Path
) -> None:
    promote(store, str(model), labels=[labels])
    mute = load_tagger(model)
    mute.classifier._bias = mute.classifier._bias - np.float32(100)  # type: ignore[attr-defined]
    save_model(mute.classifier, tmp_path / "mute", {"name": "mute"})
    tag(store, tagger=str(tmp_path / "mute"))
    refused = (
        r"^not promoted, mine@\w+ stays active: mute@\w+ is worse than mine@\w+ on the frozen "
        r"labels: .*verification: F1 0.000 after .*--force"
    )
    with pytest.raises(Refused, match=refused):
        promote(store, "mute", labels=[labels])
    forced = CliRunner().invoke(
        app, ["use", "mute", "--labels", str(labels), "--force", "--db", str(store.path)], catch_exceptions=False
    )
    first = r"mute@\w+ is active, promoted over mine@\w+ by force, although mute@\w+ is worse than mine@\w+ on the .*"
    assert re.fullmatch(first, forced.stdout.splitlines()[0])
    assert [each["forced"] for each in history(store)] == [False, True]


def test_labels_too_few_to_say_whether_a_model_is_worse_refuse_it_unless_forced(
    store: Store, labels: Path, tmp_path: Path
) -> None:
    lines = (labels / "made.jsonl").read_text().splitlines()
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(lines[:40]))
    refused = (
        r"too few to say whether mine@\w+ is worse than cues@\w+: \d yeses in the frozen labels, at least 10 are "
        r"needed; add those that ship \(--labels shipped\), judge more, or promote it with --force"
    )
    with pytest.raises(Refused, match=refused):
        promote(store, "mine", labels=[few])
    assert [row["active"] for row in models(store)] == [True, False]
    assert promote(store, "mine", labels=[few], force=True).forced


def test_a_model_that_leaves_to_cues_what_the_active_one_learned_needs_labels_that_say_so(
    store: Store, labels: Path
) -> None:
    tag(store, tagger="ngrams")
    promote(store, "ngrams", labels=[labels], force=True)
    refused = (
        r"mine@\w+ leaves to cues what ngrams@\w+ has learned, and the frozen labels hold too few to say whether that "
        r"is worse: .*self_doubt.*; add those that ship \(--labels shipped\)"
    )
    with pytest.raises(Refused, match=refused):
        promote(store, "mine", labels=[labels])


def test_promoting_says_the_verdict_first_then_what_moves_most_and_what_cues_still_decide(
    store: Store, model: Path, labels: Path
) -> None:
    words = ["use", str(model), "--labels", str(labels), "--db", str(store.path)]
    moved, again = (CliRunner().invoke(app, words) for _ in range(2))
    verdict, *better, heading, row = moved.stdout.splitlines()
    assert re.fullmatch(
        r"mine@\w+ is active, promoted over cues@\w+: no worse on the frozen labels at any behavior that they tell of; "
        r"over all F1 [\d.]+ after [\d.]+, difference \+[\d.]+ to \+[\d.]+, \d+ yeses",
        verdict,
    )
    assert better[0] == "better or worse on the frozen labels, the largest first:"
    assert all(re.search(r" better  F1 [\d.]+ after [\d.]+  difference .*  \d+ yeses", line) for line in better[1:])
    assert heading == "rates that move most; 0 in all move beyond chance:"
    assert re.fullmatch(
        r"  verification  run\.jsonl, train  0\.0% -> 50\.0%  \+50\.0 points \[[-+.\d]+, [-+.\d]+\]  "
        r"1 prompt  4 rollouts",
        row,
    )
    assert re.fullmatch(r"mine@\w+ is active, as it was before\n", again.stdout)
    by_cues = re.search(r"decided by cues while mine@\w+ is active: (.*)", again.stderr)
    assert by_cues is not None
    assert by_cues[1].split(", ") == left_to_cues(load_tagger(model))
    assert "verification" not in by_cues[1].split(", ")


def test_a_card_is_shown_whole_but_for_long_lists(store: Store) -> None:
    tag(store, tagger="ngrams")
    shown = CliRunner().invoke(app, ["models", "card", "ngrams", "--db", str(store.path)]).stdout
    lines = {line.split("  ")[0]: line for line in shown.splitlines()}
    assert lines["decided_by_cues"].endswith("verification")
    assert lines["counts.verification"].endswith("yes 289, no 7339")
    assert lines["taught"].endswith(" of them; --json prints them")


def test_rolling_back_makes_the_tagger_before_active_again(store: Store, labels: Path) -> None:
    before = promote(store, "mine", labels=[labels]).before
    assert roll_back(store) == before
    assert [row["tagger_id"] for row in models(store) if row["active"]] == [before]
    assert [("rolled_back_on" in each, each["before"]) for each in history(store)] == [(True, before)]
    with pytest.raises(BadInput, match="there is nothing to roll back to; `ta models` lists what was promoted here"):
        roll_back(store)


def test_a_published_detector_is_said_to_judge_nothing_of_ours(store: Store, labels: Path) -> None:
    tag(store, tagger="spurious_rewards.has_code")
    assert not promote(store, "spurious_rewards.has_code", labels=[labels]).judges_ours


def made_judged(answers: dict[str, list[int]]) -> Judged:
    """Return judgments of so many segments, a prompt each."""
    count = len(next(iter(answers.values())))
    prompts = tuple(f"p{number}" for number in range(count))
    matrix = np.array(list(answers.values()), np.int8).T
    return Judged(
        candidates_of(["x"] * count, [""] * count, [0.0] * count), tuple(answers), matrix, prompts, prompts=prompts
    )


def says(columns: dict[str, list[int]]) -> NDArray[np.bool_]:
    return np.array(list(columns.values())).T.astype(np.bool_)


GOOD, HALF = [1, 0] * 40, [1, 0, 0, 0] * 20


def test_a_model_that_is_worse_at_one_behavior_is_told_from_one_that_is_better_at_all() -> None:
    judged = made_judged({"verification": GOOD, "planning": GOOD})
    new, old = says({"verification": HALF, "planning": GOOD}), says({"verification": GOOD, "planning": HALF})
    worse = {row["behavior"]: row["verdict"] for row in compared(new, old, judged)}
    assert worse == {"verification": "worse", "planning": "better", "all": "no clear difference"}


def test_a_behavior_with_few_yeses_refuses_nobody() -> None:
    judged = made_judged({"verification": GOOD, "planning": [1] * 9 + [0] * 71})
    new, old = (
        says({"verification": GOOD, "planning": [0] * 80}),
        says({"verification": GOOD, "planning": [1] * 9 + [0] * 71}),
    )
    assert [row["verdict"] for row in compared(new, old, judged)][1] == "too few to say"


def test_twelve_behaviors_refuse_an_equal_model_as_rarely_as_one() -> None:
    random, refused = np.random.default_rng(0), 0
    names = [f"b{number}" for number in range(12)]
    for _ in range(60):
        truth = random.random((150, 12)) < 0.3
        judged = made_judged(dict(zip(names, truth.astype(int).T.tolist(), strict=True)))
        new, old = (truth ^ (random.random(truth.shape) < 0.1) for _ in range(2))
        refused += any(row["worse"] for row in compared(new, old, judged))
    assert refused / 60 <= 0.1


def test_what_the_old_tagger_learned_from_is_held_against_nobody(store: Store, model: Path, labels: Path) -> None:
    old = load_tagger(model)
    taught = fingerprints([f"Question {number}" for number in range(60)])
    knowing = replace(old, name="knowing", facts={**old.facts, "taught": list(taught)})
    with pytest.raises(
        Refused, match="knowing learned from every prompt of the frozen part, so nothing is held out to"
    ):
        hold_against(load_tagger(model), knowing, [labels])


def test_a_promotion_says_before_the_test_that_it_takes_some_seconds(store: Store, model: Path, labels: Path) -> None:
    words = ["use", str(model), "--labels", str(labels), "--db", str(store.path)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert re.match(r"holding mine@\w+ against cues@\w+ on the frozen part of labels: some seconds\n", done.stderr)
    unknown = CliRunner().invoke(app, ["use", "mistyped", "--db", str(store.path)])
    assert "holding" not in unknown.stderr
