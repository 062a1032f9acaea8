-- One row per behavior, prompt and band of length: rollouts that show it, how often, in how much text.
--
-- Longer responses show more of everything; inside a band they are about equally long.
--
-- param in_behaviors: the behaviors
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
-- param from_step:    first training step that counts; NULL means the first there is
-- param to_step:      last training step that counts; NULL means the last there is
--
-- column run_id VARCHAR:      the training run
-- column behavior VARCHAR:    the behavior
-- column prompt_key VARCHAR:  the prompt; a rollout without one stands for itself
-- column length_band INTEGER: whole part of twice the binary logarithm of the characters: a half more is the next band
-- column rollouts BIGINT:     tagged rollouts of the prompt in the band
-- column showing BIGINT:      of these, rollouts that show the behavior
-- column spans BIGINT:        spans of text that show it
-- column text_length BIGINT:  characters of the tagged rollouts
CREATE OR REPLACE MACRO behavior_by_length(
    in_behaviors VARCHAR[] := ['verification'],
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    from_step BIGINT := NULL,
    to_step BIGINT := NULL
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT
        rollout_id,
        characters,
        list_transform(in_behaviors, lambda name: list_contains(shown, name)) AS is_shown
    FROM current_tagged
),
asked AS (
    SELECT
        rollouts.rollout_id,
        rollouts.run_id,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        read.characters,
        unnest(in_behaviors) AS behavior,
        unnest(read.is_shown) AS is_shown
    FROM rollouts
    JOIN read USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (from_step IS NULL OR coalesce(rollouts.step, 0) >= from_step)
        AND (to_step IS NULL OR coalesce(rollouts.step, 0) <= to_step)
),
spans_by_rollout AS (
    SELECT rollout_id, behavior, count(*) AS spans
    FROM current_tags
    SEMI JOIN asked USING (rollout_id)
    WHERE list_contains(in_behaviors, behavior) AND score >= 0.5
    GROUP BY ALL
)
SELECT
    asked.run_id,
    asked.behavior,
    asked.prompt_key,
    floor(2 * log2(greatest(asked.characters, 1)))::INTEGER AS length_band,
    count(*) AS rollouts,
    count(*) FILTER (WHERE asked.is_shown) AS showing,
    coalesce(sum(spans_by_rollout.spans), 0)::BIGINT AS spans,
    sum(asked.characters)::BIGINT AS text_length
FROM asked
LEFT JOIN spans_by_rollout USING (rollout_id, behavior)
GROUP BY ALL
ORDER BY run_id, behavior, prompt_key, length_band;
