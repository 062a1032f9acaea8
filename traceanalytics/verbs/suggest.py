"""Queues of segments worth judging: those the tagger is unsure of, those two taggers part on."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadInput, Refused, UnknownName
from traceanalytics.judging import OF_A_ROLLOUT, Question, question_id, read_queue
from traceanalytics.labels import located_labels, near_duplicates
from traceanalytics.segments import PROSE, SegmentKind, segment
from traceanalytics.store.store import Store
from traceanalytics.types import JSON, DecidedBy

CONTEXT = 1200  # characters before the previous segment that a judge sees
_MORE = 4  # times as many candidates as asked for, since some repeat a text that is already there
_MOST = 64  # times as many, where most do
_OF_ONE_TEXT = 3  # segments of the same text in a queue: their context may decide otherwise
_EVERY = 3  # one in so many of an uncertain queue is drawn from what the tagger passes over

OUTCOME = """
CASE
    WHEN rollouts.correct IS NOT NULL THEN if(rollouts.correct, 'right', 'wrong')
    WHEN rollouts.reward IS NOT NULL THEN if(rollouts.reward > 0, 'rewarded', 'not rewarded')
    ELSE 'unknown'
END
"""
_SPREAD = f"""
placed AS (
    SELECT
        spans.*,
        row_number() OVER (
            PARTITION BY spans.behavior, rollouts.run_id, coalesce(rollouts.step, 0) * 3 // (last.step + 1), {OUTCOME}
            ORDER BY spans.doubt, md5($seed || spans.rollout_id || spans.segment)
        ) AS place
    FROM spans
    JOIN rollouts USING (rollout_id)
    JOIN (SELECT run_id, max(coalesce(step, 0)) AS step FROM rollouts GROUP BY ALL) AS last USING (run_id)
    WHERE ($run IS NULL OR rollouts.run_id = $run) AND ($split IS NULL OR rollouts.split = $split)
)
SELECT rollout_id, segment, list(DISTINCT behavior ORDER BY behavior) AS asked
FROM placed
GROUP BY ALL
ORDER BY min(place), min(md5($seed || rollout_id || segment))
LIMIT $at_most
"""
_UNCERTAIN = f"""
WITH spans AS (
    SELECT rollout_id, segment, behavior, min(abs(score - 0.5)) AS doubt
    FROM tags
    WHERE tagger_id = $tagger AND list_contains($behaviors, behavior)
    GROUP BY ALL
),
{_SPREAD}
"""
_PASSED_OVER = """
WITH drawn AS (
    SELECT rollout_id, (hash($seed || rollout_id) % tagged.segments)::INTEGER AS segment
    FROM tagged JOIN rollouts USING (rollout_id)
    WHERE tagged.tagger_id = $tagger AND tagged.segments > 0
        AND ($run IS NULL OR rollouts.run_id = $run) AND ($split IS NULL OR rollouts.split = $split)
)
SELECT rollout_id, segment, $behaviors AS asked
FROM drawn
ANTI JOIN (
    SELECT rollout_id, segment FROM tags WHERE tagger_id = $tagger AND list_contains($behaviors, behavior)
) AS marked USING (rollout_id, segment)
ORDER BY md5($seed || rollout_id)
LIMIT $at_most
"""
_DISAGREEING = f"""
WITH read_by_both AS (
    SELECT rollout_id FROM tagged WHERE tagger_id = $tagger
    INTERSECT
    SELECT rollout_id FROM tagged WHERE tagger_id = $other
),
mine AS (
    SELECT DISTINCT rollout_id, segment, behavior FROM tags
    WHERE tagger_id = $tagger AND score >= 0.5 AND list_contains($behaviors, behavior)
),
theirs AS (
    SELECT DISTINCT rollout_id, segment, if($other_behavior IS NULL, behavior, $behaviors[1]) AS behavior FROM tags
    WHERE tagger_id = $other AND score >= 0.5
        AND (behavior = $other_behavior OR ($other_behavior IS NULL AND list_contains($behaviors, behavior)))
),
parted AS ((FROM mine EXCEPT FROM theirs) UNION ALL (FROM theirs EXCEPT FROM mine)),
spans AS (SELECT parted.*, 0 AS doubt FROM parted SEMI JOIN read_by_both USING (rollout_id)),
{_SPREAD}
"""
_TEXTS = """
SELECT rollouts.rollout_id, rollouts.response, coalesce(prompts.text, '') AS prompt
FROM rollouts LEFT JOIN prompts USING (prompt_key)
WHERE list_contains($ids, rollouts.rollout_id)
"""


def suggest_uncertain(
    store: Store,
    *,
    behaviors: Sequence[str] = (),
    run: str | None = None,
    split: str | None = None,
    tagger: str | None = None,
    n: int = 100,
    seed: int = 0,
    judged: Sequence[Path] = (),
) -> list[Question]:
    """Draw segments whose score is nearest to a half, in turn from each behavior, run, third of the steps and outcome.

    A segment is asked for every behavior that is named, so that a model also learns what it does not show, and every
    third one is drawn at random from what the tagger passes over: else no answer would tell what it misses. Without
    names a segment is asked for the behavior that is uncertain. A tagger without scores, such as `cues`, is as unsure
    of one tag as of another.
    """
    chosen = tagger_of(store, tagger)
    asked = {"tagger": chosen, "behaviors": behaviors_of(behaviors), "run": run, "split": split}
    found = _segments(store, _UNCERTAIN, asked, n, seed, judged, asks=behaviors)
    if not found:
        raise Refused(f"{chosen} has tagged nothing that is not judged yet; `ta suggest audit` draws at random")
    if not behaviors:
        return found
    passed_over = _segments(store, _PASSED_OVER, asked, n // _EVERY, seed, judged, asks=behaviors, kinds=PROSE)
    return _mixed(found[: n - len(passed_over)], passed_over)


def suggest_disagreeing(
    store: Store,
    other: str,
    *,
    behaviors: Sequence[str] = (),
    other_behavior: str | None = None,
    run: str | None = None,
    split: str | None = None,
    tagger: str | None = None,
    n: int = 100,
    seed: int = 0,
    judged: Sequence[Path] = (),
) -> list[Question]:
    """Draw segments that one of two taggers tags and the other does not, among rollouts that both have read."""
    if other_behavior is not None and len(behaviors) != 1:
        raise BadInput("--as says what the other tagger calls one behavior: name that with --behavior")
    mine, theirs = tagger_of(store, tagger), tagger_of(store, other)
    asked = {"tagger": mine, "other": theirs, "other_behavior": other_behavior, "behaviors": behaviors_of(behaviors)}
    found = _segments(store, _DISAGREEING, {**asked, "run": run, "split": split}, n, seed, judged)
    if not found:
        raise Refused(
            f"{mine} and {theirs} part on nothing that is not judged yet; name what the other one calls it with --as"
        )
    return found


def tagger_of(store: Store, name: str | None) -> str:
    """Return the id of a tagger that has read rollouts here, by name or id; the active one where none is named."""
    if name is None:
        rows = store.sql("SELECT value AS tagger_id FROM meta WHERE name = 'active_tagger'").to_pylist()
        if not rows:
            raise Refused("no rollout is tagged yet: `ta tag` finds the behaviors")
        return str(rows[0]["tagger_id"])
    rows = store.sql(
        "SELECT taggers.tagger_id, taggers.name, count(*) AS read FROM taggers JOIN tagged USING (tagger_id) "
        "GROUP BY ALL ORDER BY read DESC, 1"
    ).to_pylist()
    for row in rows:
        if name in (row["tagger_id"], row["name"]):
            return str(row["tagger_id"])
    known = ", ".join(dict.fromkeys(row["name"] for row in rows)) or "none"
    raise BadInput(f"tagger {name!r} has read nothing here; run `ta tag --tagger {name}` first. These have: {known}")


def _segments(
    store: Store,
    statement: str,
    asked: Mapping[str, JSON],
    n: int,
    seed: int,
    judged: Sequence[Path],
    asks: Sequence[str] = (),
    kinds: Collection[SegmentKind] = tuple(SegmentKind),
) -> list[Question]:
    known = judged_ids(store, judged)
    times = _MORE
    while True:
        at_most = times * n + len(known)
        rows = store.sql(statement, {**asked, "seed": str(seed), "at_most": at_most}).to_pylist()
        new = [row for row in rows if question_id(row["rollout_id"], row["segment"]) not in known]
        texts = texts_of(store, [row["rollout_id"] for row in new])
        found = (_question({**row, "asked": asks or row["asked"]}, texts[row["rollout_id"]], kinds) for row in new)
        unlike = _unlike([question for question in found if question is not None])
        if len(unlike) >= n or len(rows) < at_most or times >= _MOST:
            return unlike[:n]
        times *= _MORE


def _mixed(often: Sequence[Question], seldom: Sequence[Question]) -> list[Question]:
    """Spread one list over the other, so that whoever stops early has judged some of both."""
    places = [*((i / len(often), 0, each) for i, each in enumerate(often))]
    places += [((i + 0.5) / len(seldom), 1, each) for i, each in enumerate(seldom)]
    return [each for _, _, each in sorted(places, key=lambda place: place[:2])]


def _unlike(questions: Sequence[Question]) -> list[Question]:
    """Leave out what asks again: near-duplicates in context, and a text that was asked about often enough."""
    as_judged = [question.judgment({}, "author") for question in questions]
    alike = {later for _, later in near_duplicates(as_judged)}
    seen: Counter[str] = Counter()
    kept = []
    for place, question in enumerate(questions):
        text = " ".join(question.text.casefold().split())
        if place not in alike and seen[text] < _OF_ONE_TEXT:
            kept.append(question)
            seen[text] += 1
    return kept


def _question(
    row: Mapping[str, JSON], of_rollout: Mapping[str, JSON], kinds: Collection[SegmentKind]
) -> Question | None:
    response, index = of_rollout["response"], row["segment"]
    segments = segment(response)
    if index >= len(segments):
        return None
    here = segments[index]
    before = segments[index - 1].start if index else here.start
    text = response[here.start : here.stop]
    if here.kind not in kinds or not text.strip():
        return None
    return Question(
        question_id(row["rollout_id"], index),
        "segment",
        text,
        tuple(row["asked"]),
        previous=response[before : segments[index - 1].stop] if index else "",
        prompt=of_rollout["prompt"],
        source=OF_A_ROLLOUT + row["rollout_id"],
        before=response[max(before - CONTEXT, 0) : before],
        index=index,
        of=len(segments),
    )


def texts_of(store: Store, ids: Iterable[str]) -> dict[str, dict[str, JSON]]:
    """Return response and prompt of each rollout."""
    rows = store.sql(_TEXTS, {"ids": list(dict.fromkeys(ids))}).to_pylist()
    return {row["rollout_id"]: row for row in rows}


def judged_ids(store: Store, paths: Sequence[Path]) -> set[str]:
    """Return the ids of what was judged: in the store's judgments and in label files, queues' answers among them."""
    known = set(store.sql("SELECT DISTINCT id FROM judgments")["id"].to_pylist())
    for path in paths:
        known |= {judgment.id for _, _, judgment in located_labels([path], behaviors=BEHAVIORS.all())}
    return known


def waiting_ids(paths: Iterable[Path]) -> set[str]:
    """Return what other queues ask for already."""
    return {question.id for path in paths for question in read_queue(path, behaviors=BEHAVIORS.all())}


def behaviors_of(names: Sequence[str]) -> list[str]:
    """Return the behaviors that are named, all that a classifier decides where none is."""
    known = BEHAVIORS.all()
    for name in names:
        if name not in known:
            raise UnknownName("behavior", name, known)
    return list(names) or [each.name for each in known.values() if each.decided_by is DecidedBy.CLASSIFIER]
