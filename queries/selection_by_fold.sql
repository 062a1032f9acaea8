-- One row per run, step, part of the prompts and behavior: how often it is shown, and what the rewards select of it.
--
-- Prompts fall into 16 parts by a hash of their key, so that what is predicted and what is observed can rest on
-- different prompts. Selection is summed over groups: divide by groups. A behavior that nothing shows has no row.
--
-- param in_run:   one run id; NULL means every run
-- param in_split: train, val, eval or probe
--
-- column run_id VARCHAR:          the training run
-- column step BIGINT:             training step; 0 where the log knows no steps
-- column fold UBIGINT:            part of the prompts, 0 to 15
-- column behavior VARCHAR:        the behavior
-- column groups BIGINT:           groups of tagged rollouts in this part
-- column rollouts BIGINT:         their rollouts
-- column shown BIGINT:            of these, rollouts that show the behavior
-- column selection_sum DOUBLE:    sum over groups of the covariance of advantage and behavior
CREATE OR REPLACE MACRO selection_by_fold(in_run VARCHAR := NULL, in_split VARCHAR := 'train') AS TABLE
WITH placed AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step, 0) AS step,
        coalesce(rollouts.group_id, rollouts.prompt_key) AS group_name,
        rollouts.prompt_key,
        rollouts.advantage,
        rollouts.reward,
        current_tagged.shown AS behaviors
    FROM rollouts
    JOIN current_tagged USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (rollouts.group_id IS NOT NULL OR rollouts.prompt_key IS NOT NULL)
),
grouped AS (
    SELECT
        run_id,
        step,
        group_name,
        hash(min(coalesce(prompt_key, group_name))) % 16 AS fold,
        count(*) AS size,
        avg(advantage) AS mean_advantage,
        avg(reward) AS mean_reward,
        coalesce(nullif(stddev_pop(reward), 0), 1) AS spread
    FROM placed
    GROUP BY ALL
),
sizes AS (
    SELECT run_id, step, fold, count(*) AS groups, sum(size)::BIGINT AS rollouts FROM grouped GROUP BY ALL
),
pushed AS (
    SELECT
        placed.run_id,
        placed.step,
        grouped.fold,
        unnest(placed.behaviors) AS behavior,
        coalesce(
            (placed.advantage - grouped.mean_advantage),
            (placed.reward - grouped.mean_reward) / grouped.spread,
            0
        ) / greatest(grouped.size - 1, 1) AS push
    FROM placed
    JOIN grouped USING (run_id, step, group_name)
),
shown_ones AS (
    SELECT run_id, step, fold, behavior, count(*) AS shown, sum(push) AS selection_sum FROM pushed GROUP BY ALL
)
SELECT
    shown_ones.run_id,
    shown_ones.step,
    shown_ones.fold,
    shown_ones.behavior,
    sizes.groups,
    sizes.rollouts,
    shown_ones.shown,
    shown_ones.selection_sum
FROM shown_ones
JOIN sizes USING (run_id, step, fold)
ORDER BY ALL;
