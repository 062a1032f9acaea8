import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verbs.test_train import write_labels

from traceanalytics.classifiers.splits import fingerprints
from traceanalytics.cli import app
from traceanalytics.errors import BadInput, BadLabel
from traceanalytics.store.store import Store
from traceanalytics.taggers import load_tagger
from traceanalytics.verbs.evaluate import evaluate, frozen_part
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.train import train


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("evaluate") / "labels")


@pytest.fixture(scope="module")
def model(labels: Path) -> Path:
    return train("ngrams", [labels], labels.parent / "mine").folder


def test_the_frozen_part_gives_precision_recall_and_their_interval(labels: Path, model: Path) -> None:
    rows = evaluate(load_tagger(model), [labels]).rows
    (row,) = (row for row in rows if (row["behavior"], row["part"]) == ("verification", "all"))
    if row["positives"] >= 10:
        assert 0 <= row["low"] <= row["f1"] <= row["high"] <= 1
        assert row["f1"] > 0.8
        assert 0 <= row["calibration_error"] < 0.3
    else:
        assert row["verdict"] == "too few to say"


def test_every_look_at_the_frozen_part_is_counted(labels: Path, model: Path) -> None:
    first = evaluate(load_tagger(model), [labels]).looks
    second = evaluate(load_tagger(model), [labels]).looks
    assert (first, second) == (first, (first or 0) + 1)
    assert json.loads((labels / "frozen_looks.json").read_text())[-1]["by"] == "ta evaluate mine"


@pytest.mark.parametrize(
    "card",
    [
        {"taught": list(fingerprints([f"Question {number}" for number in range(60)])), "taught_rollouts": []},
        {"taught": [], "taught_rollouts": [f"r{number}" for number in range(60)]},
    ],
    ids=["by its prompts", "by its rollouts"],
)
def test_a_model_whose_card_names_what_is_frozen_is_refused(
    card: dict[str, object], labels: Path, model: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in (labels / "made.jsonl").read_text().splitlines()]
    drawn = [line | {"source": f"rollout:r{line['id'].partition('-')[2]}"} for line in lines]
    (tmp_path / "drawn.jsonl").write_text("\n".join(map(json.dumps, drawn)))
    trained = load_tagger(model)
    with pytest.raises(
        BadInput, match=r"^mine learned from (\d+) of \1 prompts of the frozen part, so nothing it says"
    ):
        frozen_part([tmp_path], looked_at_by="a test", model=replace(trained, facts={**trained.facts, **card}))


def test_a_card_names_the_rollouts_that_taught(labels: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (labels / "made.jsonl").read_text().splitlines()]
    drawn = [line | {"source": f"rollout:r{number}"} for number, line in enumerate(lines)]
    (tmp_path / "drawn.jsonl").write_text("\n".join(map(json.dumps, drawn)))
    card = train("ngrams", [tmp_path / "drawn.jsonl"], tmp_path / "mine").card
    frozen = frozen_part([tmp_path / "drawn.jsonl"], looked_at_by="a test", model=load_tagger(tmp_path / "mine"))
    assert {*card["taught_rollouts"]} == {f"r{number}" for number in range(len(lines))} - {*frozen.rollouts()}


def test_errors_that_differ_between_early_and_late_steps_raise_an_alarm(
    labels: Path, model: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in (labels / "made.jsonl").read_text().splitlines()]
    late = [line for number, line in enumerate(lines) if number // 2 % 2]
    for line in late:  # the late checks are judged to be none, and the late plain sentences to be checks
        line["judged"]["verification"] = not line["judged"]["verification"]
    rows = [
        {"prompt": line["prompt"], "response": line["text"] + str(number), "step": 90 * (number // 2 % 2)}
        for number, line in enumerate(lines)
    ]
    (tmp_path / "run.jsonl").write_text("\n".join(map(json.dumps, rows)))
    store = Store(tmp_path / "traces.duckdb")
    ingest([tmp_path / "run.jsonl"], store=store, run="run")
    ids = {
        row["response"]: row["rollout_id"] for row in store.sql("SELECT response, rollout_id FROM rollouts").to_pylist()
    }
    drawn = [line | {"source": f"rollout:{ids[row['response']]}"} for line, row in zip(lines, rows, strict=True)]
    (tmp_path / "drawn.jsonl").write_text("\n".join(map(json.dumps, drawn)))
    trained = load_tagger(model)
    innocent = replace(trained, facts={**trained.facts, "taught": []})
    found = evaluate(innocent, [tmp_path / "drawn.jsonl"], store=store)
    assert {row["part"] for row in found.rows} == {"all", "run 0-0", "run 90-90"}
    (drift,) = found.drifts
    assert str(drift).startswith(
        "verification of run: the tagger errs otherwise at steps 90-90 than at steps 0-0 (p = "
    )


def test_labels_without_a_frozen_prompt_say_so(model: Path, tmp_path: Path) -> None:
    folder = write_labels(tmp_path / "one", count=30)
    file = folder / "made.jsonl"
    lines = [json.loads(line) | {"prompt": "Question 1"} for line in file.read_text().splitlines()]
    file.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(BadLabel, match="no prompt of it is in the frozen part; judge more prompts"):
        frozen_part([folder], looked_at_by="a test", model=load_tagger(model))


def test_parts_of_a_users_own_go_before_the_batches_of_ours_and_the_next_step_is_named(
    labels: Path, model: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in (labels / "made.jsonl").read_text().splitlines()]
    (tmp_path / "ours.jsonl").write_text("\n".join(json.dumps(line | {"source": "seed:made:1"}) for line in lines))
    words = ["evaluate", str(model), str(tmp_path / "ours.jsonl")]
    assert "seed:made" not in CliRunner().invoke(app, words).stdout, "one part is all"
    own = [line | {"id": f"own-{line['id']}", "source": "rollout:r1", "text": f"Own {line['text']}"} for line in lines]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, own)))
    said = CliRunner().invoke(app, [*words, str(tmp_path / "own.jsonl")])
    assert said.stderr.startswith(f"holding {model.name} against the frozen part of 2 label files: some seconds\n")
    assert "your rollouts" in said.stdout
    assert "seed:made" not in said.stdout
    assert said.stderr.endswith(
        f"next: ta tag --tagger {model}, then ta use {model} --labels {words[-1]} --labels {tmp_path / 'own.jsonl'}\n"
    )
