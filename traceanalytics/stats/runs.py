"""Claims about rewards and models rest on runs: prompt intervals describe one checkpoint only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from traceanalytics.errors import Refused
from traceanalytics.stats.estimate import Estimate, Floats, Numbers, Test, floats, t_quantile


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Standard deviations of one rollout's outcome: between runs, prompts, prompts within runs, and samples.

    `run_by_prompt` is None with one rollout a cell: it cannot be told from `sample`.
    """

    run: Estimate
    prompt: float
    run_by_prompt: float | None
    sample: float


def over_runs(values: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return the mean over runs with Student limits; one run says nothing about its configuration.

    >>> gain = over_runs([15.6, 18.0, 6.0])
    >>> round(gain.value, 1), round(gain.low, 1), round(gain.high, 1)
    (13.2, -2.6, 29.0)
    """
    values = floats(values)
    n = len(values)
    if n < 2:
        raise Refused(f"n_runs={n}: no inference about the reward; its prompts describe one checkpoint")
    half = float(t_quantile(confidence, n - 1)) * float(values.std(ddof=1) / np.sqrt(n))
    mean = float(values.mean())
    return Estimate(mean, mean - half, mean + half, n, "runs")


def runs_needed(standard_deviation: float, *, standard_error: float) -> int:
    """Return the smallest number of runs whose mean has this standard error: (SD/SE)².

    >>> runs_needed(6.35, standard_error=2)
    11
    """
    return max(1, int(np.ceil((standard_deviation / standard_error) ** 2)))


def variance_components(numerators: Numbers, denominators: Numbers, *, confidence: float = 0.95) -> VarianceComponents:
    """Split the variance of runs × prompts counts by the method of moments for two crossed random factors (Searle).

    Mean squares of the cell rates give run, prompt and run × prompt; p(1-p)·n/(n-1) inside cells gives samples.
    """
    from scipy.special import chdtri

    numerators, denominators = floats(numerators), floats(denominators)
    runs, prompts = numerators.shape
    if runs < 2 or prompts < 2:
        raise Refused(f"{runs} runs × {prompts} prompts: variance components need at least 2 of each")
    if not (denominators > 0).all():
        raise Refused("a run lacks a prompt: variance components need every run to hold every prompt")
    rates = numerators / denominators
    by_run, by_prompt, grand = rates.mean(axis=1), rates.mean(axis=0), rates.mean()
    rest = rates - by_run[:, None] - by_prompt + grand
    of_rest = float((rest**2).sum()) / ((runs - 1) * (prompts - 1))
    of_run = prompts * float(by_run.var(ddof=1))
    of_prompt = runs * float(by_prompt.var(ddof=1))
    tails = [float(chdtri(runs - 1, tail)) for tail in ((1 - confidence) / 2, (1 + confidence) / 2)]
    run, low, high = (
        float(np.sqrt(max(0.0, (square - of_rest) / prompts)))
        for square in (of_run, of_run * (runs - 1) / tails[0], of_run * (runs - 1) / tails[1])
    )
    repeated = denominators > 1
    prompt = float(np.sqrt(max(0.0, (of_prompt - of_rest) / runs)))
    if not repeated.any():
        return VarianceComponents(Estimate(run, low, high, runs, "runs"), prompt, None, float(np.sqrt(of_rest)))
    inside = (rates * (1 - rates))[repeated] * denominators[repeated] / (denominators[repeated] - 1)
    sample = float(inside.mean())
    mixed = float(np.sqrt(max(0.0, of_rest - sample * float((1 / denominators).mean()))))
    return VarianceComponents(Estimate(run, low, high, runs, "runs"), prompt, mixed, float(np.sqrt(sample)))


def variance_share(values: Numbers, factors: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return each factor's share of the variance of a value over runs, and the `remainder`; they sum to 1.

    Shapley value of R² over the orders in which main effects enter (Lindeman, Merenda & Gold 1980); on a balanced
    table these are the sums of squares of the analysis of variance.
    """
    values = floats(values)
    total = float(((values - values.mean()) ** 2).sum())
    if total == 0:
        raise Refused(f"all {len(values)} runs have one value: there is no variance to share")
    columns = {name: _indicators(levels) for name, levels in factors.items()}
    explained = {
        chosen: _explained(values, [columns[name] for name in chosen]) / total
        for size in range(len(columns) + 1)
        for chosen in combinations(columns, size)
    }
    shares = {name: _shapley(name, tuple(columns), explained) for name in columns}
    return shares | {"remainder": 1 - explained[tuple(columns)]}


def interaction(values: Numbers, rows: Sequence[str], columns: Sequence[str]) -> Test:
    """Test whether rows and columns add up: F of cell means beyond main effects against runs within cells (Fisher).

    Needs cells with several runs; with one run a cell the remainder cannot be told from chance.
    """
    from scipy.special import fdtrc

    values = floats(values)
    effects = [_indicators(rows), _indicators(columns)]
    cells = _indicators([f"{row}\n{column}" for row, column in zip(rows, columns, strict=True)])
    additive = np.linalg.matrix_rank(np.concatenate(effects, axis=1))
    between, within = cells.shape[1] - additive, len(values) - cells.shape[1]
    if within < 1 or between < 1:
        raise Refused(f"{len(values)} runs in {cells.shape[1]} cells: an interaction needs cells with several runs")
    added = _explained(values, [cells]) - _explained(values, effects)
    noise = float(((values - values.mean()) ** 2).sum()) - _explained(values, [cells])
    f = (added / between) / (noise / within) if noise > 0 else float("inf")
    return Test(f, float(fdtrc(between, within, f)), len(values), "runs")


def between_groups(values: Numbers, groups: Sequence[str], blocks: Sequence[str]) -> Test:
    """Test whether groups differ with blocks held fixed: F of groups added to blocks against runs within cells.

    Needs cells with several runs, as `interaction` does.
    """
    from scipy.special import fdtrc

    values = floats(values)
    of_blocks, effects = [_indicators(blocks)], [_indicators(blocks), _indicators(groups)]
    cells = _indicators([f"{group}\n{block}" for group, block in zip(groups, blocks, strict=True)])
    between = int(np.linalg.matrix_rank(np.concatenate(effects, axis=1)) - np.linalg.matrix_rank(of_blocks[0]))
    within = len(values) - cells.shape[1]
    if within < 1:
        raise Refused(f"{len(values)} runs in {cells.shape[1]} cells: a test of groups needs cells with several runs")
    if between < 1:
        raise Refused("no block holds two groups: what differs may be the block")
    added = _explained(values, effects) - _explained(values, of_blocks)
    noise = float(((values - values.mean()) ** 2).sum()) - _explained(values, [cells])
    f = (added / between) / (noise / within) if noise > 0 else float("inf")
    return Test(f, float(fdtrc(between, within, f)), len(values), "runs")


def _indicators(levels: Sequence[str]) -> Floats:
    return floats(np.unique(np.asarray(levels))[:, None] == np.asarray(levels)).T


def _explained(values: Floats, columns: list[Floats]) -> float:
    design = np.concatenate([np.ones((len(values), 1)), *columns], axis=1)
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(((fitted - values.mean()) ** 2).sum())


def _shapley(name: str, names: tuple[str, ...], explained: Mapping[tuple[str, ...], float]) -> float:
    others = [other for other in names if other != name]
    share = 0.0
    for size in range(len(others) + 1):
        for before in combinations(others, size):
            after = tuple(each for each in names if each in before or each == name)
            share += (explained[after] - explained[before]) / (len(names) * comb(len(others), size))
    return share
