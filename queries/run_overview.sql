-- What the store holds, per run and split.
--
-- param in_run: one run id; NULL means every run
--
-- column run_id VARCHAR:       the training run
-- column split VARCHAR:        train, val, eval or probe
-- column rollouts BIGINT:      sampled responses
-- column prompts BIGINT:       distinct prompts among them
-- column first_step BIGINT:    first training step
-- column last_step BIGINT:     last training step
-- column steps BIGINT:         training steps that have rollouts
-- column mean_reward DOUBLE:   mean of the rewards that are there
-- column share_correct DOUBLE: part of the graded rollouts that is correct, 0 to 1
-- column ungraded BIGINT:      rollouts whose correctness nobody knows
CREATE OR REPLACE MACRO run_overview(in_run VARCHAR := NULL) AS TABLE
SELECT
    rollouts.run_id,
    rollouts.split,
    count(*) AS rollouts,
    count(DISTINCT rollouts.prompt_key) AS prompts,
    min(rollouts.step) AS first_step,
    max(rollouts.step) AS last_step,
    count(DISTINCT rollouts.step) AS steps,
    avg(rollouts.reward) AS mean_reward,
    avg(rollouts.correct::INTEGER) AS share_correct,
    count(*) FILTER (WHERE rollouts.correct IS NULL) AS ungraded
FROM rollouts
WHERE in_run IS NULL OR rollouts.run_id = in_run
GROUP BY ALL
ORDER BY ALL;
