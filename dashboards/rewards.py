"""Rewards: what each run gained, and which behaviors its rewards favor among rollouts of the same prompt."""

from shlex import quote

from traceanalytics.pages.accuracy import accuracy_over_steps, first_and_last
from traceanalytics.pages.base import Block, Chart, Page, Selectors, Table, Text
from traceanalytics.pages.charts import differences, lines_over_steps
from traceanalytics.pages.claims import (
    ALL,
    answer_of_all,
    answers,
    asked_of,
    call_of_finding,
    is_too_much,
    numbers_of,
    refusals,
)
from traceanalytics.pages.favors import what_reward_favors
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import rate_table
from traceanalytics.store.store import Store

OURS = "code_reasoning"
_LIMITS, _BANDS = "Lines are 95% intervals over prompts.", "Bands are 95% intervals over groups."
_RUNS = "SELECT run_id, coalesce(model_family, model) AS family, reward_type FROM runs ORDER BY run_id"


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Show gains by reward and family, then the pressure of the rewards on behaviors."""
    view = look(store, selectors)
    gains = _gains(view)
    is_graded = any(isinstance(block, Chart) for block in gains)
    against_true = _against_true(view) if is_graded else []
    return [*gains, *against_true, *_families(view), *_favored(view), *_pressure(view)]


def _gains(view: View) -> list[Block]:
    rows = [row for row in accuracy_over_steps(view, "code_reasoning") if row["behavior"] == "all"]
    ends = first_and_last(rows, view.runs)
    if not ends:
        return [
            Text(
                "No run is graded at two steps, so no gain can be told: `ta grade` grades "
                "where the log has a ground truth."
            )
        ]
    known = {row["run_id"]: row for row in view.store.sql(_RUNS).to_pylist()}
    columns = ["run", "family", "reward", "from step", "to step", "first", "last", "gain", "prompts"]
    gains = [
        [
            last["run"], known[last["run"]]["family"], known[last["run"]]["reward_type"], first["step"], last["step"],
            first["value"], last["value"], round(last["value"] - first["value"], 6), last["prompts"],
        ]
        for first, last in ends
    ]  # fmt: skip
    sql = view.sql("correct_by_prompt", in_split=view.split, bin_width=view.bin_width)
    unnamed = [run for run in view.runs if not known[run]["reward_type"]]
    hint = (
        [
            Text(
                f"`ta ingest PATH --run {quote(unnamed[0])} --set reward_type=… model_family=…{view.command}` "
                "says what a run was."
            )
        ]
        if unnamed
        else []
    )
    chart = lines_over_steps(rows, color="run", color_title="run", y_title="share correct")
    return [
        Table("Gain by run, reward and family", columns, gains, sql, ("first", "last", "gain")),
        *hint,
        Chart("Accuracy over training", chart, rate_table("Accuracy over training", rows, sql)),
    ]


def _against_true(view: View) -> list[Block]:
    """Draw every run's gain on the problems that both its ends hold (finding `reward_gain`)."""
    view.table("outcomes_by_prompt", in_split=view.split)  # of all runs at once, not of each
    found, refused = answers(view, "reward_gain")
    whole = answer_of_all(view, "reward_gain") if len(view.runs) > 1 else None
    if not found:
        return refusals(view, refused, "Gains on the same problems", "reward_gain")
    rows = [
        {"run": run, "value": row["gain"], "low": row["low"], "high": row["high"]} | {"prompts": row["prompts"]}
        for run, answer in found.items()
        if answer.table is not None
        for row in answer.table.to_pylist()
    ]
    said = whole.verdict if whole else "; ".join(answer.verdict for answer in list(found.values())[:4])
    table = numbers_of(view, "Gains", {ALL: whole} if whole else found, call_of_finding(view, "reward_gain"))
    chart = differences(rows, x_title="gain in accuracy", name="run", in_shares=True)
    return [
        Chart(
            "What each run gained on the same problems",
            chart,
            table,
            f"{said}. {_LIMITS}{asked_of(view, found)}",
        )
    ]


def _families(view: View) -> list[Block]:
    """Say where each family starts and ends under each reward, and when it begins to move."""
    behavior = view.selectors.behaviors[0] if view.selectors.behaviors else OURS
    if view.tagger is None or behavior not in view.seen:
        return []
    if is_too_much(view):
        command = call_of_finding(view, "family_by_reward", in_behavior=behavior)
        return [Text(f"`{command}` says where each model family starts and ends under each reward.")]
    answer = answer_of_all(view, "family_by_reward", in_behavior=behavior)
    if answer is None:
        return []
    command = call_of_finding(view, "family_by_reward", in_behavior=behavior)
    table = numbers_of(view, "Reward by model family", {ALL: answer}, command)
    return [Text(f"{answer.verdict}.{asked_of(view, {ALL: answer})}", sql=table.sql), table]


def _pressure(view: View) -> list[Block]:
    """Draw selection within groups over steps (finding `selection_pressure`)."""
    behavior = view.selectors.behaviors[0] if view.selectors.behaviors else OURS
    if view.tagger is None or behavior not in view.seen:
        return []
    command = call_of_finding(view, "selection_pressure", in_behavior=behavior)
    if is_too_much(view):
        return [Text(f"`{command}` says how strongly the advantages within groups select {behavior}.")]
    found, refused = answers(view, "selection_pressure", in_behavior=behavior)
    if not found:
        return refusals(view, refused, f"Selection of {behavior}", "selection_pressure", in_behavior=behavior)
    rows = [
        {**row, "value": row["selection"], "rollouts": row["groups"]}
        for answer in found.values()
        if answer.table is not None
        for row in answer.table.to_pylist()
    ]
    chart = lines_over_steps(
        rows, color="run", color_title="run", y_title=f"selection of {behavior}", percent=False, counted="groups"
    )
    said = " ".join(f"{answer.verdict[0].upper()}{answer.verdict[1:]}." for answer in list(found.values())[:3])
    table = numbers_of(view, "Selection pressure", found, command)
    return [Chart("Selection pressure within groups", chart, table, f"{said} {_BANDS}{asked_of(view, found)}")]


def _favored(view: View) -> list[Block]:
    if view.tagger is None:
        return [Text(f"`ta tag{view.command}` finds the behaviors that rewards may favor.")]
    rows, sql = what_reward_favors(view)
    if not rows:
        return [Text("No prompt has rewarded rollouts of both kinds, so no behavior can be said to be favored.")]
    columns = ["run", "behavior", "value", "low", "high", "prompts"]
    table = Table(
        "Reward with the behavior less reward without", columns, [[row[c] for c in columns] for row in rows], sql
    )
    lead = (
        "Within the rollouts of one prompt at one step: mean reward of those that show the behavior less that of those "
        "that do not; lines are 95% intervals over prompts. What is favored grows, if the optimizer follows its "
        "rewards."
    )
    chart = differences(rows, x_title="difference of mean reward")
    return [Chart("What the rewards favor", chart, table, lead)]


rewards = Page(name="rewards", title="Rewards", build=build, order=50)
