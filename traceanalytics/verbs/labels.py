"""Label files: prove that they hold what they should, and fill the store's table of judgments from them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadLabel
from traceanalytics.labels import counts, label_files, located_labels, near_duplicates, read_labels, standing_in
from traceanalytics.store.store import Store
from traceanalytics.types import JSON
from traceanalytics.verbs.audits import count_audits


@dataclass(slots=True)
class LabelCheck:
    """What a check of label files found; it is clean without duplicates and foreign texts."""

    files: int
    segments: int
    rollouts: int
    judges: Counter[str]
    counts: dict[str, Counter[str]]
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Say whether nothing has to be mended."""
        return not self.duplicates and not self.foreign


def check_labels(paths: Sequence[Path], *, against: Sequence[Path] = ()) -> LabelCheck:
    """Check schema, counts and near-duplicates, and that no segment stands in the texts of the folders `against`."""
    judgments = read_labels(paths, behaviors=BEHAVIORS.all())
    if not judgments:
        raise BadLabel(f"{', '.join(map(str, paths))}: no label line in it; a label file has one JSON line a judgment")
    first_judgments = list({judgment.id: judgment for judgment in reversed(judgments)}.values())[::-1]
    pairs = near_duplicates(first_judgments)
    foreign = standing_in(first_judgments, _texts_below(against)) if against else []
    return LabelCheck(
        files=len(label_files(paths)),
        segments=sum(judgment.unit == "segment" for judgment in first_judgments),
        rollouts=sum(judgment.unit == "rollout" for judgment in first_judgments),
        judges=Counter(judgment.judged_by for judgment in judgments),
        counts=counts(first_judgments),
        duplicates=[(first_judgments[one].id, first_judgments[other].id) for one, other in pairs],
        foreign=[judgment.id for judgment in foreign],
    )


def load_labels(store: Store, paths: Sequence[Path]) -> int:
    """Fill `judgments` from label files, one row a judged behavior; loading again replaces what a file gave before.

    Audits among them are counted into `tagger_errors`.
    """
    rows = list(_rows(paths))
    import pyarrow

    with store.writing() as connection:
        files = [str(path) for path in label_files(paths)]
        connection.execute("DELETE FROM judgments WHERE list_contains($1, file)", [files]).fetchall()
        if rows:
            connection.register("staged", pyarrow.Table.from_pylist(rows, schema=_schema()))
            connection.execute("INSERT INTO judgments BY NAME SELECT * FROM staged").fetchall()
            connection.unregister("staged")
    count_audits(store)
    return len(rows)


def _rows(paths: Sequence[Path]) -> Iterator[dict[str, JSON]]:
    latest = {
        (judgment.id, judgment.judged_by): (path, line, judgment)
        for path, line, judgment in located_labels(paths, behaviors=BEHAVIORS.all())
    }
    for path, line, judgment in latest.values():
        for behavior, judged in judgment.judged.items():
            yield {
                "id": judgment.id,
                "unit": judgment.unit,
                "rollout_id": judgment.source.removeprefix("rollout:") if judgment.source[:8] == "rollout:" else None,
                "text": judgment.text,
                "previous": judgment.previous,
                "prompt": judgment.prompt,
                "behavior": behavior,
                "judged": judged,
                "judged_by": judgment.judged_by,
                "judged_on": judgment.judged_on,
                "source": judgment.source,
                "drawn_with": judgment.drawn_with,
                "note": judgment.note,
                "file": str(path),
                "line": line,
            }


def _schema() -> "object":
    import pyarrow

    texts = ("id", "unit", "rollout_id", "text", "previous", "prompt", "behavior", "judged_by", "judged_on", "source")
    return pyarrow.schema(
        [(name, pyarrow.string()) for name in (*texts, "note", "file")]
        + [("judged", pyarrow.bool_()), ("drawn_with", pyarrow.float64()), ("line", pyarrow.int64())]
    )


def _texts_below(folders: Sequence[Path]) -> Iterator[str]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".json", ".jsonl"):
                for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
                    yield from _strings(line)


def _strings(line: str) -> Iterator[str]:
    try:
        pending: list[JSON] = [json.loads(line)]
    except ValueError:
        yield line
        return
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
