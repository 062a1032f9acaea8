"""Behaviors: every rate over training with its band and onset, corrected where audited, the published one beside."""

from traceanalytics.findings.onsets import onset_in_words
from traceanalytics.pages.base import Block, Chart, Page, Selectors, Text
from traceanalytics.pages.charts import lines_over_steps, small_multiples, two_counts
from traceanalytics.pages.corrected import audited_behaviors, raw_and_corrected
from traceanalytics.pages.onsets import onsets_of
from traceanalytics.pages.pooled import curves_of, pooled_over_seeds, pooled_runs, several_of
from traceanalytics.pages.rates import call_of, rates_over_steps
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import PUBLISHED_CODE, published_taggers, rate_table
from traceanalytics.store.store import Store

CODE = ("code_reasoning", "code_verification", "code_mention", "requested_code", "executed_code", "degenerate_code")
_OF_THE_WORD = (
    "The published detector looks for the word `python` anywhere: a mention, a request and a loop of empty fences "
    "count as much as code that solves the problem."
)
_POOLED = " Runs that differ by their seed alone are one curve, their mean; its band is a 95% interval over runs."
MOST_LINES = 8  # colors that a reader tells apart


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Draw every behavior that the tagger saw."""
    view = look(store, selectors)
    tagger = view.need_tags()
    names = [name for name in view.seen if name in selectors.behaviors] if selectors.behaviors else list(view.seen)
    if not names:
        asked = ", ".join(selectors.behaviors) or "a behavior"
        return [Text(f"{tagger} saw {asked} in no rollout of the split {view.split}.", "warning")]
    return [_multiples(view, names), *_corrected(view, names), *_published(view)]


def _multiples(view: View, names: list[str]) -> Block:
    rates = rates_over_steps(view, names)
    onsets = onsets_of(view)
    begun = {
        (*place, int(each.step) // view.bin_width * view.bin_width): onset_in_words(each)
        for place, each in onsets.items()
    }
    rows = [{**row, "onset": begun.get((row["run"], row["behavior"], row["step"]))} for row in rates]
    rewards = [
        {"run": row["run_id"], "step": row["step"] or 0, "value": row["mean_reward"]}
        for row in view.rows("reward_over_steps", in_split=view.split, bin_width=view.bin_width)
        if row["mean_reward"] is not None or len(rows) < 2
    ]
    pooled = pooled_runs(view)
    curve_of = {run: name for name, runs in pooled.items() for run in runs}
    several = several_of(pooled)
    drawn = [
        *({**row, "curve": row["run"], "single": False} for row in curves_of(view, rows)),
        *({**row, "curve": curve_of[row["run"]], "single": True} for row in rows if row["run"] in several),
    ]
    if pooled:
        rewards = pooled_over_seeds(pooled, rewards)
    rewards = [{**row, "curve": row["run"], "reward": row["value"]} for row in rewards]
    chart = small_multiples(drawn, rewards, curve_title="configuration" if pooled else "run")
    table = rate_table("Share of rollouts", rows, call_of(view, names))
    return Chart("Every behavior over training", chart, table, " ".join(_lead(view, bool(pooled), bool(onsets))))


def _lead(view: View, pooled: bool, onsets: bool) -> list[str]:
    steps = "one step" if view.bin_width == 1 else f"{view.bin_width} steps"
    said = [f"Share of rollouts that show each behavior over training steps, {steps} a point."]
    if pooled:
        said.append(
            "Runs that differ by their seed alone are one curve, their mean; its band is a 95% interval over runs, and "
            "the thin lines are the runs."
        )
    else:
        said.append("Bands are 95% intervals over prompts.")
    if onsets:
        said.append("A dashed line marks the onset: from there on the change is beyond 5 points.")
    said.append(
        "Each chart has its own scale. Drag over the reward to look at a part of the run; click on a run to single it "
        "out, and on a point to read its rollouts."
    )
    return said


def _corrected(view: View, names: list[str]) -> list[Block]:
    """Draw the audited rates as counted and as corrected; without audits, say how to make one."""
    audited = [name for name in audited_behaviors(view) if name in names][: MOST_LINES // 2]
    found = raw_and_corrected(view, audited)
    if not found:
        return []
    rows = [
        {**row, "line": ", ".join([row["behavior"], *([row["run"]] if len(view.runs) > 1 else []), row["kind"]])}
        for row in found
    ]
    chart = lines_over_steps(rows, color="line", color_title="rate", y_title="share of rollouts")
    columns = ["run", "behavior", "step", "kind", "value", "low", "high", "prompts"]
    table = rate_table("Raw and corrected", found, call_of(view, audited), columns)
    lead = (
        "Corrected by what people judged in a random sample of the same run and era; the band holds the audit's own "
        "error too."
    )
    return [Chart("Raw and corrected rates", chart, table, lead)]


def _published(view: View) -> list[Block]:
    """Draw what the literature counted beside what our tagger counts."""
    detectors = published_taggers(view)
    if not detectors:
        command = f"`ta tag --tagger {PUBLISHED_CODE}{view.command}`"
        return [Text(f"{command} counts what the Spurious Rewards paper counted, to be drawn beside these rates.")]
    ours = [name for name in CODE if name in view.seen]
    one = len(view.runs) == 1
    counted: list[tuple[str, str | None]] = [(name, None) for name in ours if one or name == "code_reasoning"]
    counted += [(name, tagger) for name, tagger in detectors.items() if one or name == PUBLISHED_CODE]
    pooled = pooled_runs(view)
    rates = [row for name, tagger in counted[:MOST_LINES] for row in rates_over_steps(view, [name], tagger=tagger)]
    rows = [{**row, "counted": row["behavior"]} for row in curves_of(view, rates)]
    chart = (
        lines_over_steps(rows, color="counted", color_title="counted", y_title="share of rollouts")
        if one
        else two_counts(rows, color_title="configuration" if pooled else "run")
    )
    lead = _OF_THE_WORD if PUBLISHED_CODE in detectors else "What published detectors count, as their papers say."
    lead += _POOLED if pooled else ""
    name, tagger = next(iter(detectors.items()))
    sql = call_of(view, [name], tagger=tagger)
    return [Chart("Our count beside the published one", chart, rate_table("Both counts", rates, sql), lead)]


behaviors = Page(name="behaviors", title="Behaviors", build=build, order=20)
