-- Which part of the data each rollout belongs to, by a column of its prompt or run or by a condition it was sampled under.
--
-- A `by` that is none of these is an error, which `ta query` and `ta finding` answer with the nearest name.
--
-- param by: a column of prompts (dataset, level, …) or runs (domain, reward_type, …), or a key of `condition`; NULL: no rows
--
-- column rollout_id VARCHAR: the rollout
-- column part VARCHAR:       its part; NULL where the log does not say
CREATE OR REPLACE MACRO rollout_parts(by VARCHAR := NULL) AS TABLE
SELECT
    rollouts.rollout_id,
    CASE "by"
        WHEN 'dataset' THEN prompts.dataset
        WHEN 'level' THEN prompts.level
        WHEN 'release_date' THEN prompts.release_date::VARCHAR
        WHEN 'framework' THEN runs.framework
        WHEN 'model' THEN coalesce(rollouts.model, runs.model)
        WHEN 'model_family' THEN runs.model_family
        WHEN 'algorithm' THEN runs.algorithm
        WHEN 'reward_type' THEN runs.reward_type
        WHEN 'data_format' THEN runs.data_format
        WHEN 'domain' THEN runs.domain
        WHEN 'seed' THEN runs.seed::VARCHAR
        WHEN 'base_run_id' THEN runs.base_run_id
        ELSE rollouts.condition["by"]
    END AS part
FROM rollouts
LEFT JOIN prompts USING (prompt_key)
LEFT JOIN runs USING (run_id)
WHERE
    "by" IS NOT NULL
    AND CASE
        WHEN (
            SELECT count(*)
            FROM rollouts AS sampled
            WHERE
                "by" NOT IN (  -- so that conditions are read for their own keys only
                    'dataset', 'level', 'release_date', 'framework', 'model', 'model_family', 'algorithm',
                    'reward_type', 'data_format', 'domain', 'seed', 'base_run_id'
                )
                AND map_contains(sampled.condition, "by")
        ) > 0 THEN true
        WHEN "by" IN (
            'dataset', 'level', 'release_date', 'framework', 'model', 'model_family', 'algorithm',
            'reward_type', 'data_format', 'domain', 'seed', 'base_run_id'
        ) THEN true
        ELSE error(format('by := {} is no column to part by and no key of condition', "by"))
    END;
