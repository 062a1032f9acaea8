-- How far two taggers agree, per behavior, over the rollouts that both have read.
--
-- param in_tagger:         a tagger, by name or id
-- param in_other:          the tagger to hold it against
-- param in_behavior:       one behavior; NULL means every one that both show somewhere
-- param in_other_behavior: what the other calls it; NULL means the same
-- param in_run:            one run id; NULL means every run
--
-- column behavior VARCHAR:   the behavior, as the first tagger calls it
-- column rollouts BIGINT:    rollouts that both have read
-- column shown_by_both BIGINT: of these, shown by both
-- column only_first BIGINT:  shown by the first alone
-- column only_second BIGINT: shown by the other alone
-- column neither BIGINT:     shown by none
-- column agreement DOUBLE:   part on which they agree, 0 to 1
-- column kappa DOUBLE:       agreement beyond chance (Cohen); NULL where chance alone agrees always
CREATE OR REPLACE MACRO tagger_agreement(
    in_tagger VARCHAR := 'cues',
    in_other VARCHAR := 'cues',
    in_behavior VARCHAR := NULL,
    in_other_behavior VARCHAR := NULL,
    in_run VARCHAR := NULL
) AS TABLE
WITH first_read AS (
    SELECT tagged.rollout_id, tagged.shown
    FROM tagged
    WHERE tagged.tagger_id = (SELECT named.tagger_id FROM tagger_named(in_tagger := in_tagger) AS named)
),
second_read AS (
    SELECT tagged.rollout_id, tagged.shown
    FROM tagged
    WHERE tagged.tagger_id = (SELECT named.tagger_id FROM tagger_named(in_tagger := in_other) AS named)
),
pairs AS (
    SELECT first_read.shown AS first_shown, second_read.shown AS second_shown
    FROM first_read
    JOIN second_read USING (rollout_id)
    SEMI JOIN (SELECT rollout_id FROM rollouts WHERE in_run IS NULL OR run_id = in_run) AS asked USING (rollout_id)
),
compared AS (
    SELECT DISTINCT unnest(first_shown) AS behavior FROM pairs WHERE in_behavior IS NULL
    INTERSECT
    SELECT DISTINCT unnest(second_shown) FROM pairs
    UNION
    SELECT in_behavior WHERE in_behavior IS NOT NULL
),
votes AS (
    SELECT
        behavior,
        list_contains(first_shown, behavior) AS first_shows,
        list_contains(second_shown, coalesce(in_other_behavior, behavior)) AS second_shows
    FROM pairs CROSS JOIN compared
),
counts AS (
    SELECT
        behavior,
        count(*) AS rollouts,
        count(*) FILTER (WHERE first_shows AND second_shows) AS shown_by_both,
        count(*) FILTER (WHERE first_shows AND NOT second_shows) AS only_first,
        count(*) FILTER (WHERE second_shows AND NOT first_shows) AS only_second,
        count(*) FILTER (WHERE NOT first_shows AND NOT second_shows) AS neither,
        avg(first_shows::INTEGER) AS first_share,
        avg(second_shows::INTEGER) AS second_share,
        avg((first_shows = second_shows)::INTEGER) AS agreement
    FROM votes
    GROUP BY ALL
),
chances AS (
    SELECT *, first_share * second_share + (1 - first_share) * (1 - second_share) AS by_chance FROM counts
)
SELECT
    behavior,
    rollouts,
    shown_by_both,
    only_first,
    only_second,
    neither,
    agreement,
    (agreement - by_chance) / nullif(1 - by_chance, 0) AS kappa
FROM chances
ORDER BY behavior;
