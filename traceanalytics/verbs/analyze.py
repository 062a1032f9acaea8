"""From logs to a report in one call: ingest, tag, compare, write. A second call does only what is new."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from traceanalytics.findings.onsets import onset_in_words
from traceanalytics.findings.shifts import Shift
from traceanalytics.findings.turns import Turn
from traceanalytics.pages.base import Selectors
from traceanalytics.pages.onsets import onsets_of
from traceanalytics.pages.pooled import curves_of
from traceanalytics.pages.rates import rates_over_steps
from traceanalytics.pages.verdicts import Verdicts, turns_of_view, verdicts_of
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import PUBLISHED_CODE, cautions, published_taggers, shifts_of, shown_most
from traceanalytics.store.store import Store
from traceanalytics.types import JSON
from traceanalytics.verbs.ingest import IngestReport, Reading, ingest
from traceanalytics.verbs.report import Written, report
from traceanalytics.verbs.tag import TagReport, tag

OURS = "code_reasoning"


@dataclass(frozen=True, slots=True)
class Ends:
    """A rate at the first and at the last step of a run, or of runs that differ by their seed alone, with its limits.

    Both are the same where there is one step.
    """

    run: str
    counted: str
    start: float
    start_limits: tuple[float | None, float | None]  # none where one run alone holds the step
    end: float
    end_limits: tuple[float | None, float | None]
    steps: int
    between: tuple[int, int]  # the first step and the last


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one call did and what came out."""

    ingested: IngestReport
    tagged: TagReport
    view: View
    shifts: dict[str, tuple[Shift, ...]]
    onsets: dict[tuple[str, str], str]
    verdicts: Verdicts
    turns: dict[tuple[str, str], Turn]
    shown_most: list[tuple[str, float, float, float]]
    code: list[Ends]
    cautions: list[str]
    written: Written

    def as_json(self) -> JSON:
        """Return the analysis as `ta analyze --json` prints it."""
        return {
            "ingested": self.ingested.as_json(),
            "tagger": self.tagged.tagger_id,
            "tagged": self.tagged.tagged,
            "shifts": [
                {
                    "run": shift.run,
                    "behavior": shift.behavior,
                    "start": shift.start.value,
                    "end": shift.end.value,
                    "change": shift.change.value,
                    "low": shift.change.low,
                    "high": shift.change.high,
                    "n": shift.change.n,
                    "unit": shift.change.unit,
                    "adjusted_p": shift.adjusted_p,
                    "survives": shift.survives,
                    "from": str(shift.start_window),
                    "to": str(shift.end_window),
                    "onset": self.onsets.get((shift.run, shift.behavior)),
                    "verdict": str(self.verdicts[shift.run, shift.behavior]),
                }
                for shifts in self.shifts.values()
                for shift in shifts
            ],
            "code": [
                {"run": each.run, "counted": each.counted, "start": each.start, "end": each.end} for each in self.code
            ],
            "cautions": self.cautions,
            "headline": self.written.headline,
            "report": str(self.written.path),
            "store": str(self.view.store.path),
        }


def analyze(
    paths: Sequence[str | Path],
    *,
    store: Store,
    out: Path,
    run: str | None = None,
    reader: str | None = None,
    mapping: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    workers: int = 2,
    reading: Callable[[Reading], None] | None = None,
    tagging: Callable[[TagReport], None] | None = None,
) -> Analysis:
    """Read logs, tag what is untagged, and write a report of these runs."""
    ingested = ingest(paths, store=store, run=run, reader=reader, mapping=mapping, settings=settings, progress=reading)
    runs = tuple(each.run for each in ingested.runs)
    one = runs[0] if len(runs) == 1 else None
    tagged = tag(store, run=one, workers=workers, progress=tagging)
    tag(store, run=one, tagger=PUBLISHED_CODE, workers=workers)
    selectors = Selectors(runs=runs)
    with store.kept_open():
        view = look(store, selectors)
        written = report(store, out, selectors=selectors)
        return Analysis(
            ingested,
            tagged,
            view,
            shifts_of(view),
            {place: onset_in_words(each) for place, each in onsets_of(view).items()},
            verdicts_of(view),
            turns_of_view(view),
            shown_most(view),
            _code(view),
            cautions(view),
            written,
        )


def _code(view: View) -> list[Ends]:
    """Return what the published detector counts, and beside it the code that solves or checks, seeds put together."""
    published = published_taggers(view).get(PUBLISHED_CODE)
    found: list[Ends] = []
    for counted, tagger in ((PUBLISHED_CODE, published), (OURS, None)):
        rows = curves_of(view, rates_over_steps(view, [counted], bin_width=1, tagger=tagger))
        for run in dict.fromkeys(row["run"] for row in rows):
            of_run = [row for row in rows if row["run"] == run]
            first, last = of_run[0], of_run[-1]
            found.append(
                Ends(run, counted, first["value"], (first["low"], first["high"]),
                     last["value"], (last["low"], last["high"]), len(of_run), (first["step"], last["step"]))
            )  # fmt: skip
    return sorted(found, key=lambda each: (each.run, each.counted))
