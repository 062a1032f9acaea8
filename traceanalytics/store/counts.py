"""Rows per prompt as arrays: what every interval about behaviors is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

AT_ONCE = 63  # behaviors that one call of the query counts


@dataclass(frozen=True, slots=True)
class Counts:
    """One row per run, step and prompt, in this order; `shown` has a column per behavior."""

    behaviors: tuple[str, ...]
    runs: "np.ndarray"
    steps: "np.ndarray"
    prompts: "np.ndarray"
    rollouts: "np.ndarray"
    shown: "np.ndarray"

    def of(self, behavior: str) -> "np.ndarray":
        """Return in how many rollouts of each row one behavior is shown."""
        return self.shown[:, self.behaviors.index(behavior)]


def count_by_prompt(
    store: Store,
    behaviors: Sequence[str],
    *,
    run: str | None = None,
    split: str = "train",
    bin_width: int = 1,
    from_step: int | None = None,
    to_step: int | None = None,
    tagger: str | None = None,
) -> Counts:
    """Count per run, step and prompt in how many rollouts each behavior is shown (query `behavior_by_prompt`)."""
    import numpy as np

    arguments = {
        "in_run": run,
        "in_split": split,
        "bin_width": bin_width,
        "from_step": from_step,
        "to_step": to_step,
        "in_tagger": tagger,
    }
    parts = [list(behaviors[at : at + AT_ONCE]) for at in range(0, max(len(behaviors), 1), AT_ONCE)]
    tables = [store.query("behavior_by_prompt", in_behaviors=part, **arguments) for part in parts]
    rows = tables[0]
    shown = [
        table["shown"].combine_chunks().flatten().to_numpy().reshape(table.num_rows, len(part))
        for table, part in zip(tables, parts, strict=True)
    ]
    return Counts(
        tuple(behaviors),
        names_of(rows["run_id"]),
        rows["step"].to_numpy(),
        names_of(rows["prompt_key"]),
        rows["rollouts"].to_numpy(),
        shown[0] if len(shown) == 1 else np.hstack(shown),
    )


def names_of(column: "pyarrow.ChunkedArray") -> "np.ndarray":
    """Return a column of names, each of which is made once however often it comes."""
    import numpy as np

    encoded = column.combine_chunks().dictionary_encode()
    names = np.asarray([*encoded.dictionary.to_pylist(), None], dtype=object)
    return names[encoded.indices.fill_null(-1).to_numpy()]  # type: ignore[no-any-return]
