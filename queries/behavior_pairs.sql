-- Which behaviors occur together in a rollout, and how much more often than by chance.
--
-- param in_run:    one run id; NULL means every run
-- param in_split:  train, val, eval or probe
-- param from_step: first training step that counts; NULL means the first there is
-- param to_step:   last training step that counts; NULL means the last there is
--
-- column run_id VARCHAR:  the training run
-- column one VARCHAR:     a behavior
-- column other VARCHAR:   another, later in the alphabet
-- column rollouts BIGINT: tagged rollouts
-- column both BIGINT:     rollouts that show both
-- column share DOUBLE:    part of the rollouts that shows both, 0 to 1
-- column lift DOUBLE:     share of both over the product of their shares; 1 is chance
CREATE OR REPLACE MACRO behavior_pairs(
    in_run VARCHAR := NULL, in_split VARCHAR := 'train', from_step BIGINT := NULL, to_step BIGINT := NULL
) AS TABLE
WITH sets AS (  -- few sets of behaviors are shown by many rollouts each
    SELECT rollouts.run_id, tagged.shown, count(*) AS n
    FROM current_tagged AS tagged
    JOIN rollouts USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (from_step IS NULL OR rollouts.step >= from_step)
        AND (to_step IS NULL OR rollouts.step <= to_step)
    GROUP BY ALL
),
rollouts_by_run AS (SELECT run_id, sum(n)::BIGINT AS rollouts FROM sets GROUP BY ALL),
first_ones AS (SELECT run_id, shown, n, unnest(shown) AS one FROM sets),
rollouts_by_behavior AS (SELECT run_id, one AS behavior, sum(n)::BIGINT AS showing FROM first_ones GROUP BY ALL),
pairs AS (SELECT run_id, n, one, unnest(shown) AS other FROM first_ones),
rollouts_by_pair AS (
    SELECT run_id, one, other, sum(n)::BIGINT AS both FROM pairs WHERE one < other GROUP BY ALL
)
SELECT
    rollouts_by_pair.run_id,
    rollouts_by_pair.one,
    rollouts_by_pair.other,
    rollouts_by_run.rollouts,
    rollouts_by_pair.both,
    rollouts_by_pair.both / rollouts_by_run.rollouts AS share,
    rollouts_by_pair.both * rollouts_by_run.rollouts / (one_alone.showing * other_alone.showing)::DOUBLE AS lift
FROM rollouts_by_pair
JOIN rollouts_by_run USING (run_id)
JOIN rollouts_by_behavior AS one_alone
    ON one_alone.run_id = rollouts_by_pair.run_id AND one_alone.behavior = rollouts_by_pair.one
JOIN rollouts_by_behavior AS other_alone
    ON other_alone.run_id = rollouts_by_pair.run_id AND other_alone.behavior = rollouts_by_pair.other
ORDER BY ALL;
