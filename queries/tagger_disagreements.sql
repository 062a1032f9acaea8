-- Segments of rollouts in which one tagger shows a behavior and another does not. The draw is the same each time.
--
-- param in_tagger:         a tagger, by name or id
-- param in_other:          the tagger to hold it against
-- param in_behavior:       the behavior
-- param in_other_behavior: what the other calls it; NULL means the same
-- param in_run:            one run id; NULL means every run
-- param at_most:           how many rollouts from each side
--
-- column shown_by VARCHAR:   the tagger that shows it
-- column rollout_id VARCHAR: the rollout; `ta show` prints it whole
-- column text VARCHAR:       the first segment that shows it
CREATE OR REPLACE MACRO tagger_disagreements(
    in_tagger VARCHAR := 'cues',
    in_other VARCHAR := 'cues',
    in_behavior VARCHAR := 'code_reasoning',
    in_other_behavior VARCHAR := NULL,
    in_run VARCHAR := NULL,
    at_most INTEGER := 3
) AS TABLE
WITH first_id AS (FROM tagger_named(in_tagger := in_tagger)),
second_id AS (FROM tagger_named(in_tagger := in_other)),
first_read AS (
    SELECT tagged.rollout_id, list_contains(tagged.shown, in_behavior) AS is_shown
    FROM tagged
    WHERE tagged.tagger_id = (SELECT first_id.tagger_id FROM first_id)
),
second_read AS (
    SELECT
        tagged.rollout_id,
        list_contains(tagged.shown, coalesce(in_other_behavior, in_behavior)) AS is_shown
    FROM tagged
    WHERE tagged.tagger_id = (SELECT second_id.tagger_id FROM second_id)
),
apart AS MATERIALIZED (
    SELECT
        first_read.rollout_id,
        CASE WHEN first_read.is_shown THEN first_id.tagger_id ELSE second_id.tagger_id END AS shown_by,
        CASE WHEN first_read.is_shown THEN in_behavior ELSE coalesce(in_other_behavior, in_behavior) END AS behavior
    FROM first_read
    JOIN second_read USING (rollout_id)
    CROSS JOIN first_id
    CROSS JOIN second_id
    SEMI JOIN (SELECT rollout_id FROM rollouts WHERE in_run IS NULL OR run_id = in_run) AS asked USING (rollout_id)
    WHERE first_read.is_shown != second_read.is_shown
    QUALIFY row_number() OVER (PARTITION BY first_read.is_shown ORDER BY md5(first_read.rollout_id)) <= at_most
)
SELECT
    apart.shown_by,
    apart.rollout_id,
    arg_min(substring(rollouts.response, tags.start + 1, tags.stop - tags.start), tags.start) AS text
FROM apart
JOIN rollouts ON rollouts.rollout_id = apart.rollout_id
JOIN tags
    ON tags.tagger_id = apart.shown_by AND tags.rollout_id = apart.rollout_id AND tags.behavior = apart.behavior
WHERE
    tags.score >= 0.5
    AND tags.rollout_id IN (SELECT apart.rollout_id FROM apart)
    AND rollouts.rollout_id IN (SELECT apart.rollout_id FROM apart)
GROUP BY ALL
ORDER BY ALL;
