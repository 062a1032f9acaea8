-- Share of rollouts that show a behavior, per bin of training steps, among those that the active tagger has read.
--
-- param in_behavior: the behavior
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param bin_width:   training steps per point
-- param by:          what to part by, as `rollout_parts` lists; NULL means one part
--
-- column run_id VARCHAR:  the training run
-- column step BIGINT:     first training step of the bin
-- column part VARCHAR:    its part, with `by`
-- column rollouts BIGINT: tagged rollouts in the bin
-- column prompts BIGINT:  distinct prompts among them
-- column shown BIGINT:    rollouts among them that show the behavior
-- column share DOUBLE:    part of them that shows it, 0 to 1
CREATE OR REPLACE MACRO behavior_rate(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1,
    by VARCHAR := NULL
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT rollout_id, list_contains(shown, in_behavior) AS is_shown FROM current_tagged
),
by_prompt AS (
    SELECT
        rollouts.run_id,
        rollouts.step // bin_width * bin_width AS step,
        parts.part,
        rollouts.prompt_key,
        count(read.rollout_id) AS rollouts,
        count(read.is_shown) AS judged,
        count(*) FILTER (WHERE read.is_shown) AS shown
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    LEFT JOIN rollout_parts(by := "by") AS parts USING (rollout_id)
    WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
    GROUP BY ALL
    HAVING count(read.rollout_id) > 0
)
SELECT
    run_id,
    step,
    part,
    sum(rollouts)::BIGINT AS rollouts,
    count(prompt_key) AS prompts,
    sum(shown)::BIGINT AS shown,
    sum(shown) / nullif(sum(judged), 0) AS share
FROM by_prompt
GROUP BY ALL
ORDER BY ALL;
