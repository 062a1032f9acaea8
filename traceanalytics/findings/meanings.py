"""What the parameters of findings mean: of each name once, and of a finding that takes a name otherwise beside it."""

_REFLECTION = "what counts as reflection, with commas between them; what the tagger's card calls so if left out"
MEANINGS = {
    "in_run": "one run; every run if left out",
    "in_other_run": "the run that it is compared with; the other one, if left out, where the store holds two",
    "in_behavior": "the behavior that is followed, or that tells one strategy from the other",
    "in_behaviors": "the behaviors, with commas between them",
    "in_split": "train, val, eval or probe",
    "in_tagger": "whose tags are read, by name or id; the active tagger's if left out",
    "at_step": "the training step that is looked at; the last if left out",
    "from_step": "the first training step that counts; the run's first if left out",
    "to_step": "the last training step that counts; the run's last if left out",
    "base": "the run that holds the base model, for runs without step 0 whose log does not name it",
    "distilled": "a run that holds a distilled model, which is held against the same base",
    "true_run": "the run of the true reward, which the others are held against; the one that says so if left out",
    "margin": "a change inside ± this is called none: 0.05 is 5 points",
    "standard_error": "the standard error that the mean of several runs should have: 0.02 is 2 points",
    "by": "answer for each part: a column of prompts (dataset, level, …) or runs (domain, reward_type, …), or a key of "
    "`condition`; one answer if left out",
    "behavior_counts.in_behaviors": "the behaviors whose spans are counted, with commas between them",
    "behavior_shift.in_behavior": "one behavior; all that the tagger shows if left out",
    "compare_runs.in_run": "the run that is compared; the first, if left out, where the store holds two",
    "compare_runs.in_behavior": "a behavior to compare; right answers if left out",
    "elicitation_headroom.at_step": "the training step whose strategies are looked at; the base's if left out",
    "family_by_reward.in_behavior": "the behavior that is followed; NULL follows right answers",
    "reflection_rate.in_behaviors": _REFLECTION,
    "reflection_vs_accuracy.in_behaviors": _REFLECTION,
    "run_to_run_variance.to_step": "no evaluation after this training step is read; the last one is, if left out",
    "selection_pressure.in_behavior": "the behavior that rewards may favor",
    "training_stability.in_behavior": "a behavior to follow; right answers or rewards if left out",
}


def meaning_of(finding: str, parameter: str) -> str:
    """Return what a parameter means, nothing where only its finding can know."""
    return MEANINGS.get(f"{finding}.{parameter}", MEANINGS.get(parameter, ""))
