"""Reading: the rollouts behind a number, and the same problem at the start and at the end."""

from traceanalytics.pages.base import Block, Page, Rollouts, Selectors, Text
from traceanalytics.pages.reading import ANY, NEARLY, SHOWN, sample
from traceanalytics.pages.view import View, look
from traceanalytics.pages.words import PUBLISHED_CODE, published_taggers, shifts_of
from traceanalytics.store.store import Store

A_KIND = 5  # rollouts of each kind
CODE = ("code_reasoning", "code_mention", "degenerate_code")


def build(store: Store, selectors: Selectors) -> list[Block]:
    """Show rollouts of one behavior at one step; the behavior that moved most, at the last step, by default."""
    view = look(store, selectors)
    step = view.last_step if selectors.step is None else selectors.step
    if view.tagger is None:
        drawn = sample(view, None, at_step=step, at_most=A_KIND)
        return [_some(view, None, f"Rollouts at step {step}", drawn, step)]
    behavior = _behavior(view)
    if behavior is None:
        return [Text("The tagger saw no behavior in any rollout.", "warning")]
    shown = sample(view, behavior, chosen_as=SHOWN, at_step=step, at_most=A_KIND)
    nearly = sample(view, behavior, chosen_as=NEARLY, at_step=step, at_most=A_KIND)
    blocks: list[Block] = [
        Text(
            f"{behavior} at step {step} of the split {view.split}. A click opens a rollout; its spans are lit.", "lead"
        ),
        _some(view, behavior, f"Shows {behavior}", shown, step),
        _some(view, behavior, f"Nearly shows {behavior}: below the threshold", nearly, step),
        *_disagreements(view, behavior, step),
        *_both_ends(view, behavior),
    ]
    return blocks


def _behavior(view: View) -> str | None:
    if view.selectors.behaviors:
        return view.selectors.behaviors[0]
    moved = [shift for shifts in shifts_of(view).values() for shift in shifts]
    if moved:
        return max(moved, key=lambda shift: (shift.survives, abs(shift.change.value))).behavior
    seen = view.rows("behaviors_shown")
    return max(seen, key=lambda row: row["rollouts"])["behavior"] if seen else None


def _some(view: View, behavior: str | None, title: str, drawn: list, step: int) -> Block:
    if not drawn:
        return Text(f"{title}: no rollout at step {step}.")
    chosen = f" --behavior {behavior}" if behavior else ""
    return Rollouts(title, drawn, f"ta read{chosen} --step {step}{view.command}")


def _disagreements(view: View, behavior: str, step: int) -> list[Block]:
    """Show where another tagger says otherwise: the published word search, for code."""
    other = published_taggers(view).get(PUBLISHED_CODE)
    if behavior not in CODE or other is None:
        return []
    drawn = sample(
        view, behavior, chosen_as=ANY, at_step=step, at_most=A_KIND, other_tagger=other, other_name=PUBLISHED_CODE
    )
    return [_some(view, behavior, f"{behavior} and {PUBLISHED_CODE} disagree", drawn, step)]


def _both_ends(view: View, behavior: str) -> list[Block]:
    if view.first_step == view.last_step:
        return []
    ends = {"in_behavior": behavior, "in_split": view.split, "from_step": view.first_step, "to_step": view.last_step}
    blocks: list[Block] = []
    for row in view.rows("prompts_at_both_ends", **ends):
        pair = [
            reading
            for step in (view.first_step, view.last_step)
            for reading in sample(
                view,
                behavior,
                chosen_as=ANY,
                at_step=step,
                of_prompt=row["prompt_key"],
                in_run=row["run_id"],
                at_most=1,
            )
        ]
        title = (
            f"One problem at steps {view.first_step} and {view.last_step} of {row['run_id']}: "
            f"{behavior} in {row['share_then']:.0%}, then {row['share_now']:.0%} of its rollouts"
        )
        blocks.append(Rollouts(title, pair, side_by_side=True))
    return blocks


reading = Page(name="reading", title="Reading", build=build, order=70)
