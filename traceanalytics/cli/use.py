"""`ta use`: which tagger's tags the rates are read from."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import aligned, emit_json, emit_line, note
from traceanalytics.errors import counted

if TYPE_CHECKING:
    from traceanalytics.verbs.models import Promotion

PANEL = "Judge and train"
_SHOWN = 5  # rates that move most


def use(
    tagger: Annotated[str, typer.Argument(help="A tagger or model folder that has read this store.")],
    db: Db,
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="Labels whose frozen part the test reads; `shipped` names those that ship, as does nothing."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote a model that is worse, and record that.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a tagger the active one: rates, findings and pages read its tags.

    A model is first held against the active tagger on labels that neither learned from: the first line says what came
    of it, the next ones which behaviors it is better or worse at, and which rates move most.
    """
    from traceanalytics.paths import label_paths
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.evaluate import TOO_FEW
    from traceanalytics.verbs.models import promote

    found = promote(Store(db), tagger, labels=label_paths(labels), force=force, say=note)
    if as_json:
        emit_json(asdict(found))
        return
    emit_line(_verdict(found))
    for line in [*_behaviors_that_differ(found), *_rates_that_move(found)]:
        emit_line(line)
    if few := [row["behavior"] for row in found.test if row["verdict"] == TOO_FEW]:
        note(f"too few frozen judgments to say which of the two is better at: {', '.join(few)}")
    if found.by_cues:
        note(f"decided by cues while {found.active} is active: {', '.join(found.by_cues)}")
    if found.unread:
        note(f"{found.unread:,} rollouts are not read by it yet: run `ta tag`")
    if not found.judges_ours:
        note(f"{found.active} judges no behavior of ours; asking for one is an error while it is active")
    if found.before and found.before != found.active:
        note(f"all behaviors: `ta taggers compare {found.before} {found.active}`; the test: `ta models list --json`")
        note("`ta models roll-back` takes that back")


def _verdict(found: "Promotion") -> str:
    """Say whether a tagger was promoted, and why."""
    if found.before is None:
        return f"{found.active} is active; before it, none was"
    if found.before == found.active:
        return f"{found.active} is active, as it was before"
    now = f"{found.active} is active, promoted over {found.before}"
    if found.forced:
        return f"{now} by force, although {found.against}"
    if not found.test:
        return f"{now} without a test: only a trained model is tested, against a tagger whose files are there"
    total = found.test[-1]
    return (
        f"{now}: no worse on the frozen labels at any behavior that they tell of; over all F1 {total['new_f1']:.3f} "
        f"after {total['old_f1']:.3f}, difference {total['low']:+.3f} to {total['high']:+.3f}, {total['n']:,} yeses"
    )


def _behaviors_that_differ(found: "Promotion") -> list[str]:
    rows = [row for row in found.test[:-1] if row["verdict"] in ("better", "worse")]
    rows.sort(key=lambda row: -abs(row["new_f1"] - row["old_f1"]))
    cells = [
        [
            row["behavior"],
            row["verdict"],
            f"F1 {row['new_f1']:.3f} after {row['old_f1']:.3f}",
            f"difference {row['low']:+.3f} to {row['high']:+.3f}",
            f"{row['n']:,} yeses",
        ]
        for row in rows
    ]
    return ["better or worse on the frozen labels, the largest first:", *aligned(cells)] if cells else []


def _rates_that_move(found: "Promotion") -> list[str]:
    """Say in a few lines which rates move most, what moves beyond chance before the rest."""
    if found.before in (None, found.active):
        return []
    if not found.moved:
        return ["no rate moves"]
    clear = sum(not row["low"] <= 0 <= row["high"] for row in found.moved)
    shown = found.moved[:_SHOWN]
    cells = [
        [
            row["behavior"],
            f"{row['run_id']}, {row['split']}",
            f"{row['before']:.1%} -> {row['after']:.1%}",
            f"{100 * row['change']:+.1f} points [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]",
            counted(row["prompts"], "prompt"),
            counted(row["rollouts"], "rollout"),
        ]
        for row in shown
    ]
    of_all = f", {len(shown)} of {len(found.moved):,}" if len(shown) < len(found.moved) else ""
    return [f"rates that move most{of_all}; {clear:,} in all move beyond chance:", *aligned(cells)]
