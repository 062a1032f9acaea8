"""`ta ingest PATH...`: logs into the store."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line, emit_table, harmless, note
from traceanalytics.errors import BadInput, counted

if TYPE_CHECKING:
    from traceanalytics.verbs.ingest import IngestReport, Reading

PANEL = "Logs in"
_SECONDS_BETWEEN_LINES = 10.0
_SKIPPED_SHOWN = 8
_SHARE_TO_TELL_THE_TIME = 0.01


class IngestCommand(TyperCommand):
    """Lets `--set a=1 b=2` stand for `--set a=1 --set b=2`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before each further KEY=VALUE after it."""
        spread: list[str] = []
        option = None
        for word in args:
            is_pair = "=" in word and not word.startswith("-") and not Path(word).exists()
            if word in ("--set", "--condition", "--map"):
                option = word
            elif option and is_pair and spread[-1] != option:
                spread.append(option)
            elif not is_pair:
                option = None
            spread.append(word)
        return list(super().parse_args(ctx, spread))


COMMAND = IngestCommand


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; each is a run.")],
    db: Db,
    run: Annotated[str | None, typer.Option(help="The run's name; the PATH's last name when left out.")] = None,
    reader: Annotated[str | None, typer.Option(help="The format; found from the records when left out.")] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=KEY", help="prompt=question,response=model_output")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="model=… reward_type=… seed=… base_run_id=… and so on"),
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="What the rollouts were drawn under: template=…")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read rollouts into the store; what is there already is not read again."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.ingest import ingest as ingest_logs

    mapping = [pair for given in map_ or [] for pair in given.split(",")]
    report = ingest_logs(
        paths,
        store=Store(db),
        run=run,
        reader=reader,
        mapping=pairs("--map", mapping),
        settings=pairs("--set", set_ or []),
        conditions=pairs("--condition", condition or []),
        progress=Progress().show,
    )
    if as_json:
        emit_json(report.as_json())
    else:
        _print(report)


def pairs(option: str, given: Sequence[str]) -> Mapping[str, str]:
    """Read KEY=VALUE words of an option."""
    pairs: dict[str, str] = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals or not key or not value:
            raise BadInput(f"{option} {word!r} is no pair; write {option} KEY=VALUE")
        if pairs.get(key, value) != value:
            raise BadInput(f"{option} {key}={pairs[key]} and {key}={value}: give {key} one value")
        pairs[key] = value
    return pairs


def _print(report: "IngestReport") -> None:
    for run in report.runs:
        decided = "; ".join(f"{column} from {source}" for column, source in run.decided.items() if source != "none")
        emit_line(harmless(f"{run.run}: {run.reader}{'; ' if decided else ''}{decided}"))
    header = ["run", "rollouts", "duplicates", "rejects", "blanks", "first step", "last step"]
    rows = [
        [
            run.run,
            run.counts.rollouts,
            run.counts.duplicates,
            run.counts.rejects,
            run.counts.blanks,
            run.counts.first_step,
            run.counts.last_step,
        ]
        for run in report.runs
    ]
    emit_table(header, rows)
    for said in _said(report):
        note(harmless(said))
    if report.in_progress:
        note(f"in progress: the last line of {counted(report.in_progress, 'file')} is still being written")
    if report.total("rejects"):
        note("`ta rejects` lists what is no rollout, with file, line and reason")
    for each in report.skipped[:_SKIPPED_SHOWN]:
        note(harmless(f"skipped {each.name}: {each.reason}"))
    if len(report.skipped) > _SKIPPED_SHOWN:
        note(f"skipped {len(report.skipped) - _SKIPPED_SHOWN} more files; --json lists them all")


def _said(report: "IngestReport") -> Iterator[str]:
    yield from report.notes
    replaced = f"{counted(report.total('replaced'), 'rollout')} replaced"
    if rewritten := report.total("rewritten"):
        yield f"{counted(rewritten, 'file')} rewritten, {'its' if rewritten == 1 else 'their'} {replaced}"
    elif report.total("replaced"):
        yield f"read anew, {replaced}"
    for run in report.runs:
        if run.reader == "plain" and run.counts.rollouts and run.counts.first_step is None:
            yield f"{run.run}: no step in it; where the log counts steps, --map step=FIELD says under which name"
    if count := report.total("odd_rewards"):
        yield f"{counted(count, 'reward')} (NaN, infinite or no number) left out: `extra` keeps what was there"
    if count := report.total("odd_texts"):
        yield f"{counted(count, 'record')} with bytes that are no UTF-8, or half a surrogate pair: stored as U+FFFD"


class Progress:
    """Rate and time left: one line that moves on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown_at = self._began
        self._moves = sys.stderr.isatty()

    def show(self, reading: "Reading") -> None:
        """Say how far the reading is."""
        now = time.monotonic()
        is_done = reading.bytes_read >= reading.bytes_in_all
        if now - self._shown_at < (0.2 if self._moves else _SECONDS_BETWEEN_LINES) and not (is_done and self._moves):
            return
        self._shown_at = now
        line = self._line(reading, max(now - self._began, 1e-3))
        if self._moves:
            sys.stderr.write(f"\r\x1b[K{harmless(line)}" if not is_done else "\r\x1b[K")
            sys.stderr.flush()
        else:
            note(harmless(line))

    @staticmethod
    def _line(reading: "Reading", seconds: float) -> str:
        """Describe a reading.

        >>> from traceanalytics.verbs.ingest import Reading
        >>> Progress._line(Reading("a", "1.jsonl", 50_000_000, 100_000_000, 20_000), 2.0)
        'a: 50%, 20,000 rollouts, 25 MB/s, 2 s left, 1.jsonl'
        >>> Progress._line(Reading("a", "1.jsonl", 0, 100_000_000, 0), 2.0)
        'a: 0%, 0 rollouts, 0 MB/s, 1.jsonl'
        """
        speed = reading.bytes_read / seconds
        share = reading.bytes_read / max(reading.bytes_in_all, 1)
        said = [f"{reading.run}: {share:.0%}", f"{reading.rollouts:,} rollouts", f"{speed / 1e6:.0f} MB/s"]
        if share >= _SHARE_TO_TELL_THE_TIME:
            said.append(f"{(reading.bytes_in_all - reading.bytes_read) / speed:.0f} s left")
        return ", ".join([*said, reading.file] if reading.file else said)
