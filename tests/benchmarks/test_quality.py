"""The benchmark of agreement, on a set small enough to count by hand."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "quality.py"
SHOWN = [("a", ["verification"]), ("a", []), ("b", ["verification"]), ("b", [])]
LABELLED = [
    ("a", "Let me double-check that.", ["verification"]),
    ("a", "That matches.", ["confirmation"]),
    ("a", "So x = 4.", []),
    ("b", "I should verify the sum.", []),
    ("b", "Hmm, let me recheck it, wait.", ["verification"]),
    ("b", "27 + 15 = 42, as above.", ["verification"]),
]


def write_set(folder: Path, name: str, label: str, *, with_traces: bool) -> None:
    response: dict[str, str] = {}
    rows = []
    for trace, text, shown in LABELLED:
        start = len(response.setdefault(trace, ""))
        response[trace] += f"{text} "
        said = {"behaviours": shown} if label == "behaviours" else {"label": shown[0] if shown else "none"}
        rows.append({"trace_id": trace, "text": text, "char_start": start, "char_end": start + len(text), **said})
    traces = [
        {"trace_id": trace, "prompt": "", "response": text, "prompt_group": 1} for trace, text in response.items()
    ]
    (folder / f"segments_{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if with_traces:
        (folder / f"traces_{name}.jsonl").write_text("".join(json.dumps(trace) + "\n" for trace in traces))


def write_labels(path: Path) -> None:
    texts = {True: "Let me verify and recheck number {}.", False: "So the sum of all is {}."}
    lines = [
        {
            "id": f"{shown}-{n}",
            "unit": "segment",
            "previous": f"The sum of {n} and one is there.",
            "text": text.format("abcdefghijklmnopqrstuvwxyz"[n] * 3),
            "judged": {"verification": shown},
            "judged_by": "author",
            "judged_on": "2026-11-21",
            "prompt": f"Question {n}",
        }
        for n in range(24)
        for shown, text in texts.items()
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("labelled")
    write_set(folder, "people", "behaviours", with_traces=True)
    write_set(folder, "judge", "label", with_traces=False)
    mapping = {"other": {"x": "planning"}, "judge": {"verification": "verification", "confirmation": "confirmation"}}
    (folder / "label_mapping.json").write_text(json.dumps(mapping))
    write_labels(folder / "labels.jsonl")
    command = [sys.executable, SCRIPT, folder, "--labels", folder / "labels.jsonl", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_precision_and_recall_count_the_labelled_spans(result: dict) -> None:
    scores = result["sets"]["people"]["cues"]["verification"]
    assert {name: scores[name] for name in ("precision", "recall", "f1", "n")} == {
        "precision": 0.667,
        "recall": 0.667,
        "f1": 0.667,
        "n": 3,
    }


def test_a_label_read_through_the_mapping_says_the_same(result: dict) -> None:
    of_people, of_judge = (result["sets"][name]["cues"]["verification"] for name in ("people", "judge"))
    assert (of_judge["f1"], of_judge["n"]) == (of_people["f1"], of_people["n"])


def test_a_published_detector_is_compared_with_every_behavior(result: dict) -> None:
    scores = result["sets"]["people"]["rsv.keywords"]
    assert scores["verification"]["precision"] == 1.0
    assert scores["confirmation"]["f1"] == 0.0


def test_whole_responses_are_tagged_where_they_are_known(result: dict) -> None:
    assert set(result["end_to_end"]) == {"people"}
    assert result["end_to_end"]["people"]["cues"]["verification"]["recall"] == 0.667


def test_an_interval_holds_its_estimate_and_the_shipped_tagger_is_scored(result: dict) -> None:
    scores = result["sets"]["people"][result["shipped"]]["confirmation"]
    assert scores["low"] <= scores["f1"] <= scores["high"]


def test_the_baselines_learn_from_our_labels_and_from_the_other_prompts(result: dict) -> None:
    assert set(result["baselines"]["people"]) == {"tfidf.labels", "tfidf.in_domain"}
    assert result["baselines"]["people"]["tfidf.labels"]["verification"]["recall"] > 0
    assert result["baselines"]["people"]["tfidf.in_domain"]["verification"]["f1"] == 0, "there is one prompt only"


def test_the_shipped_model_is_compared_in_pairs_with_every_other(result: dict) -> None:
    paired = result["paired"]["people"]
    assert result["shipped"] not in paired
    assert {"cues", "tfidf.labels", "tfidf.in_domain", "dr_grpo.keywords"} <= set(paired)
    for scores in paired.values():
        difference, low, high = scores["verification"]["difference"]
        assert low <= difference <= high
        assert scores["verification"]["texts"] == 2


def test_paired_differences_are_means_over_texts_and_differences_over_all_spans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(SCRIPT.parent)
    quality = importlib.import_module("quality")
    spans = [quality.Span(trace, trace, "", "", "", 0, 0, 0, frozenset(shown)) for trace, shown in SHOWN]
    new, old = [{"verification"}, set(), {"verification"}, set()], [set(), {"verification"}, {"verification"}, set()]
    found = quality.paired(new, old, spans)["verification"]
    assert found["difference"][0] == pytest.approx((1 + 0) / 2)  # text a: 1 against 0; text b: the same
    assert found["pooled"][0] == pytest.approx(1 - 1 / 2)
