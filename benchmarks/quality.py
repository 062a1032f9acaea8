"""How well every tagger agrees with labels of others: F1 on their spans, and end to end on their texts.

    python benchmarks/quality.py DIR [--model FOLDER]... [--labels DIR] [--json]

DIR holds one set a `segments_<set>.jsonl`: rows in order of their text, with `text`, `trace_id` and what people or
judges say: `behaviours` (any number), or `label` (or `labels_all`) to be read through `label_mapping.json` beside it.
`traces_<set>.jsonl` adds prompt, whole response and `prompt_group`; without it nothing is tagged end to end.

First table (`sets`): the labelled spans are handed to the tagger as segments, the span before as previous segment.
Second table (`end_to_end`): the tagger segments the response itself, and a labelled span counts as tagged where a tag
covers half of the shorter of the two. A model sees every segment of prose. Intervals hold 95% of a bootstrap over
prompt groups. A published detector has no behavior of ours, so it is compared with each; uncertainty_management is the
union that some sources do not tell apart.

Third table (`baselines`): TF-IDF + logistic regression that learned from the judgments the shipped model learned from
(`tfidf.labels`), and from the other prompts of the same set (`tfidf.in_domain`); on the spans as segments.
Fourth table (`paired`): the shipped model less each other, on the spans as segments. `difference` is the mean
difference between their F1s over the texts that show the behavior, `pooled` that between the F1s over all spans, false
alarms in other texts included; each with the interval of a paired bootstrap over prompt groups.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tfidf import Texts, taught_by_labels, taught_in_domain

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.candidates import candidates_in, cue_set
from traceanalytics.cues.finding import find, find_cues
from traceanalytics.paths import shipped_folder
from traceanalytics.rules.published import PUBLISHED, find_published
from traceanalytics.segments import Batch, SegmentKind, Segments, make_batch
from traceanalytics.taggers import DEFAULT, SHIPPED, load_tagger
from traceanalytics.tagging import SHOWN_FROM

UNION = "uncertainty_management"
IN_UNION = ("backtracking", "self_doubt", "self_correction")
BAR = ("verification", "backtracking", "self_doubt", "confirmation")  # what the shipped model has to be better at
RESAMPLES = 1000
COVERED = 0.5

Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
Tags = list[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Span:
    """One labelled span: its text in context, where it stands, and what it is said to show."""

    trace: str
    group: str
    text: str
    previous: str
    prompt: str
    start: int
    stop: int
    position: float  # 0 for the first of its text, towards 1 for the last
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tagger:
    """A tagger by name: what it says of spans in context, and what it tags in a whole response."""

    name: str
    says: Callable[[Sequence[Span]], list[set[str]]]
    tags: Callable[[Sequence[str], Sequence[str]], list[Tags]]  # of responses and their prompts


def read_set(folder: Path, name: str) -> tuple[list[Span], dict[str, tuple[str, str]]]:
    """Read the spans of one set, and response and prompt of its texts where they are there."""
    rows = [json.loads(line) for line in (folder / f"segments_{name}.jsonl").open(encoding="utf-8")]
    first = {row["trace_id"]: i for i, row in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda row: first[row["trace_id"]])
    path = folder / f"traces_{name}.jsonl"
    known = [json.loads(line) for line in path.open(encoding="utf-8")] if path.is_file() else []
    traces = {trace["trace_id"]: trace for trace in known}
    mapping = label_mapping(folder, {label for row in rows for label in labels_of(row)})
    named = {behavior for row in rows for behavior in row.get("behaviours", ())}
    lengths = Counter(row["trace_id"] for row in rows)
    places: Counter[str] = Counter()
    spans = []
    for i, row in enumerate(rows):
        follows = i > 0 and rows[i - 1]["trace_id"] == row["trace_id"]
        mapped = {behavior for label in labels_of(row) for behavior in mapping.get(label, ())} - named
        shown = {*row.get("behaviours", ()), *mapped}
        trace = traces.get(row["trace_id"], {})
        places[row["trace_id"]] += 1
        spans.append(
            Span(
                trace=row["trace_id"],
                group=str(trace.get("prompt_group", row.get("prompt_group", row["trace_id"]))),
                text=row["text"],
                previous=rows[i - 1]["text"] if follows else "",
                prompt=trace.get("prompt", row.get("prompt", "")),
                start=row.get("char_start", 0),
                stop=row.get("char_end", 0),
                position=(places[row["trace_id"]] - 1) / lengths[row["trace_id"]],
                shown=frozenset(shown | {UNION} if shown & set(IN_UNION) else shown),
            )
        )
    return spans, {name: (trace["response"], trace["prompt"]) for name, trace in traces.items()}


def labels_of(row: Mapping[str, object]) -> list[str]:
    """Return the source's own labels of a span."""
    several = row.get("labels_all")
    return list(several) if isinstance(several, list) else [str(row.get("label"))]


def label_mapping(folder: Path, labels: set[str]) -> dict[str, tuple[str, ...]]:
    """Choose the source in `label_mapping.json` that knows most of the labels; a merged label becomes the union."""
    path = folder / "label_mapping.json"
    sources = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    best: dict[str, object] = max(sources.values(), key=lambda source: len(labels & set(source)), default={})
    return {label: behaviors_of(str(meaning)) for label, meaning in best.items()}


def behaviors_of(meaning: str) -> tuple[str, ...]:
    """Read `verification`, `backtracking|self_doubt (merged in the source)` or `(see elsewhere)`.

    >>> behaviors_of("verification"), behaviors_of("backtracking|self_doubt (merged)"), behaviors_of("(see others)")
    (('verification',), ('uncertainty_management',), ())
    """
    names = meaning.split(" (")[0].split("|")
    if len(names) > 1:
        return (UNION,) if set(names) <= set(IN_UNION) else ()
    return tuple(name for name in names if name in BEHAVIORS.all())


def cue_tagger() -> Tagger:
    """Hand labelled spans to the cues as if the segmentation had found them."""

    def says(spans: Sequence[Span]) -> list[set[str]]:
        batch = as_batch(spans)
        return shown_in(find_cues(batch), batch.segments)

    def tags(responses: Sequence[str], prompts: Sequence[str]) -> list[Tags]:
        return tags_by_row(find_cues(make_batch(responses, prompts=prompts)), len(responses))

    return Tagger("cues", says, tags)


def as_batch(spans: Sequence[Span]) -> Batch:
    """Make a batch whose rows are the labelled texts and whose segments are the labelled spans, all of them prose."""
    texts: dict[str, str] = {}
    places = []
    for span in spans:
        before = texts.get(span.trace, "")
        texts[span.trace] = before + span.text
        first, length = len(before.encode()), len(span.text.encode())
        places.append((len(texts) - 1, len(before), len(before) + len(span.text), first, first + length))
    row, start, stop, byte_start, byte_stop = np.array(places, np.int32).T
    batch = make_batch(list(texts.values()), prompts=list({span.trace: span.prompt for span in spans}.values()))
    first_of_row = np.searchsorted(row, np.arange(len(texts) + 1))
    kinds = np.full(len(spans), SegmentKind.SENTENCE, np.int32)
    return replace(batch, segments=Segments(row, start, stop, byte_start, byte_stop, kinds, first_of_row))


def shown_in(found: pa.Table, segments: Segments) -> list[set[str]]:
    """Say which behaviors were found in each segment, by its place in the batch."""
    places = {place: i for i, place in enumerate(zip(segments.row.tolist(), segments.start.tolist(), strict=True))}
    said: list[set[str]] = [set() for _ in range(len(segments))]
    for tag in found.to_pylist():
        if tag["score"] >= SHOWN_FROM:
            said[places[tag["row"], tag["start"]]].add(tag["behavior"])
    return said


def tags_by_row(found: pa.Table, rows: int) -> list[Tags]:
    """Sort found spans by response."""
    tags: list[Tags] = [[] for _ in range(rows)]
    for tag in found.to_pylist():
        if tag["score"] >= SHOWN_FROM:
            tags[tag["row"]].append((tag["start"], tag["stop"], tag["behavior"]))
    return tags


def model_tagger(folder: Path) -> Tagger:
    """Score every segment of prose with a saved model; what it did not learn is left to the cues."""
    tagger = load_tagger(folder)

    def says(spans: Sequence[Span]) -> list[set[str]]:
        batch = as_batch(spans)
        found = find(batch, cue_set())
        shown = tagger.classifier.score(candidates_in(batch, found)[0]) >= SHOWN_FROM
        learned = {name: shown[:, column] for column, name in enumerate(tagger.classifier.behaviors)}
        return [
            {name for name, yes in learned.items() if yes[i]} | (others - set(learned))
            for i, others in enumerate(shown_in(found, batch.segments))
        ]

    def tags(responses: Sequence[str], prompts: Sequence[str]) -> list[Tags]:
        return tags_by_row(tagger.find(make_batch(responses, prompts=prompts)), len(responses))

    return Tagger(folder.name, says, tags)


def published_tagger(name: str) -> Tagger:
    """Run a published detector on single texts; what it fires on counts as every behavior."""

    def says(spans: Sequence[Span]) -> list[set[str]]:
        found = find_published(name, pa.array([span.text for span in spans], pa.large_string()))
        fired = set(found["row"].to_pylist())
        return [set(BEHAVIORS.all()) if i in fired else set() for i in range(len(spans))]

    def tags(responses: Sequence[str], prompts: Sequence[str]) -> list[Tags]:
        tagged = tags_by_row(find_published(name, pa.array(responses, pa.large_string())), len(responses))
        return [[(start, stop, each) for start, stop, _ in row for each in BEHAVIORS.all()] for row in tagged]

    return Tagger(name, says, tags)


def compare(said: Sequence[set[str]], spans: Sequence[Span]) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 with its interval, for every behavior that some span shows."""
    _, groups = np.unique([span.group for span in spans], return_inverse=True)
    scores = {}
    for behavior in behaviors_shown(spans):
        truth = np.array([behavior in span.shown for span in spans])
        names = set(IN_UNION) if behavior == UNION else {behavior}
        scores[behavior] = score(np.array([bool(each & names) for each in said]), truth, groups)
    return scores


def score(said: Bools, truth: Bools, groups: np.ndarray[tuple[int], np.dtype[np.intp]]) -> dict[str, float]:
    """Score one behavior; the interval resamples whole prompt groups, always with the same draws."""
    counts = np.stack([np.bincount(groups, weights=each) for each in (said & truth, said, truth)], axis=1)
    draws = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), RESAMPLES)
    hit, told, true = counts.sum(axis=0)
    drawn = draws @ counts
    f1s = 2 * drawn[:, 0] / np.maximum(drawn[:, 1] + drawn[:, 2], 1)
    low, high = np.quantile(f1s, [0.025, 0.975])
    return {
        "precision": round(float(hit / max(told, 1)), 3),
        "recall": round(float(hit / max(true, 1)), 3),
        "f1": round(float(2 * hit / max(told + true, 1)), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
        "n": int(true),
    }


def baselines(labels: Path, spans: Sequence[Span]) -> dict[str, list[set[str]]]:
    """Say what TF-IDF + logistic regression sees in each span: taught by our labels, and by the set's other prompts."""
    texts = Texts([each.text for each in spans], [each.previous for each in spans], positions(spans))
    truth = {name: np.array([name in each.shown for each in spans]) for name in behaviors_shown(spans) if name != UNION}
    groups = [each.group for each in spans]
    found = {"tfidf.labels": taught_by_labels(labels, texts), "tfidf.in_domain": taught_in_domain(texts, truth, groups)}
    return {
        kind: [{name for name, yes in said.items() if yes[i]} for i in range(len(spans))]
        for kind, said in found.items()
    }


def positions(spans: Sequence[Span]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return where each span stands in its text."""
    return np.array([each.position for each in spans], np.float32)


def paired(
    new: Sequence[set[str]], old: Sequence[set[str]], spans: Sequence[Span]
) -> dict[str, dict[str, float | list[float]]]:
    """Return for every behavior how much better one tagger is than another, in pairs: by text, and over all spans."""
    names, texts = np.unique([span.trace for span in spans], return_inverse=True)
    _, groups = np.unique([span.group for span in spans], return_inverse=True)
    group_of = np.zeros(len(names), np.int64)
    group_of[texts] = groups
    found: dict[str, dict[str, float | list[float]]] = {}
    for behavior in behaviors_shown(spans):
        names_of = set(IN_UNION) if behavior == UNION else {behavior}
        truth = np.array([behavior in span.shown for span in spans])
        said = [np.array([bool(each & names_of) for each in one]) for one in (new, old)]
        columns = (said[0] & truth, said[0], said[1] & truth, said[1], truth)
        counts = np.stack([np.bincount(texts, weights=each) for each in columns], axis=1)
        by_text = f1_of(counts[:, 0], counts[:, 1], counts[:, 4]) - f1_of(counts[:, 2], counts[:, 3], counts[:, 4])
        shown = counts[:, 4] > 0
        sums = np.stack([by_text * shown, shown, *counts.T], axis=1)
        by_group = np.stack([np.bincount(group_of, weights=each) for each in sums.T], axis=1)
        draws = np.random.default_rng(0).multinomial(
            len(by_group), np.full(len(by_group), 1 / len(by_group)), RESAMPLES
        )
        both = [differences(each) for each in (by_group.sum(axis=0)[None, :], draws @ by_group)]
        found[behavior] = {
            name: [round(float(each), 3) for each in (both[0][i][0], *np.quantile(both[1][i], [0.025, 0.975]))]
            for i, name in enumerate(("difference", "pooled"))
        } | {"texts": int(shown.sum())}
    return found


def differences(
    sums: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    """Return the mean difference by text and the difference over all spans, one a row of sums."""
    by_text, texts, hits, said, other_hits, other_said, true = sums.T
    return by_text / np.maximum(texts, 1), f1_of(hits, said, true) - f1_of(other_hits, other_said, true)


def f1_of(
    hits: np.ndarray[tuple[int], np.dtype[np.float64]],
    said: np.ndarray[tuple[int], np.dtype[np.float64]],
    true: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return F1s, 0 where nothing is true and nothing is said."""
    return 2 * hits / np.maximum(said + true, 1)


def behaviors_shown(spans: Sequence[Span]) -> list[str]:
    """Return the behaviors of ours that some span shows, with the union that some sources do not tell apart."""
    return sorted({behavior for span in spans for behavior in span.shown} & {*BEHAVIORS.all(), UNION})


def covered(tags: Tags, spans: Sequence[Span]) -> list[set[str]]:
    """Say which behaviors a tag gives each span: those of the tags that share half of the shorter one with it."""
    return [
        {
            behavior
            for start, stop, behavior in tags
            if min(stop, span.stop) - max(start, span.start) >= COVERED * min(stop - start, span.stop - span.start) > 0
        }
        for span in spans
    ]


def end_to_end(tagger: Tagger, spans: Sequence[Span], traces: Mapping[str, tuple[str, str]]) -> list[set[str]]:
    """Tag whole responses and say what every labelled span got."""
    names = list(dict.fromkeys(span.trace for span in spans))
    tagged = tagger.tags([traces[name][0] for name in names], [traces[name][1] for name in names])
    said: list[set[str]] = []
    for name, tags in zip(names, tagged, strict=True):
        said += covered(tags, [span for span in spans if span.trace == name])
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, action="append", default=[], help="a model folder to score as well")
    parser.add_argument("--labels", type=Path, default=shipped_folder("labels"), help="what TF-IDF is taught by")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    shipped = SHIPPED / DEFAULT
    models = [shipped, *options.model]
    taggers = [cue_tagger(), *map(model_tagger, models), *map(published_tagger, PUBLISHED)]
    tables = ("sets", "end_to_end", "baselines", "paired")
    result: dict[str, Any] = {"shipped": shipped.name, **{table: {} for table in tables}}
    for path in sorted(options.folder.glob("segments_*.jsonl")):
        name = path.stem.removeprefix("segments_")
        spans, traces = read_set(options.folder, name)
        said = {each.name: each.says(spans) for each in taggers}
        by_baselines = baselines(options.labels, spans)
        result["sets"][name] = {each: compare(shown, spans) for each, shown in said.items()}
        if {span.trace for span in spans} <= set(traces):
            result["end_to_end"][name] = {
                each.name: compare(end_to_end(each, spans, traces), spans) for each in taggers
            }
        result["baselines"][name] = {each: compare(shown, spans) for each, shown in by_baselines.items()}
        others = {**said, **by_baselines}
        ours = others.pop(shipped.name)
        result["paired"][name] = {each: paired(ours, shown, spans) for each, shown in others.items()}
        if not options.json:
            for table in ("sets", "end_to_end"):
                show(name, table, result[table].get(name, {}))
            show_paired(name, shipped.name, result["paired"][name])
    if options.json:
        print(json.dumps(result))


def show(name: str, table: str, scores: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Print one table: a line a behavior, ours first, then the three best others."""
    print(f"{name} ({'spans as labelled' if table == 'sets' else 'end to end'})")
    for behavior in scores.get("cues", ()):
        ranked = sorted(scores, key=lambda tagger: (tagger != "cues", -scores[tagger][behavior]["f1"]))
        cells = [f"{each} {cell(scores[each][behavior])}" for each in ranked[:4]]
        print(f"  {behavior:24} n {scores['cues'][behavior]['n']:5}  {'  '.join(cells)}")


def show_paired(name: str, ours: str, differences: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Print how much better the shipped model is: than the nearest published detector, and than each of the others."""
    print(f"{name} ({ours} less the other: mean over texts that show it; over all spans)")
    published = [each for each in differences if each in PUBLISHED]
    for behavior in BAR:
        known = {each: rows[behavior] for each, rows in differences.items() if behavior in rows}
        if not known:
            continue
        nearest = min(published, key=lambda each: known[each]["difference"][1])
        for each in (nearest, *(other for other in known if other not in published)):
            note = f" (nearest of {len(published)})" if each == nearest else ""
            print(f"  {behavior:16} {each + note:40} {in_pairs(known[each])}")


def in_pairs(known: Mapping[str, Any]) -> str:
    """Write by how much one tagger is better than another: by text, and over all spans."""
    return "; ".join("{:+.2f} [{:+.2f}, {:+.2f}]".format(*known[kind]) for kind in ("difference", "pooled"))


def cell(scores: Mapping[str, float]) -> str:
    """Write one score for people."""
    return "{f1:.2f} [{low:.2f}, {high:.2f}] (P {precision:.2f} R {recall:.2f})".format(**scores)


if __name__ == "__main__":
    main()
