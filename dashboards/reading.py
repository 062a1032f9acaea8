"""Reading: the rollouts behind points of the charts, and the same problem at the start and at the end."""

from traceanalytics.pages.base import Block, Page, Reading, Rollouts, Selectors, Text
from traceanalytics.pages.reading import ANY, behind_points, draw, readings, sample
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import PUBLISHED_CODE, published_taggers, shifts_of
from traceanalytics.store.store import Store

BEHAVIORS = 3  # whose rollouts are shown unless one is chosen: those that moved most
A_STEP = 5  # rollouts of an untagged step
CODE = ("code_reasoning",)  # what the published word search claims to count
_KINDS = {"shown": "shows", "nearly": "nearly shows, below the threshold,"}


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Show rollouts of a behavior at a step; of what moved most at the first and the last step by default."""
    view = look(store, selectors)
    if view.tagger is None:
        return [_untagged(view)]
    behaviors = selectors.behaviors or _moved_most(view)
    if not behaviors:
        return [Text("The tagger saw no behavior in any rollout.", "warning")]
    steps = [_point(view, step) for step in _steps(view)]
    other, theirs = _other_tagger(view)
    both = [name for name in behaviors if theirs is None or name in CODE]
    drawn = behind_points(view, both, steps, other=(view.taggers[other], theirs) if other else None) if both else {}
    rest = [name for name in behaviors if name not in both]
    drawn |= behind_points(view, rest, steps) if rest else {}
    said = (
        f"Rollouts of the split {view.split} that show {', '.join(behaviors)}, or nearly do. A click opens one; what "
        "shows a behavior is lit in the color under its name."
    )
    blocks: list[Block] = [Text(said, "lead")]
    for behavior in behaviors:
        for step in steps:
            blocks += _at_point(view, behavior, step, drawn, theirs or other or "")
        blocks += _both_ends(view, behavior)
    return blocks


def _untagged(view: View) -> Block:
    step = _steps(view)[-1]
    drawn = sample(view, None, at_step=step, at_most=A_STEP)
    sql = view.sql("rollouts_to_read", at_step=step, in_split=view.split)
    return Rollouts(f"Rollouts at step {step}", drawn, f"More: `ta read --step {step}{view.command}`", sql=sql)


def _steps(view: View) -> list[int]:
    if view.selectors.step is not None:
        return [view.selectors.step]
    return sorted({view.first_step, view.last_step})


def _point(view: View, step: int) -> int:
    return step // view.bin_width * view.bin_width


def _moved_most(view: View) -> tuple[str, ...]:
    moved = [shift for shifts in shifts_of(view).values() for shift in shifts]
    moved.sort(key=lambda shift: (not shift.survives, -abs(shift.change.value)))
    return tuple(dict.fromkeys(shift.behavior for shift in moved))[:BEHAVIORS] or view.seen[:BEHAVIORS]


def _other_tagger(view: View) -> tuple[str | None, str | None]:
    """Return a tagger to disagree with and what it calls a behavior: another one of ours, else the published one."""
    published = published_taggers(view)
    ours = [name for name in view.taggers if name not in published and name != view.tagger_name]
    if ours:
        return ours[0], None
    if PUBLISHED_CODE in published and view.tagger_name != PUBLISHED_CODE:
        return PUBLISHED_CODE, PUBLISHED_CODE
    return None, None


def _at_point(view: View, behavior: str, step: int, drawn: dict, other: str) -> list[Block]:
    last = step + view.bin_width - 1
    at = f"step {step}" if view.bin_width == 1 else f"steps {step} to {last}"
    titles = {kind: f"{says[0].upper()}{says[1:]} {behavior} at {at}" for kind, says in _KINDS.items()}
    titles["apart"] = f"{other} and {view.tagger_name} part on {behavior} at {at}"
    more = f"More: `ta read --behavior {behavior} --step {step}{view.command}`"
    sql = view.sql(
        "rollouts_of_points",
        in_behaviors=[behavior],
        at_steps=[step],
        bin_width=view.bin_width,
        in_runs=list(view.runs),
        in_split=view.split,
    )
    there = [
        Rollouts(title, drawn[behavior, step, kind], more, point=(behavior, step), sql=sql)
        for kind, title in titles.items()
        if (behavior, step, kind) in drawn
    ]
    return [*there] or [Text(f"No rollout shows {behavior} at {at}, or nearly does.")]


def _both_ends(view: View, behavior: str) -> list[Block]:
    if view.first_step == view.last_step:
        return []
    ends = {"in_behavior": behavior, "in_split": view.split, "from_step": view.first_step, "to_step": view.last_step}
    rows = view.rows("prompts_at_both_ends", **ends, **({} if view.selectors.behaviors else {"at_most": 1}))
    sql = view.sql("prompts_at_both_ends", **ends)
    pairs = [_first_and_last(view, behavior, row) for row in rows]
    read = {each.rollout_id: each for each in readings(view, [each for pair in pairs for each in pair])}
    return [
        _side_by_side(view, behavior, row, [read[each["rollout_id"]] for each in pair], sql)
        for row, pair in zip(rows, pairs, strict=True)
    ]


def _first_and_last(view: View, behavior: str, row: dict) -> list[dict]:
    problem = {"of_prompt": row["prompt_key"], "in_run": row["run_id"]}
    return [
        rollout
        for step in (view.first_step, view.last_step)
        for rollout in draw(view, behavior, chosen_as=ANY, at_step=step, at_most=1, **problem)
    ]


def _side_by_side(view: View, behavior: str, row: dict, pair: list[Reading], sql: str) -> Block:
    title = (
        f"One problem at steps {view.first_step} and {view.last_step} of {row['run_id']}: "
        f"{behavior} in {row['share_then']:.0%}, then {row['share_now']:.0%} of its rollouts"
    )
    return Rollouts(title, pair, side_by_side=True, sql=sql)


reading = Page(name="reading", title="Reading", build=build, order=70)
