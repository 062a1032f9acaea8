"""Rewards: what each run gained, and which behaviors its rewards favor among rollouts of the same prompt."""

from traceanalytics.pages.accuracy import accuracy_over_steps, first_and_last
from traceanalytics.pages.base import Block, Chart, Page, Selectors, Table, Text
from traceanalytics.pages.charts import differences, lines_over_steps
from traceanalytics.pages.favors import what_reward_favors
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import rate_table
from traceanalytics.store.store import Store

_RUNS = "SELECT run_id, coalesce(model_family, model) AS family, reward_type FROM runs ORDER BY run_id"


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Show gains by reward and family, then the pressure of the rewards on behaviors."""
    view = look(store, selectors)
    return [*_gains(view), *_favored(view)]


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
                f"`ta ingest PATH --run {unnamed[0]} --set reward_type=… model_family=…{view.command}` "
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
