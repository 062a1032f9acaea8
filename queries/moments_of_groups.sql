-- One row per group: sums and products of advantage, behavior, length and correctness. What selection is computed from.
--
-- In a product, a is the advantage (the reward where the log has no advantages), b whether the behavior is shown, l the
-- characters, c whether it is correct; what is not tagged or not graded counts as 0, and is counted apart.
--
-- param in_behavior: the behavior
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param from_step:   first training step that counts; NULL means the first there is
-- param to_step:     last training step that counts; NULL means the last there is
--
-- column run_id VARCHAR:      the training run
-- column step BIGINT:         training step; 0 where the log knows no steps
-- column group_name VARCHAR:  rollouts of one prompt at one step; the prompt where the log knows no groups
-- column rollouts BIGINT:     its size
-- column logged BIGINT:       rollouts with an advantage in the log
-- column rewarded BIGINT:     rollouts with a reward
-- column read_ones BIGINT:    rollouts that the active tagger has read
-- column graded BIGINT:       rollouts whose correctness is known
-- column a DOUBLE:            sum of a
-- column b DOUBLE:            sum of b
-- column l DOUBLE:            sum of l
-- column c DOUBLE:            sum of c
-- column aa DOUBLE:           sum of a·a
-- column ab DOUBLE:           sum of a·b
-- column al DOUBLE:           sum of a·l
-- column ac DOUBLE:           sum of a·c
-- column bl DOUBLE:           sum of b·l
-- column bc DOUBLE:           sum of b·c
-- column ll DOUBLE:           sum of l·l
-- column lc DOUBLE:           sum of l·c
CREATE OR REPLACE MACRO moments_of_groups(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    from_step BIGINT := NULL,
    to_step BIGINT := NULL
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT rollout_id, list_contains(shown, in_behavior)::DOUBLE AS is_shown, characters::DOUBLE AS text_length
    FROM current_tagged
),
measured AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step, 0) AS step,
        coalesce(rollouts.group_id, rollouts.prompt_key) AS group_name,
        rollouts.advantage,
        rollouts.reward,
        rollouts.correct,
        read.rollout_id AS read_id,
        coalesce(rollouts.advantage, rollouts.reward, 0) AS a,
        coalesce(read.is_shown, 0) AS b,
        coalesce(read.text_length, 0) AS l,
        coalesce(rollouts.correct, false)::DOUBLE AS c
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (from_step IS NULL OR rollouts.step >= from_step)
        AND (to_step IS NULL OR rollouts.step <= to_step)
        AND (rollouts.group_id IS NOT NULL OR rollouts.prompt_key IS NOT NULL)
)
SELECT
    run_id,
    step,
    group_name,
    count(*) AS rollouts,
    count(advantage) AS logged,
    count(reward) AS rewarded,
    count(read_id) AS read_ones,
    count(correct) AS graded,
    sum(a) AS a,
    sum(b) AS b,
    sum(l) AS l,
    sum(c) AS c,
    sum(a * a) AS aa,
    sum(a * b) AS ab,
    sum(a * l) AS al,
    sum(a * c) AS ac,
    sum(b * l) AS bl,
    sum(b * c) AS bc,
    sum(l * l) AS ll,
    sum(l * c) AS lc
FROM measured
GROUP BY ALL
ORDER BY run_id, step, group_name;
