-- Share of rollouts that show a behavior, per bin of training steps, among those that the active tagger has read.
--
-- param in_behavior: the behavior
-- param in_run:      one run id; NULL means every run
-- param in_split:    train, val, eval or probe
-- param bin_width:   training steps per point
-- param by:          what to part by, as `rollout_parts` lists; NULL means one part
--
-- column run_id VARCHAR:  the training run
-- column step BIGINT:     first training step of the bin
-- column part VARCHAR:    its part, with `by`
-- column rollouts BIGINT: tagged rollouts in the bin
-- column prompts BIGINT:  distinct prompts among them
-- column shown BIGINT:    rollouts among them that show the behavior
-- column share DOUBLE:    part of them that shows it, 0 to 1
CREATE OR REPLACE MACRO behavior_rate(
    in_behavior VARCHAR := 'code_reasoning',
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    bin_width INTEGER := 1,
    by VARCHAR := NULL
) AS TABLE
SELECT
    rollouts.run_id,
    rollouts.step // bin_width * bin_width AS step,
    parts.part,
    count(*) AS rollouts,
    count(DISTINCT rollouts.prompt_key) AS prompts,
    count(*) FILTER (WHERE list_contains(tagged.shown, in_behavior)) AS shown,
    avg(list_contains(tagged.shown, in_behavior)::INTEGER) AS share
FROM current_tagged AS tagged
JOIN rollouts USING (rollout_id)
LEFT JOIN rollout_parts(by := "by") AS parts USING (rollout_id)
WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY ALL
ORDER BY ALL;
