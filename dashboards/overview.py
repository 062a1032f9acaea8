"""Overview: what moved, how sure that is, and what to be careful with."""

from traceanalytics.findings.onsets import onset_in_words
from traceanalytics.pages.base import Block, Chart, Page, Selectors, Text
from traceanalytics.pages.charts import behaviors_and_steps, changes, lines_over_steps, two_counts
from traceanalytics.pages.onsets import onsets_of
from traceanalytics.pages.rates import call_of, rates_over_steps
from traceanalytics.pages.story import code_counts, sql_of_story, story
from traceanalytics.pages.verdicts import verdicts_of
from traceanalytics.pages.view import View, as_table, look
from traceanalytics.pages.words import (
    cautions,
    paragraphs,
    rate_table,
    shift_table,
    shifts_of,
    sql_of_cautions,
    sql_of_shifts,
)
from traceanalytics.store.store import Store

LINES, FEWEST_LINES = 12, 2  # of behaviors and runs, and behaviors at least; every behavior is a bar
MOST_DOTS, FEWEST_NAMES = 60, 8  # of behaviors and runs, and behaviors at least, whose change is drawn


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Lead with the verdict; without tags, with the reward."""
    view = look(store, selectors)
    shifts = shifts_of(view)
    story_told = "\n\n".join(story(view))
    told: list[Block] = [Text(story_told, "lead", sql_of_story(view)), _word_and_code(view)] if story_told else []
    moved = paragraphs(shifts)
    sql = sql_of_shifts(view, [shift for each in shifts.values() for shift in each])
    said = [*told, *([Text(moved, "plain" if told else "lead", sql)] if moved else [])]
    warned = "; ".join(cautions(view))
    careful = [Text(f"Careful: {warned}.", "warning", sql_of_cautions(view))] if warned else []
    if view.tagger is None:
        untagged = Text(f"No rollout is tagged yet: `ta tag{view.command}` finds the behaviors.", "warning")
        return [untagged, *careful, _rewards(view), _runs(view)]
    return [*said, *careful, *_what_moved(view), *_over_training(view), _rewards(view), _runs(view)]


def _word_and_code(view: View) -> Block:
    """Draw code as the published word search counts it, and as our tagger does."""
    rows = [{**row, "counted": name} for name, found in code_counts(view).items() for row in found]
    lead = "Solid: rollouts that solve in code. Dashed: rollouts that hold the word `python`, as the paper counted. "
    lead += "A click on a point of the solid line leads to its rollouts."
    table = rate_table("The word and the code", rows, sql_of_story(view))
    return Chart("Reasoning in code, and the word for it", two_counts(rows), table, lead)


def _what_moved(view: View) -> list[Block]:
    shifts = [shift for each in shifts_of(view).values() for shift in each]
    if not shifts:
        return [Text("No run has two steps with tags, so nothing can be said to have moved.", "warning")]
    begun = {place: onset_in_words(each) for place, each in onsets_of(view).items()}
    rows, table = shift_table(view, shifts, begun, verdicts_of(view))
    surviving = sum(shift.survives for shift in shifts)
    lead = (
        f"{surviving} of {len(shifts)} shifts survive the correction for their number (Benjamini and Hochberg, 5%). "
        "Lines are 95% intervals over prompts."
    )
    names = _by_change(view)
    shown = names[: max(FEWEST_NAMES, MOST_DOTS // len(view.runs))]
    if len(shown) < len(names):
        lead += f" The {len(shown)} behaviors that moved most are drawn, all {len(names)} are in the table."
    return [
        Chart("What moved from start to end", changes([row for row in rows if row["behavior"] in shown]), table, lead)
    ]


def _over_training(view: View) -> list[Block]:
    names = _by_change(view)
    if not names:
        return [Text("The tagger read the rollouts and saw no behavior in them.", "warning")]
    rows = rates_over_steps(view, names)
    lead = "Drag over steps to recount the bars; click on a bar or on the legend to single out a behavior."
    table = rate_table("Share of rollouts", rows, call_of(view, names))
    return [Chart("Behaviors over training", behaviors_and_steps(rows, names[: _lines(view)]), table, lead)]


def _lines(view: View) -> int:
    """Return of how many behaviors lines are drawn: with more runs of fewer, as a color and dash must tell each."""
    return max(FEWEST_LINES, min(LINES // 2, LINES // len(view.runs)))


def _by_change(view: View) -> list[str]:
    """Return the behaviors, those that moved most first."""
    most: dict[str, float] = {}
    for shift in (shift for each in shifts_of(view).values() for shift in each):
        moved = abs(shift.change.value) + shift.survives
        most[shift.behavior] = max(moved, most.get(shift.behavior, 0.0))
    for name in view.seen:
        most.setdefault(name, 0.0)
    chosen = view.selectors.behaviors
    return [name for name in sorted(most, key=lambda name: -most[name]) if not chosen or name in chosen]


def _rewards(view: View) -> Block:
    asked = {"in_split": view.split, "bin_width": view.bin_width}
    found = view.rows("reward_over_steps", **asked)
    rows = [
        {"run": each["run_id"], "step": each["step"] or 0, "value": each["mean_reward"], "rollouts": each["rollouts"]}
        for each in found
        if each["mean_reward"] is not None
    ]
    if not rows:
        return Text(f"Reward over training: no rollout of the split {view.split} has a reward.")
    columns = {name: name.replace("_", " ") for name in found[0]}
    table = as_table("Reward over training", found, columns, view.sql("reward_over_steps", **asked))
    chart = lines_over_steps(rows, color="run", color_title="run", y_title="mean reward", percent=False, height=180)
    return Chart("Reward over training", chart, table)


def _runs(view: View) -> Block:
    found = view.rows("run_overview")
    columns = {name: name.replace("_", " ") for name in found[0]}
    return as_table("Runs", found, columns, view.sql("run_overview"))


overview = Page(name="overview", title="Overview", build=build, order=10)
