-- One row per run, step, prompt and behavior: spans of text that show it, and in how much text.
--
-- param in_behaviors: the behaviors
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
-- param bin_width:    training steps that count as one
--
-- column run_id VARCHAR:     the training run
-- column step BIGINT:        first training step of the bin; 0 where the log knows no steps
-- column prompt_key VARCHAR: the prompt; a rollout without one stands for itself
-- column behavior VARCHAR:   the behavior
-- column rollouts BIGINT:    tagged rollouts of the prompt in the bin
-- column spans BIGINT:       spans of text in them that show the behavior
-- column text_length BIGINT: their characters
CREATE OR REPLACE MACRO spans_by_prompt(
    in_behaviors VARCHAR[] := ['verification', 'backtracking', 'subgoal_setting', 'backward_chaining'],
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1
) AS TABLE
WITH read AS (SELECT rollout_id, characters FROM current_tagged),
texts AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        count(read.rollout_id) AS rollouts,
        sum(read.characters)::BIGINT AS text_length
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
    GROUP BY ALL
    HAVING count(read.rollout_id) > 0
),
spans_shown AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        current_tags.behavior,
        count(*) AS spans
    FROM rollouts
    JOIN current_tags USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND list_contains(in_behaviors, current_tags.behavior)
        AND current_tags.score >= 0.5
    GROUP BY ALL
),
asked AS (SELECT unnest(in_behaviors) AS behavior)
SELECT
    texts.run_id,
    texts.step,
    texts.prompt_key,
    asked.behavior,
    texts.rollouts,
    coalesce(spans_shown.spans, 0) AS spans,
    texts.text_length
FROM texts
CROSS JOIN asked
LEFT JOIN spans_shown USING (run_id, step, prompt_key, behavior)
ORDER BY ALL;
