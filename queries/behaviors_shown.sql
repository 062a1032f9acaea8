-- Which behaviors a tagger saw at all, and in how many rollouts.
--
-- param in_tagger: whose tags; NULL means the active tagger's
--
-- column behavior VARCHAR: the behavior
-- column rollouts BIGINT:  rollouts of all runs and splits that show it
CREATE OR REPLACE MACRO behaviors_shown(in_tagger VARCHAR := NULL) AS TABLE
WITH shown_by_rollout AS (
    SELECT unnest(tagged.shown) AS behavior
    FROM tagged
    WHERE tagged.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
)
SELECT behavior, count(*) AS rollouts
FROM shown_by_rollout
GROUP BY ALL
ORDER BY ALL;
