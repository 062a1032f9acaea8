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
WITH read AS (SELECT rollout_id FROM current_tagged),
by_prompt AS (
    SELECT
        rollouts.run_id,
        rollouts.split,
        coalesce(rollouts.step, 0) AS step,
        rollouts.prompt_key,
        rollouts.condition,
        CASE WHEN rollouts.correct IS NOT NULL THEN coalesce(rollouts.correct_source, 'log') END AS grader,
        count(*) AS rollouts,
        count(rollouts.correct) AS graded,
        count(read.rollout_id) AS tagged
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE
        (in_run IS NULL OR rollouts.run_id = in_run)
        AND (in_split IS NULL OR rollouts.split = in_split)
    GROUP BY ALL
)
SELECT
    run_id,
    split,
    step,
    sum(rollouts)::BIGINT AS rollouts,
    count(DISTINCT prompt_key) AS prompts,
    sum(graded)::BIGINT AS graded,
    sum(tagged)::BIGINT AS tagged,
    list_sort(
        list(
            DISTINCT concat_ws(
                ', ',
                'template ' || condition['template'],
                'temperature ' || condition['temperature'],
                'max_tokens ' || condition['max_tokens'],
                'arm ' || condition['arm'],
                'prefix_frac ' || condition['prefix_frac'],
                'selection ' || condition['selection']
            )
        )
    ) AS conditions,
    list_sort(coalesce(list(DISTINCT grader) FILTER (WHERE grader IS NOT NULL), CAST([] AS VARCHAR[]))) AS graders
FROM by_prompt
GROUP BY ALL
ORDER BY ALL;
