-- What makes a run's numbers less than they seem: cut responses, filtered samples, records without step or reward.
--
-- param in_run: one run id; NULL means every run
--
-- column run_id VARCHAR:          the training run
-- column rollouts BIGINT:         its rollouts, all splits
-- column end_known BIGINT:        of these, rollouts whose end the log tells
-- column truncated BIGINT:        of these, rollouts that ended at the length limit
-- column selected BIGINT:         rollouts that a trainer's filter let through: no sample of what the policy wrote
-- column without_step BIGINT:     rollouts without a training step
-- column without_reward BIGINT:   rollouts without a reward
-- column ungraded BIGINT:         rollouts whose correctness nobody knows
-- column models BIGINT:          models that its rollouts name
-- column audits BIGINT:           audited behaviors of the active tagger in this run
CREATE OR REPLACE MACRO run_cautions(in_run VARCHAR := NULL) AS TABLE
WITH audits_by_run AS (
    SELECT tagger_errors.run_id, count(DISTINCT tagger_errors.behavior) AS audits
    FROM tagger_errors
    JOIN meta ON meta.name = 'active_tagger' AND tagger_errors.tagger_id = meta.value
    GROUP BY ALL
)
SELECT
    rollouts.run_id,
    count(*) AS rollouts,
    count(rollouts.finish_reason) AS end_known,
    count(*) FILTER (WHERE rollouts.finish_reason = 'length') AS truncated,
    count(*) FILTER (WHERE rollouts.condition['selection'] IN ('effective', 'filtered')) AS selected,
    count(*) FILTER (WHERE rollouts.step IS NULL) AS without_step,
    count(*) FILTER (WHERE rollouts.reward IS NULL) AS without_reward,
    count(*) FILTER (WHERE rollouts.correct IS NULL) AS ungraded,
    count(DISTINCT rollouts.model) AS models,
    coalesce(any_value(audits_by_run.audits), 0) AS audits
FROM rollouts
LEFT JOIN audits_by_run USING (run_id)
WHERE in_run IS NULL OR rollouts.run_id = in_run
GROUP BY rollouts.run_id
ORDER BY rollouts.run_id;
