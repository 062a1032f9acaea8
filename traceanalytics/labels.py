"""Judgments as files: one JSON line says what a person or a judge thinks a span or a whole rollout shows.

`labels/README.md` holds the format and teaches judging. Yes, no and "not judged" are three things: a behavior that is
missing from `judged` was not judged. A changed mind is a later line of the same id by the same judge.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from traceanalytics.errors import BadLabel
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import scipy.sparse

UNITS = ("segment", "rollout")
OF_A_ROLLOUT = re.compile(r"cot_valid|error_type:[a-z_]+")
NEAR = 0.85  # Jaccard similarity of character 5-grams, digits masked, the previous segment included
_COMPARED_AT_ONCE = 250  # segments of about the same size

_MOST_SEGMENTS = 1 << 31  # of one response
_JUDGE = re.compile(r"author|llm:\S+|[\w.@-]+( [\w.@-]+)*")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_TEXTS = ("id", "unit", "text", "judged_by", "judged_on", "previous", "prompt", "source", "note")
_REQUIRED = ("id", "unit", "text", "judged", "judged_by", "judged_on")


@dataclass(frozen=True, slots=True)
class Judgment:
    """One line of a label file."""

    id: str
    unit: str
    text: str
    judged: Mapping[str, bool]
    judged_by: str
    judged_on: str
    previous: str = ""
    prompt: str = ""
    source: str = ""
    drawn_with: float | None = None  # the probability with which it was drawn; None where nobody drew it
    note: str = ""
    attributes: Mapping[str, bool] = field(default_factory=dict)  # such as announced_only, where it was judged
    index: int | None = None  # which segment of its response this is, from 0
    of: int | None = None  # how many segments the response has

    def to_record(self) -> dict[str, JSON]:
        """Return the judgment as a JSON object, empty parts left out."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None, {}) or name in _REQUIRED}

    def to_line(self) -> str:
        """Write the judgment as one JSON line."""
        return json.dumps(self.to_record(), ensure_ascii=False)


def label_files(paths: Iterable[Path]) -> list[Path]:
    """Return the label files of folders and files, in order of name."""
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise BadLabel(f"{path}: no such label file or folder")
        files += sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    return files


def read_labels(paths: Iterable[Path], *, behaviors: Iterable[str]) -> list[Judgment]:
    """Read label files; of two lines of one id by one judge the later one counts."""
    return list({(each.id, each.judged_by): each for _, _, each in located_labels(paths, behaviors=behaviors)}.values())


def located_labels(paths: Iterable[Path], *, behaviors: Iterable[str]) -> Iterator[tuple[Path, int, Judgment]]:
    """Yield every judgment with its file and line; the first faulty line is an error that names both."""
    known = set(behaviors)
    for path in label_files(paths):
        if not path.is_file():
            raise BadLabel(f"{path}: a folder; a label file is one JSON line a judgment")
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            if line.strip():
                yield path, number, read_judgment(line, f"{path}:{number}", known)


def read_judgment(line: bytes, where: str, known: set[str]) -> Judgment:
    """Read one line; what is wrong with it is said with its place."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLabel(f"{where}: no JSON: {error}") from error
    return judgment_of(record, where, known)


def judgment_of(record: JSON, where: str, known: set[str]) -> Judgment:
    """Read one record; `where` names its place in what is said of it."""
    if not isinstance(record, dict):
        raise BadLabel(f"{where}: a {type(record).__name__}; a label line is an object")
    for name in _REQUIRED:
        if not record.get(name) and name != "judged":
            raise BadLabel(f"{where}: {name!r} is missing; a label line holds {', '.join(_REQUIRED)}")
    fields = {name: record[name] for name in Judgment.__slots__ if record.get(name) is not None}
    _check_types(fields, where)
    _check_judged(fields.get("judged", {}), fields["unit"], where, known)
    return Judgment(**{"judged": {}, **fields})


def counts(judgments: Iterable[Judgment]) -> dict[str, Counter[str]]:
    """Count yes, no and deliberately hard no (named in the note) for every behavior."""
    counted: dict[str, Counter[str]] = {}
    for judgment in judgments:
        hard = _hard_negatives(judgment.note)
        for behavior, yes in judgment.judged.items():
            counter = counted.setdefault(behavior, Counter(yes=0, no=0, hard_no=0))
            counter["yes" if yes else "no"] += 1
            if not yes and behavior in hard:
                counter["hard_no"] += 1
    return dict(sorted(counted.items()))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two judges of the same units agree on a behavior; `kappa` is None where neither ever says yes."""

    behavior: str
    n: int
    first_yes: int
    second_yes: int
    both_yes: int
    kappa: float | None


def agreement(judgments: Iterable[Judgment]) -> list[Agreement]:
    """Compare the first judge of each unit with the second, behavior by behavior (Cohen 1960)."""
    by_unit: dict[str, list[Judgment]] = {}
    for judgment in judgments:
        by_unit.setdefault(judgment.id, []).append(judgment)
    answers: dict[str, list[tuple[bool, bool]]] = {}
    for first, second, *_ in (each for each in by_unit.values() if len(each) > 1):
        for behavior in first.judged.keys() & second.judged.keys():
            answers.setdefault(behavior, []).append((first.judged[behavior], second.judged[behavior]))
    return [_agreement(behavior, pairs) for behavior, pairs in sorted(answers.items())]


def _agreement(behavior: str, pairs: list[tuple[bool, bool]]) -> Agreement:
    n = len(pairs)
    first, second, both = (sum(values) for values in zip(*((a, b, a and b) for a, b in pairs), strict=True))
    neither = n - first - second + both
    by_chance = (first * second + (n - first) * (n - second)) / n**2
    kappa = ((both + neither) / n - by_chance) / (1 - by_chance) if by_chance < 1 else None
    return Agreement(behavior, n, first, second, both, kappa)


def near_duplicates(judgments: list[Judgment], *, near: float = NEAR) -> list[tuple[int, int]]:
    """Return pairs of positions whose text and previous segment are alike, the earlier one first."""
    import numpy as np

    if not judgments:
        return []
    grams = _grams([f"{judgment.previous}\n{judgment.text}" for judgment in judgments])
    sizes = np.asarray(grams.sum(axis=1)).ravel()
    order = np.argsort(sizes, kind="stable")  # two sets are alike only where their sizes are
    grams, sizes = grams[order], sizes[order]
    pairs = []
    for start in range(0, len(judgments), _COMPARED_AT_ONCE):
        own = slice(start, start + _COMPARED_AT_ONCE)
        stop = int(np.searchsorted(sizes, sizes[own][-1] / near, side="right"))
        shared = (grams[own] @ grams[start:stop].T).tocoo()
        rows, columns = shared.row + start, shared.col + start
        alike = (rows < columns) & (shared.data >= near * (sizes[rows] + sizes[columns] - shared.data))
        found = np.sort(np.stack([order[rows[alike]], order[columns[alike]]], axis=1), axis=1)
        pairs += list(map(tuple, found.tolist()))
    return sorted(pairs)


def standing_in(judgments: Iterable[Judgment], texts: Iterable[str], *, words: int = 8) -> list[Judgment]:
    """Return the judgments whose text stands in one of the given texts, for segments of `words` words and more."""
    foreign: set[int] = set()
    for text in texts:
        foreign |= _windows(text, words)
    return [each for each in judgments if (own := _windows(each.text, words)) and own <= foreign]


def _windows(text: str, words: int) -> set[int]:
    split = text.casefold().split()
    return {hash(tuple(split[i : i + words])) for i in range(len(split) - words + 1)}


def _grams(texts: list[str]) -> "scipy.sparse.csr_matrix":
    from sklearn.feature_extraction.text import HashingVectorizer

    masked = [re.sub(r"\d", "0", " ".join(text.casefold().split())) for text in texts]
    vectorizer = HashingVectorizer(analyzer="char", ngram_range=(5, 5), n_features=2**20, norm=None, binary=True)
    return abs(vectorizer.transform(masked))


def _hard_negatives(note: str) -> set[str]:
    found = re.match(r"hard negative: ([\w, ]+)", note)
    return {name.strip() for name in found[1].split(",")} if found else set()


def check_texts(fields: Mapping[str, JSON], where: str) -> None:
    """Refuse fields that are no text, or hold half of a surrogate pair, which no file in UTF-8 can."""
    for name, value in fields.items():
        if not isinstance(value, str):
            raise BadLabel(f"{where}: {name!r} is {value!r}; it must be a text")
        if _HALF_PAIR.search(value):
            raise BadLabel(f"{where}: {name!r} holds half of a surrogate pair, which is no text")


def check_judge(judged_by: str, where: str) -> None:
    """Refuse what cannot be a judge's name."""
    if not _JUDGE.fullmatch(judged_by):
        raise BadLabel(f"{where}: 'judged_by' is {judged_by!r}; write author, a name or llm:<model>")


def _check_types(fields: Mapping[str, JSON], where: str) -> None:
    check_texts({name: fields[name] for name in _TEXTS if name in fields}, where)
    if fields["unit"] not in UNITS:
        raise BadLabel(f"{where}: 'unit' is {fields['unit']!r}; it must be segment or rollout")
    check_judge(fields["judged_by"], where)
    check_place(fields, where)
    attributes = fields.get("attributes", {})
    if not isinstance(attributes, dict) or not all(isinstance(value, bool) for value in attributes.values()):
        raise BadLabel(f"{where}: 'attributes' is {attributes!r}; it must be an object of name: true or false")
    try:
        date.fromisoformat(fields["judged_on"][:10])
    except ValueError as error:
        raise BadLabel(f"{where}: 'judged_on' is {fields['judged_on']!r}; write a date like 2026-11-21") from error
    drawn_with = fields.get("drawn_with")
    if drawn_with is not None and not (isinstance(drawn_with, int | float) and 0 < drawn_with <= 1):
        raise BadLabel(f"{where}: 'drawn_with' is {drawn_with!r}; it must be a probability above 0, or null")


def check_place(fields: Mapping[str, JSON], where: str) -> None:
    """Refuse a place in the response that no segment has: a kernel would count with it."""
    for name in ("index", "of"):
        held = fields.get(name, 0)
        if not isinstance(held, int) or isinstance(held, bool) or not 0 <= held < _MOST_SEGMENTS:
            raise BadLabel(f"{where}: {name!r} is {repr(held)[:40]}; it must be a whole number from 0 on")
    if "of" in fields and fields.get("index", 0) >= max(fields["of"], 1):
        raise BadLabel(
            f"{where}: 'index' is {fields['index']} of {fields['of']}; the first segment is 0, the last of - 1"
        )


def _check_judged(judged: JSON, unit: str, where: str, known: set[str]) -> None:
    if not isinstance(judged, dict):
        raise BadLabel(f"{where}: 'judged' is {judged!r}; it must be an object of behavior: true or false")
    for behavior, value in judged.items():
        if not isinstance(value, bool):
            raise BadLabel(f"{where}: judged[{behavior!r}] is {value!r}; it must be true or false")
        if behavior not in known and not (unit == "rollout" and OF_A_ROLLOUT.fullmatch(behavior)):
            nearest = get_close_matches(behavior, known, n=1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise BadLabel(f"{where}: judged[{behavior!r}] is no behavior.{hint}")
