-- One row per run, step and prompt: pairs of its rollouts, and how many of them differ in strategy and in answer.
--
-- param in_behavior: the behavior that tells strategies apart
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param bin_width:   training steps that count as one
--
-- column run_id VARCHAR:            the training run
-- column step BIGINT:               first training step of the bin; 0 where the log knows no steps
-- column prompt_key VARCHAR:        the prompt
-- column rollouts BIGINT:           tagged rollouts of the prompt in the bin
-- column shown BIGINT:              of these, rollouts that show the behavior
-- column pairs BIGINT:              pairs of these rollouts
-- column strategies_differ BIGINT:  pairs of which one shows the behavior and one does not
-- column answered BIGINT:           rollouts with an answer that the log or `ta grade` has read
-- column answer_pairs BIGINT:       pairs of those
-- column answers_differ BIGINT:     pairs with different answers
CREATE OR REPLACE MACRO agreement_by_prompt(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT rollout_id, list_contains(shown, in_behavior) AS is_shown FROM current_tagged
),
answers AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
        rollouts.prompt_key,
        rollouts.prediction,
        count(read.rollout_id) AS n,
        count(*) FILTER (WHERE read.is_shown) AS shown
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND rollouts.prompt_key IS NOT NULL
        AND (in_run IS NULL OR rollouts.run_id = in_run)
    GROUP BY ALL
    HAVING count(read.rollout_id) > 0
),
by_prompt AS (
    SELECT
        run_id,
        step,
        prompt_key,
        sum(n)::BIGINT AS rollouts,
        sum(shown)::BIGINT AS shown,
        coalesce(sum(n) FILTER (WHERE prediction IS NOT NULL), 0)::BIGINT AS answered,
        coalesce(sum(n * (n - 1) // 2) FILTER (WHERE prediction IS NOT NULL), 0)::BIGINT AS answers_agree
    FROM answers
    GROUP BY ALL
)
SELECT
    run_id,
    step,
    prompt_key,
    rollouts,
    shown,
    rollouts * (rollouts - 1) // 2 AS pairs,
    shown * (rollouts - shown) AS strategies_differ,
    answered,
    answered * (answered - 1) // 2 AS answer_pairs,
    answered * (answered - 1) // 2 - answers_agree AS answers_differ
FROM by_prompt
ORDER BY run_id, step, prompt_key;
