"""One rollout, whole: prompt, response, where it came from, and what the active tagger sees in it."""

from collections.abc import Mapping, Sequence

from traceanalytics.errors import UnknownName
from traceanalytics.store.store import Store
from traceanalytics.tagging import SHOWN_FROM
from traceanalytics.types import JSON

_ROLLOUT = """
SELECT
    rollouts.* EXCLUDE (file_id),
    prompts.text AS prompt,
    prompts.problem_key,
    prompts.ground_truth,
    prompts.dataset,
    prompts.level,
    files.path AS file
FROM rollouts
LEFT JOIN prompts USING (prompt_key)
LEFT JOIN files USING (file_id)
WHERE rollouts.rollout_id = $rollout_id
"""
_NEAREST = """
SELECT rollout_id, count(*) OVER () AS known FROM rollouts
ORDER BY jaro_winkler_similarity(rollout_id, $rollout_id) DESC LIMIT 5
"""


_TAGGER = "SELECT tagger_id FROM current_tagged WHERE rollout_id = $rollout_id"
_TAGS = """
SELECT behavior, start, stop, score, attributes FROM current_tags WHERE rollout_id = $rollout_id
ORDER BY start, stop DESC, behavior
"""
_MAPS = {"reward_components", "condition", "attributes"}


def show(store: Store, rollout_id: str) -> dict[str, JSON]:
    """Return everything that is known about one rollout; `tagger` is None while the active one has not read it."""
    wanted = {"rollout_id": rollout_id}
    found = store.sql(_ROLLOUT, wanted).to_pylist()
    if not found:
        nearest = store.sql(_NEAREST, wanted).to_pylist()
        more = nearest[0]["known"] - len(nearest) if nearest else 0
        raise UnknownName("rollout", rollout_id, (row["rollout_id"] for row in nearest), more=more)
    taggers = store.sql(_TAGGER, wanted)["tagger_id"].to_pylist()
    return {
        **_readable(found[0]),
        "tagger": taggers[0] if taggers else None,
        "tags": [_readable(tag) for tag in store.sql(_TAGS, wanted).to_pylist()],
    }


def with_marks(response: str, tags: Sequence[Mapping[str, JSON]]) -> str:
    """Put every tag's number, from 1, in front of what it marks, and close it behind.

    >>> with_marks("So 4. Check.", [{"start": 6, "stop": 12}])
    'So 4. ⟦1:Check.⟧1'
    """
    edges = []
    for number, tag in enumerate(tags, 1):
        width = tag["stop"] - tag["start"]
        edges += [(tag["start"], 1, -width, f"⟦{number}:"), (tag["stop"], 0, width, f"⟧{number}")]
    written, position = [], 0
    for place, _, _, mark in sorted(edges):
        written += [response[position:place], mark]
        position = place
    return "".join([*written, response[position:]])


def why(tag: Mapping[str, JSON]) -> str:
    """Say in one line what a tag says and why, or what kept it from being one."""
    attributes = dict(tag["attributes"] or {})
    vetoed_by = attributes.pop("vetoed_by", None)
    reasons = "  ".join(f"{name}={value}" for name, value in attributes.items())
    if tag["score"] >= SHOWN_FROM:
        return f"{tag['behavior']}  {tag['score']:.2f}  {reasons}".rstrip()
    kept = f"vetoed by {vetoed_by}" if vetoed_by else "below 0.5"
    return f"almost {tag['behavior']}  {tag['score']:.2f}  {kept}  {reasons}".rstrip()


def _readable(row: Mapping[str, JSON]) -> dict[str, JSON]:
    return {name: dict(value or ()) if name in _MAPS else value for name, value in row.items()}
