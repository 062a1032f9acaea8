"""What the numbers say in words: the shifts of a view, its headline, and what to be careful with."""

from collections.abc import Mapping, Sequence
from shlex import quote

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.behavior_shift import adjusted
from traceanalytics.findings.evaluations import FEWEST_PROMPTS
from traceanalytics.findings.shifts import Shift, find_shifts, percent
from traceanalytics.pages.base import Table
from traceanalytics.pages.rates import counts_of_run, rates_over_steps
from traceanalytics.pages.view import View, few_runs
from traceanalytics.store.remembering import remembered
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

PUBLISHED_CODE = "spurious_rewards.has_code"
_RATE_COLUMNS = ("run", "behavior", "step", "value", "low", "high", "shown", "rollouts", "prompts")
MANY_TRUNCATED = 0.05
_TAGGERS = "SELECT tagger_id, name FROM taggers WHERE kind = 'published' ORDER BY name, tagger_id"


def shifts_of(view: View) -> dict[str, tuple[Shift, ...]]:
    """Return the shifts of every run that has two steps, by run, corrected for all behaviors and runs looked at."""
    if view.tagger is None:
        return {}
    view.store.query("evaluations")  # of all runs and splits at once, so that no question about one asks again
    of_runs = (_shifts(view.store, run, view.split, view.seen) for run in view.runs)
    found: dict[str, tuple[Shift, ...]] = {}
    for shift in adjusted([shift for shifts in of_runs for shift in shifts]):
        found[shift.run] = (*found.get(shift.run, ()), shift)
    return {run: found[run] for run in view.runs if run in found}


def fewest_prompts(shifts: Sequence[Shift]) -> int:
    """Return how many prompts the smaller window of a run holds."""
    return min((min(shift.start.n, shift.end.n) for shift in shifts), default=0)


def headline(view: View) -> str:
    """Say in one line what changed most."""
    of_enough = [shifts for shifts in shifts_of(view).values() if fewest_prompts(shifts) >= FEWEST_PROMPTS]
    moved = [shift for shifts in of_enough for shift in shifts if shift.survives]
    runs = few_runs(view.runs)
    if view.tagger and not shifts_of(view):
        return f"{runs}: {_rollouts(view)} at one step{_shown_most(view)}"
    if view.tagger and not of_enough:
        return f"{runs}: too few prompts to tell a shift from chance"
    if not moved:
        return f"{runs}: no behavior shifted beyond chance" if view.tagger else f"{runs}: {_rollouts(view)}"
    top = max(moved, key=lambda shift: abs(shift.change.value))
    verb = "rose" if top.change.value > 0 else "fell"
    return f"{top.behavior} {verb} from {top.start.value:.0%} to {top.end.value:.0%} in {top.run}"


def _shown_most(view: View) -> str:
    shown = shown_most(view)[:2]
    return f", {' and '.join(f'{name} in {rate:.0%}' for name, rate, _, _ in shown)}" if shown else ", nothing shown"


def shown_most(view: View) -> list[tuple[str, float, float, float]]:
    """Return what most rollouts of the first run show at its last step: behavior, rate and limits."""
    last = {row["behavior"]: row for row in rates_over_steps(view, view.seen) if row["run"] == view.runs[0]}
    rates = [(name, row["value"], row["low"], row["high"]) for name, row in last.items() if row["shown"]]
    return sorted(rates, key=lambda each: -each[1])


def _rollouts(view: View) -> str:
    return f"{view.rollouts:,} {'rollout' if view.rollouts == 1 else 'rollouts'}"


def paragraphs(of_runs: Mapping[str, Sequence[Shift]]) -> str:
    """Say of each run what moved, and of those of which the same can be said in the same steps, but once."""
    alike: dict[str, list[str]] = {}
    for run, shifts in of_runs.items():
        alike.setdefault(sentences(shifts).removeprefix(run), []).append(run)
    return "\n\n".join(f"{few_runs(runs)}{said}" for said, runs in alike.items())


def sentences(shifts: Sequence[Shift], at_most: int = 3) -> str:
    """Say of one run what moved, with intervals."""
    moved = [shift for shift in shifts if shift.survives]
    if not shifts:
        return ""
    first = shifts[0]
    where = f"{first.run}, {first.start_window} to {first.end_window}"
    if fewest_prompts(shifts) < FEWEST_PROMPTS:
        return f"{where}: {fewest_prompts(shifts)} prompts, and at least {FEWEST_PROMPTS} tell a shift from chance."
    if not moved:
        return f"{where}: none of {len(shifts)} behaviors shifted beyond chance."
    told = [f"{each.behavior} {percent(each.start)} → {percent(each.end)}" for each in moved[:at_most]]
    more = f"; {len(moved) - at_most} more beyond chance" if len(moved) > at_most else ""
    return f"{where}: {'; '.join(told)}{more}."


def sql_of_cautions(view: View) -> str:
    """Return the queries behind `cautions`."""
    return f"{view.sql('run_status')}\n{view.sql('run_cautions')}"


def cautions(view: View) -> list[str]:
    """Return what a reader should know before believing the numbers."""
    said: list[str] = []
    status = {row["run_id"]: row for row in view.rows("run_status")}
    for row in view.rows("run_cautions"):
        run, found = row["run_id"], status.get(row["run_id"], {})
        if found.get("duplicates"):
            said.append(f"{run}: {found['duplicates']:,} rollouts were logged twice and count once")
        if found.get("rejects"):
            said.append(
                f"{run}: {found['rejects']:,} records are no rollouts: `ta rejects --run {quote(run)}{view.command}`"
            )
        if found.get("in_progress"):
            said.append(f"{run}: the last line of {counted(found['in_progress'], 'file')} is still being written")
        if row["end_known"] and row["truncated"] / row["end_known"] >= MANY_TRUNCATED:
            said.append(f"{run}: {row['truncated'] / row['end_known']:.0%} of the responses ran out of room")
        if row["models"] > 1:
            said.append(f"{run}: {row['models']} models wrote these rollouts; by=model tells them apart")
        if row["selected"]:
            said.append(
                f"{run}: {row['selected']:,} of {row['rollouts']:,} rollouts passed a filter of the trainer; "
                "rates over them are not rates of the policy"
            )
        if 0 < found.get("tagged", 0) < row["rollouts"]:
            tagged = f"{found['tagged']:,} of {row['rollouts']:,} rollouts"
            said.append(f"{run}: {tagged} are tagged: `ta tag --run {quote(run)}{view.command}`")
    for run, shifts in shifts_of(view).items():
        if fewest_prompts(shifts) < FEWEST_PROMPTS:
            said.append(
                f"{run}: a window of {fewest_prompts(shifts)} prompts; at least {FEWEST_PROMPTS} tell a shift from "
                "chance"
            )
    elsewhere = [run for run in view.selectors.runs or view.all_runs if run not in view.runs]
    if elsewhere:
        said.append(f"{few_runs(elsewhere)}: no rollouts in the split {view.split}; `--split` chooses another one")
    audited = any(row["audits"] for row in view.rows("run_cautions"))
    if view.tagger and not audited:
        said.append(
            "no audit: the rates count what the tagger says, uncorrected for its errors; "
            f"`ta label --for behavior_shift{view.command}` draws one"
        )
    if len(view.runs) == 1:
        said.append("one run only: its intervals are about prompts, not about other seeds, models or rewards")
    return said


def published_taggers(view: View) -> dict[str, str]:
    """Return the published detectors that have read rollouts here: their tagger ids by name."""
    return {row["name"]: row["tagger_id"] for row in view.store.sql(_TAGGERS).to_pylist()}


def shift_table(
    view: View,
    shifts: Sequence[Shift],
    onsets: Mapping[tuple[str, str], str],
    verdicts: Mapping[tuple[str, str], str],
) -> tuple[list[dict[str, JSON]], Table]:
    """Return shifts as rows of a chart and as a table."""
    rows: list[dict[str, JSON]] = [
        {
            "run": shift.run,
            "behavior": shift.behavior,
            "start": round(shift.start.value, 6),
            "end": round(shift.end.value, 6),
            "change": round(shift.change.value, 6),
            "low": round(shift.change.low or 0.0, 6),
            "high": round(shift.change.high or 0.0, 6),
            "prompts": shift.change.n,
            "adjusted p": float(f"{shift.adjusted_p:.3g}"),
            "survives": shift.survives,
            "onset": onsets.get((shift.run, shift.behavior)),
            "verdict": str(verdicts.get((shift.run, shift.behavior), "")),
        }
        for shift in shifts
    ]
    columns = [name for name in rows[0] if name != "survives"] if rows else []
    shares = ("start", "end", "change", "low", "high")
    table = [[row[name] for name in columns] for row in rows]
    return rows, Table("Change from start to end", columns, table, sql_of_shifts(view, shifts), shares)


def sql_of_shifts(view: View, shifts: Sequence[Shift]) -> str:
    """Return the two queries of every run whose rows are compared: its first and its last window."""
    return "\n".join(
        view.sql(
            "behavior_by_prompt",
            in_behaviors=[shift.behavior for shift in shifts if shift.run == run],
            in_run=window.run or run,
            in_split=view.split,
            bin_width=2**30,
            from_step=window.first,
            to_step=window.last,
        )
        for run in dict.fromkeys(shift.run for shift in shifts)
        for first in [next(shift for shift in shifts if shift.run == run)]
        for window in (first.start_window, first.end_window)
    )


def rate_table(title: str, rows: Sequence[dict[str, JSON]], sql: str, columns: Sequence[str] = _RATE_COLUMNS) -> Table:
    """Return rates over steps as a table."""
    return Table(title, columns, [[row[name] for name in columns] for row in rows], sql, ("value", "low", "high"))


def scope(view: View) -> str:
    """Say what a page counts: the split, and of which runs and steps."""
    steps = f"steps {view.first_step} to {view.last_step}" if view.first_step < view.last_step else "one step"
    return f"Split {view.split}: {_rollouts(view)} of {few_runs(view.runs)}, {steps}"


@remembered
def _shifts(store: Store, run: str, split: str, seen: tuple[str, ...]) -> tuple[Shift, ...]:
    try:
        counts = counts_of_run(store, seen, split, run)
        return tuple(find_shifts(store, run=run, split=split, behaviors=seen, counts=counts))
    except Refused:  # a run with a single step, or none that is tagged
        return ()
