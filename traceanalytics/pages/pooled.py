"""Runs that differ by their seed alone, drawn as one curve: its interval is over runs."""

from collections.abc import Iterable, Mapping

from traceanalytics.findings.configurations import configurations, over_seeds
from traceanalytics.pages.rates import Rates
from traceanalytics.pages.view import View
from traceanalytics.types import JSON


def pooled_runs(view: View) -> dict[str, tuple[str, ...]]:
    """Return the chosen runs of every configuration, where one of them has several; else nothing."""
    chosen = {name: tuple(run for run in runs if run in view.runs) for name, runs in configurations(view.store).items()}
    chosen = {name: runs for name, runs in chosen.items() if runs}
    return chosen if any(len(runs) > 1 for runs in chosen.values()) else {}


def pooled_over_seeds(of: Mapping[str, tuple[str, ...]], rows: Iterable[Mapping[str, JSON]]) -> Rates:
    """Return a curve a configuration; `seeds` counts its runs, and no single run's rollouts stand behind its points."""
    return [
        {**{name: value for name, value in row.items() if name != "runs"}, "seeds": row["runs"], "run_id": ""}
        for row in over_seeds(rows, of)
    ]
