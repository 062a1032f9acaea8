-- Rollouts to read, with their texts: those that show a behavior, nearly do, do not, or all. The draw is the same each time.
--
-- param in_behavior:  the behavior
-- param chosen_as:    shown, nearly (only below the threshold), absent, or any
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
-- param at_step:      one training step; NULL means every step
-- param of_prompt:    one prompt key; NULL means every prompt
-- param other_tagger: only where this tagger does not agree with the active one; NULL asks for no disagreement
-- param other_name:   what the other tagger calls the behavior; NULL means the same
-- param is_correct:   only right or only wrong ones; NULL means both
-- param min_reward:   least reward; NULL means any
-- param in_search:    words that the response holds, whatever their case; empty means any
-- param at_most:      how many rollouts
--
-- column rollout_id VARCHAR:    the rollout; `ta show` prints it
-- column run_id VARCHAR:        the training run
-- column step BIGINT:           its training step
-- column prompt_key VARCHAR:    its prompt
-- column reward DOUBLE:         its reward
-- column correct BOOLEAN:       whether it is right, where anybody knows
-- column finish_reason VARCHAR: how it ended, where the log tells
-- column shown VARCHAR[]:       the behaviors that it shows
-- column prompt VARCHAR:        the prompt's text
-- column response VARCHAR:      the response
CREATE OR REPLACE MACRO rollouts_to_read(
    in_behavior VARCHAR := 'code_reasoning',
    chosen_as VARCHAR := 'shown',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    at_step BIGINT := NULL,
    of_prompt VARCHAR := NULL,
    other_tagger VARCHAR := NULL,
    other_name VARCHAR := NULL,
    is_correct BOOLEAN := NULL,
    min_reward DOUBLE := NULL,
    in_search VARCHAR := '',
    at_most INTEGER := 10
) AS TABLE
WITH nearly_shown AS (
    SELECT DISTINCT current_tags.rollout_id
    FROM current_tags
    WHERE current_tags.behavior = in_behavior AND current_tags.score < 0.5
),
read_by_other AS (
    SELECT tagged.rollout_id, list_contains(tagged.shown, coalesce(other_name, in_behavior)) AS is_shown
    FROM tagged
    WHERE tagged.tagger_id = other_tagger
),
drawn AS (
    SELECT rollouts.rollout_id, coalesce(current_tagged.shown, []) AS shown
    FROM rollouts
    LEFT JOIN current_tagged USING (rollout_id)
    LEFT JOIN read_by_other USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (at_step IS NULL OR coalesce(rollouts.step, 0) = at_step)
        AND (of_prompt IS NULL OR rollouts.prompt_key = of_prompt)
        AND (is_correct IS NULL OR rollouts.correct = is_correct)
        AND (min_reward IS NULL OR rollouts.reward >= min_reward)
        AND (in_search = '' OR contains(lower(rollouts.response), lower(in_search)))
        AND (
            chosen_as = 'any'
            OR (chosen_as = 'shown' AND list_contains(current_tagged.shown, in_behavior))
            OR (chosen_as = 'absent' AND NOT list_contains(current_tagged.shown, in_behavior))
            OR (
                chosen_as = 'nearly'
                AND NOT list_contains(current_tagged.shown, in_behavior)
                AND rollouts.rollout_id IN (SELECT nearly_shown.rollout_id FROM nearly_shown)
            )
        )
        AND (
            other_tagger IS NULL
            OR read_by_other.is_shown != list_contains(current_tagged.shown, in_behavior)
        )
    ORDER BY md5(rollouts.rollout_id)
    LIMIT at_most
)
SELECT
    rollouts.rollout_id,
    rollouts.run_id,
    rollouts.step,
    rollouts.prompt_key,
    rollouts.reward,
    rollouts.correct,
    rollouts.finish_reason,
    drawn.shown,
    prompts.text AS prompt,
    rollouts.response
FROM drawn
JOIN rollouts USING (rollout_id)
LEFT JOIN prompts USING (prompt_key)
ORDER BY md5(rollouts.rollout_id);
