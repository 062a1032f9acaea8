-- Problems answered at two steps of a run, those first whose share of a behavior changed most.
--
-- param in_behavior: the behavior
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param from_step:   the first of the two training steps
-- param to_step:     the second
-- param at_most:     how many problems
--
-- column run_id VARCHAR:     the training run
-- column prompt_key VARCHAR: the prompt
-- column share_then DOUBLE:  part of its rollouts at the first step that shows the behavior, 0 to 1
-- column share_now DOUBLE:   part of its rollouts at the second step, 0 to 1
CREATE OR REPLACE MACRO prompts_at_both_ends(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    from_step BIGINT := 0,
    to_step BIGINT := 0,
    at_most INTEGER := 3
) AS TABLE
SELECT
    rollouts.run_id,
    rollouts.prompt_key,
    avg(list_contains(tagged.shown, in_behavior)::INTEGER) FILTER (WHERE rollouts.step = from_step) AS share_then,
    avg(list_contains(tagged.shown, in_behavior)::INTEGER) FILTER (WHERE rollouts.step = to_step) AS share_now
FROM current_tagged AS tagged
JOIN rollouts USING (rollout_id)
WHERE
    rollouts.split = in_split
    AND (in_run IS NULL OR rollouts.run_id = in_run)
    AND rollouts.step IN (from_step, to_step)
    AND rollouts.prompt_key IS NOT NULL
GROUP BY rollouts.run_id, rollouts.prompt_key
HAVING share_then IS NOT NULL AND share_now IS NOT NULL
ORDER BY abs(share_now - share_then) DESC, rollouts.run_id, rollouts.prompt_key
LIMIT at_most;
