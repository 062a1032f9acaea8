"""How much of the variance of the gain over runs goes with model family, reward, data format and domain."""

from typing import TYPE_CHECKING

from traceanalytics.errors import Refused, counted
from traceanalytics.findings.base import Answer, Finding, Named
from traceanalytics.findings.evaluations import ask_each, both_ends, runs_of
from traceanalytics.stats.runs import variance_share as share_variance
from traceanalytics.store.store import Store

if TYPE_CHECKING:
    import altair
    import pyarrow

FEWEST_RUNS = 4
_FACTORS = {"family": "model_family", "reward": "reward_type", "data format": "data_format", "domain": "domain"}


def infer(
    store: Store, *, in_split: str | None = None, from_step: int | None = None, to_step: int | None = None
) -> Answer:
    """Share the variance of the gain over all runs of the store among what the log says of them."""

    def ask(run: str) -> tuple[str, float]:
        ends = both_ends(store, run, split=in_split, from_step=from_step, to_step=to_step)
        return run, ends.final.accuracy - ends.base.accuracy

    found, caveats = ask_each(runs_of(store, None), ask)
    gains = dict(found)
    if len(gains) < FEWEST_RUNS:
        raise Refused(f"{len(gains)} runs have a gain: shares of the variance over runs need at least {FEWEST_RUNS}")
    described = {row["run_id"]: row for row in store.sql("SELECT * FROM runs").to_pylist()}
    factors = {}
    for name, column in _FACTORS.items():
        levels = [described.get(run, {}).get(column) for run in gains]
        if None in levels:
            caveats.append(
                f"{name} is left out: {counted(levels.count(None), 'run')} without it, which "
                f"`ta ingest PATH --set {column}=…` says"
            )
        elif len(set(levels)) < 2:
            caveats.append(f"{name} is left out: every run has {levels[0]!r}")
        else:
            factors[name] = levels
    if not factors:
        raise Refused(f"no setting tells the {len(gains)} runs apart; {'; '.join(caveats)}")
    shares = share_variance(list(gains.values()), factors)
    cells = len(set(zip(*factors.values(), strict=True)))
    if cells == len(gains):
        caveats.append("one run a cell: the remainder mixes interactions of the settings with chance between seeds")
    caveats.append("shares of what these runs differ in, not effects: other runs chosen would give other shares")
    estimates = [Named(name, share, None, None, len(gains), "runs") for name, share in shares.items()]
    largest = max((each for each in estimates if each.label != "remainder"), key=lambda each: each.value)
    verdict = (
        f"{largest.label} goes with {largest.value:.1%} of the variance of the gain over {len(gains)} runs; "
        + ", ".join(f"{each.label} {each.value:.1%}" for each in estimates if each is not largest)
    )
    return Answer(estimates, verdict, caveats, _table(estimates))


def _table(estimates: list[Named]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist([{"setting": each.label, "share": each.value} for each in estimates])


def draw(answer: Answer) -> "altair.TopLevelMixin":
    """Draw the shares as bars."""
    import altair as alt

    rows = answer.table.to_pylist() if answer.table is not None else []
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="part of the variance of the gain", axis=alt.Axis(format=".0%")),
            y=alt.Y("setting:N", title=None, sort="-x"),
        )
    )


variance_share = Finding(
    name="variance_share",
    claim="The model's family decides a run's gain more than its reward does",
    infer=infer,
    queries=("evaluations", "outcomes_by_prompt"),
    draw=draw,
)
