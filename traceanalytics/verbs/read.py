"""Rollouts to browse in a terminal, opened where a page or a command points."""

from collections.abc import Sequence

from traceanalytics.errors import BadInput
from traceanalytics.pages.base import Selectors
from traceanalytics.pages.reading import ANY, SHOWN
from traceanalytics.pages.terminal import Browser
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store

_STEPS = """
SELECT DISTINCT coalesce(step, 0) AS step FROM rollouts
WHERE list_contains($runs, run_id) AND split = $split ORDER BY 1
"""


def read(
    store: Store,
    *,
    run: str | None = None,
    split: str | None = None,
    behavior: str | None = None,
    step: int | None = None,
    is_correct: bool | None = None,
    min_reward: float | None = None,
    search: str = "",
) -> Browser:
    """Return a browser over the rollouts that are chosen, its first rollouts drawn."""
    view = look(store, Selectors(runs=(run,) if run else (), split=split, search=search))
    seen = list(view.seen)
    if behavior is not None and behavior not in seen:
        raise BadInput(f"no rollout is tagged with {behavior!r}; seen are {', '.join(seen) or 'none: run `ta tag`'}")
    steps = store.sql(_STEPS, {"runs": list(view.runs), "split": view.split})["step"].to_pylist()
    if step is not None and step not in steps:
        raise BadInput(f"there is no step {step} in the split {view.split}; {_nearest(steps, step)}")
    browser = Browser(
        view,
        seen,
        steps,
        behavior=behavior,
        step=step,
        kind=SHOWN if behavior else ANY,
        is_correct=is_correct,
        min_reward=min_reward,
        search=search,
    )
    browser.draw_rollouts()
    return browser


def _nearest(steps: Sequence[int], step: int) -> str:
    if not steps:
        return "its rollouts have none"
    before = max((each for each in steps if each < step), default=steps[0])
    after = min((each for each in steps if each > step), default=steps[-1])
    return f"the nearest is {' or '.join(map(str, sorted({before, after})))}"
