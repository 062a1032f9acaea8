-- Length of what the model itself wrote per bin of training steps, as the active tagger counted it, so that no text is read.
--
-- Characters of the segments that are the model's own: without what tools returned, and without white space between them.
--
-- param in_run:    one run id; NULL means every run
-- param in_split:  train, val, eval or probe
-- param bin_width: training steps per point
--
-- column run_id VARCHAR:           the training run
-- column step BIGINT:              first training step of the bin
-- column rollouts BIGINT:          tagged rollouts in the bin
-- column mean_characters DOUBLE:   mean length in characters
-- column median_characters DOUBLE: median length in characters
-- column long_characters DOUBLE:   length that nine in ten stay below
-- column mean_tokens DOUBLE:       mean length of the response in tokens, where the log counts them
-- column share_truncated DOUBLE:   part that ended at the length limit, among those whose end the log tells, 0 to 1
-- column end_unknown BIGINT:       rollouts whose end the log does not tell
CREATE OR REPLACE MACRO own_length_over_steps(
    in_run VARCHAR := NULL, in_split VARCHAR := 'train', bin_width INTEGER := 1
) AS TABLE
SELECT
    rollouts.run_id,
    rollouts.step // bin_width * bin_width AS step,
    count(*) AS rollouts,
    avg(current_tagged.characters) AS mean_characters,
    median(current_tagged.characters) AS median_characters,
    quantile_cont(current_tagged.characters::DOUBLE, 0.9) AS long_characters,
    avg(rollouts.n_tokens) AS mean_tokens,
    avg((rollouts.finish_reason = 'length')::INTEGER) AS share_truncated,
    count(*) FILTER (WHERE rollouts.finish_reason IS NULL) AS end_unknown
FROM current_tagged
JOIN rollouts USING (rollout_id)
WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY ALL
ORDER BY ALL;
