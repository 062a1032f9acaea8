"""The embedded classifier beside scikit-learn's: segments a second with all heads, and how long training takes.

    python benchmarks/heads.py [--segments 20000] [--json]

Bars: scoring all heads at least 15 times the segments a second of `HashingVectorizer` (words and pairs of words) with
one `SGDClassifier`, both over the segments of made-up rollouts in memory, each with the one before it; `ta train ngrams
labels`, which hold 10,000 judged segments, in 20 s. Rates are of processor time, the best of several rounds taken in
turn, so that neighbors on the machine count little; training is given by the clock and by the processor.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from corpus import rollouts
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier

from traceanalytics.candidates import candidates_in, cue_set
from traceanalytics.classifiers.base import YES, Candidates
from traceanalytics.cues.finding import find
from traceanalytics.paths import shipped_folder
from traceanalytics.segments import make_batch
from traceanalytics.taggers import SHIPPED, load_tagger
from traceanalytics.verbs.train import read_judged, train

ROUNDS = 5
HEADS_BAR, TRAIN_BAR = 15, 20.0


def measure_heads(segments: int) -> dict[str, float]:
    """Score the same segments with the shipped heads and with scikit-learn's one, turn by turn."""
    judged = read_judged([shipped_folder("labels")])
    batch = make_batch([str(record["output"]) for record in rollouts(segments // 20)])
    candidates = candidates_in(batch, find(batch, cue_set()))[0].part(np.arange(segments))
    texts = candidates.texts()
    vectorizer = HashingVectorizer(ngram_range=(1, 2))
    head = SGDClassifier(loss="log_loss", random_state=0)
    column = int(np.argmax((judged.answers == YES).sum(axis=0)))
    head.fit(vectorizer.transform(judged.candidates.texts()), judged.answers[:, column] == YES)
    classifier = load_tagger(SHIPPED / "ngrams").classifier

    def ours(candidates: Candidates = candidates) -> None:
        classifier.score(candidates)

    def theirs(texts: list[str] = texts) -> None:
        head.predict_proba(vectorizer.transform(texts))

    ours()
    taken = [(processor_time(ours), processor_time(theirs)) for _ in range(ROUNDS)]
    own, other = (min(each) for each in zip(*taken, strict=True))
    return {
        "segments": segments,
        "heads": len(classifier.behaviors),
        "segments_per_s": round(segments / own),
        "sklearn_segments_per_s": round(segments / other),
        "over_sklearn": round(other / own, 1),
    }


def measure_training() -> dict[str, float]:
    """Train the embedded classifier on `labels/` as `ta train ngrams` does."""
    labels = shipped_folder("labels")
    with tempfile.TemporaryDirectory() as folder:
        clock, processor = time.perf_counter(), time.process_time()
        trained = train("ngrams", [labels], Path(folder) / "model")
        seconds, of_processor = time.perf_counter() - clock, time.process_time() - processor
    return {
        "judged_segments": int(trained.card["segments"]),
        "train_s": round(seconds, 1),
        "train_processor_s": round(of_processor, 1),
    }


def processor_time(work: Callable[[], None]) -> float:
    """Return the seconds of processor time that some work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {**measure_training(), **measure_heads(options.segments)}
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24} {value:,}")
    print(f"heads, bar {HEADS_BAR} times: {'met' if found['over_sklearn'] >= HEADS_BAR else 'MISSED'}")
    print(f"training, bar {TRAIN_BAR:g} s: {'met' if found['train_s'] <= TRAIN_BAR else 'MISSED'}")


if __name__ == "__main__":
    main()
