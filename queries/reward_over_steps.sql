-- Reward and correctness per bin of training steps; a rollout without a reward counts in neither mean.
--
-- param in_run:    one run id; NULL means every run
-- param in_split:  train, val, eval or probe
-- param bin_width: training steps per point
-- param by:        what to part by, as `rollout_parts` lists; NULL means one part
--
-- column run_id VARCHAR:       the training run
-- column step BIGINT:          first training step of the bin
-- column part VARCHAR:         its part, with `by`
-- column rollouts BIGINT:      sampled responses in the bin
-- column prompts BIGINT:       distinct prompts among them
-- column mean_reward DOUBLE:   mean reward
-- column spread DOUBLE:        standard deviation of the reward between rollouts
-- column unrewarded BIGINT:    rollouts without a reward
-- column share_correct DOUBLE: part of the graded rollouts that is correct, 0 to 1
-- column ungraded BIGINT:      rollouts whose correctness nobody knows
CREATE OR REPLACE MACRO reward_over_steps(
    in_run VARCHAR := NULL, in_split VARCHAR := 'train', bin_width INTEGER := 1, by VARCHAR := NULL
) AS TABLE
SELECT
    rollouts.run_id,
    rollouts.step // bin_width * bin_width AS step,
    parts.part,
    count(*) AS rollouts,
    count(DISTINCT rollouts.prompt_key) AS prompts,
    avg(rollouts.reward) AS mean_reward,
    stddev_samp(rollouts.reward) AS spread,
    count(*) FILTER (WHERE rollouts.reward IS NULL) AS unrewarded,
    avg(rollouts.correct::INTEGER) AS share_correct,
    count(*) FILTER (WHERE rollouts.correct IS NULL) AS ungraded
FROM rollouts
LEFT JOIN rollout_parts(by := "by") AS parts USING (rollout_id)
WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY ALL
ORDER BY ALL;
