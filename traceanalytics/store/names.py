"""Arguments held against what the store knows: a misspelled name is an error and never a rate of 0."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from traceanalytics.errors import BadQuery, UnknownName
from traceanalytics.store.queries import Query

if TYPE_CHECKING:
    import duckdb

SPLITS = ("train", "val", "eval", "probe")
RUN_COLUMNS = (
    "framework",
    "model",
    "model_family",
    "algorithm",
    "reward_type",
    "data_format",
    "domain",
    "seed",
    "base_run_id",
)  # what is known of a run, each a column of `runs`
# of the query `rollout_parts`, which takes keys of `condition` beside them
PARTS = ("dataset", "level", "release_date", *RUN_COLUMNS)
_RUNS = ("in_run", "in_other_run", "base", "true_run", "distilled")
_BEHAVIORS = ("in_behavior", "in_behaviors", "in_other_behavior")
_TAGGERS = ("in_tagger", "in_other")
_TAGGERS_OF = "SELECT name, kind, card FROM taggers"
_IS_STEP = """
SELECT 1 FROM rollouts
WHERE step = $step AND ($run IS NULL OR run_id = $run) AND ($split IS NULL OR split = $split)
LIMIT 1
"""
_NEAREST_STEPS = """
SELECT max(step) FILTER (step <= $step) AS before, min(step) FILTER (step >= $step) AS after
FROM rollouts
WHERE ($run IS NULL OR run_id = $run) AND ($split IS NULL OR split = $split)
"""
_SPLITS_THERE = """
SELECT coalesce(split, 'none'), count(*) FROM rollouts
WHERE $run IS NULL OR run_id = $run
GROUP BY ALL ORDER BY ALL
"""


class Tagger(NamedTuple):
    """A tagger's name and the behaviors that its card says it judges."""

    name: str
    judged: list[str]


def check_names(
    connection: "duckdb.DuckDBPyConnection", arguments: Mapping[str, object], defaults: Mapping[str, object]
) -> None:
    """Refuse a run, split, tagger, behavior or column that the store does not know, and a bin without width."""
    given = {name: value for name, value in {**defaults, **arguments}.items() if value}
    if (width := arguments.get("bin_width", 1)) is not None and int(str(width)) < 1:
        raise BadQuery(f"bin_width={width}: a bin holds at least 1 step")
    if (most := arguments.get("at_most")) is not None and int(str(most)) < 0:
        raise BadQuery(f"at_most={most}: 0 or more can be shown")
    for name in _RUNS:
        if name in given:
            check_run(connection, str(given[name]))
    if "by" in given:
        _check_by(connection, str(given["by"]))
    if "in_split" in given and given["in_split"] not in SPLITS:
        raise UnknownName("split", str(given["in_split"]), SPLITS)
    if (step := arguments.get("at_step")) is not None:
        _check_step(connection, int(str(step)), given.get("in_run"), given.get("in_split"))
    taggers = [_tagger(connection, str(arguments[name])) for name in _TAGGERS if arguments.get(name)]
    behaviors = [each for name in _BEHAVIORS if name in given for each in _listed(given[name])]
    if behaviors and not taggers and (active := _active_tagger(connection)):
        taggers = [active]
    _check_behaviors(behaviors, taggers)


def with_tagger_ids(connection: "duckdb.DuckDBPyConnection", arguments: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments with the id of a tagger where its name was given; of several versions the last."""
    newest = "SELECT max_by(tagger_id, coalesce(version, '')) FROM taggers WHERE name = $1"
    ids = {
        name: connection.execute(newest, [arguments[name]]).fetchall()[0][0] for name in _TAGGERS if arguments.get(name)
    }
    return {**arguments, **{name: tagger for name, tagger in ids.items() if tagger is not None}}


def why_empty(connection: "duckdb.DuckDBPyConnection", query: Query, arguments: Mapping[str, object]) -> str | None:
    """Say why a query found no rows where the reason is the split or that nothing is tagged; None where it is not."""
    if "current_tag" in query.sql and _active_tagger(connection) is None:
        return "nothing is tagged yet: run `ta tag`"
    used = {**query.defaults, **arguments}
    split = used.get("in_split")
    if split is None:
        return None
    counts = connection.execute(_SPLITS_THERE, {"run": arguments.get("in_run")}).fetchall()
    if not counts or split in dict(counts):
        return None
    there = ", ".join(f"{count:,} of {name!r}" for name, count in counts)
    return f"no rollouts of split {split!r}; there are {there}: add in_split={_split_like(str(split), dict(counts))}"


def _split_like(asked: str, there: Mapping[str, int]) -> str:
    """Return the split that was probably meant: trainers call an evaluation val as well as eval."""
    evaluations = [each for each in there if each != "train"] if asked != "train" else []
    return (evaluations or list(there))[0]


def check_run(connection: "duckdb.DuckDBPyConnection", run: str) -> None:
    """Refuse a run that the store does not know."""
    for table in ("runs", "rollouts"):
        if connection.execute(f"SELECT 1 FROM {table} WHERE run_id = $1 LIMIT 1", [run]).fetchall():
            return
    known = [row[0] for row in connection.execute("SELECT run_id FROM runs").fetchall()]
    if known:  # a store that is being filled may be asked before its first run is there
        raise UnknownName("run", run, known)


def _check_step(connection: "duckdb.DuckDBPyConnection", step: int, run: object, split: object) -> None:
    place = {"step": step, "run": run, "split": split}
    if connection.execute(_IS_STEP, place).fetchall():  # which reads only the rows that lie around the step
        return
    nearest = connection.execute(_NEAREST_STEPS, place).fetchall()[0]
    near = sorted({each for each in nearest if each is not None})
    if near:
        raise BadQuery(f"there is no step {step}; the nearest is {' or '.join(map(str, near))}")


def _check_by(connection: "duckdb.DuckDBPyConnection", by: str) -> None:
    if by in PARTS:
        return
    keys = connection.execute("SELECT DISTINCT unnest(map_keys(condition)) FROM rollouts ORDER BY ALL").fetchall()
    if by not in {key for (key,) in keys}:
        raise UnknownName("column to part by", by, (*PARTS, *(key for (key,) in keys)))


def _check_behaviors(behaviors: list[str], taggers: list[Tagger]) -> None:
    """A tagger whose card does not say what it judges may judge anything."""
    if not taggers or not all(tagger.judged for tagger in taggers):
        return
    judged = [each for tagger in taggers for each in tagger.judged]
    who = " or ".join(tagger.name for tagger in taggers)
    for behavior in behaviors:
        if behavior not in judged:
            raise UnknownName(f"behavior that {who} judges", behavior, judged)


def _tagger(connection: "duckdb.DuckDBPyConnection", name: str) -> Tagger:
    found = connection.execute(f"{_TAGGERS_OF} WHERE name = $1 OR tagger_id = $1", [name]).fetchall()
    if not found:
        known = connection.execute("SELECT name FROM taggers").fetchall()
        raise UnknownName("tagger of this store", name, [row[0] for row in known])
    return Tagger(found[0][0], _judged(*found[0]))


def _active_tagger(connection: "duckdb.DuckDBPyConnection") -> Tagger | None:
    active = "(SELECT value FROM meta WHERE name = 'active_tagger')"
    found = connection.execute(f"{_TAGGERS_OF} WHERE tagger_id = {active}").fetchall()
    return Tagger(found[0][0], _judged(*found[0])) if found else None


def judged_by_taggers(connection: "duckdb.DuckDBPyConnection") -> dict[str, list[str]]:
    """Return what each tagger judges, by its id; nothing where its card does not say."""
    rows = connection.execute("SELECT tagger_id, name, kind, card FROM taggers").fetchall()
    return {tagger_id: _judged(*about) for tagger_id, *about in rows}


def _judged(name: str, kind: str, card: str | None) -> list[str]:
    """Return what a tagger judges, nothing where its card does not say; a published detector judges its own name."""
    behaviors = json.loads(card or "{}").get("behaviors", [name] if kind == "published" else [])
    return [str(each) for each in behaviors]


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
