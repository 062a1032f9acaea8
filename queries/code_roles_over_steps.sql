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
WITH roles AS (
    SELECT unnest([
        'code_reasoning', 'code_verification', 'predicted_output', 'executed_code', 'requested_code', 'degenerate_code',
        'code_mention', 'python'
    ]) AS role
),
tagged_rollouts AS (
    SELECT
        rollouts.run_id,
        rollouts.step // bin_width * bin_width AS step,
        parts.part,
        tagged.shown,
        contains(lower(rollouts.response), 'python') AS says_python
    FROM current_tagged AS tagged
    JOIN rollouts USING (rollout_id)
    LEFT JOIN rollout_parts(by := "by") AS parts USING (rollout_id)
    WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
)
SELECT
    run_id,
    step,
    part,
    count(*) AS rollouts,
    roles.role,
    count(*) FILTER (WHERE list_contains(shown, roles.role) OR (roles.role = 'python' AND says_python)) AS shown,
    avg((list_contains(shown, roles.role) OR (roles.role = 'python' AND says_python))::INTEGER) AS share
FROM tagged_rollouts CROSS JOIN roles
GROUP BY ALL
ORDER BY ALL;
