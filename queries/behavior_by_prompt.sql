-- One row per run, step and prompt: how many rollouts of it show each behavior. What intervals are computed from.
--
-- A list of counts, because one pass over the tags answers for every behavior at once.
--
-- param in_behaviors: the behaviors to count, at most 63
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
-- param bin_width:    training steps that count as one
-- param from_step:    first training step that counts; NULL means the first there is
-- param to_step:      last training step that counts; NULL means the last there is
-- param in_tagger:    whose tags; NULL means the active tagger's
--
-- column run_id VARCHAR:     the training run
-- column step BIGINT:        first training step of the bin; 0 where the log knows no steps
-- column prompt_key VARCHAR: the prompt; a rollout without one stands for itself
-- column rollouts BIGINT:    tagged rollouts of the prompt in the bin
-- column shown BIGINT[]:     rollouts of these that show each behavior, in the order of in_behaviors
CREATE OR REPLACE MACRO behavior_by_prompt(
    in_behaviors VARCHAR[] := ['code_reasoning'],
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1,
    from_step BIGINT := NULL,
    to_step BIGINT := NULL,
    in_tagger VARCHAR := NULL
) AS TABLE
WITH read AS (  -- a bit for each behavior: narrow, as it is what the join holds in memory
    SELECT
        tagged.rollout_id,
        CASE
            WHEN len(in_behaviors) = 1 THEN list_contains(tagged.shown, in_behaviors[1])::BIGINT
            ELSE coalesce(
                list_bit_or(
                    list_transform(
                        tagged.shown, lambda name: 1::BIGINT << (list_position(in_behaviors, name) - 1)::BIGINT
                    )
                ), 0
            )
        END AS bits
    FROM tagged
    WHERE tagged.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
),
by_prompt AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        count(read.bits) AS rollouts,
        list(read.bits) FILTER (WHERE read.bits > 0) AS bits_of_rollouts
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE
        rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (from_step IS NULL OR coalesce(rollouts.step, 0) >= from_step)
        AND (to_step IS NULL OR coalesce(rollouts.step, 0) <= to_step)
    GROUP BY ALL
    HAVING count(read.bits) > 0
)
SELECT
    run_id,
    step,
    prompt_key,
    rollouts,
    list_transform(
        list_transform(in_behaviors, lambda name: list_position(in_behaviors, name) - 1),
        lambda place: coalesce(list_sum(list_transform(bits_of_rollouts, lambda bits: bits >> place & 1)), 0)::BIGINT
    ) AS shown
FROM by_prompt
ORDER BY run_id, step, prompt_key;
