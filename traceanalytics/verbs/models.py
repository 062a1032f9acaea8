"""Trained models of a store: kept beside it, tested against each other on frozen labels, promoted and rolled back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.classifiers.base import NOT_JUDGED, SHOWN, YES, Judged
from traceanalytics.classifiers.comparing import f1_difference
from traceanalytics.errors import BadInput, Refused
from traceanalytics.stats.differences import difference
from traceanalytics.store.store import Store
from traceanalytics.taggers import Trained, get_tagger, shipped_models
from traceanalytics.tagging import SHOWN_FROM, Tagger, tagger_id
from traceanalytics.types import JSON
from traceanalytics.verbs.evaluate import FEW, TOO_FEW, Say, frozen_part, learned_from
from traceanalytics.verbs.tag import model_folders, spec_of, use

_REFUSED_BY_CHANCE = 0.05  # of models that are as good as the one before; shared by all behaviors that are tested
_RATES = """
WITH both_read AS (
    SELECT rollouts.run_id, rollouts.split, rollouts.prompt_key, old.shown AS before, new.shown AS after
    FROM tagged AS old JOIN tagged AS new USING (rollout_id) JOIN rollouts USING (rollout_id)
    WHERE old.tagger_id = $old AND new.tagger_id = $new
), prompts_read AS (
    SELECT run_id, split, prompt_key, count(*) AS n FROM both_read GROUP BY ALL
), shown AS (
    SELECT run_id, split, prompt_key, unnest(before) AS behavior, 1 AS before, 0 AS after FROM both_read
    UNION ALL
    SELECT run_id, split, prompt_key, unnest(after) AS behavior, 0 AS before, 1 AS after FROM both_read
), counted AS (
    SELECT run_id, split, prompt_key, behavior, sum(before) AS before, sum(after) AS after FROM shown GROUP BY ALL
), moving AS (
    SELECT run_id, split, behavior FROM counted GROUP BY ALL HAVING sum(before) <> sum(after)
)
SELECT
    run_id, split, moving.behavior,
    list(coalesce(before, 0)) AS before, list(coalesce(after, 0)) AS after, list(n) AS rollouts
FROM moving
JOIN prompts_read USING (run_id, split)
LEFT JOIN counted
    ON counted.run_id = moving.run_id AND counted.split = moving.split AND counted.behavior = moving.behavior
    AND counted.prompt_key IS NOT DISTINCT FROM prompts_read.prompt_key
GROUP BY ALL
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Promotion:
    """What changed hands: the tagger before and after, the paired test, and the rates that move."""

    active: str
    before: str | None
    forced: bool
    against: str | None  # what spoke against it where it was forced
    test: list[dict[str, JSON]]
    moved: list[dict[str, JSON]]  # of each run, split and behavior: what moves beyond chance first, the largest first
    unread: int
    judges_ours: bool  # a published detector judges no behavior of ours
    by_cues: list[str]  # behaviors that the active tagger leaves to cues


def promote(
    store: Store, name: str, *, labels: Sequence[Path], force: bool = False, say: Say = lambda line: None
) -> Promotion:
    """Make a tagger the active one; a model that is worse on frozen labels than the active one is refused.

    So is one of which they are too few to say that. A promotion that is forced is recorded as such.
    """
    before = _active(store)
    new = get_tagger(spec_of(store, name))
    old = _known(store, before) if before else None
    changes = isinstance(new, Trained) and old is not None and tagger_id(new) != before
    if changes:
        say(f"holding {tagger_id(new)} against {before} on the frozen part of labels: some seconds")
    rows, against = _tested(cast(Trained, new), cast(Tagger, old), labels) if changes else ([], None)
    if against is not None and not force:
        raise Refused(f"not promoted, {before} stays active: {against}")
    active = use(store, name)
    forced = against is not None
    _record(store, {"tagger_id": active, "before": before, "forced": forced, "test": rows})
    counts = store.sql(
        "SELECT count(*) AS n FROM rollouts ANTI JOIN "
        "(SELECT rollout_id FROM tagged WHERE tagger_id = $active) AS done USING (rollout_id)",
        {"active": active},
    ).to_pylist()
    ours = bool({*new.card().get("behaviors", [])} & {*BEHAVIORS.all()})
    return Promotion(
        active=active,
        before=before,
        forced=forced,
        against=str(against) if against else None,
        test=rows,
        moved=_moved(store, before, active) if before else [],
        unread=counts[0]["n"],
        judges_ours=ours,
        by_cues=left_to_cues(new),
    )


def history(store: Store) -> list[dict[str, JSON]]:
    """Return the promotions of a store, oldest first."""
    rows = store.sql("SELECT value FROM meta WHERE name = 'promotions'").to_pylist()
    promotions: list[dict[str, JSON]] = json.loads(rows[0]["value"]) if rows else []
    return promotions


def roll_back(store: Store) -> str:
    """Make the tagger active that was so before the last promotion that stands; the history keeps both."""
    promoted = history(store)
    standing = [each for each in promoted if "rolled_back_on" not in each]
    if not standing or not standing[-1]["before"]:
        raise BadInput("there is nothing to roll back to; `ta models` lists what was promoted here")
    active = use(store, standing[-1]["before"])
    standing[-1]["rolled_back_on"] = _now()
    _write(store, promoted)
    return active


def models(store: Store) -> list[dict[str, JSON]]:
    """Return the taggers that have read a store, with what their cards say."""
    active = _active(store)
    rows = store.sql(
        "SELECT taggers.*, (SELECT count(*) FROM tagged WHERE tagged.tagger_id = taggers.tagger_id) AS rollouts "
        "FROM taggers ORDER BY tagger_id"
    ).to_pylist()
    return [{**row, "card": json.loads(row["card"] or "{}"), "active": row["tagger_id"] == active} for row in rows]


def left_to_cues(tagger: Tagger) -> list[str]:
    """Return the behaviors that cues decide: those that a tagger never learned, and those it was no better at."""
    return list(tagger.card().get("decided_by_cues", []))


def _tested(new: Trained, old: Tagger, labels: Sequence[Path]) -> tuple[list[dict[str, JSON]], Refused | None]:
    """Hold a model against the active tagger; return the rows of the test, and what speaks against promoting it."""
    try:
        rows = hold_against(new, old, labels)
    except Refused as refused:
        return [], refused
    ids = tagger_id(new), tagger_id(old)
    worse = [_in_words(row) for row in rows if row["worse"]]
    if worse:
        said = f"{ids[0]} is worse than {ids[1]} on the frozen labels: {'; '.join(worse)}; --force promotes it anyway"
        return rows, Refused(said)
    remedy = "add those that ship (--labels shipped), judge more, or promote it with --force"
    if rows[-1]["verdict"] == TOO_FEW:
        said = f"too few to say whether {ids[0]} is worse than {ids[1]}: {rows[-1]['n']} yeses in the frozen labels"
        return rows, Refused(f"{said}, at least {FEW} are needed; {remedy}")
    told = {str(row["behavior"]) for row in rows if row["verdict"] != TOO_FEW}
    if lost := [name for name in left_to_cues(new) if name not in {*left_to_cues(old), *told}]:
        said = f"{ids[0]} leaves to cues what {ids[1]} has learned, and the frozen labels hold too few to say whether"
        return rows, Refused(f"{said} that is worse: {', '.join(lost)}; {remedy}")
    return rows, None


def hold_against(new: Trained, old: Tagger, labels: Sequence[Path]) -> list[dict[str, JSON]]:
    """Compare two taggers on the frozen part of labels: behavior by behavior, and all together.

    Judgments that the old tagger learned from would flatter it, so they count for neither.
    """
    judged = frozen_part(labels, looked_at_by=f"ta use {new.name}", model=new)
    held_out = ~learned_from(old, judged)
    if not held_out.any():
        raise Refused(
            f"{old.name} learned from every prompt of the frozen part, so nothing is held out to compare it on; "
            "name labels that it has not seen with --labels, or promote with --force"
        )
    judged = judged.part(held_out)
    return compared(decisions(new, judged), decisions(old, judged), judged)


def compared(new: NDArray[np.bool_], old: NDArray[np.bool_], judged: Judged) -> list[dict[str, JSON]]:
    """Return a row a behavior, and one of all: F1 of two taggers, and whether the new one is worse.

    Each behavior with enough judgments and their total are tests, of which one in twenty refuses an equal model.
    """
    _, groups = np.unique(judged.groups, return_inverse=True)
    known, truth = judged.answers != NOT_JUDGED, judged.answers == YES
    enough = (truth & known).sum(axis=0) >= FEW
    beyond = _REFUSED_BY_CHANCE / (1 + int(enough.sum()))
    rows = []
    for column, behavior in enumerate(judged.behaviors):
        chosen = known[:, column]
        of = (chosen, column)
        row = _difference(new[of], old[of], truth[of], groups[chosen], beyond, enough=bool(enough[column]))
        rows.append({"behavior": behavior, **row})
    spread = np.repeat(groups, len(judged.behaviors))[known.ravel()]
    total = _difference(new[known], old[known], truth[known], spread, beyond, enough=int(truth[known].sum()) >= FEW)
    return [*rows, {"behavior": "all", **total}]


def _difference(
    new: NDArray[np.bool_],
    old: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    groups: NDArray[np.int64],
    beyond: float,
    *,
    enough: bool,
) -> dict[str, JSON]:
    low, high = f1_difference(new, old, truth, groups, beyond=beyond)
    scores = {
        name: 2 * int((said & truth).sum()) / max(int(said.sum() + truth.sum()), 1)
        for name, said in (("new_f1", new), ("old_f1", old))
    }
    verdict = "worse" if high < 0 else "better" if low > 0 else "no clear difference"
    verdict = verdict if enough else TOO_FEW
    return {"n": int(truth.sum()), **scores, "low": low, "high": high, "worse": verdict == "worse", "verdict": verdict}


def _moved(store: Store, before: str, after: str) -> list[dict[str, JSON]]:
    """Return the rates that another tagger gives otherwise to the rollouts that both have read."""
    rows = []
    for row in store.sql(_RATES, {"old": before, "new": after}).to_pylist():
        read, old, new = (row.pop(name) for name in ("rollouts", "before", "after"))
        change = difference(new, read, base_numerators=old, base_denominators=read)
        rates = {"before": sum(old) / sum(read), "after": sum(new) / sum(read)}
        limits = {"change": change.value, "low": change.low, "high": change.high}
        rows.append({**row, **rates, **limits, "prompts": change.n, "rollouts": sum(read)})
    return sorted(rows, key=lambda row: (row["low"] <= 0 <= row["high"], -abs(row["change"])))


def _in_words(row: dict[str, JSON]) -> str:
    return (
        f"{'all behaviors' if row['behavior'] == 'all' else row['behavior']}: F1 {row['new_f1']:.3f} after "
        f"{row['old_f1']:.3f}, difference {row['low']:+.3f} to {row['high']:+.3f}"
    )


def decisions(tagger: Tagger, judged: Judged) -> NDArray[np.bool_]:
    """Return what a tagger says of judged segments, one column a behavior: its heads where it learned, else cues."""
    said: NDArray[np.bool_] = judged.candidates.said_by_cues(judged.behaviors) == SHOWN
    if isinstance(tagger, Trained):
        shown = tagger.classifier.score(judged.candidates) >= SHOWN_FROM
        for column, behavior in enumerate(judged.behaviors):
            if behavior in tagger.classifier.behaviors:
                said[:, column] = shown[:, tagger.classifier.behaviors.index(behavior)]
    elif tagger.kind == "published":
        said[:] = False
    return said


def _known(store: Store, tagger: str) -> Tagger | None:
    """Return a tagger of this store as it is today; None where its model is gone."""
    name = tagger.rsplit("@", 1)[0]
    if (model_folders(store) / tagger / "card.json").is_file():
        return get_tagger(str(model_folders(store) / tagger))
    return get_tagger(name) if name == "cues" or name in shipped_models() else None


def _active(store: Store) -> str | None:
    rows = store.sql("SELECT value FROM meta WHERE name = 'active_tagger'").to_pylist()
    return str(rows[0]["value"]) if rows else None


def _record(store: Store, promotion: dict[str, JSON]) -> None:
    _write(store, [*history(store), {**promotion, "promoted_on": _now()}])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(store: Store, promotions: list[dict[str, JSON]]) -> None:
    with store.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('promotions', $1)", [json.dumps(promotions)]).fetchall()
