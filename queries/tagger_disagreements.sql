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
WITH readings AS (
    SELECT taggers.name, taggers.tagger_id, count(*) AS read
    FROM taggers JOIN tagged USING (tagger_id)
    GROUP BY ALL
),
first_id AS (
    SELECT tagger_id FROM readings WHERE in_tagger IN (name, tagger_id)
    ORDER BY tagger_id = in_tagger DESC, read DESC, tagger_id LIMIT 1
),
second_id AS (
    SELECT tagger_id FROM readings WHERE in_other IN (name, tagger_id)
    ORDER BY tagger_id = in_other DESC, read DESC, tagger_id LIMIT 1
),
apart AS (
    SELECT
        rollouts.rollout_id,
        list_contains(first_read.shown, in_behavior) AS first_shows,
        if(first_shows, first_id.tagger_id, second_id.tagger_id) AS shown_by,
        if(first_shows, in_behavior, coalesce(in_other_behavior, in_behavior)) AS behavior
    FROM tagged AS first_read
    JOIN first_id ON first_read.tagger_id = first_id.tagger_id
    JOIN tagged AS second_read ON first_read.rollout_id = second_read.rollout_id
    JOIN second_id ON second_read.tagger_id = second_id.tagger_id
    JOIN rollouts ON rollouts.rollout_id = first_read.rollout_id
    WHERE
        (in_run IS NULL OR rollouts.run_id = in_run)
        AND list_contains(first_read.shown, in_behavior)
        != list_contains(second_read.shown, coalesce(in_other_behavior, in_behavior))
    QUALIFY row_number() OVER (PARTITION BY first_shows ORDER BY md5(rollouts.rollout_id)) <= at_most
)
SELECT
    apart.shown_by,
    apart.rollout_id,
    arg_min(substring(rollouts.response, tags.start + 1, tags.stop - tags.start), tags.start) AS text
FROM apart
JOIN rollouts ON rollouts.rollout_id = apart.rollout_id
JOIN tags
    ON tags.tagger_id = apart.shown_by AND tags.rollout_id = apart.rollout_id AND tags.behavior = apart.behavior
WHERE tags.score >= 0.5
GROUP BY ALL
ORDER BY ALL;
