"""A finding answered for each part of the data: the same inference on a store that holds the part only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import Answer, Finding
from traceanalytics.findings.caveats import said_once
from traceanalytics.findings.noting import NotingStore
from traceanalytics.store.parts import PartOfStore, parts_of

if TYPE_CHECKING:
    import altair
    import pyarrow


def answer_by_part(finding: Finding, store: NotingStore, by: str, arguments: Mapping[str, object]) -> Answer:
    """Answer by the values of a column; parts that cannot answer are left out and named."""
    run = arguments.get("in_run")
    parts, unsaid = parts_of(store, by, run=None if run is None else str(run))
    answers: dict[str, Answer] = {}
    left_out = (
        [f"{counted(unsaid, 'rollout')} without a {by} {'is' if unsaid == 1 else 'are'} in no part"] if unsaid else []
    )
    for part in parts:
        try:
            noting = NotingStore(PartOfStore(store, by, part))
            answers[part] = finding.infer(noting, **arguments)
            store.split_of_run |= noting.split_of_run
        except Refused as refusal:
            left_out.append(f"{by} {part} is left out: {refusal}")
            reason = refusal
    if not answers:
        raise reason if len(parts) == 1 else Refused(f"none of {len(parts)} parts by {by} can answer; {left_out[-1]}")
    if len(answers) > 1:
        left_out.append(f"{len(answers)} parts are looked at: the more parts, the more of them differ by chance")
    return Answer(
        [replace(each, label=f"{part}: {each.label}") for part, of in answers.items() for each in of.estimates],
        "; ".join(f"{by} {part}: {of.verdict}" for part, of in answers.items()),
        [*_caveats(store, by, answers), *left_out],
        _table(by, answers),
        tagger=next(iter(answers.values())).tagger,
        chart=_chart(finding, by, answers),
    )


def _caveats(store: NotingStore, by: str, answers: Mapping[str, Answer]) -> list[str]:
    """Return what all parts say once, and what only some say with their names."""
    runs = store.sql("SELECT run_id FROM runs")["run_id"].to_pylist()
    of_parts = {f"{by} {part}": said_once(of.caveats, runs) for part, of in answers.items()}
    shared = [each for each in next(iter(of_parts.values())) if all(each in said for said in of_parts.values())]
    rest = [f"{part}: {each}" for part, said in of_parts.items() for each in said if each not in shared]
    return shared + said_once(rest, of_parts)


def _table(by: str, answers: Mapping[str, Answer]) -> "pyarrow.Table | None":
    import pyarrow

    tables: Sequence[pyarrow.Table] = [
        of.table.add_column(0, by, pyarrow.array([part] * of.table.num_rows, pyarrow.string()))
        for part, of in answers.items()
        if of.table is not None and by not in of.table.column_names
    ]
    return pyarrow.concat_tables(tables, promote_options="permissive") if tables else None


def _chart(finding: Finding, by: str, answers: Mapping[str, Answer]) -> "altair.TopLevelMixin | None":
    """Draw the parts below each other, each with its title and to the same scale."""
    import altair as alt

    if finding.draw is None:
        return None
    charts = []
    for part, of in answers.items():
        chart = finding.draw(of)
        charts.append(chart.properties(title=f"{by} {part}"))
    return alt.vconcat(*charts).resolve_scale(x="shared")
