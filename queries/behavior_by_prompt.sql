-- One row per run, step and prompt: how many rollouts of it show each behavior. What intervals are computed from.
--
-- A list of counts, because one pass over the tags answers for every behavior at once.
--
-- param in_behaviors: the behaviors to count, at most 48
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
WITH read AS (  -- of one behavior a flag is enough, which the join holds in less memory than a list
    SELECT tagged.rollout_id, list_contains(tagged.shown, in_behaviors[1]) AS is_shown
    FROM tagged
    WHERE
        coalesce(len(in_behaviors), 0) = 1
        AND tagged.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
),
counts_of_one AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        count(read.rollout_id) AS rollouts,
        [count(*) FILTER (WHERE read.is_shown)] AS shown
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE
        coalesce(len(in_behaviors), 0) = 1
        AND rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (from_step IS NULL OR coalesce(rollouts.step, 0) >= from_step)
        AND (to_step IS NULL OR coalesce(rollouts.step, 0) <= to_step)
    GROUP BY ALL
    HAVING count(read.rollout_id) > 0
),
counts_of_several AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        count(*) AS rollouts,
        [
            count_if(list_contains(tagged.shown, in_behaviors[1])),
            count_if(list_contains(tagged.shown, in_behaviors[2])),
            count_if(list_contains(tagged.shown, in_behaviors[3])),
            count_if(list_contains(tagged.shown, in_behaviors[4])),
            count_if(list_contains(tagged.shown, in_behaviors[5])),
            count_if(list_contains(tagged.shown, in_behaviors[6])),
            count_if(list_contains(tagged.shown, in_behaviors[7])),
            count_if(list_contains(tagged.shown, in_behaviors[8])),
            count_if(list_contains(tagged.shown, in_behaviors[9])),
            count_if(list_contains(tagged.shown, in_behaviors[10])),
            count_if(list_contains(tagged.shown, in_behaviors[11])),
            count_if(list_contains(tagged.shown, in_behaviors[12])),
            count_if(list_contains(tagged.shown, in_behaviors[13])),
            count_if(list_contains(tagged.shown, in_behaviors[14])),
            count_if(list_contains(tagged.shown, in_behaviors[15])),
            count_if(list_contains(tagged.shown, in_behaviors[16])),
            count_if(list_contains(tagged.shown, in_behaviors[17])),
            count_if(list_contains(tagged.shown, in_behaviors[18])),
            count_if(list_contains(tagged.shown, in_behaviors[19])),
            count_if(list_contains(tagged.shown, in_behaviors[20])),
            count_if(list_contains(tagged.shown, in_behaviors[21])),
            count_if(list_contains(tagged.shown, in_behaviors[22])),
            count_if(list_contains(tagged.shown, in_behaviors[23])),
            count_if(list_contains(tagged.shown, in_behaviors[24])),
            count_if(list_contains(tagged.shown, in_behaviors[25])),
            count_if(list_contains(tagged.shown, in_behaviors[26])),
            count_if(list_contains(tagged.shown, in_behaviors[27])),
            count_if(list_contains(tagged.shown, in_behaviors[28])),
            count_if(list_contains(tagged.shown, in_behaviors[29])),
            count_if(list_contains(tagged.shown, in_behaviors[30])),
            count_if(list_contains(tagged.shown, in_behaviors[31])),
            count_if(list_contains(tagged.shown, in_behaviors[32])),
            count_if(list_contains(tagged.shown, in_behaviors[33])),
            count_if(list_contains(tagged.shown, in_behaviors[34])),
            count_if(list_contains(tagged.shown, in_behaviors[35])),
            count_if(list_contains(tagged.shown, in_behaviors[36])),
            count_if(list_contains(tagged.shown, in_behaviors[37])),
            count_if(list_contains(tagged.shown, in_behaviors[38])),
            count_if(list_contains(tagged.shown, in_behaviors[39])),
            count_if(list_contains(tagged.shown, in_behaviors[40])),
            count_if(list_contains(tagged.shown, in_behaviors[41])),
            count_if(list_contains(tagged.shown, in_behaviors[42])),
            count_if(list_contains(tagged.shown, in_behaviors[43])),
            count_if(list_contains(tagged.shown, in_behaviors[44])),
            count_if(list_contains(tagged.shown, in_behaviors[45])),
            count_if(list_contains(tagged.shown, in_behaviors[46])),
            count_if(list_contains(tagged.shown, in_behaviors[47])),
            count_if(list_contains(tagged.shown, in_behaviors[48]))
        ]::BIGINT[] AS shown
    FROM tagged
    JOIN rollouts USING (rollout_id)
    WHERE
        coalesce(len(in_behaviors), 0) != 1
        AND tagged.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
        AND rollouts.split = in_split
        AND (in_run IS NULL OR rollouts.run_id = in_run)
        AND (from_step IS NULL OR coalesce(rollouts.step, 0) >= from_step)
        AND (to_step IS NULL OR coalesce(rollouts.step, 0) <= to_step)
    GROUP BY ALL
)
FROM counts_of_one
UNION ALL
SELECT run_id, step, prompt_key, rollouts, shown[:len(in_behaviors)] AS shown FROM counts_of_several
ORDER BY run_id, step, prompt_key;
