-- One row per run, step and prompt: rewards, and how many of its graded rollouts are right, by strategy.
--
-- param in_behavior: the behavior that tells strategies apart
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param bin_width:   training steps that count as one
--
-- column run_id VARCHAR:        the training run
-- column step BIGINT:           first training step of the bin; 0 where the log knows no steps
-- column prompt_key VARCHAR:    the prompt
-- column graded BIGINT:         rollouts whose correctness is known
-- column correct BIGINT:        of these, right ones
-- column shown BIGINT:          graded rollouts that show the behavior
-- column shown_correct BIGINT:  of these, right ones
-- column other BIGINT:          graded rollouts that were tagged and do not show it
-- column other_correct BIGINT:  of these, right ones
CREATE OR REPLACE MACRO correct_by_prompt(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT rollout_id, list_contains(shown, in_behavior) AS is_shown FROM current_tagged
),
graded_rollouts AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        rollouts.correct AS is_correct,
        read.is_shown
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND rollouts.correct IS NOT NULL
        AND (in_run IS NULL OR rollouts.run_id = in_run)
)
SELECT
    run_id,
    step,
    prompt_key,
    count(*) AS graded,
    count(*) FILTER (WHERE is_correct) AS correct,
    count(*) FILTER (WHERE is_shown) AS shown,
    count(*) FILTER (WHERE is_shown AND is_correct) AS shown_correct,
    count(*) FILTER (WHERE NOT is_shown) AS other,
    count(*) FILTER (WHERE NOT is_shown AND is_correct) AS other_correct
FROM graded_rollouts
GROUP BY ALL
ORDER BY run_id, step, prompt_key;
