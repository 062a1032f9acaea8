-- Where the active tagger saw what, in given rollouts.
--
-- param in_rollouts: the rollouts
--
-- column rollout_id VARCHAR: the rollout
-- column behavior VARCHAR:   the behavior
-- column start INTEGER:      first code point of the span in the response
-- column stop INTEGER:       code point after its last
-- column score FLOAT:        how sure the tagger is; from 0.5 on the behavior is shown
CREATE OR REPLACE MACRO spans_of_rollouts(in_rollouts VARCHAR[] := []::VARCHAR[]) AS TABLE
SELECT current_tags.rollout_id, current_tags.behavior, current_tags.start, current_tags.stop, current_tags.score
FROM current_tags
WHERE current_tags.rollout_id IN (SELECT unnest(in_rollouts))
ORDER BY ALL;
