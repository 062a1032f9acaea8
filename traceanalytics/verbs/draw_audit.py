"""Random audits: whole rollouts drawn with known probabilities, so that they correct rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadInput, Refused
from traceanalytics.findings.shifts import split_of as findings_split
from traceanalytics.findings.shifts import tagged_runs
from traceanalytics.judging import OF_A_ROLLOUT, Question, question_id
from traceanalytics.labels import located_labels
from traceanalytics.store.store import Store
from traceanalytics.verbs.suggest import OUTCOME, behaviors_of, tagger_of, texts_of

LEAST_OF_TAGGED = 0.25  # of an audit, so that a rare behavior's precision is measured at all
ERROR_OF_TAGGED, ERROR_OF_UNTAGGED = 0.3, 0.05  # what is expected of a tagger that nobody has audited

_POPULATION = f"""
WITH eras AS (
    SELECT unnest($runs) AS run_id, unnest($firsts) AS from_step, unnest($lasts) AS to_step
),
population AS (
    SELECT
        rollouts.rollout_id,
        concat_ws(' · ', rollouts.run_id, format('{{}}-{{}}', eras.from_step, eras.to_step), {OUTCOME}) AS place,
        list_has_any(tagged.shown, $behaviors) AS is_tagged,
        md5($seed || coalesce(rollouts.prompt_key, '')) || md5($seed || rollouts.rollout_id) AS spread
    FROM tagged
    JOIN rollouts USING (rollout_id)
    JOIN eras ON eras.run_id = rollouts.run_id
        AND coalesce(rollouts.step, 0) BETWEEN eras.from_step AND eras.to_step
    ANTI JOIN (SELECT unnest($left_out::VARCHAR[]) AS rollout_id) AS left_out
        ON left_out.rollout_id = rollouts.rollout_id
    WHERE tagged.tagger_id = $tagger AND rollouts.split = $split
)
"""
_STRATA = f"""
{_POPULATION}
SELECT place, is_tagged, count(*) AS rollouts FROM population GROUP BY ALL ORDER BY ALL
"""
_DRAW = f"""
{_POPULATION},
drawn_of AS (
    SELECT unnest($places) AS place, unnest($are_tagged) AS is_tagged, unnest($shares::DOUBLE[]) AS share
),
numbered AS (
    SELECT
        population.rollout_id,
        population.spread,
        drawn_of.share,
        row_number() OVER (PARTITION BY place, is_tagged ORDER BY population.spread) AS number,
        hash($seed || place || is_tagged) % 1000003 / 1000003 AS start
    FROM population
    JOIN drawn_of USING (place, is_tagged)
)
SELECT rollout_id, share AS drawn_with
FROM numbered
WHERE floor(number * share + start) > floor((number - 1) * share + start)
ORDER BY md5(spread)
"""


@dataclass(frozen=True, slots=True)
class Era:
    """Training steps of one run, from the first to the last of them."""

    run: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rollouts of one run, era and outcome that a tagger says show a behavior, or do not; `drawn` of them are drawn."""

    place: str
    is_tagged: bool
    rollouts: int
    drawn: int = 0


def suggest_audit(
    store: Store,
    behaviors: Sequence[str],
    *,
    run: str | None = None,
    split: str | None = None,
    tagger: str | None = None,
    n: int = 100,
    seed: int = 0,
    judged: Sequence[Path] = (),
    eras: Sequence[Era] = (),
    errors: tuple[float, float] = (ERROR_OF_TAGGED, ERROR_OF_UNTAGGED),
) -> list[Question]:
    """Draw whole rollouts at random, with known probabilities, to be judged for some behaviors.

    Each run and era (thirds of the steps unless given) gets as many, and within it each outcome its part; a quarter at
    least are rollouts that the tagger says show a behavior, as far as there are some. A draw spreads over prompts.
    What was judged, or gave a segment that was, is left out before the probabilities are counted.
    """
    if not behaviors:
        raise BadInput("an audit asks of each rollout whether it shows certain behaviors: name them with --behavior")
    names = behaviors_of(behaviors)
    chosen = tagger_of(store, tagger)
    split = split or split_of(store, chosen, run)
    eras = eras or eras_of(store, names, run=run, split=split, tagger=chosen)
    population = {
        "tagger": chosen,
        "behaviors": names,
        "split": split,
        "seed": str(seed),
        "runs": [era.run for era in eras],
        "firsts": [era.first for era in eras],
        "lasts": [era.last for era in eras],
        "left_out": sorted(_judged_rollouts(store, judged)),
    }
    rows = store.sql(_STRATA, population).to_pylist()
    strata = allocate([Stratum(**row) for row in rows], n, errors=errors)
    if not strata:
        raise Refused(f"{chosen} has read no rollout of the split {split} that is not judged yet; `ta tag` reads more")
    wanted = [stratum for stratum in strata if stratum.drawn]
    drawing = {
        "places": [stratum.place for stratum in wanted],
        "are_tagged": [stratum.is_tagged for stratum in wanted],
        "shares": [stratum.drawn / stratum.rollouts for stratum in wanted],
    }
    drawn = {row["rollout_id"]: row["drawn_with"] for row in store.sql(_DRAW, population | drawing).to_pylist()}
    texts = texts_of(store, drawn)
    return [
        Question(
            question_id(rollout_id),
            "rollout",
            texts[rollout_id]["response"],
            tuple(names),
            prompt=texts[rollout_id]["prompt"],
            source=OF_A_ROLLOUT + rollout_id,
            drawn_with=drawn_with,
        )
        for rollout_id, drawn_with in drawn.items()
        if texts[rollout_id]["response"]
    ]


def allocate(
    strata: Sequence[Stratum], n: int, *, errors: tuple[float, float] = (ERROR_OF_TAGGED, ERROR_OF_UNTAGGED)
) -> list[Stratum]:
    """Say how many rollouts to draw from each stratum: as many for each run and era, see `suggest_audit`.

    `errors` are the parts of tagged and untagged rollouts expected to be wrong: the more even, the more are drawn.

    >>> strata = [Stratum("r · 0-9 · right", True, 20), Stratum("r · 0-9 · right", False, 980)]
    >>> [stratum.drawn for stratum in allocate(strata, 40)]
    [10, 30]
    """
    by_era: dict[str, list[Stratum]] = {}
    for stratum in strata:
        by_era.setdefault(stratum.place.rsplit(" · ", 1)[0], []).append(stratum)
    drawn: list[Stratum] = []
    shares = _even_shares([sum(each.rollouts for each in of_era) for of_era in by_era.values()], n)
    for of_era, share in zip(by_era.values(), shares, strict=True):
        sizes = {tagged: sum(each.rollouts for each in of_era if each.is_tagged is tagged) for tagged in (True, False)}
        pairs = zip((True, False), errors, strict=True)
        spread = {tagged: sizes[tagged] * (error * (1 - error)) ** 0.5 for tagged, error in pairs}
        wanted = max(LEAST_OF_TAGGED, spread[True] / max(spread[True] + spread[False], 1e-9)) * share
        of_tagged = round(min(sizes[True], max(wanted, share - sizes[False])))
        for tagged, here in ((True, of_tagged), (False, min(share - of_tagged, sizes[False]))):
            drawn += _in_parts([each for each in of_era if each.is_tagged is tagged], here)
    return drawn


def _even_shares(sizes: Sequence[int], n: int) -> list[int]:
    """Share n out evenly; what a small one cannot give, the others do.

    >>> _even_shares([1000, 3, 1000], 60), _even_shares([2, 1], 60)
    ([29, 3, 28], [2, 1])
    """
    shares = [0] * len(sizes)
    while left := min(n, sum(sizes)) - sum(shares):
        open_ones = [i for i, size in enumerate(sizes) if shares[i] < size]
        for number, i in enumerate(open_ones):
            wanted = left // len(open_ones) + (number < left % len(open_ones))
            shares[i] += min(wanted, sizes[i] - shares[i])
    return shares


def eras_of(store: Store, behaviors: Sequence[str], *, run: str | None, split: str, tagger: str) -> list[Era]:
    """Return the thirds of the steps of each run, as the query `corrected_rate` counts them."""
    rows = store.query("corrected_rate", in_behaviors=list(behaviors), in_run=run, in_split=split, in_tagger=tagger)
    return [Era(row["run_id"], row["from_step"], row["to_step"]) for row in rows.to_pylist()]


def split_of(store: Store, tagger: str, run: str | None) -> str:
    """Return the split that is audited unless one is named: what findings read of the run, or of most runs."""
    read = Store(store.path, tagger=tagger)
    runs = tagged_runs(read)
    if not runs or (run is not None and run not in runs):
        known = ", ".join(store.sql("SELECT run_id FROM runs ORDER BY 1")["run_id"].to_pylist()) or "none"
        raise BadInput(f"no tagged run is called {run!r}; the store holds {known}")
    splits = [findings_split(read, each) for each in ([run] if run else runs)]
    return max(splits, key=splits.count)


def _in_parts(strata: Sequence[Stratum], n: int) -> list[Stratum]:
    """Share n out in proportion to size, whole numbers by largest remainder."""
    total = sum(stratum.rollouts for stratum in strata)
    exact = [n * stratum.rollouts / max(total, 1) for stratum in strata]
    left = n - sum(map(int, exact))
    gains = sorted(range(len(strata)), key=lambda i: int(exact[i]) - exact[i])[:left]
    return [
        Stratum(each.place, each.is_tagged, each.rollouts, int(exact[i]) + (i in gains))
        for i, each in enumerate(strata)
    ]


def _judged_rollouts(store: Store, paths: Sequence[Path]) -> set[str]:
    """Return the rollouts that were judged, or of which a segment was: a model may have been trained on those."""
    in_store = "SELECT DISTINCT rollout_id FROM judgments WHERE rollout_id IS NOT NULL"
    known = set(store.sql(in_store)["rollout_id"].to_pylist())
    for _, _, judgment in located_labels(paths, behaviors=BEHAVIORS.all()):
        if judgment.source.startswith(OF_A_ROLLOUT):
            known.add(judgment.source.removeprefix(OF_A_ROLLOUT))
    return known
