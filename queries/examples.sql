-- Segments that show a behavior, with their text: what stands behind a rate. The draw is the same each time.
--
-- param in_behavior: the behavior
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param at_step:     one training step; NULL means every step
-- param at_most:     how many segments
--
-- column rollout_id VARCHAR: the rollout; `ta show` prints it whole
-- column run_id VARCHAR:     the training run
-- column step BIGINT:        its training step
-- column reward DOUBLE:      its reward
-- column correct BOOLEAN:    whether it is right, where anybody knows
-- column segment INTEGER:    which segment it is, from 0
-- column score FLOAT:        how sure the tagger is, 0 to 1
-- column text VARCHAR:       the segment
CREATE OR REPLACE MACRO examples(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    at_step BIGINT := NULL,
    at_most INTEGER := 10
) AS TABLE
WITH asked AS (
    SELECT rollout_id
    FROM rollouts
    WHERE split = in_split AND (in_run IS NULL OR run_id = in_run) AND (at_step IS NULL OR step = at_step)
),
drawn AS (  -- before texts are read
    SELECT rollout_id, segment, score, start, stop
    FROM current_tags
    SEMI JOIN asked USING (rollout_id)
    WHERE behavior = in_behavior AND score >= 0.5
    ORDER BY md5(rollout_id), start
    LIMIT at_most
)
SELECT
    rollouts.rollout_id,
    rollouts.run_id,
    rollouts.step,
    rollouts.reward,
    rollouts.correct,
    drawn.segment,
    drawn.score,
    substring(rollouts.response, drawn.start + 1, drawn.stop - drawn.start) AS text
FROM drawn
JOIN rollouts USING (rollout_id)
ORDER BY md5(rollouts.rollout_id), drawn.start;
