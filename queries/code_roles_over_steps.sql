-- What code is there for, per bin of training steps: each role as a share of all tagged rollouts, beside the word alone.
--
-- param in_run:    one run id; NULL means every run
-- param in_split:  train, val, eval or probe
-- param bin_width: training steps per point
-- param by:        what to part by, as `rollout_parts` lists; NULL means one part
--
-- column run_id VARCHAR:   the training run
-- column step BIGINT:      first training step of the bin
-- column part VARCHAR:     its part, with `by`
-- column rollouts BIGINT:  tagged rollouts in the bin
-- column role VARCHAR:     the behavior that names the role; `python` is the published detector, the word alone
-- column shown BIGINT:     rollouts in which it occurs
-- column share DOUBLE:     part of the tagged rollouts, 0 to 1
CREATE OR REPLACE MACRO code_roles_over_steps(
    in_run VARCHAR := NULL, in_split VARCHAR := 'train', bin_width INTEGER := 1, by VARCHAR := NULL
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT
        rollout_id,
        list_contains(shown, 'code_reasoning') AS code_reasoning,
        list_contains(shown, 'code_verification') AS code_verification,
        list_contains(shown, 'predicted_output') AS predicted_output,
        list_contains(shown, 'executed_code') AS executed_code,
        list_contains(shown, 'requested_code') AS requested_code,
        list_contains(shown, 'degenerate_code') AS degenerate_code,
        list_contains(shown, 'code_mention') AS code_mention,
        list_contains(shown, 'python') AS python
    FROM current_tagged
),
said AS (
    SELECT rollout_id, run_id, step, contains(lower(response), 'python') AS says_python
    FROM rollouts
    WHERE split = in_split AND (in_run IS NULL OR run_id = in_run)
),
counts AS (
    SELECT
        said.run_id,
        said.step // bin_width * bin_width AS step,
        parts.part,
        count(read.rollout_id) AS rollouts,
        count(*) FILTER (WHERE read.code_reasoning) AS code_reasoning,
        count(*) FILTER (WHERE read.code_verification) AS code_verification,
        count(*) FILTER (WHERE read.predicted_output) AS predicted_output,
        count(*) FILTER (WHERE read.executed_code) AS executed_code,
        count(*) FILTER (WHERE read.requested_code) AS requested_code,
        count(*) FILTER (WHERE read.degenerate_code) AS degenerate_code,
        count(*) FILTER (WHERE read.code_mention) AS code_mention,
        count(*) FILTER (WHERE read.python OR read.rollout_id IS NOT NULL AND said.says_python) AS python
    FROM said
    LEFT JOIN read USING (rollout_id)
    LEFT JOIN rollout_parts(by := "by") AS parts USING (rollout_id)
    GROUP BY ALL
    HAVING count(read.rollout_id) > 0
)
SELECT run_id, step, part, rollouts, role, shown, shown / rollouts AS share
FROM counts
UNPIVOT (
    shown FOR role IN (
        code_reasoning, code_verification, predicted_output, executed_code, requested_code, degenerate_code,
        code_mention, python
    )
)
ORDER BY ALL;
