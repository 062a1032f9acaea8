"""Strategies: code against language: how often, how right, and where a problem's rollouts moved."""

from traceanalytics.pages.accuracy import accuracy_over_steps
from traceanalytics.pages.base import Block, Chart, Page, Selectors, Text
from traceanalytics.pages.charts import lines_over_steps
from traceanalytics.pages.rates import call_of, rates_over_steps
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import rate_table
from traceanalytics.store.store import Store

OURS = "code_reasoning"


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Split the rollouts by whether they show one behavior: code reasoning, unless another is chosen."""
    view = look(store, selectors)
    tagger = view.need_tags()
    behavior = selectors.behaviors[0] if selectors.behaviors else OURS
    seen = view.seen
    if behavior not in seen:
        return [Text(f"{tagger} saw {behavior} in no rollout, so there are no two strategies to compare.", "warning")]
    return [_shares(view, behavior), *_accuracies(view, behavior)]


def _shares(view: View, behavior: str) -> Block:
    rows = rates_over_steps(view, [behavior])
    chart = lines_over_steps(rows, color="run", color_title="run", y_title=f"share that shows {behavior}")
    title = f"How often: {behavior}"
    return Chart(title, chart, rate_table(title, rows, call_of(view, [behavior])))


def _accuracies(view: View, behavior: str) -> list[Block]:
    names = {"shown": behavior, "other": f"no {behavior}"}
    found = [row for row in accuracy_over_steps(view, behavior) if row["behavior"] in names]
    if not found:
        return [
            Text("No rollout is graded, so nothing can be said of how right each strategy is: `ta grade`.", "warning")
        ]
    rows = [
        {**row, "line": names[row["behavior"]] if len(view.runs) == 1 else f"{names[row['behavior']]}, {row['run']}"}
        for row in found
    ]
    chart = lines_over_steps(rows, color="line", color_title="strategy", y_title="share correct")
    lead = (
        "The problems that a strategy is used on differ: a gap between the lines is no effect of the strategy. "
        "Bands are 95% intervals over prompts."
    )
    sql = view.sql("correct_by_prompt", in_behavior=behavior, in_split=view.split, bin_width=view.bin_width)
    return [Chart("How right: accuracy by strategy", chart, rate_table("Accuracy by strategy", found, sql), lead)]


strategies = Page(name="strategies", title="Strategies", build=build, order=40)
