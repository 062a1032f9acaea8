"""Runs that differ by their seed alone, drawn as one curve: its interval is over runs."""

from collections.abc import Iterable, Mapping, Sequence

from traceanalytics.findings.configurations import configurations, over_seeds
from traceanalytics.pages.rates import Rates
from traceanalytics.pages.view import View
from traceanalytics.types import JSON


def pooled_runs(view: View) -> dict[str, tuple[str, ...]]:
    """Return the chosen runs of every configuration, where one of them has several; else nothing."""
    chosen = {name: tuple(run for run in runs if run in view.runs) for name, runs in configurations(view.store).items()}
    chosen = {name: runs for name, runs in chosen.items() if runs}
    return chosen if any(len(runs) > 1 for runs in chosen.values()) else {}


def curves_of(view: View, rates: Sequence[Mapping[str, JSON]]) -> Rates:
    """Return rates with one curve a configuration, `run` its name: what pages draw and `ta analyze` prints.

    A configuration of one run keeps the numbers of that run; without seeds to put together every run is a curve.
    """
    pooled = pooled_runs(view)
    name_of = {run: name for name, runs in pooled.items() for run in runs}
    several = several_of(pooled)
    alone = [
        {**row, "run": name_of.get(row["run"], row["run"]), "run_id": row["run"]}
        for row in rates if row["run"] not in several
    ]  # fmt: skip
    return [*alone, *pooled_over_seeds(pooled, (row for row in rates if row["run"] in several))]


def several_of(pooled: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the runs that stand behind a curve of several."""
    return frozenset(run for runs in pooled.values() if len(runs) > 1 for run in runs)


def pooled_over_seeds(of: Mapping[str, tuple[str, ...]], rows: Iterable[Mapping[str, JSON]]) -> Rates:
    """Return a curve a configuration; `seeds` counts its runs, and no single run's rollouts stand behind its points."""
    return [
        {**{name: value for name, value in row.items() if name != "runs"}, "seeds": row["runs"], "run_id": ""}
        for row in over_seeds(rows, of)
    ]
