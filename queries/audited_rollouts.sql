-- Rollouts that were drawn with a known probability and judged as a whole, beside what a tagger says of them.
--
-- What errors and corrected rates are computed from: no rollout is among them of which a segment was judged, so that it
-- could be trained on, nor one that the tagger's card says it was trained on. A person's judgment goes before a model's,
-- a later one before an earlier one.
--
-- param in_behaviors: shown means that any of these is shown; each must have been judged, or one of them with yes
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
-- param in_tagger:    whose tags; NULL means the active tagger's
--
-- column run_id VARCHAR:      the training run
-- column step BIGINT:         training step; 0 where the log knows no steps
-- column prompt_key VARCHAR:  the prompt; a rollout without one stands for itself
-- column rollout_id VARCHAR:  the rollout; `ta show` prints it whole
-- column is_judged_shown BOOLEAN: whether the judge sees any of the behaviors
-- column is_tagged BOOLEAN:   whether the tagger does
-- column correct BOOLEAN:     whether the answer is right; NULL where nothing graded it
-- column drawn_with DOUBLE:   the probability with which the rollout was drawn
-- column judged_by VARCHAR:   author, a person, or llm:<model>
CREATE OR REPLACE MACRO audited_rollouts(
    in_behaviors VARCHAR[] := ['code_reasoning'],
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    in_tagger VARCHAR := NULL
) AS TABLE
WITH answers AS (
    SELECT
        judgments.rollout_id,
        judgments.behavior,
        max_by(judgments.judged, (judgments.judged_by NOT LIKE 'llm:%', judgments.judged_on, judgments.line)) AS judged,
        max_by(
            judgments.drawn_with, (judgments.judged_by NOT LIKE 'llm:%', judgments.judged_on, judgments.line)
        ) AS drawn_with,
        max_by(
            judgments.judged_by, (judgments.judged_by NOT LIKE 'llm:%', judgments.judged_on, judgments.line)
        ) AS judged_by
    FROM judgments
    WHERE
        judgments.unit = 'rollout'
        AND judgments.drawn_with > 0
        AND list_contains(in_behaviors, judgments.behavior)
    GROUP BY ALL
),
whole AS MATERIALIZED (
    SELECT
        answers.rollout_id,
        bool_or(answers.judged) AS is_judged_shown,
        max(answers.drawn_with) AS drawn_with,
        min(answers.judged_by) AS judged_by
    FROM answers
    GROUP BY ALL
    HAVING bool_or(answers.judged) OR count(DISTINCT answers.behavior) = len(list_distinct(in_behaviors))
),
seen_in_training AS (
    SELECT DISTINCT judgments.rollout_id
    FROM judgments
    WHERE judgments.unit = 'segment' AND judgments.rollout_id IS NOT NULL
    UNION
    SELECT unnest(from_json(taggers.card -> '$.taught_rollouts', '["VARCHAR"]')) AS rollout_id
    FROM taggers
    WHERE taggers.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
)
SELECT
    rollouts.run_id,
    coalesce(rollouts.step, 0) AS step,
    coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
    rollouts.rollout_id,
    whole.is_judged_shown,
    list_has_any(tagged.shown, in_behaviors) AS is_tagged,
    rollouts.correct,
    whole.drawn_with,
    whole.judged_by
FROM whole
JOIN rollouts USING (rollout_id)
JOIN tagged USING (rollout_id)
ANTI JOIN seen_in_training ON seen_in_training.rollout_id = whole.rollout_id
WHERE
    tagged.rollout_id IN (SELECT whole.rollout_id FROM whole)  -- a million rollouts are looked through for a hundred
    AND rollouts.rollout_id IN (SELECT whole.rollout_id FROM whole)
    AND tagged.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
    AND rollouts.split = in_split
    AND (in_run IS NULL OR rollouts.run_id = in_run)
ORDER BY ALL;
