"""A saved model is a folder: `card.json` says what made it, weights lie beside it. Nothing in it is ever executed."""

import inspect
import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from traceanalytics.classifiers.base import Classifier
from traceanalytics.errors import BadModel
from traceanalytics.registry import Registry
from traceanalytics.types import JSON, Behavior

FORMAT = 1  # raised when a card of the old form can no longer be read

CLASSIFIERS: Registry[Any] = Registry("traceanalytics.classifiers", "classifier", lambda: type)


def about_classifier(kind: Any) -> tuple[str, str]:
    """Return the first line of a kind's docstring, and the rest of it as one paragraph."""
    about, _, how = (inspect.getdoc(kind) or "").partition("\n")
    return about, " ".join(how.split())


def save_model(classifier: Classifier, folder: Path, facts: dict[str, JSON]) -> dict[str, JSON]:
    """Write a classifier with the facts of its making; the card comes last: a half-written folder is no model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.json").unlink(missing_ok=True)
    own = classifier.save(folder)
    files = sorted(path for path in folder.iterdir() if path.name != "card.json")
    card = {
        "format": FORMAT,
        "kind": classifier.kind,
        **own,
        **facts,
        "files": {path.name: digest_of_bytes(path.read_bytes()) for path in files},
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def read_card(folder: Path) -> dict[str, JSON]:
    """Read a model's card; what is no model is refused in one line."""
    path = folder / "card.json"
    if not path.is_file():
        raise BadModel(f"{folder}: no card.json; a model folder is what `ta train` writes")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadModel(f"{path}: no JSON: {error}") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        found = card.get("format") if isinstance(card, dict) else type(card).__name__
        raise BadModel(f"{path}: format {found!r}; this package reads format {FORMAT}: train it again")
    for name in ("behaviors", "decided_by_cues", "taught", "taught_rollouts"):
        held = card.get(name, [])
        if not isinstance(held, list) or not all(isinstance(each, str) for each in held):
            raise BadModel(f"{path}: {name!r} is {str(held)[:60]!r}; it must be a list of names")
    if not card.get("behaviors"):
        raise BadModel(f"{path}: 'behaviors' is {card.get('behaviors')!r}; it must be a list of names")
    return card


def load_model(folder: Path) -> tuple[Classifier, dict[str, JSON]]:
    """Load a classifier and its card."""
    card = read_card(folder)
    return load_classifier(folder, card), card


def load_classifier(folder: Path, card: dict[str, JSON]) -> Classifier:
    """Load the classifier of which a card was read, if its files are still those of the card."""
    check_files(folder, card)
    classifier: Classifier = kind_of(card).load(folder, card)
    return classifier


def kind_of(card: dict[str, JSON]) -> type[Classifier]:
    """Return the kind of classifier that a card names."""
    kind: type[Classifier] = CLASSIFIERS.get(str(card.get("kind")))
    return kind


def check_files(folder: Path, card: dict[str, JSON]) -> None:
    """Refuse a model with a file missing, added or changed since the card was written."""
    files = card.get("files")
    if not isinstance(files, dict):
        raise BadModel(f"{folder / 'card.json'}: 'files' is {files!r}; it must name the files of the model")
    present = {path.name for path in folder.iterdir()} - {"card.json"}
    for name in sorted(present ^ set(files)):
        raise BadModel(f"{folder / name}: {'missing' if name in files else 'not on the card'}; train the model again")
    for name in sorted(files):
        if (folder / name).is_symlink():
            raise BadModel(f"{folder / name}: a link; a model folder holds its files itself: train the model again")
        if not (folder / name).is_file():
            raise BadModel(f"{folder / name}: no file; train the model again")
    for name, digest in files.items():
        if digest_of_bytes((folder / name).read_bytes()) != digest:
            raise BadModel(f"{folder / name}: changed since its card was written; train the model again")


def digest_of_bytes(content: bytes) -> str:
    """Return a short digest of a file's content."""
    return sha256(content).hexdigest()[:16]


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return a digest of several files, names and contents."""
    whole = sha256()
    for path in sorted(paths, key=lambda path: path.name):
        whole.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:16]


def digest_of_behaviors(behaviors: Iterable[Behavior]) -> str:
    """Return a digest of what behaviors mean and which cues propose them; examples teach no classifier."""
    whole = sha256()
    for behavior in sorted(behaviors, key=lambda behavior: behavior.name):
        whole.update(
            "\0".join((behavior.name, behavior.definition, behavior.border, *map(repr, behavior.cues))).encode()
        )
    return whole.hexdigest()[:16]
