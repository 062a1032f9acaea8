-- Rollouts behind points of a rate: some that show a behavior, nearly do, or on which two taggers disagree.
--
-- The draw is the same each time.
--
-- param in_behaviors: the behaviors
-- param at_steps:     the points: first training steps of their bins
-- param bin_width:    training steps per point
-- param in_runs:      run ids; NULL means every run
-- param in_split:     train, val, eval or probe
-- param other_tagger: a tagger to hold against the active one; NULL asks for no disagreement
-- param other_name:   what the other tagger calls the behavior; NULL means the same
-- param in_search:    words that the response holds, whatever their case; empty means any
-- param at_most:      how many rollouts of each kind at each point
--
-- column behavior VARCHAR:      the behavior
-- column point BIGINT:          first training step of the bin
-- column kind VARCHAR:          shown, nearly (only below the threshold), or apart (the other tagger says otherwise)
-- column rollout_id VARCHAR:    the rollout; `ta show` prints it
-- column run_id VARCHAR:        the training run
-- column step BIGINT:           its training step
-- column prompt_key VARCHAR:    its prompt
-- column reward DOUBLE:         its reward
-- column correct BOOLEAN:       whether it is right, where anybody knows
-- column finish_reason VARCHAR: how it ended, where the log tells
-- column prompt VARCHAR:        the prompt's text
-- column response VARCHAR:      the response
CREATE OR REPLACE MACRO rollouts_of_points(
    in_behaviors VARCHAR[] := ['code_reasoning'],
    at_steps BIGINT[] := [0::BIGINT],
    bin_width INTEGER := 1,
    in_runs VARCHAR[] := NULL,
    in_split VARCHAR := 'train',
    other_tagger VARCHAR := NULL,
    other_name VARCHAR := NULL,
    in_search VARCHAR := '',
    at_most INTEGER := 5
) AS TABLE
WITH there AS (
    SELECT
        rollouts.rollout_id,
        coalesce(rollouts.step // bin_width * bin_width, 0) AS point,
        unnest(in_behaviors) AS behavior
    FROM rollouts
    WHERE
        rollouts.split = in_split
        AND list_contains(at_steps, coalesce(rollouts.step // bin_width * bin_width, 0))
        AND (in_runs IS NULL OR list_contains(in_runs, rollouts.run_id))
        AND (in_search = '' OR contains(lower(rollouts.response), lower(in_search)))
),
nearly_shown AS (
    SELECT DISTINCT current_tags.rollout_id, current_tags.behavior
    FROM current_tags
    WHERE current_tags.score < 0.5 AND list_contains(in_behaviors, current_tags.behavior)
),
read_by_other AS (
    SELECT tagged.rollout_id, tagged.shown FROM tagged WHERE tagged.tagger_id = other_tagger
),
read_rollouts AS (
    SELECT
        there.rollout_id,
        there.point,
        there.behavior,
        list_contains(current_tagged.shown, there.behavior) AS is_shown,
        nearly_shown.rollout_id IS NOT NULL AS is_near,
        list_contains(read_by_other.shown, coalesce(other_name, there.behavior)) AS is_shown_by_other
    FROM there
    JOIN current_tagged USING (rollout_id)
    LEFT JOIN nearly_shown USING (rollout_id, behavior)
    LEFT JOIN read_by_other USING (rollout_id)
),
kinds AS (
    SELECT
        *,
        unnest([
            CASE WHEN is_shown THEN 'shown' END,
            CASE WHEN is_near AND NOT is_shown THEN 'nearly' END,
            CASE WHEN is_shown != is_shown_by_other THEN 'apart' END
        ]) AS kind
    FROM read_rollouts
),
drawn AS (
    SELECT *
    FROM kinds
    WHERE kind IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY behavior, point, kind ORDER BY md5(rollout_id)) <= at_most
)
SELECT
    drawn.behavior,
    drawn.point,
    drawn.kind,
    rollouts.rollout_id,
    rollouts.run_id,
    rollouts.step,
    rollouts.prompt_key,
    rollouts.reward,
    rollouts.correct,
    rollouts.finish_reason,
    prompts.text AS prompt,
    rollouts.response
FROM drawn
JOIN rollouts USING (rollout_id)
LEFT JOIN prompts USING (prompt_key)
ORDER BY behavior, point, kind, md5(rollouts.rollout_id);
