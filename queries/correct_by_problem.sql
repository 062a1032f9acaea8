-- One row per run, split, step, condition and problem: graded rollouts and right ones, tagged ones and those with a behavior.
--
-- A problem is a question without its template, so that runs and templates can be held against each other on it.
--
-- param in_behavior: the behavior that is counted beside correctness
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe; NULL means all
-- param from_step:   first training step that counts; NULL means the first there is
-- param to_step:     last training step that counts; NULL means the last there is
--
-- column run_id VARCHAR:      the training run
-- column split VARCHAR:       train, val, eval or probe
-- column step BIGINT:         training step; 0 where the log knows no steps
-- column sampled_as VARCHAR:  template, temperature and the like under which they were sampled
-- column problem_key VARCHAR: the problem; a prompt without one stands for itself
-- column graded BIGINT:       rollouts whose correctness is known
-- column right_ones BIGINT:   of these, right ones
-- column tagged BIGINT:       rollouts that the active tagger has read
-- column showing BIGINT:      of these, rollouts that show the behavior
CREATE OR REPLACE MACRO correct_by_problem(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := NULL,
    from_step BIGINT := NULL,
    to_step BIGINT := NULL
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT rollout_id, list_contains(shown, in_behavior) AS is_shown FROM current_tagged
)
SELECT
    rollouts.run_id,
    rollouts.split,
    coalesce(rollouts.step, 0) AS step,
    concat_ws(
        ', ',
        'template ' || rollouts.condition['template'],
        'temperature ' || rollouts.condition['temperature'],
        'max_tokens ' || rollouts.condition['max_tokens'],
        'arm ' || rollouts.condition['arm'],
        'prefix_frac ' || rollouts.condition['prefix_frac'],
        'selection ' || rollouts.condition['selection']
    ) AS sampled_as,
    coalesce(prompts.problem_key, rollouts.prompt_key, rollouts.rollout_id) AS problem_key,
    count(rollouts.correct) AS graded,
    count(*) FILTER (WHERE rollouts.correct) AS right_ones,
    count(read.rollout_id) AS tagged,
    count(*) FILTER (WHERE read.is_shown) AS showing
FROM rollouts
LEFT JOIN prompts USING (prompt_key)
LEFT JOIN read USING (rollout_id)
WHERE
    (in_run IS NULL OR rollouts.run_id = in_run)
    AND (in_split IS NULL OR rollouts.split = in_split)
    AND (from_step IS NULL OR coalesce(rollouts.step, 0) >= from_step)
    AND (to_step IS NULL OR coalesce(rollouts.step, 0) <= to_step)
GROUP BY ALL
ORDER BY ALL;
