"""What a rule says of a response, and the table that many of them make."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow


class Finding(NamedTuple):
    """A span of a response (code points) shows a behavior."""

    behavior: str
    start: int
    stop: int
    score: float = 1.0
    attributes: Mapping[str, str] = MappingProxyType({})


def to_table(findings: Iterable[tuple[int, Finding]]) -> "pyarrow.Table":
    """Put findings with their rows into columns, in the order given."""
    import pyarrow

    located = list(findings)
    found = [finding for _, finding in located]
    keys: list[str] = []
    items: list[str] = []
    ends = [0]
    for finding in found:
        if finding.attributes:
            keys += finding.attributes.keys()
            items += finding.attributes.values()
        ends.append(len(keys))
    columns = (
        [row for row, _ in located],
        [finding.behavior for finding in found],
        [finding.start for finding in found],
        [finding.stop for finding in found],
        [finding.score for finding in found],
    )
    arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, schema(), strict=False)]
    strings = [pyarrow.array(column, pyarrow.string()) for column in (keys, items)]
    arrays.append(pyarrow.MapArray.from_arrays(pyarrow.array(ends, pyarrow.int32()), *strings))
    return pyarrow.Table.from_arrays(arrays, schema=schema())


def schema() -> "pyarrow.Schema":
    """Return the columns that every rule writes."""
    import pyarrow

    return pyarrow.schema(
        {
            "row": pyarrow.int64(),
            "behavior": pyarrow.string(),
            "start": pyarrow.int32(),
            "stop": pyarrow.int32(),
            "score": pyarrow.float32(),
            "attributes": pyarrow.map_(pyarrow.string(), pyarrow.string()),
        }
    )
