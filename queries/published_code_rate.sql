-- The published code detector (Spurious Rewards, arXiv 2506.10947): the lower-cased response contains `python`.
-- It also counts mentions, requests and loops of empty fences; `behavior_rate` counts code reasoning itself.
--
-- param in_run:    one run id; NULL means every run
-- param in_split:  train, val, eval or probe
-- param bin_width: training steps per point
-- param by:        what to part by, as `rollout_parts` lists; NULL means one part
--
-- column run_id VARCHAR:  the training run
-- column step BIGINT:     first training step of the bin
-- column part VARCHAR:    its part, with `by`
-- column rollouts BIGINT: sampled responses in the bin
-- column prompts BIGINT:  distinct prompts among them
-- column share DOUBLE:    part of them that contains the word, 0 to 1
CREATE OR REPLACE MACRO published_code_rate(
    in_run VARCHAR := NULL, in_split VARCHAR := 'train', bin_width INTEGER := 1, by VARCHAR := NULL
) AS TABLE
SELECT
    rollouts.run_id,
    rollouts.step // bin_width * bin_width AS step,
    parts.part,
    count(*) AS rollouts,
    count(DISTINCT rollouts.prompt_key) AS prompts,
    avg(contains(lower(rollouts.response), 'python')::INTEGER) AS share
FROM rollouts
LEFT JOIN rollout_parts(by := "by") AS parts USING (rollout_id)
WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
GROUP BY ALL
ORDER BY ALL;
