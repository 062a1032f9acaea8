"""Rows into the store: rollouts with their prompts, what was no rollout and why, and what is known of the files."""

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from traceanalytics.readers.text import THINK_CLOSES, THINK_OPENS, problem_key
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import pyarrow

PROMPT_KEY = """
CASE
    WHEN prompt IS NULL AND ground_truth IS NULL THEN NULL
    ELSE left(md5(coalesce(prompt, '') || chr(31) || coalesce(ground_truth, '')), 16)
END
"""


def _any_of(marks: Iterable[str]) -> str:
    return "(" + " OR ".join(f"contains(response, '{mark}')" for mark in marks) + ")"


def _one_of(marks: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, marks))})"


# to look for each mark takes a quarter of what one regular expression takes
_THINK_STATE = f"""
    CASE
        WHEN NOT contains(response, '>') AND NOT contains(response, '▷') THEN 'none'
        WHEN {_any_of(THINK_CLOSES)} THEN CASE
            WHEN NOT {_any_of(THINK_OPENS)} THEN 'prefilled'
            WHEN response LIKE '%<think>%</think>%' THEN 'closed'
            WHEN regexp_matches(response, '(?s){_one_of(THINK_OPENS)}.*{_one_of(THINK_CLOSES)}') THEN 'closed'
            ELSE 'prefilled'
        END
        WHEN {_any_of(THINK_OPENS)} THEN 'unclosed'
        ELSE 'none'
    END"""
_NEW_PROMPTS = f"""
WITH asked AS (
    SELECT prompt, ground_truth, min(dataset) AS dataset, min(level) AS level
    FROM staged
    GROUP BY ALL
)
SELECT
    {PROMPT_KEY} AS prompt_key,
    any_value(prompt) AS text,
    any_value(ground_truth) AS ground_truth,
    min(dataset) AS dataset,
    min(level) AS level
FROM asked
GROUP BY ALL
HAVING prompt_key IS NOT NULL AND prompt_key NOT IN (SELECT prompts.prompt_key FROM prompts)
"""
# what a later log says of prompts that an earlier one left unsaid
_NEW_FACTS = f"""
WITH asked AS (
    SELECT prompt, ground_truth, min(dataset) AS dataset, min(level) AS level
    FROM staged
    WHERE dataset IS NOT NULL OR level IS NOT NULL
    GROUP BY ALL
)
UPDATE prompts SET dataset = coalesce(prompts.dataset, said.dataset), level = coalesce(prompts.level, said.level)
FROM (SELECT {PROMPT_KEY} AS prompt_key, dataset, level FROM asked) AS said
WHERE prompts.prompt_key = said.prompt_key
    AND (prompts.dataset IS NULL AND said.dataset IS NOT NULL OR prompts.level IS NULL AND said.level IS NOT NULL)
"""
_ROLLOUTS = f"""
WITH keyed AS (
    SELECT
        staged.*,
        {PROMPT_KEY} AS prompt_key,
        staged.file_id || '-' || staged.line || coalesce('-' || staged.item, '') AS rollout_id
    FROM staged
)
INSERT INTO rollouts BY NAME
SELECT
    rollout_id,
    $run_id AS run_id,
    split,
    step,
    prompt_key,
    CASE
        WHEN group_id IS NOT NULL THEN group_id
        WHEN prompt_key IS NOT NULL THEN left(md5(concat_ws(' ', $run_id, split, prompt_key, step)), 16)
    END AS group_id,
    sample_index,
    output_index,
    response,
    reward,
    reward_components,
    advantage,
    CASE
        WHEN correct IS NOT NULL THEN correct
        WHEN $from_score THEN coalesce(reward_components['score'], reward) >= 1
    END AS correct,
    prediction,
    finish_reason,
    n_tokens,
    {_THINK_STATE} AS think_state,
    model,
    CASE
        WHEN len($conditions::VARCHAR[]) > 0
        THEN map_concat(
            coalesce(condition, map()::MAP(VARCHAR, VARCHAR)), map($conditions::VARCHAR[], $values::VARCHAR[])
        )
        ELSE condition
    END AS condition,
    messages::JSON AS messages,
    extra::JSON AS extra,
    file_id,
    line,
    item,
    step_source,
    reward_source,
    CASE
        WHEN correct IS NOT NULL THEN correct_source
        WHEN $from_score AND coalesce(reward_components['score'], reward) IS NOT NULL THEN 'correct_from=score'
    END AS correct_source,
    CASE
        WHEN group_id IS NOT NULL THEN group_source
        WHEN prompt_key IS NOT NULL THEN 'prompt and step'
    END AS group_source
FROM keyed
"""
_BELONGING_TO_ROLLOUTS = ("tokens", "turns", "tagged", "tags", "repeats")
_BELONGING_TO_FILES = ("duplicates", "rejects")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction adds: a table for each table of the store; `rollouts` are staged rows."""

    rollouts: "pyarrow.Table"
    others: Mapping[str, "pyarrow.Table"]  # rejects, duplicates, repeats, tokens, turns
    files: "pyarrow.Table"


def stage(workbench: duckdb.DuckDBPyConnection, rollouts: "pyarrow.Table", *, with_bulk: bool) -> None:
    """Lay out rows as the view `staged`, those of the fast path's view `bulk` among them."""
    workbench.register("careful", rollouts)
    bulk = "FROM bulk UNION ALL BY NAME" if with_bulk else ""
    workbench.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {bulk} FROM careful").fetchall()


def append(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    batch: Batch,
    conditions: Mapping[str, str],
    *,
    correct_from_score: bool,
) -> None:
    """Store what is staged, and the rest of a batch; what is known of its files is replaced."""
    connection.execute(_NEW_FACTS).fetchall()
    new_prompts = connection.sql(_NEW_PROMPTS).to_arrow_table()
    known = {"run_id": run_id, "from_score": correct_from_score}
    known |= {"conditions": list(conditions), "values": list(conditions.values())}
    with ThreadPoolExecutor(1) as beside:  # DuckDB leaves Python free for what only Python can do
        prompts = beside.submit(_with_problem_keys, new_prompts)
        connection.execute(_ROLLOUTS, known).fetchall()
    for table, rows in {"prompts": prompts.result(), **batch.others, "files": batch.files}.items():
        if rows.num_rows:
            connection.register("added", rows)
            if table == "files":
                connection.execute("DELETE FROM files WHERE file_id IN (SELECT file_id FROM added)").fetchall()
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM added").fetchall()
            connection.unregister("added")


def remove_rows(connection: duckdb.DuckDBPyConnection, file_id: str, after_line: int) -> int:
    """Remove what a file gave after a line, and what was made of it; return how many rollouts that were."""
    going = "SELECT rollout_id FROM rollouts WHERE file_id = $file_id AND line > $after_line"
    which = {"file_id": file_id, "after_line": after_line}
    ((rollouts,),) = connection.execute(f"SELECT count(*) FROM ({going})", which).fetchall()
    if rollouts:
        for table in _BELONGING_TO_ROLLOUTS:
            connection.execute(f"DELETE FROM {table} WHERE rollout_id IN ({going})", which).fetchall()
    for table in (*_BELONGING_TO_FILES, "rollouts"):
        connection.execute(f"DELETE FROM {table} WHERE file_id = $file_id AND line > $after_line", which).fetchall()
    return int(rollouts)


def remove_lone_prompts(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove prompts that no rollout answers any more."""
    answered = "SELECT prompt_key FROM rollouts WHERE prompt_key IS NOT NULL"
    connection.execute(f"DELETE FROM prompts WHERE prompt_key NOT IN ({answered})").fetchall()


def files_leaning_on(connection: duckdb.DuckDBPyConnection, file_ids: Iterable[str]) -> set[str]:
    """Return the files with duplicates of rollouts of the given files, and so on."""
    known: set[str] = set()
    found = set(file_ids)
    while found - known:
        known |= found
        leaning = connection.execute(
            "SELECT DISTINCT duplicates.file_id FROM duplicates JOIN rollouts USING (rollout_id) "
            "WHERE list_contains($file_ids, rollouts.file_id)",
            {"file_ids": sorted(known)},
        ).fetchall()
        found = {file_id for (file_id,) in leaning}
    return known


def save_run(
    connection: duckdb.DuckDBPyConnection, run_id: str, columns: Mapping[str, JSON], config: Mapping[str, JSON]
) -> None:
    """Write what is known of a run, beside what was known before."""
    connection.execute(
        "INSERT INTO runs (run_id, config, created_at) SELECT $run_id, '{}', now()::TIMESTAMP "
        "WHERE NOT EXISTS (FROM runs WHERE run_id = $run_id)",
        {"run_id": run_id},
    ).fetchall()
    for column, value in columns.items():
        connection.execute(
            f"UPDATE runs SET {column} = $value WHERE run_id = $run_id", {"value": value, "run_id": run_id}
        ).fetchall()
    connection.execute(
        "UPDATE runs SET config = $config WHERE run_id = $run_id", {"config": json.dumps(config), "run_id": run_id}
    ).fetchall()


def grade_from_score(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Read correctness from the score for rollouts that were stored before anybody said so."""
    connection.execute(
        "UPDATE rollouts SET correct = coalesce(reward_components['score'], reward) >= 1, "
        "correct_source = 'correct_from=score' "
        "WHERE run_id = $run_id AND correct IS NULL AND coalesce(reward_components['score'], reward) IS NOT NULL",
        {"run_id": run_id},
    ).fetchall()


def _with_problem_keys(prompts: "pyarrow.Table") -> "pyarrow.Table":
    import pyarrow

    keys = [problem_key(text or "") for text in prompts["text"].to_pylist()]
    return prompts.append_column("problem_key", pyarrow.array(keys, pyarrow.string()))
