"""Behaviors: every rate over training with its band, and the published detector beside ours."""

from traceanalytics.pages.base import Block, Chart, Page, Selectors, Text
from traceanalytics.pages.charts import lines_over_steps, small_multiples
from traceanalytics.pages.rates import call_of, rates_over_steps
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import PUBLISHED_CODE, published_taggers, rate_table
from traceanalytics.store.store import Store

CODE = ("code_reasoning", "code_verification", "code_mention", "requested_code", "executed_code", "degenerate_code")


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Draw every behavior that the tagger saw."""
    view = look(store, selectors)
    tagger = view.need_tags()
    seen = list(view.seen)
    names = [name for name in seen if name in selectors.behaviors] if selectors.behaviors else seen
    if not names:
        asked = ", ".join(selectors.behaviors) or "a behavior"
        return [Text(f"{tagger} saw {asked} in no rollout of the split {view.split}.", "warning")]
    return [*_multiples(view, names), *_published(view, seen)]


def _multiples(view: View, names: list[str]) -> list[Block]:
    rows = rates_over_steps(view, names)
    rewards = [
        {"run": row["run_id"], "step": row["step"] or 0, "reward": row["mean_reward"]}
        for row in view.rows("reward_over_steps", in_split=view.split, bin_width=view.bin_width)
        if row["mean_reward"] is not None or len(rows) < 2
    ]
    steps = "one step" if view.bin_width == 1 else f"{view.bin_width} steps"
    lead = (
        f"Share of rollouts that show each behavior, {steps} a point; bands are 95% intervals over prompts. Each chart "
        "has its own scale. Drag over the reward to look at a part of the run; click on a run to single it out."
    )
    table = rate_table("Share of rollouts", rows, call_of(view, names))
    return [Chart("Every behavior over training", small_multiples(rows, rewards), table, lead)]


def _published(view: View, seen: list[str]) -> list[Block]:
    """Draw what the literature counted beside what our tagger counts."""
    detectors = published_taggers(view)
    ours = [name for name in CODE if name in seen]
    if PUBLISHED_CODE not in detectors:
        command = f"`ta tag --tagger {PUBLISHED_CODE}{view.command}`"
        return [Text(f"{command} counts what the Spurious Rewards paper counted, to be drawn beside these rates.")]
    counted = [(name, None) for name in ours] + [(name, tagger) for name, tagger in detectors.items()]
    rows = [
        {**row, "behavior": name if len(view.runs) == 1 else f"{name}, {row['run']}"}
        for name, tagger in counted
        if name in ("code_reasoning", PUBLISHED_CODE) or len(view.runs) == 1
        for row in rates_over_steps(view, [name], tagger=tagger)
    ]
    chart = lines_over_steps(rows, color="behavior", color_title="counted", y_title="share of rollouts")
    lead = (
        "The published detector looks for the word `python` anywhere: a mention, a request and a loop of empty fences "
        "count as much as code that solves the problem."
    )
    sql = call_of(view, [PUBLISHED_CODE], tagger=detectors[PUBLISHED_CODE])
    return [Chart("Our count beside the published one", chart, rate_table("Both counts", rows, sql), lead)]


behaviors = Page(name="behaviors", title="Behaviors", build=build, order=20)
