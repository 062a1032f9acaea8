-- One row per run, step and prompt: rewards of its rollouts that show each behavior, and of all. What a group rewards.
--
-- param in_behaviors: the behaviors, at most 24
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
--
-- column run_id VARCHAR:         the training run
-- column step BIGINT:            its training step; 0 where the log knows no steps
-- column prompt_key VARCHAR:     the prompt
-- column rollouts BIGINT:        tagged rollouts with a reward
-- column reward DOUBLE:          sum of their rewards
-- column shown BIGINT[]:         rollouts of these that show each behavior, in the order of in_behaviors, then NULLs
-- column shown_reward DOUBLE[]:  sum of the rewards of those that do
CREATE OR REPLACE MACRO reward_by_prompt(
    in_behaviors VARCHAR[] := ['code_reasoning'], in_run VARCHAR := NULL, in_split VARCHAR := 'train'
) AS TABLE
SELECT
    rollouts.run_id,
    coalesce(rollouts.step, 0) AS step,
    rollouts.prompt_key,
    count(*) AS rollouts,
    sum(rollouts.reward) AS reward,
    [
        count_if(list_contains(tagged.shown, in_behaviors[1])),
        count_if(list_contains(tagged.shown, in_behaviors[2])),
        count_if(list_contains(tagged.shown, in_behaviors[3])),
        count_if(list_contains(tagged.shown, in_behaviors[4])),
        count_if(list_contains(tagged.shown, in_behaviors[5])),
        count_if(list_contains(tagged.shown, in_behaviors[6])),
        count_if(list_contains(tagged.shown, in_behaviors[7])),
        count_if(list_contains(tagged.shown, in_behaviors[8])),
        count_if(list_contains(tagged.shown, in_behaviors[9])),
        count_if(list_contains(tagged.shown, in_behaviors[10])),
        count_if(list_contains(tagged.shown, in_behaviors[11])),
        count_if(list_contains(tagged.shown, in_behaviors[12])),
        count_if(list_contains(tagged.shown, in_behaviors[13])),
        count_if(list_contains(tagged.shown, in_behaviors[14])),
        count_if(list_contains(tagged.shown, in_behaviors[15])),
        count_if(list_contains(tagged.shown, in_behaviors[16])),
        count_if(list_contains(tagged.shown, in_behaviors[17])),
        count_if(list_contains(tagged.shown, in_behaviors[18])),
        count_if(list_contains(tagged.shown, in_behaviors[19])),
        count_if(list_contains(tagged.shown, in_behaviors[20])),
        count_if(list_contains(tagged.shown, in_behaviors[21])),
        count_if(list_contains(tagged.shown, in_behaviors[22])),
        count_if(list_contains(tagged.shown, in_behaviors[23])),
        count_if(list_contains(tagged.shown, in_behaviors[24]))
    ]::BIGINT[] AS shown,
    [
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[1]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[2]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[3]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[4]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[5]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[6]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[7]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[8]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[9]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[10]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[11]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[12]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[13]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[14]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[15]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[16]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[17]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[18]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[19]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[20]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[21]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[22]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[23]) THEN rollouts.reward END),
        sum(CASE WHEN list_contains(tagged.shown, in_behaviors[24]) THEN rollouts.reward END)
    ] AS shown_reward
FROM current_tagged AS tagged
JOIN rollouts USING (rollout_id)
WHERE
    rollouts.split = in_split
    AND rollouts.reward IS NOT NULL
    AND rollouts.prompt_key IS NOT NULL
    AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY rollouts.run_id, coalesce(rollouts.step, 0), rollouts.prompt_key
ORDER BY run_id, step, prompt_key;
