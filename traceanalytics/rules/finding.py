"""What a rule says of a response, and the table that many of them make."""

from collections.abc import Iterable, Mapping, Sequence
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


Located = tuple[int, Finding]  # with the row in which it stands


def to_table(findings: Iterable[Located]) -> "pyarrow.Table":
    """Put findings with their rows into columns, in the order given."""
    import pyarrow

    located = list(findings)
    rows = [row for row, _ in located]
    *columns, attributes = zip(*(finding for _, finding in located), strict=True) if located else ([],) * 5
    arrays = [pyarrow.array(column, field.type) for column, field in zip((rows, *columns), schema(), strict=False)]
    return pyarrow.Table.from_arrays([*arrays, _maps(attributes)], schema=schema())


def _maps(mappings: Sequence[Mapping[str, str]]) -> "pyarrow.MapArray":
    """Put mappings into a column; many findings share one, which is written once and taken by each."""
    import pyarrow

    distinct = {id(mapping): mapping for mapping in mappings}
    places = {key: place for place, key in enumerate(distinct)}
    taken = [places[id(mapping)] for mapping in mappings]
    keys: list[str] = []
    items: list[str] = []
    ends = [0]
    for mapping in distinct.values():
        keys += mapping.keys()
        items += mapping.values()
        ends.append(len(keys))
    strings = [pyarrow.array(column, pyarrow.string()) for column in (keys, items)]
    written = pyarrow.MapArray.from_arrays(pyarrow.array(ends, pyarrow.int32()), *strings)
    return written.take(pyarrow.array(taken, pyarrow.int32()))


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
