"""Strategies: code against language: how often, how right, and where the gain of a run sits."""

from traceanalytics.pages.accuracy import accuracy_over_steps
from traceanalytics.pages.base import Block, Chart, Page, Selectors, Text
from traceanalytics.pages.charts import differences, lines_over_steps, two_counts, waterfall
from traceanalytics.pages.claims import answers, asked_of, call_of_finding, numbers_of, refusals
from traceanalytics.pages.rates import call_of, rates_over_steps
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import rate_table
from traceanalytics.store.store import Store
from traceanalytics.types import JSON

OURS = "code_reasoning"
_PARTS = {"between": "mix of strategies", "within_shown": "better with it", "within_other": "better without it"}


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Split the rollouts by whether they show one behavior: code reasoning, unless another is chosen."""
    view = look(store, selectors)
    tagger = view.need_tags()
    behavior = selectors.behaviors[0] if selectors.behaviors else OURS
    if behavior not in view.seen:
        return [Text(f"{tagger} saw {behavior} in no rollout, so there are no two strategies to compare.", "warning")]
    return [
        _shares(view, behavior),
        *_accuracies(view, behavior),
        *_switches(view, behavior),
        *_shift_share(view, behavior),
    ]


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
    rows = [{**row, "counted": names[row["behavior"]]} for row in found]
    if len(view.runs) == 1:
        chart = lines_over_steps(rows, color="counted", color_title="strategy", y_title="share correct")
    else:
        chart = two_counts(rows, counted="strategy", y_title="share correct")
    lead = (
        "The problems that a strategy is used on differ: a gap between the lines is no effect of the strategy. "
        "Bands are 95% intervals over prompts."
    )
    sql = view.sql("correct_by_prompt", in_behavior=behavior, in_split=view.split, bin_width=view.bin_width)
    return [Chart("How right: accuracy by strategy", chart, rate_table("Accuracy by strategy", found, sql), lead)]


def _switches(view: View, behavior: str) -> list[Block]:
    """Draw what each flow between strategies holds of the gain (finding `strategy_switch`)."""
    found, refused = answers(view, "strategy_switch", in_behavior=behavior)
    if not found:
        return refusals(view, refused, "Which problems switched", "strategy_switch", in_behavior=behavior)
    rows = [
        {"run": run, "flow": row["cell"], "value": row["points"], "low": row["low"], "high": row["high"]}
        | {"prompts": row["prompts"]}
        for run, answer in found.items()
        if answer.table is not None
        for row in answer.table.to_pylist()
    ]
    chart = differences(rows, x_title="part of the gain in accuracy", name="flow", in_shares=True, in_order=True)
    command = call_of_finding(view, "strategy_switch", in_behavior=behavior)
    lead = (
        f"{_verdicts(found)} A flow names the strategy of a problem's first and of its last rollouts; this says where "
        f"the gain sits, not that switching caused it.{asked_of(view, found)}"
    )
    return [
        Chart(
            "Which problems switched, and where the gain sits", chart, numbers_of(view, "Flows", found, command), lead
        )
    ]


def _shift_share(view: View, behavior: str) -> list[Block]:
    """Draw how the mix of strategies and each strategy done better add up to the gain (finding `shift_share`)."""
    found, refused = answers(view, "shift_share", in_behavior=behavior)
    if not found:
        return refusals(view, refused, "How the gain adds up", "shift_share", in_behavior=behavior)
    rows = [
        step
        for run, answer in found.items()
        if answer.table is not None
        for step in _steps(run, {row["term"]: row for row in answer.table.to_pylist()})
    ]
    command = call_of_finding(view, "shift_share", in_behavior=behavior)
    lead = f"{_verdicts(found)} Lines are 95% intervals over prompts of each part.{asked_of(view, found)}"
    return [Chart("How the gain adds up", waterfall(rows), numbers_of(view, "Parts of the gain", found, command), lead)]


def _steps(run: str, terms: dict[str, dict[str, JSON]]) -> list[dict[str, JSON]]:
    """Return the parts of a gain, each from where the one before it ends, and the whole."""
    steps, at = [], 0.0
    for term, part in _PARTS.items():
        steps.append(_step(run, part, terms[term], at, "better" if terms[term]["value"] >= 0 else "worse"))
        at += terms[term]["value"]
    return [*steps, _step(run, "gain", terms["total"], 0.0, "gain")]


def _step(run: str, part: str, row: dict[str, JSON], at: float, kind: str) -> dict[str, JSON]:
    limits = {name: row[name] for name in ("value", "low", "high")}
    ends = {"start": at, "stop": at + row["value"], "from": at + row["low"], "to": at + row["high"]}
    return {"run": run, "part": part, "kind": kind, **limits, **ends}


def _verdicts(found: dict) -> str:
    return " ".join(f"{answer.verdict}." for answer in list(found.values())[:3])


strategies = Page(name="strategies", title="Strategies", build=build, order=40)
