-- How many segments show a behavior per 1,000 characters: longer responses show more of everything, this does not.
--
-- param in_behavior: the behavior
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param bin_width:   training steps per point
-- param by:          what to part by, as `rollout_parts` lists; NULL means one part
--
-- column run_id VARCHAR:             the training run
-- column step BIGINT:                first training step of the bin
-- column part VARCHAR:               its part, with `by`
-- column rollouts BIGINT:            tagged rollouts in the bin
-- column characters BIGINT:          characters that the tagger has read in them
-- column shown_segments BIGINT:      segments that show the behavior
-- column per_1000_characters DOUBLE: such segments per 1,000 characters
CREATE OR REPLACE MACRO behavior_density(
    in_behavior VARCHAR := 'verification',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1,
    by VARCHAR := NULL
) AS TABLE
WITH segments_by_rollout AS (
    SELECT rollout_id, count(*) AS shown_segments
    FROM current_tags
    WHERE behavior = in_behavior AND score >= 0.5
    GROUP BY ALL
)
SELECT
    rollouts.run_id,
    rollouts.step // bin_width * bin_width AS step,
    parts.part,
    count(*) AS rollouts,
    sum(tagged.characters)::BIGINT AS characters,
    coalesce(sum(segments_by_rollout.shown_segments), 0)::BIGINT AS shown_segments,
    1000 * coalesce(sum(segments_by_rollout.shown_segments), 0) / nullif(sum(tagged.characters), 0)::DOUBLE
        AS per_1000_characters
FROM current_tagged AS tagged
JOIN rollouts USING (rollout_id)
LEFT JOIN segments_by_rollout USING (rollout_id)
LEFT JOIN rollout_parts(by := "by") AS parts USING (rollout_id)
WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY ALL
ORDER BY ALL;
