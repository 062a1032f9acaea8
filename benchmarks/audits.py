"""Do audits make rates honest? On labels of others: one half of the prompts is audited, the other half is the truth.

    python benchmarks/audits.py DIR [--model FOLDER] [--splits 20] [--json]

DIR holds labelled sets as `benchmarks/quality.py` reads them. A text shows a behavior when one of its labelled spans
does; the tagger, cues unless a model is named, reads the same spans. For every set and behavior the prompts are split
in half: the texts of one half are the audit, the tagger alone reads those of the other half, and what the labels say of
these is the truth that the corrected rate must hold. The truth is one draw of few prompts itself, so that over many
splits coverage falls somewhat below the 95% that hold for the rate behind it, most where the tagger sees least.

Printed per set and behavior: the true rate of the second half, the raw rate, the corrected rate with its interval in
the first split, its coverage over all splits, and its width beside that of the interval from the audit's labels alone.
Cells with fewer than 10 texts that show the behavior, or that do not, in all are left out as too few to say.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from quality import UNION, cue_tagger, model_tagger, read_set

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.stats.correction import by_verdict, corrected_rate
from traceanalytics.stats.estimate import Estimate
from traceanalytics.stats.rates import rate

FEWEST = 10
COVERED = 0.9  # of the cells, and of the splits of a cell


@dataclass(frozen=True, slots=True)
class Text:
    """One labelled text: the prompt it answers, and which behaviors labels and tagger see in it."""

    group: str
    shown: frozenset[str]
    tagged: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one set says of one behavior."""

    set: str
    behavior: str
    texts: int
    truth: float
    raw: float
    corrected: float
    low: float
    high: float
    holds: bool  # in the first split
    coverage: float  # over all splits
    raw_coverage: float
    width: float
    labels_only_width: float


def read_texts(folder: Path, name: str, model: Path | None) -> list[Text]:
    """Read what labels and tagger see in each text of a set."""
    spans, _ = read_set(folder, name)
    tagger = model_tagger(model) if model is not None else cue_tagger()
    said = tagger.says(spans)
    groups: dict[str, str] = {}
    shown: dict[str, set[str]] = {}
    tagged: dict[str, set[str]] = {}
    for span, names in zip(spans, said, strict=True):
        groups[span.trace] = span.group
        shown.setdefault(span.trace, set()).update(span.shown - {UNION})
        tagged.setdefault(span.trace, set()).update(names)
    return [Text(groups[trace], frozenset(shown[trace]), frozenset(tagged[trace])) for trace in groups]


def cells_of(name: str, texts: list[Text], *, splits: int) -> list[Cell]:
    """Return a cell for every behavior with enough texts."""
    cells = []
    for behavior in sorted({behavior for text in texts for behavior in text.shown} & BEHAVIORS.all().keys()):
        showing = sum(behavior in text.shown for text in texts)
        if min(showing, len(texts) - showing) >= FEWEST:
            cells.append(_cell(name, texts, behavior, splits))
    return cells


def _cell(name: str, texts: list[Text], behavior: str, splits: int) -> Cell:
    truth = np.array([behavior in text.shown for text in texts], float)
    tagged = np.array([behavior in text.tagged for text in texts], float)
    groups = np.unique([text.group for text in texts], return_inverse=True)[1]
    found = [_split(truth, tagged, groups, seed) for seed in range(splits)]
    first, raw, labels, true = found[0]
    return Cell(
        name,
        behavior,
        len(texts),
        true.value,
        raw.value,
        first.value,
        first.low,
        first.high,
        _holds(first, true),
        float(np.mean([_holds(corrected, true) for corrected, _, _, true in found])),
        float(np.mean([_holds(raw, true) for _, raw, _, true in found])),
        float(np.mean([corrected.high - corrected.low for corrected, _, _, _ in found])),
        float(np.mean([labels.high - labels.low for _, _, labels, _ in found])),
    )


def _split(
    truth: np.ndarray, tagged: np.ndarray, groups: np.ndarray, seed: int
) -> tuple[Estimate, Estimate, Estimate, Estimate]:
    """Audit half of the prompts; return the corrected, the raw and the labels-only rate, and the other half's truth."""
    chosen = np.random.default_rng(seed).permutation(groups.max() + 1)
    audited = np.isin(groups, chosen[: len(chosen) // 2])
    raw, true = _rate(tagged[~audited], groups[~audited]), _rate(truth[~audited], groups[~audited])
    counts = by_verdict(truth[audited], tagged[audited], np.ones(audited.sum()))
    return corrected_rate(raw, counts), raw, _rate(truth[audited], groups[audited]), true


def _rate(shown: np.ndarray, groups: np.ndarray) -> Estimate:
    prompts = np.unique(groups, return_inverse=True)[1]
    return rate(np.bincount(prompts, weights=shown), np.bincount(prompts))


def _holds(found: Estimate, true: Estimate) -> bool:
    return bool(found.low <= true.value <= found.high)


def main() -> None:
    """Print the table, or one JSON value; exit 1 where fewer than nine in ten cells hold the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, help="a model's folder instead of the cues")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cells: list[Cell] = []
    for path in sorted(options.folder.glob("segments_*.jsonl")):
        name = path.stem.removeprefix("segments_")
        cells += cells_of(name, read_texts(options.folder, name, options.model), splits=options.splits)
    held = sum(cell.holds for cell in cells)
    if options.json:
        print(json.dumps({"cells": [asdict(cell) for cell in cells], "held": held, "of": len(cells)}))
    else:
        print(f"{'set':20} {'behavior':17} {'texts':>5} {'truth':>6} {'raw':>6} {'corrected':>22} holds  coverage  "
              f"{'width':>5} {'labels only':>11}")  # fmt: skip
        for cell in cells:
            interval = f"{cell.corrected:.2f} [{cell.low:.2f}, {cell.high:.2f}]"
            width = f"{cell.width:5.2f} {cell.labels_only_width:11.2f}"
            print(
                f"{cell.set:20} {cell.behavior:17} {cell.texts:5} {cell.truth:6.2f} {cell.raw:6.2f} {interval:>22} "
                f"{'yes' if cell.holds else 'NO':5}  {cell.coverage:8.2f}  {width}"
            )
        coverage = np.mean([cell.coverage for cell in cells]) if cells else float("nan")
        raw = np.mean([cell.raw_coverage for cell in cells]) if cells else float("nan")
        print(f"{held} of {len(cells)} cells hold the truth; over all splits {coverage:.1%}, raw rates {raw:.1%}")
    sys.exit(0 if held >= COVERED * len(cells) else 1)


if __name__ == "__main__":
    main()
