-- Share of rollouts that show a behavior, raw and corrected by audits of the same run and era: thirds of its steps.
--
-- Counts weigh each audited rollout by one over its drawing probability, scaled to the number of evenly drawn ones that
-- would be worth as much (Kish 1965). Values only: `ta finding behavior_shift` gives them with their intervals.
--
-- param in_behaviors: shown means that any of these is shown
-- param in_run:       one run id; NULL means every run
-- param in_split:     train, val, eval or probe
-- param in_tagger:    whose tags; NULL means the active tagger's
--
-- column run_id VARCHAR:        the training run
-- column from_step BIGINT:      first training step of the era; 0 where the log knows no steps
-- column to_step BIGINT:        its last training step
-- column rollouts BIGINT:       tagged rollouts of the era
-- column prompts BIGINT:        distinct prompts among them
-- column share DOUBLE:          part of them that the tagger says shows it: the raw rate
-- column audited BIGINT:        rollouts of the era that were audited; without any, what follows is NULL
-- column tp DOUBLE:             audited and weighted: tagged, and shown
-- column fp DOUBLE:             tagged, and not shown
-- column fn DOUBLE:             not tagged, and shown
-- column tn DOUBLE:             not tagged, and not shown
-- column precision DOUBLE:      part of the tagged that shows it
-- column sensitivity DOUBLE:    part of those that show it that is tagged
-- column specificity DOUBLE:    part of those that do not show it that is not tagged
-- column rogan_gladen DOUBLE:   (share + specificity - 1) / (sensitivity + specificity - 1); NULL where that is below 0.2
-- column prediction_powered DOUBLE: share * precision + (1 - share) * part of the untagged that shows it
CREATE OR REPLACE MACRO corrected_rate(
    in_behaviors VARCHAR[] := ['code_reasoning'],
    in_run VARCHAR := NULL,
    in_split VARCHAR := 'train',
    in_tagger VARCHAR := NULL
) AS TABLE
WITH read AS (  -- narrow, as it is what the join holds in memory
    SELECT
        tagged.rollout_id,
        len(list_filter(in_behaviors, lambda name: list_contains(tagged.shown, name))) > 0 AS is_tagged
    FROM tagged
    WHERE tagged.tagger_id = coalesce(in_tagger, (SELECT meta.value FROM meta WHERE meta.name = 'active_tagger'))
),
by_prompt AS (
    SELECT
        rollouts.run_id,
        coalesce(rollouts.step, 0) AS step,
        coalesce(rollouts.prompt_key, rollouts.rollout_id) AS prompt_key,
        count(read.rollout_id) AS rollouts,
        count(*) FILTER (WHERE read.is_tagged) AS tagged_ones
    FROM rollouts
    LEFT JOIN read USING (rollout_id)
    WHERE rollouts.split = in_split AND (in_run IS NULL OR rollouts.run_id = in_run)
    GROUP BY ALL
    HAVING count(read.rollout_id) > 0
),
ends AS (SELECT run_id, min(step) AS first_step, max(step) AS last_step FROM by_prompt GROUP BY ALL),
eras AS (
    SELECT
        by_prompt.run_id,
        (by_prompt.step - ends.first_step) * 3 // (ends.last_step - ends.first_step + 1) AS era,
        min(by_prompt.step) AS from_step,
        max(by_prompt.step) AS to_step,
        sum(by_prompt.rollouts)::BIGINT AS rollouts,
        count(DISTINCT by_prompt.prompt_key) AS prompts,
        sum(by_prompt.tagged_ones) / sum(by_prompt.rollouts) AS share
    FROM by_prompt
    JOIN ends USING (run_id)
    GROUP BY ALL
),
audits AS (
    SELECT
        eras.run_id,
        eras.era,
        count(*) AS audited,
        sum(1 / drawn_with) FILTER (WHERE is_tagged AND is_judged_shown) AS tp,
        sum(1 / drawn_with) FILTER (WHERE is_tagged AND NOT is_judged_shown) AS fp,
        sum(1 / drawn_with) FILTER (WHERE NOT is_tagged AND is_judged_shown) AS fn,
        sum(1 / drawn_with) FILTER (WHERE NOT is_tagged AND NOT is_judged_shown) AS tn,
        sum(1 / drawn_with) / sum(1 / drawn_with ** 2) AS scale
    FROM audited_rollouts(
        in_behaviors := in_behaviors, in_run := in_run, in_split := in_split, in_tagger := in_tagger
    ) AS audited
    JOIN eras ON eras.run_id = audited.run_id AND audited.step BETWEEN eras.from_step AND eras.to_step
    GROUP BY ALL
),
errors AS (
    SELECT
        run_id,
        era,
        audited,
        coalesce(tp, 0) * scale AS tp,
        coalesce(fp, 0) * scale AS fp,
        coalesce(fn, 0) * scale AS fn,
        coalesce(tn, 0) * scale AS tn
    FROM audits
),
measured AS (
    SELECT
        *,
        tp / nullif(tp + fp, 0) AS precision,
        fn / nullif(fn + tn, 0) AS false_omission,
        tp / nullif(tp + fn, 0) AS sensitivity,
        tn / nullif(fp + tn, 0) AS specificity
    FROM errors
)
SELECT
    eras.run_id,
    eras.from_step,
    eras.to_step,
    eras.rollouts,
    eras.prompts,
    eras.share,
    coalesce(measured.audited, 0) AS audited,
    measured.tp,
    measured.fp,
    measured.fn,
    measured.tn,
    measured.precision,
    measured.sensitivity,
    measured.specificity,
    CASE
        WHEN measured.sensitivity + measured.specificity - 1 >= 0.2
        THEN least(
            greatest(
                (eras.share + measured.specificity - 1) / (measured.sensitivity + measured.specificity - 1), 0
            ), 1
        )
    END AS rogan_gladen,
    coalesce(eras.share * measured.precision, CASE WHEN eras.share = 0 THEN 0 END)
    + coalesce((1 - eras.share) * measured.false_omission, CASE WHEN eras.share = 1 THEN 0 END) AS prediction_powered
FROM eras
LEFT JOIN measured USING (run_id, era)
ORDER BY eras.run_id, eras.from_step;
