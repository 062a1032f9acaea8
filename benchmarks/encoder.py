"""What the encoder costs and brings: speed beside a plain pipeline, the cascade's share, quality on labels of others.

    python benchmarks/encoder.py DIR [--labels DIR] [--segments N] [--model NAME] [--int8] [--fine-tune] [--json]

DIR is what `quality.py` reads: nothing is trained or chosen on it. A cascade is trained on the labels; its words, its
encoder and itself are then compared on DIR, with the shipped model where there is one.

`speed`: segments a second on the first responses of DIR, end to end (words, vectors, heads; each segment with the one
before it), beside `pipeline("text-classification")` with the same encoder, tokens and threads, at its default of one
text a step and at 32. `share`: how much of the responses of DIR the cascade passes on to the encoder, and how much of
the labels. `f1`: on the labelled spans, handed over as segments. `paired`: encoder and cascade less their own words, as
`quality.py` pairs them: the mean over the texts that show a behavior, and over all spans.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from quality import as_batch, compare, in_pairs, model_tagger, paired, read_set

from traceanalytics.candidates import candidates_in, cue_set
from traceanalytics.classifiers.base import Candidates, Classifier
from traceanalytics.classifiers.cascade import Cascade, CascadeOptions
from traceanalytics.classifiers.pretrained import find_pretrained
from traceanalytics.classifiers.splits import frozen_rows
from traceanalytics.cues.finding import find
from traceanalytics.segments import Batch, make_batch
from traceanalytics.taggers import SHIPPED
from traceanalytics.tagging import SHOWN_FROM
from traceanalytics.verbs.train import read_judged

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("verification", "backtracking", "self_doubt", "confirmation")


def trained(labels: Path, options: CascadeOptions) -> Cascade:
    """Train a cascade as `ta train` does: on all labels but the frozen part."""
    judged = read_judged([labels])
    cascade = Cascade(options, say)
    cascade.fit(judged.part(~frozen_rows(judged.groups)))
    return cascade


def say(line: str) -> None:
    """Keep one line of progress on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")


def as_candidates(batch: Batch) -> Candidates:
    """Return the prose of a batch, with what cues say of it."""
    return candidates_in(batch, find(batch, cue_set()))[0]


def responses_of(folder: Path) -> list[str]:
    """Read the responses of a folder."""
    lines = (line for path in sorted(folder.glob("traces_*.jsonl")) for line in path.open(encoding="utf-8"))
    return [json.loads(line)["response"] for line in lines]


def speed(cascade: Cascade, candidates: Candidates, model: str) -> dict[str, float]:
    """Return segments a second of our encoder and of a plain pipeline, and how often ours is as fast."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    source, most = find_pretrained(model, download=False).folder, cascade.options.max_tokens
    texts = candidates.texts()
    with TemporaryDirectory() as folder:
        heads = AutoModelForSequenceClassification.from_pretrained(source, num_labels=len(cascade.behaviors))
        heads.save_pretrained(folder)
        AutoTokenizer.from_pretrained(source).save_pretrained(folder)
        plain = pipeline("text-classification", model=folder, top_k=None, function_to_apply="sigmoid")
    known = {"truncation": True, "max_length": most}
    plain(texts[:8], **known), cascade.encoder.score(candidates.part(np.arange(min(8, len(texts)))))
    rates = {
        "encoder": rate(lambda: cascade.encoder.score(candidates), len(texts)),
        "pipeline": rate(lambda: plain(texts, **known), len(texts)),
        "pipeline at 32": rate(lambda: plain(texts, batch_size=32, **known), len(texts)),
        "cascade": rate(lambda: cascade.score(candidates), len(texts)),
    }
    return {name: round(each, 1) for name, each in rates.items()} | {
        "times the pipeline": round(rates["encoder"] / rates["pipeline"], 2),
        "unique texts": len(set(texts)),
        "segments": len(texts),
    }


def rate(run: Callable[[], object], count: int) -> float:
    """Return how many a second one run does."""
    began = time.perf_counter()
    run()
    return count / (time.perf_counter() - began)


def share(cascade: Cascade, candidates: Candidates) -> dict[str, float]:
    """Return which part of segments goes on to the encoder."""
    cascade.scored = cascade.passed_on = 0
    cascade.score(candidates)
    return {
        "segments": cascade.scored,
        "passed on": round(cascade.passed_on / max(cascade.scored, 1), 4),
        "passed on of the labels": round(cascade.share_of_labels, 4),
    }


def shown(classifier: Classifier, candidates: Candidates) -> list[set[str]]:
    """Say which behaviors a classifier sees in each span."""
    found = classifier.score(candidates) >= SHOWN_FROM
    return [{name for name, yes in zip(classifier.behaviors, row, strict=True) if yes} for row in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--labels", type=Path, default=ROOT / "labels")
    parser.add_argument("--segments", type=int, default=1000, help="how many the speed is measured on")
    parser.add_argument("--model", default=CascadeOptions().model)
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--fine-tune", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    cascade = trained(given.labels, CascadeOptions(given.model, fine_tune=given.fine_tune, int8=given.int8))
    candidates = as_candidates(make_batch(responses_of(given.folder)))
    result: dict[str, Any] = {"trained in seconds": round(time.perf_counter() - began, 1)}
    result["speed"] = speed(cascade, candidates.part(np.arange(min(given.segments, len(candidates)))), given.model)
    result["share"] = share(cascade, candidates)
    result["f1"], result["paired"] = {}, {}
    for path in sorted(given.folder.glob("segments_*.jsonl")):
        name = path.stem.removeprefix("segments_")
        labelled, _ = read_set(given.folder, name)
        handed_over = as_candidates(as_batch(labelled))
        said = {each.parent.name: model_tagger(each.parent).says(labelled) for each in SHIPPED.glob("**/card.json")}
        for kind, classifier in (("words", cascade.encoder.words), ("encoder", cascade.encoder), ("cascade", cascade)):
            said[kind] = shown(classifier, handed_over)
        scores = {kind: compare(each, labelled) for kind, each in said.items()}
        result["paired"][name] = {kind: paired(said[kind], said["words"], labelled) for kind in ("encoder", "cascade")}
        result["f1"][name] = {
            kind: {name: each[name] for name in NAMES if name in each} for kind, each in scores.items()
        }
    if given.json:
        print(json.dumps(result))
        return
    for part in ("speed", "share"):
        print(part, ", ".join(f"{name} {value:,}" for name, value in result[part].items()))
    for name, kinds in result["f1"].items():
        for behavior in next(iter(kinds.values())):
            cells = [
                f"{kind} {each[behavior]['f1']:.2f} [{each[behavior]['low']:.2f}, {each[behavior]['high']:.2f}]"
                for kind, each in kinds.items()
            ]
            print(f"{name:22} {behavior:14} n {next(iter(kinds.values()))[behavior]['n']:5}  {'  '.join(cells)}")
            for kind, differences in result["paired"][name].items():
                print(f"{'':22} {kind} less words: {in_pairs(differences[behavior])}")


if __name__ == "__main__":
    main()
