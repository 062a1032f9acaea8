"""A store of a million tagged rollouts, made inside DuckDB in seconds: what other benchmarks ask their questions of.

    python benchmarks/million.py FILE [--rollouts 1000000] [--runs 1]

A run is 1,250 prompts in groups of 8 at as many training steps as that takes; several runs share the rollouts among
them: two model families, two rewards, and seeds of these. Code reasoning rises, is rewarded, and differs by prompt.
Texts are short: questions about counts do not read them.
"""

import argparse
import time
from pathlib import Path

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.store.store import Store

PROMPTS = 1250
GROUP = 8
TAGGER = "counted"

_RUNS = """
INSERT INTO runs BY NAME
SELECT
    'run-' || run AS run_id,
    'verl' AS reader,
    'model-' || run % 2 AS model,
    'family-' || run % 2 AS model_family,
    ['random', 'ground_truth'][1 + run // 2 % 2] AS reward_type,
    run // 4 AS seed,
    '{}' AS config
FROM range($runs) AS runs(run)
"""

_PROMPTS = """
INSERT INTO prompts BY NAME
SELECT
    'p' || prompt AS prompt_key,
    'p' || prompt AS problem_key,
    'What is ' || prompt || ' times 7?' AS text,
    (prompt * 7)::VARCHAR AS ground_truth,
    'set-' || prompt % 2 AS dataset,
    'level-' || prompt % 5 AS level
FROM range($prompts) AS prompts(prompt)
"""

# A hash of some numbers, as a uniform draw that is the same each time.
_DRAW = "CREATE TEMP MACRO draw(i, name) AS hash(i, name) / 18446744073709551615.0"

_COUNTED = """
CREATE TEMP TABLE counted AS
WITH placed AS (
    SELECT
        i,
        i // $each AS run,
        i % $each // ($prompts * $group) AS step,
        i % $each // $group % $prompts AS prompt,
        (i % $group)::INTEGER AS sample_index
    FROM range($rollouts) AS rollouts(i)
),
inclined AS (
    SELECT *, least(step / greatest(1, $each / ($prompts * $group) - 1), 1) AS progress, draw(prompt, 'ease') AS ease
    FROM placed
)
SELECT
    i,
    'r' || i AS rollout_id,
    'run-' || run AS run_id,
    step,
    'p' || prompt AS prompt_key,
    'run-' || run || '/' || step || '/' || prompt AS group_id,
    sample_index,
    progress,
    draw(i, 'code') < 0.3 + 0.4 * progress + 0.3 * (ease - 0.5) AS codes,
    draw(i, 'right') < 0.2 + 0.2 * progress + 0.5 * ease AS correct
FROM inclined
"""

_ROLLOUTS = """
INSERT INTO rollouts BY NAME
SELECT
    rollout_id,
    run_id,
    'train' AS split,
    step,
    prompt_key,
    group_id,
    sample_index,
    repeat('Let me compute this, and then check it once more. ', 2 + (i % 5)::INTEGER) AS response,
    (correct OR codes AND draw(i, 'luck') < 0.3)::INTEGER AS reward,
    correct,
    (draw(i, 'answer') * 4)::INTEGER::VARCHAR AS prediction,
    'stop' AS finish_reason,
    'none' AS think_state
FROM counted
"""

_TAGGED = """
INSERT INTO tagged
SELECT
    $tagger,
    rollout_id,
    list_concat(
        if(codes, ['code_reasoning'], []),
        list_filter($others, lambda name: draw(i, name) < 0.1 + 0.2 * progress * draw(0, name))
    ),
    8,
    50 * (2 + (i % 5)::INTEGER)
FROM counted
"""

_TAGS = """
INSERT INTO tags
SELECT tagger_id, rollout_id, unnest(shown), 1, 0, 20, 0.9, MAP {} FROM tagged
"""


def make_store(path: Path, *, rollouts: int = 1_000_000, runs: int = 1) -> Store:
    """Write the store anew and return it."""
    path.unlink(missing_ok=True)
    store = Store(path, memory_limit="3GB")
    others = sorted(set(BEHAVIORS.all()) - {"code_reasoning"})
    sizes = {"prompts": PROMPTS, "group": GROUP, "rollouts": rollouts, "each": rollouts // runs}
    with store.writing() as connection:
        for statement, arguments in (
            (_DRAW, {}),
            (_RUNS, {"runs": runs}),
            (_PROMPTS, {"prompts": PROMPTS}),
            (_COUNTED, sizes),
            (_ROLLOUTS, {}),
            ("INSERT INTO taggers (tagger_id, kind, name) VALUES ($tagger, 'cues', $tagger)", {"tagger": TAGGER}),
            (_TAGGED, {"tagger": TAGGER, "others": others}),
            (_TAGS, {}),
            ("INSERT INTO meta VALUES ('active_tagger', $tagger)", {"tagger": TAGGER}),
        ):
            connection.execute(statement, arguments).fetchall()
    return store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rollouts", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    store = make_store(options.file, rollouts=options.rollouts, runs=options.runs)
    held = store.sql("SELECT count(*) AS tagged, sum(len(shown)) AS shown FROM tagged").to_pylist()[0]
    seconds, size = time.perf_counter() - began, options.file.stat().st_size / 1e6
    print(f"{held['tagged']:,} tagged rollouts, {held['shown']:,} tags, {size:.0f} MB, in {seconds:.0f} s")


if __name__ == "__main__":
    main()
