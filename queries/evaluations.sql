-- One row per run, split and step: what was sampled there, under which conditions. What may be compared with what.
--
-- param in_run:   one run id; NULL means every run
-- param in_split: train, val, eval or probe; NULL means all
--
-- column run_id VARCHAR:       the training run
-- column split VARCHAR:        train, val, eval or probe
-- column step BIGINT:          training step; 0 where the log knows no steps
-- column rollouts BIGINT:      sampled responses
-- column prompts BIGINT:       distinct prompts among them
-- column graded BIGINT:        rollouts whose correctness is known
-- column tagged BIGINT:        rollouts that the active tagger has read
-- column conditions VARCHAR[]: templates, temperatures and the like under which they were sampled, as the log names them
-- column graders VARCHAR[]:    where their correctness comes from, `log` where the log tells it as such
CREATE OR REPLACE MACRO evaluations(in_run VARCHAR := NULL, in_split VARCHAR := NULL) AS TABLE
SELECT
    rollouts.run_id,
    rollouts.split,
    coalesce(rollouts.step, 0) AS step,
    count(*) AS rollouts,
    count(DISTINCT rollouts.prompt_key) AS prompts,
    count(rollouts.correct) AS graded,
    count(current_tagged.rollout_id) AS tagged,
    list_sort(
        list(
            DISTINCT concat_ws(
                ', ',
                'template ' || rollouts.condition['template'],
                'temperature ' || rollouts.condition['temperature'],
                'max_tokens ' || rollouts.condition['max_tokens'],
                'arm ' || rollouts.condition['arm'],
                'prefix_frac ' || rollouts.condition['prefix_frac'],
                'selection ' || rollouts.condition['selection']
            )
        )
    ) AS conditions,
    list_sort(
        coalesce(
            list(DISTINCT coalesce(rollouts.correct_source, 'log')) FILTER (WHERE rollouts.correct IS NOT NULL),
            CAST([] AS VARCHAR[])
        )
    ) AS graders
FROM rollouts
LEFT JOIN current_tagged USING (rollout_id)
WHERE
    (in_run IS NULL OR rollouts.run_id = in_run)
    AND (in_split IS NULL OR rollouts.split = in_split)
GROUP BY ALL
ORDER BY ALL;
