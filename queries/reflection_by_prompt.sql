-- One row per run, step and prompt: rollouts that show any of some behaviors, how often, in how much text, and how right.
--
-- param in_behaviors: the behaviors; by default those that our taggers count as reflection
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
-- param bin_width:    training steps that count as one
-- param in_tagger:    whose tags; NULL means the active tagger's
--
-- column run_id VARCHAR:        the training run
-- column step BIGINT:           first training step of the bin; 0 where the log knows no steps
-- column prompt_key VARCHAR:    the prompt; a rollout without one stands for itself
-- column rollouts BIGINT:       tagged rollouts of the prompt at the step
-- column showing BIGINT:        of these, rollouts that show any of the behaviors
-- column spans BIGINT:          spans of text that show one of them
-- column text_length BIGINT:    characters of the tagged rollouts
-- column shown BIGINT:          graded rollouts that show any of the behaviors
-- column shown_correct BIGINT:  of these, right ones
-- column other BIGINT:          graded rollouts that show none
-- column other_correct BIGINT:  of these, right ones
CREATE OR REPLACE MACRO reflection_by_prompt(
    in_behaviors VARCHAR[] := [
        'verification', 'backtracking', 'self_correction', 'self_doubt', 'confirmation', 'gap_analysis'
    ],
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1,
    in_tagger VARCHAR := NULL
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT
        tagged.rollout_id,
        tagged.characters,
        len(list_filter(in_behaviors, lambda name: list_contains(tagged.shown, name))) > 0 AS is_shown
    FROM tagged
    WHERE tagged.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
),
spans_by_rollout AS (
    SELECT tags.rollout_id, count(*) AS spans
    FROM tags
    WHERE
        tags.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
        AND tags.score >= 0.5
        AND list_contains(in_behaviors, tags.behavior)
    GROUP BY ALL
)
SELECT
    rollouts.run_id,
    coalesce(rollouts.step // bin_width * bin_width, 0) AS step,
    coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
    count(read.rollout_id) AS rollouts,
    count(*) FILTER (WHERE read.is_shown) AS showing,
    coalesce(sum(spans_by_rollout.spans), 0)::BIGINT AS spans,
    sum(read.characters)::BIGINT AS text_length,
    count(rollouts.correct) FILTER (WHERE read.is_shown) AS shown,
    count(*) FILTER (WHERE read.is_shown AND rollouts.correct) AS shown_correct,
    count(rollouts.correct) FILTER (WHERE NOT read.is_shown) AS other,
    count(*) FILTER (WHERE NOT read.is_shown AND rollouts.correct) AS other_correct
FROM rollouts
LEFT JOIN read USING (rollout_id)
LEFT JOIN spans_by_rollout USING (rollout_id)
WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY ALL
HAVING count(read.rollout_id) > 0
ORDER BY run_id, step, prompt_key;
