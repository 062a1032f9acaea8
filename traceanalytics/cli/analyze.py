"""`ta analyze PATH...`: from logs to a report in one command."""

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from traceanalytics.cli.ingest import IngestCommand, Progress, pairs
from traceanalytics.cli.options import AsJson, Db, in_a_folder
from traceanalytics.cli.output import aligned, emit_json, emit_line, harmless, note
from traceanalytics.errors import counted

if TYPE_CHECKING:
    from traceanalytics.findings.shifts import Shift
    from traceanalytics.verbs.analyze import Analysis, Ends
    from traceanalytics.verbs.tag import TagReport

PANEL = "See"
COMMAND = IngestCommand
MOST_SHIFTS = 5  # in the terminal; the report has all
MOST_RUNS = 3  # whose code is counted in two ways
MOST_CAUTIONS = 3


def analyze(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; each is a run.")],
    db: Db,
    run: Annotated[str | None, typer.Option(help="The run's name; the PATH's last name when left out.")] = None,
    out: Annotated[Path, typer.Option(callback=in_a_folder, help="The report.")] = Path("report.html"),
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
    from traceanalytics.verbs.workers import settle_that_no_frame_comes

    settle_that_no_frame_comes()
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
    if not report.tagged:
        note(f"tagging {counted(report.untagged, 'rollout')} with {report.tagger_id}")
    elif sys.stderr.isatty():
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
    emit_line(harmless(analysis.written.headline))
    for line in _shift_lines(analysis) if analysis.shifts else _lines_of_one_step(analysis):
        emit_line(harmless(line))
    for line in _code_lines(analysis):
        emit_line(harmless(line))
    for caution in analysis.cautions[:MOST_CAUTIONS]:
        emit_line(harmless(f"careful: {caution}"))
    if len(analysis.cautions) > MOST_CAUTIONS:
        emit_line(f"careful: {len(analysis.cautions) - MOST_CAUTIONS} more on the page Health of the report")
    emit_line(f"wrote {analysis.written.path} ({analysis.written.size / 1e6:.1f} MB) and {view.store.path}")
    emit_line(f"next: {_next(analysis)}")


def _shift_lines(analysis: "Analysis") -> list[str]:
    """Say how each shift that survives went, between which steps and how sure; a behavior's runs stay together."""
    from traceanalytics.findings.behavior_shift import Verdict

    shifts = [shift for shifts in analysis.shifts.values() for shift in shifts]
    told = [shift for shift in shifts if shift.survives or _verdict(analysis, shift) == Verdict.ROSE_THEN_FELL]
    if not told:
        return [f"none of {len(shifts)} shifts is beyond chance, corrected for their number"]
    most: dict[str, float] = {}
    for shift in told:
        most[shift.behavior] = max(abs(shift.change.value), most.get(shift.behavior, 0.0))
    told.sort(key=lambda shift: (-most[shift.behavior], shift.behavior, -abs(shift.change.value)))
    rows = [_shift_cells(analysis, shift) for shift in told[:MOST_SHIFTS]]
    lines = aligned(rows)
    if len(told) > MOST_SHIFTS:
        more = len(told) - MOST_SHIFTS
        lines.append(f"  and {more} more that moved, of {len(shifts)} looked at: the report's page Overview shows all")
    return lines


def _shift_cells(analysis: "Analysis", shift: "Shift") -> list[str]:
    from traceanalytics.findings.behavior_shift import Verdict
    from traceanalytics.findings.shifts import percent

    onset, verdict = analysis.onsets.get((shift.run, shift.behavior)), _verdict(analysis, shift)
    levels = [(shift.start, shift.start_window), (shift.end, shift.end_window)]
    if verdict == Verdict.ROSE_THEN_FELL and (turn := analysis.turns.get((shift.run, shift.behavior))) is not None:
        levels.insert(1, (turn.rate, turn.window))
    return [
        shift.behavior,
        shift.run,
        " → ".join(f"{percent(rate)} at {window}" for rate, window in levels),
        "" if onset is None else f"beyond 5 points from {onset}",
        verdict,
    ]


def _verdict(analysis: "Analysis", shift: "Shift") -> str:
    return str(analysis.verdicts[shift.run, shift.behavior])


def _lines_of_one_step(analysis: "Analysis") -> list[str]:
    rows = [[name, _percent(value, (low, high))] for name, value, low, high in analysis.shown_most[:MOST_SHIFTS]]
    return ["no run has two steps with tags, so nothing can be said to have moved; what is shown most:", *aligned(rows)]


def _code_lines(analysis: "Analysis") -> list[str]:
    """Set code as the published word search counts it beside code as we do."""
    rows = [[each.counted, each.run, _ends(each)] for each in analysis.code[: 2 * MOST_RUNS]]
    return ["code, as we count it and as the Spurious Rewards paper does:", *aligned(rows)] if rows else []


def _ends(each: "Ends") -> str:
    start, end = (_percent(*ends) for ends in ((each.start, each.start_limits), (each.end, each.end_limits)))
    first, last = each.between
    return f"{start} at step {first} → {end} at step {last}" if each.steps > 1 else f"{start} at step {first}"


def _percent(value: float, limits: tuple[float | None, float | None]) -> str:
    low, high = limits
    return f"{value:.0%}" if low is None or high is None else f"{value:.0%} [{100 * low:.0f}, {100 * high:.0f}]"


def _next(analysis: "Analysis") -> str:
    db = analysis.view.command
    top = [shift for shifts in analysis.shifts.values() for shift in shifts if shift.survives]
    if not top:
        return f"ta read{db}"
    first = max(top, key=lambda shift: abs(shift.change.value))
    return f"ta read --run {quote(first.run)} --behavior {first.behavior} --step {first.end_window.last}{db}"
