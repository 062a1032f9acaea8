"""`ta tag`: behaviors of every rollout that the tagger has not read yet."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, note
from traceanalytics.errors import counted

if TYPE_CHECKING:
    from traceanalytics.verbs.tag import TagReport

PANEL = "Logs in"


def tag(
    db: Db,
    run: Annotated[str | None, typer.Option(help="One run; every run when left out.")] = None,
    tagger: Annotated[str | None, typer.Option(help="See `ta list taggers`; the active one if left out.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Tag what is untagged; a killed call goes on where it was."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.tag import tag as tag_rollouts
    from traceanalytics.verbs.workers import settle_that_no_frame_comes

    settle_that_no_frame_comes()
    report = tag_rollouts(Store(db), run=run, tagger=tagger, workers=workers, progress=Progress().show)
    if as_json:
        emit_json(asdict(report))
    else:
        emit_line(
            f"{report.tagger_id}: {report.tagged:,} rollouts read, {report.spans:,} spans shown, {report.seconds:.1f} s"
        )


class Progress:
    """How many rollouts wait, and on a terminal how far the tagging is, in one line that moves."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None  # what was tagged when, after everything was loaded and compiled
        self._moves = sys.stderr.isatty()

    def show(self, report: "TagReport") -> None:
        """Say how far the tagging is."""
        if not report.tagged:
            note(f"tagging {counted(report.untagged, 'rollout')} with {report.tagger_id}")
        elif self._moves:
            is_done = report.tagged == report.untagged
            sys.stderr.write("\r\x1b[K" if is_done else f"\r\x1b[K{self._line(report)}")
            sys.stderr.flush()

    def _line(self, report: "TagReport") -> str:
        """Describe a tagging; what went before the first batch was done says nothing of the time left.

        >>> from traceanalytics.verbs.tag import TagReport
        >>> progress = Progress()
        >>> progress._line(TagReport("cues@1", 9000, 1000, seconds=40.0))
        'tagged 1,000 of 9,000'
        >>> progress._line(TagReport("cues@1", 9000, 3000, seconds=41.0))
        'tagged 3,000 of 9,000  2,000 a second  3 s left'
        """
        tagged = report.tagged
        said = f"tagged {tagged:,} of {report.untagged:,}"
        if self._first is None:
            self._first = (tagged, report.seconds)
            return said
        before, at = self._first
        rate = max((tagged - before) / max(report.seconds - at, 1e-9), 1e-9)
        return f"{said}  {rate:,.0f} a second  {(report.untagged - tagged) / rate:.0f} s left"
