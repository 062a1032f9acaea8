"""Every tagger by name: the cues, the published detectors, and trained models."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from traceanalytics import __version__, rules
from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadInput, UnknownName
from traceanalytics.rules import rlvmr
from traceanalytics.segments import Batch
from traceanalytics.tagging import Tagger, digest_of
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import numpy as np
    import pyarrow
    from numpy.typing import NDArray

    from traceanalytics.classifiers.base import Candidates, Classifier


DEFAULT = "ngrams"  # the shipped model: what a new store is tagged with
CUES = "cues"
KEPT_FROM = 0.25  # scores from here on are stored: what almost shows a behavior is worth a look
SHIPPED = Path(__file__).with_name("shipped")


def get_tagger(name: str) -> Tagger:
    """Return a tagger by its name, or a trained one by its folder; it is made once a process."""
    card = Path(name) / "card.json"
    if not card.is_file() and Path(name).is_dir() and name not in tagger_names():
        raise BadInput(f"{name}: a folder without card.json is no model; `ta train` writes models")
    return _loaded(Path(name), card.read_bytes()) if card.is_file() else _named(name)


@cache
def _loaded(folder: Path, card: bytes) -> Tagger:
    """Load a model once; a folder that was trained again has another card."""
    return load_tagger(folder)


@cache
def _named(name: str) -> Tagger:
    from traceanalytics.rules.published import PUBLISHED

    if name == CUES:
        return _cues()
    if name in shipped_models():
        return load_tagger(SHIPPED / name)
    if name == rlvmr.TAGGER:
        source = Path(rlvmr.__file__).read_text(encoding="utf-8")
        return SelfReports(name, "published", __version__, digest_of([name, source]))
    if name in PUBLISHED:
        detector = PUBLISHED[name]
        return Published(name, "published", __version__, digest_of([name, detector.rule, detector.source]))
    raise UnknownName("tagger", name, tagger_names())


def tagger_names() -> list[str]:
    """Return the names of all taggers."""
    from traceanalytics.rules.published import PUBLISHED

    return [CUES, *shipped_models(), *sorted([*PUBLISHED, rlvmr.TAGGER])]


def shipped_models() -> list[str]:
    """Return the names of the models that ship beside the code."""
    return sorted(card.parent.name for card in SHIPPED.glob("*/card.json"))


def load_tagger(folder: Path) -> "Trained":
    """Return a saved model as a tagger; what cues and rules decide is part of what it is."""
    from traceanalytics.classifiers.models import check_files, kind_of, read_card

    card = read_card(folder)
    check_files(folder, card)
    kind = kind_of(card).kind
    digest = digest_of([_cues().digest, kind, *map(repr, sorted(card["files"].items()))])
    name = str(card.get("name") or folder.name)
    return Trained(name, kind, str(card.get("version") or __version__), digest, folder, card)


@dataclass(frozen=True, slots=True)
class Published:
    """A published detector; it tags its own name and nothing else."""

    name: str
    kind: str
    version: str
    digest: str

    def find(self, batch: Batch) -> "pyarrow.Table":
        """Return where the detector fires."""
        from traceanalytics.rules.published import find_published

        return find_published(self.name, batch.responses)

    def card(self) -> dict[str, JSON]:
        """Name the rule and its source."""
        from traceanalytics.rules.published import PUBLISHED

        return {"rule": PUBLISHED[self.name].rule, "source": PUBLISHED[self.name].source}


@dataclass(frozen=True, slots=True)
class SelfReports:
    """What an agent trained with RLVMR says of its own thoughts; never one of our behaviors."""

    name: str
    kind: str
    version: str
    digest: str

    def find(self, batch: Batch) -> "pyarrow.Table":
        """Return its tags by kind of thought."""
        return rlvmr.find_self_reports(batch.responses)

    def card(self) -> dict[str, JSON]:
        """Name the tags and their source."""
        about = "the agent's own tags <planning>, <explore>, <reflection> and <monitor>, closed and not empty"
        return {"rule": about, "source": "RLVMR (arXiv 2507.22844)", "behaviors": list(rlvmr.REPORTS)}


@dataclass(frozen=True, slots=True)
class Cues:
    """Exact rules and cues: no training, the floor that trained models have to beat."""

    name: str
    kind: str
    version: str
    digest: str

    def find(self, batch: Batch) -> "pyarrow.Table":
        """Return what rules decide, and what cues propose of the behaviors that no rule decides."""
        import pyarrow

        from traceanalytics.candidates import cue_set
        from traceanalytics.cues.finding import find

        return pyarrow.concat_tables([rules.find_all(batch), find(batch, cue_set())])

    def card(self) -> dict[str, JSON]:
        """Name the behaviors that it decides, and how."""
        about = "exact rules, and cues for every other behavior"
        return {"about": about, "behaviors": _all_behaviors(), **decided_by(())}


@dataclass(frozen=True)
class Trained:
    """A trained model: exact rules for what they decide, its heads for what it learned, cues for the rest."""

    name: str
    kind: str
    version: str
    digest: str
    folder: Path
    facts: dict[str, JSON]

    @cached_property
    def classifier(self) -> "Classifier":
        """Return the model itself; a process that only says which one tags never loads it."""
        from traceanalytics.classifiers.models import load_classifier

        return load_classifier(self.folder, self.facts)

    def find(self, batch: Batch) -> "pyarrow.Table":
        """Return what rules decide, what the model thinks of each segment of prose, and what cues say of the rest."""
        import pyarrow

        from traceanalytics.candidates import candidates_in, cue_set
        from traceanalytics.cues.finding import find

        said = find(batch, cue_set())
        candidates, at = candidates_in(batch, said)
        scores = self.classifier.score(candidates)
        learned = [name for name in self.classifier.behaviors if name not in rules.BEHAVIORS]
        scored = self._spans(batch, candidates, scores, at, said, learned)
        return pyarrow.concat_tables([rules.find_all(batch), scored, _of_others(said, learned)])

    def card(self) -> dict[str, JSON]:
        """Return the model's card, with every behavior that this tagger decides, and how."""
        decided = decided_by(heads_of(self.facts))
        by_heads, by_cues = (", ".join(decided[f"decided_by_{how}"]) or "none" for how in ("heads", "cues"))
        about = f"exact rules; heads trained from labels for {by_heads}; cues for {by_cues}"
        return {**self.facts, "about": about, "behaviors": _all_behaviors(), **decided}

    def _spans(
        self,
        batch: Batch,
        candidates: "Candidates",
        scores: "NDArray[np.float32]",
        at: "NDArray[np.int64]",
        said: "pyarrow.Table",
        learned: list[str],
    ) -> "pyarrow.Table":
        """Make a span of each score that is worth keeping; a cue that stands there lends it its attributes."""
        import numpy as np
        import pyarrow

        columns = [self.classifier.behaviors.index(name) for name in learned]
        rows, heads = np.nonzero(scores[:, columns] >= KEPT_FROM)
        places, segments = at[rows], batch.segments
        names = pyarrow.array(learned, pyarrow.string())
        starts, stops = segments.start[places], segments.stop[places]
        for i, (start, stop) in self._inside(candidates, rows, [learned[head] for head in heads]):
            starts[i], stops[i] = starts[i] + start, starts[i] + stop
        return pyarrow.table(
            {
                "row": pyarrow.array(segments.row[places], pyarrow.int64()),
                "behavior": names.take(pyarrow.array(heads)),
                "start": pyarrow.array(starts, pyarrow.int32()),
                "stop": pyarrow.array(stops, pyarrow.int32()),
                "score": pyarrow.array(scores[:, columns][rows, heads], pyarrow.float32()),
                "attributes": _attributes(batch, said, places, heads, learned),
            }
        )

    def _inside(
        self, candidates: "Candidates", rows: "NDArray[np.int64]", behaviors: list[str]
    ) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield which scores belong to a part of their segment, and to which, where the kind can tell."""
        import numpy as np

        from traceanalytics.classifiers.base import FindsSpans

        if not isinstance(self.classifier, FindsSpans) or not len(rows):
            return
        kept, number = np.unique(rows, return_inverse=True)
        surest: dict[tuple[int, str], tuple[int, int]] = {}
        for span in self.classifier.spans(candidates.part(kept)):
            surest.setdefault((span.row, span.behavior), (span.start, span.stop))
        for i, key in enumerate(zip(number.tolist(), behaviors, strict=True)):
            if key in surest:
                yield i, surest[key]


def _of_others(said: "pyarrow.Table", learned: list[str]) -> "pyarrow.Table":
    import pyarrow
    from pyarrow import compute

    return said.filter(compute.invert(compute.is_in(said["behavior"], pyarrow.array(learned, pyarrow.string()))))


def _attributes(
    batch: Batch, said: "pyarrow.Table", places: "NDArray[np.int64]", heads: "NDArray[np.int64]", learned: list[str]
) -> "pyarrow.Array":
    """Return the attributes of spans: those of the cue that stands there, else what the segment alone says."""
    import numpy as np
    import pyarrow
    from pyarrow import compute

    from traceanalytics.candidates import segments_of
    from traceanalytics.cues.surroundings import Surroundings

    kind = pyarrow.map_(pyarrow.string(), pyarrow.string())
    column = compute.index_in(said["behavior"], pyarrow.array(learned, pyarrow.string())).fill_null(len(learned))
    width = len(learned) + 1
    keys = segments_of(batch, said) * width + column.to_numpy() if said.num_rows else np.zeros(0, np.int64)
    order = np.argsort(keys, kind="stable")
    wanted = places * width + heads
    found = np.minimum(np.searchsorted(keys[order], wanted), max(len(keys) - 1, 0))
    with_cue = keys[order][found] == wanted if len(keys) else np.zeros(len(wanted), np.bool_)
    chosen = np.full(len(wanted), len(keys), np.int64)
    chosen[with_cue] = order[found[with_cue]]
    behaviors = [BEHAVIORS.get(name).attributes for name in learned]
    telling = np.flatnonzero(~with_cue & np.array(list(map(bool, behaviors)), np.bool_)[heads])
    texts = Surroundings(batch).texts(places[telling])
    own = [[], *(attributes_of(text, behaviors[head]) for text, head in zip(texts, heads[telling], strict=True))]
    chosen[telling] = len(keys) + 1 + np.arange(len(telling))
    every = [said["attributes"].combine_chunks(), pyarrow.array(own, kind)]
    return pyarrow.concat_arrays([each for each in every if len(each)]).take(pyarrow.array(chosen))


@lru_cache(maxsize=30_000)
def attributes_of(text: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return what a whole segment says of a behavior's attributes."""
    from traceanalytics.cues.attributes import ATTRIBUTES

    return [(name, str(ATTRIBUTES[name](text, slice(0, len(text)))).lower()) for name in names if name in ATTRIBUTES]


def heads_of(card: Mapping[str, JSON]) -> list[str]:
    """Return the behaviors that a model's heads decide: what it learned, but for those that cues see as well."""
    return [name for name in card["behaviors"] if name not in card.get("decided_by_cues", [])]


def decided_by(heads: Collection[str]) -> dict[str, list[str]]:
    """Return what decides each behavior in a tagger of ours with such heads: exact rules, a head, or else cues."""
    others = [name for name in _all_behaviors() if name not in rules.BEHAVIORS]
    return {
        "decided_by_rules": sorted(rules.BEHAVIORS),
        "decided_by_heads": [name for name in others if name in heads],
        "decided_by_cues": [name for name in others if name not in heads and BEHAVIORS.get(name).cues],
    }


def _all_behaviors() -> list[str]:
    return sorted({*BEHAVIORS.all(), *rules.BEHAVIORS})


@cache
def _cues() -> Cues:
    from traceanalytics import cues, rules, segments
    from traceanalytics.readers import text

    packages = [*cues.__path__, *rules.__path__, *segments.__path__]
    paths = [*(path for folder in packages for path in sorted(Path(folder).rglob("*.py"))), Path(text.__file__)]
    sources = [path.read_text(encoding="utf-8") for path in paths]
    costs = Path(rules.__file__).with_name("letter_costs.npz").read_bytes().hex()
    return Cues(CUES, "cues", __version__, digest_of([*map(repr, BEHAVIORS.all().values()), *sources, costs]))
