"""`ta labels`: check, compare, convert and load label files."""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db, in_a_folder
from traceanalytics.cli.output import emit_json, emit_line, emit_table, note
from traceanalytics.errors import Refused

PANEL = "Judge and train"
app = typer.Typer(help="Check, compare, convert and load label files.", no_args_is_help=True)

Paths = Annotated[list[Path] | None, typer.Argument(help="Label files or folders; the shipped labels when left out.")]
Against = Annotated[list[Path] | None, typer.Option(help="Folders whose texts no segment may stand in.")]


@app.command()
def check(paths: Paths = None, against: Against = None, as_json: AsJson = False) -> None:
    """Prove schema, counts, near-duplicates, and that nothing was copied; exits 1 when something must be mended."""
    from traceanalytics.paths import label_paths
    from traceanalytics.verbs.labels import check_labels

    found = check_labels(label_paths(paths), against=against or [])
    if as_json:
        emit_json(
            {
                "files": found.files,
                "segments": found.segments,
                "rollouts": found.rollouts,
                "judges": found.judges,
                "counts": found.counts,
                "duplicates": found.duplicates,
                "foreign": found.foreign,
            }
        )
    else:
        judges = ", ".join(f"{judge} {number:,}" for judge, number in found.judges.items())
        emit_line(f"{found.segments:,} segments and {found.rollouts:,} rollouts in {found.files} files, by {judges}")
        emit_table(
            ["behavior", "yes", "no", "hard no"],
            [[name, each["yes"], each["no"], each["hard_no"]] for name, each in found.counts.items()],
        )
    if not found.clean:
        faults = [f"{one} and {other} are near-duplicates" for one, other in found.duplicates[:5]]
        faults += [f"{name} stands in a text of --against" for name in found.foreign[:5]]
        number = len(found.duplicates) + len(found.foreign)
        raise Refused(f"{number} faults in the labels: {'; '.join(faults)}{' …' if number > len(faults) else ''}")


@app.command()
def agreement(paths: Paths = None, as_json: AsJson = False) -> None:
    """Compare two judges of the same segments: both yes, and Cohen's kappa."""
    from dataclasses import asdict

    from traceanalytics.behaviors import BEHAVIORS
    from traceanalytics.labels import agreement as agreement_of
    from traceanalytics.labels import read_labels
    from traceanalytics.paths import label_paths

    found = agreement_of(read_labels(label_paths(paths), behaviors=BEHAVIORS.all()))
    if as_json:
        emit_json([asdict(each) for each in found])
    else:
        rows = [[each.behavior, each.n, each.first_yes, each.second_yes, each.both_yes, each.kappa] for each in found]
        emit_table(["behavior", "n", "first yes", "second yes", "both yes", "kappa"], rows)


@app.command()
def export(
    paths: Annotated[list[Path], typer.Argument(help="Label files, folders of them, or queues.")],
    out: Annotated[
        Path,
        typer.Option(
            callback=in_a_folder,
            help="What to write: a .csv or .jsonl file that is not there yet.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Write judgments, or a queue, as CSV or JSON lines for another tool."""
    from traceanalytics.verbs.exchange import export_labels

    lines = export_labels(paths, out)
    if as_json:
        emit_json({"file": str(out), "lines": lines})
    else:
        emit_line(f"{lines:,} lines in {out}")


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A .csv or .jsonl file.")],
    out: Annotated[
        Path,
        typer.Option(
            callback=in_a_folder,
            help="The label file to append to.",
        ),
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=COLUMN, where a field is called otherwise: judged:verification=choice."),
    ] = None,
    judged_by: Annotated[str | None, typer.Option("--by", help="The judge, where lines do not name one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Append the judgments of another tool to a label file, all of them or none."""
    from traceanalytics.errors import BadInput
    from traceanalytics.verbs.exchange import import_labels

    for word in columns or []:
        if "=" not in word:
            raise BadInput(f"--map {word!r}: write FIELD=COLUMN, such as text=sentence")
    named = dict(word.split("=", 1) for word in columns or [])
    lines = import_labels(path, out, columns=named, judged_by=judged_by)
    if as_json:
        emit_json({"file": str(out), "judgments": lines})
    else:
        emit_line(f"{lines:,} judgments appended to {out}")


@app.command()
def load(db: Db, paths: Paths = None, as_json: AsJson = False) -> None:
    """Fill the store's table `judgments` from label files."""
    from traceanalytics.paths import label_paths
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.audits import audited_behaviors
    from traceanalytics.verbs.labels import load_labels

    store = Store(db)
    rows = load_labels(store, label_paths(paths))
    if as_json:
        emit_json({"judgments": rows})
    else:
        emit_line(f"{rows:,} judgments loaded")
        for split, behaviors in audited_behaviors(store).items():
            for behavior in behaviors:
                note(f"audited: `ta query corrected_rate in_behaviors={behavior} in_split={split}` shows the errors")
