-- One row per run, step and prompt: how many of its rollouts are right, and what they were rewarded. No tagger is asked.
--
-- param in_run:    one run id; NULL means every run
-- param in_split:  train, val, eval or probe
-- param bin_width: training steps that count as one
--
-- column run_id VARCHAR:     the training run
-- column step BIGINT:        first training step of the bin; 0 where the log knows no steps
-- column prompt_key VARCHAR: the prompt; a rollout without one stands for itself
-- column rollouts BIGINT:    its rollouts in the bin
-- column graded BIGINT:      of these, rollouts whose correctness is known
-- column right_ones BIGINT:  of these, right ones
-- column rewarded BIGINT:    rollouts with a reward
-- column total_reward DOUBLE: sum of their rewards
CREATE OR REPLACE MACRO outcomes_by_prompt(
    in_run VARCHAR := NULL, in_split VARCHAR := 'train', bin_width INTEGER := 1
) AS TABLE
SELECT
    rollouts.run_id,
    coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
    coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
    count(*) AS rollouts,
    count(rollouts.correct) AS graded,
    count(*) FILTER (WHERE rollouts.correct) AS right_ones,
    count(rollouts.reward) AS rewarded,
    coalesce(sum(rollouts.reward), 0) AS total_reward
FROM rollouts
WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY ALL
ORDER BY run_id, step, prompt_key;
