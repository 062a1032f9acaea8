"""Health: length, truncation, groups that teach nothing, and text that goes to pieces."""

from traceanalytics.pages.base import Block, Chart, Page, Selectors, Text
from traceanalytics.pages.charts import lines_over_steps, two_counts
from traceanalytics.pages.claims import answers, asked_of, call_of_finding, is_too_much, numbers_of, refusals
from traceanalytics.pages.rates import call_of, rates_over_steps
from traceanalytics.pages.view import View, as_table, look
from traceanalytics.pages.words import cautions, rate_table, sql_of_cautions
from traceanalytics.store.queries import get_query
from traceanalytics.store.store import Store

DECAY = ("repetition_loop", "gibberish", "language_mixing", "truncated", "post_answer_drift", "degenerate_code")
FORMAT = ("boxed_answer", "answer_tag", "think_tag")


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Say first what is wrong, then draw what to watch."""
    view = look(store, selectors)
    warnings = "\n\n".join(f"{each[0].upper()}{each[1:]}." for each in cautions(view))
    said: list[Block] = [Text(warnings, "warning", sql_of_cautions(view))] if warnings else []
    length, measured = _length(view)
    return [
        *said,
        *_from_query(view, length, "median_characters", "Length of responses", "median characters", measured),
        *_from_query(view, length, "share_truncated", "Cut at the length limit", "share of rollouts"),
        *_from_query(
            view, "group_health", "share_zero_variance", "Groups whose rewards are all alike", "share of groups",
            "Such a group gives no rollout an advantage: it teaches nothing.",
        ),
        *_stability(view),
        *_decay(view, DECAY, "Text that goes to pieces"),
        *_decay(view, FORMAT, "Format"),
        as_table("What was read", view.rows("run_status"), _headings("run_status"), view.sql("run_status")),
    ]  # fmt: skip


def _length(view: View) -> tuple[str, str]:
    """Return the query of lengths, and what it counts: where all is tagged, no text is read for it."""
    whole = all(row["tagged"] == row["rollouts"] for row in view.rows("run_status"))
    if not whole:
        return "length_over_steps", ""
    return (
        "own_length_over_steps",
        "Characters that the model itself wrote, without what tools returned and the white space around.",
    )


def _from_query(view: View, query: str, column: str, title: str, y_title: str, lead: str = "") -> list[Block]:
    asked = {"in_split": view.split, "bin_width": view.bin_width}
    found = view.rows(query, **asked)
    count = "groups" if query == "group_health" else "rollouts"
    rows = [
        {"run": row["run_id"], "step": row["step"] or 0, "value": row[column], "rollouts": row[count]}
        for row in found
        if row[column] is not None
    ]
    if not rows:
        return [Text(f"{title}: the log does not say.")]
    percent = column.startswith("share")
    chart = lines_over_steps(rows, color="run", color_title="run", y_title=y_title, percent=percent, height=180)
    table = as_table(title, found, _headings(query), view.sql(query, **asked))
    return [Chart(title, chart, table, lead)]


def _stability(view: View) -> list[Block]:
    """Say how deep each run fell, and whether it collapsed (finding `training_stability`)."""
    command = call_of_finding(view, "training_stability")
    if is_too_much(view):
        return [Text(f"`{command}` says how deep each run fell, and whether it collapsed.")]
    found, refused = answers(view, "training_stability")
    if not found:
        return refusals(view, refused, "Stability", "training_stability")
    rows = [
        {"run": row["run"], "step": row["step"], "value": round(row["level"], 6), "what": row["what"]}
        for answer in found.values()
        if answer.table is not None
        for row in answer.table.to_pylist()
    ]
    what = " or ".join(dict.fromkeys(row["what"] for row in rows))
    is_share = what == "right answers"
    chart = lines_over_steps(
        rows,
        color="run",
        color_title="run",
        y_title=f"{'share right' if is_share else what}, same prompts",
        percent=is_share,
        height=180,
        counted="",
    )
    said = " ".join(f"{answer.verdict[0].upper()}{answer.verdict[1:]}." for answer in list(found.values())[:4])
    lead = f"{said}{asked_of(view, found)}"
    return [Chart("Stability", chart, numbers_of(view, "Stability", found, command), lead)]


def _headings(query: str) -> dict[str, str]:
    return {column.name: column.name.replace("_", " ") for column in get_query(query).columns}


def _decay(view: View, names: tuple[str, ...], title: str) -> list[Block]:
    seen = view.seen
    chosen = [name for name in names if name in seen]
    if not chosen:
        return [
            Text(f"{title}: {', '.join(names)} were {'seen in no rollout' if view.tagger else 'not looked for yet'}.")
        ]
    rates = rates_over_steps(view, chosen)
    if len(view.runs) == 1:
        chart = lines_over_steps(
            rates, color="behavior", color_title="behavior", y_title="share of rollouts", height=200
        )
    else:
        chart = two_counts([{**row, "counted": row["behavior"]} for row in rates], counted="behavior")
    return [Chart(title, chart, rate_table(title, rates, call_of(view, chosen)))]


health = Page(name="health", title="Health", build=build, order=30)
