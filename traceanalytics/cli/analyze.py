"""`ta analyze PATH...`: from logs to a report in one command."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from traceanalytics.cli.ingest import IngestCommand, Progress, pairs
from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, harmless, note

if TYPE_CHECKING:
    from traceanalytics.findings.shifts import Shift
    from traceanalytics.verbs.analyze import Analysis
    from traceanalytics.verbs.tag import TagReport

PANEL = "See"
COMMAND = IngestCommand
MOST_SHIFTS = 6  # in the terminal; the report has all


def analyze(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; each is a run.")],
    db: Db,
    run: Annotated[str | None, typer.Option(help="The run's name; the PATH's last name when left out.")] = None,
    out: Annotated[Path, typer.Option(help="The report.")] = Path("report.html"),
    reader: Annotated[str | None, typer.Option(help="The format; found from the records when left out.")] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=KEY", help="prompt=question,response=model_output")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="model=… reward_type=… seed=…")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that tag.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Ingest, tag and report: what the model learned to do, how sure that is, and where to read it."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.analyze import analyze as analyze_logs

    analysis = analyze_logs(
        paths,
        store=Store(db),
        out=out,
        run=run,
        reader=reader,
        mapping=pairs("--map", [pair for given in map_ or [] for pair in given.split(",")]),
        settings=pairs("--set", set_ or []),
        workers=workers,
        reading=Progress().show,
        tagging=_say,
    )
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if as_json:
        emit_json(analysis.as_json())
    else:
        _print(analysis)


def _say(report: "TagReport") -> None:
    line = f"tagged {report.tagged:,} of {report.untagged:,} rollouts"
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
    elif report.tagged == report.untagged:
        note(line)


def _print(analysis: "Analysis") -> None:
    ingested, view = analysis.ingested, analysis.view
    emit_line(
        f"{ingested.total('rollouts'):,} new rollouts read, {analysis.tagged.tagged:,} tagged by "
        f"{analysis.tagged.tagger_id}; {view.rollouts:,} in the split {view.split}"
    )
    emit_line(harmless(f"\n{analysis.written.headline}"))
    for line in _shift_lines(analysis):
        emit_line(harmless(line))
    if not analysis.shifts:
        emit_line("no run has two steps with tags, so nothing can be said to have moved; what is shown most:")
        for name, *rate in analysis.shown_most[:MOST_SHIFTS]:
            emit_line(f"  {name:<26}{_percent(rate[0], (rate[1], rate[2])):>14}")
    if analysis.code:
        emit_line("code, as the Spurious Rewards paper counts it and as we do, at the first and last step")
    for each in analysis.code:
        start, end = (_percent(*ends) for ends in ((each.start, each.start_limits), (each.end, each.end_limits)))
        emit_line(harmless(f"  {each.counted:<26}{start:>14} → {end:<14}{'' if len(view.runs) < 2 else each.run}"))
    for caution in analysis.cautions:
        emit_line(harmless(f"careful: {caution}"))
    emit_line(f"wrote {analysis.written.path} ({analysis.written.size / 1e6:.1f} MB) and {view.store.path}")
    emit_line(f"next: {_next(analysis)}")


def _shift_lines(analysis: "Analysis") -> list[str]:
    shifts = [shift for shifts in analysis.shifts.values() for shift in shifts]
    moved = sorted((shift for shift in shifts if shift.survives), key=lambda shift: -abs(shift.change.value))
    lines = [
        f"  {shift.behavior:<26}{_percent(shift.start.value, _limits(shift.start)):>14} → "
        f"{_percent(shift.end.value, _limits(shift.end)):<14}{_begun(analysis, shift)}".rstrip()
        for shift in moved[:MOST_SHIFTS]
    ]
    if len(moved) > MOST_SHIFTS:
        lines.append(
            f"  and {len(moved) - MOST_SHIFTS} more of {len(shifts)} shifts stand the correction for their number"
        )
    return lines


def _begun(analysis: "Analysis", shift: "Shift") -> str:
    """Say when a shift began, where its onset is known, and in which of several runs."""
    onset = analysis.onsets.get((shift.run, shift.behavior))
    run = "" if len(analysis.view.runs) < 2 else shift.run
    return f"{'' if onset is None else f'from {onset}':<24}{run}"


def _limits(named: object) -> tuple[float, float]:
    low, high = getattr(named, "low", None), getattr(named, "high", None)
    return (0.0 if low is None else low, 1.0 if high is None else high)


def _percent(value: float, limits: tuple[float, float]) -> str:
    return f"{value:.0%} [{100 * limits[0]:.0f}, {100 * limits[1]:.0f}]"


def _next(analysis: "Analysis") -> str:
    db = analysis.view.command
    top = [shift for shifts in analysis.shifts.values() for shift in shifts if shift.survives]
    if not top:
        return f"ta read{db}"
    first = max(top, key=lambda shift: abs(shift.change.value))
    return f"ta read --run {first.run} --behavior {first.behavior} --step {first.end_window.last}{db}"
