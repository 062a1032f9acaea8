"""The audit of published numbers, run over every table that ships as a fixture."""

import numpy as np
import pytest

from traceanalytics.stats.differences import mcnemar_exact
from traceanalytics.stats.published import possible_percentage, sums_to, total_probability
from traceanalytics.stats.support import support


def test_66_7_percent_of_500_is_impossible_and_65_0_is_not() -> None:
    check = possible_percentage("66.7", 500)
    assert not check.holds
    assert check.says == "66.7% of 500 is impossible: 333 give 66.6%, 334 give 66.8%"
    assert possible_percentage("65.0", 500).says == "65.0% of 500 is 325"


@pytest.mark.parametrize(
    ("printed", "n"), [("65.0", 500), ("95.6", 500), ("54.6", 500), ("53.6", 500), ("0.15", 1368), ("73.98", 1368)]
)
def test_counts_pass(printed: str, n: int) -> None:
    assert possible_percentage(printed, n).holds


@pytest.mark.parametrize("printed", ["26.5", "29.1", "27.1", "24.1"])
def test_smoothed_gains_are_no_counts(printed: str) -> None:
    assert not possible_percentage(printed, 500).holds


def test_whole_percentages_need_no_digits() -> None:
    assert possible_percentage("33", 3).holds
    assert not possible_percentage("50", 3).holds


def test_shares_and_accuracies_agree_where_they_should(published) -> None:
    for name, row in published["accuracy_by_strategy"]["models"].items():
        parts = {part: row[part] for part in ("share", "inside", "outside")}
        assert total_probability(row["overall"], **parts).holds is row["holds"], name


def test_a_contradiction_says_what_the_parts_make() -> None:
    check = total_probability("49.4", share="65.0", inside="60.9", outside="35.0")
    assert check.says == "65.0% at 60.9 and the rest at 35.0 make 51.84, which contradicts 49.4"


def test_contributions_sum_to_100_where_they_should(published) -> None:
    for name, row in published["accuracy_by_strategy"]["partial_contributions"].items():
        assert sums_to(row["parts"]).holds is row["holds"], name


def test_a_sum_says_what_it_is() -> None:
    assert sums_to(["5.0", "93.9", "0.0", "5.9"]).says == "5.0 + 93.9 + 0.0 + 5.9 = 104.8, not 100"
    assert sums_to(["33.3", "33.3", "33.3"]).says == "33.3 + 33.3 + 33.3 = 99.9, 100 within rounding"


def test_base_accuracies_are_counts(published) -> None:
    assert all(
        possible_percentage(model["base"], published["gains_by_reward"]["benchmark_size"]).holds
        for model in published["gains_by_reward"]["models"].values()
    )


def test_exact_matches_of_partial_prompts_are_counts(published) -> None:
    table = published["partial_prompts"]
    rows = [(each, row["n"]) for row in table["exact_match"].values() for each in row["percent"]]
    rows += [
        (each, 500)
        for template in ("with template", "without template")
        for each in table["accuracy_greedy"][template].values()
    ]
    assert all(possible_percentage(printed, n).holds for printed, n in rows)


def test_one_shot_accuracies_are_counts(published) -> None:
    table = published["one_shot"]
    models = [row for row in table.values() if isinstance(row, dict)]
    assert all(possible_percentage(printed, table["n"]).holds for row in models for printed in row.values())


def test_one_example_adds_8_6_points_beyond_the_format_reward(published) -> None:
    row = published["one_shot"]["Qwen2.5-Math-1.5B"]
    assert round(float(row["one example"]) - float(row["format reward"]), 1) == 8.6


def test_a_random_reward_stays_below_the_base_without_template(published) -> None:
    gain = dict(
        zip(
            published["gains_by_reward"]["rewards"],
            published["gains_by_reward"]["models"]["Qwen2.5-Math-7B"]["gains"],
            strict=True,
        )
    )
    base = float(published["partial_prompts"]["accuracy_greedy"]["without template"]["Qwen2.5-Math-7B"])
    beyond = {reward: round(49.4 + float(gain[reward]) - base, 1) for reward in ("random", "incorrect", "ground truth")}
    assert beyond == {"random": -1.4, "incorrect": 1.8, "ground truth": 6.0}


def test_switching_counts_add_up_to_their_margins(published) -> None:
    for arm, cells in published["strategy_switching"]["arms"].items():
        assert (sum(n for n, _, _ in cells), sum(before for _, before, _ in cells)) == (500, 247), arm
        assert sum(n for n, _, _ in cells[:2]) == 325, arm


def test_every_table_names_its_source(published) -> None:
    assert all(table["source"] for table in published.values())


def test_pass_at_256_counts_problems_where_each_was_sampled_256_times(published) -> None:
    table = published["signs_of_reward"]
    rows = [(arm[of][1], n) for arm in table["arms"].values() for of, n in table["problems"].items()]
    assert [row for row in rows if not possible_percentage(*row).holds] == []


def test_a_pass_at_256_of_96_9_percent_is_not_of_500_problems(published) -> None:
    printed = published["signs_of_reward"]["arms"]["base"]["MATH"][1]
    assert possible_percentage(printed, 500).says == "96.9% of 500 is impossible: 484 give 96.8%, 485 give 97.0%"
    assert possible_percentage(printed, 5000).holds


def test_the_weights_of_positive_samples_give_the_arms_at_their_ends(published) -> None:
    table = published["signs_of_reward"]
    by_weight = table["MATH pass@256 by weight of positive samples"]
    assert {arm: table["arms"][arm]["MATH"][1] for arm in table["arms by weight"].values()} == {
        arm: by_weight[weight] for weight, arm in table["arms by weight"].items()
    }


def test_no_arm_is_above_the_base_at_256_samples_and_the_negative_one_ties(published) -> None:
    table = published["signs_of_reward"]
    base = float(table["arms"]["base"]["MATH"][1])
    less = {arm: round(float(of["MATH"][1]) - base, 1) for arm, of in table["arms"].items() if arm != "base"}
    assert less == {arm: float(printed) for arm, printed in table["MATH pass@256 less the base"].items()}
    assert max(less.values()) == less["negative only"] == 0


def test_the_support_counts_give_their_printed_ratios(published) -> None:
    for model, (both, gained, lost, *printed) in published["support_dynamics"]["models"].items():
        after, before = np.repeat([1, 1, 0], [both, gained, lost]), np.repeat([1, 0, 1], [both, gained, lost])
        found = support(before, np.ones_like(before), hits=after, n=np.ones_like(after))
        retained, discovered = both / (both + lost), gained / (both + gained)
        ratios = (retained, discovered, 2 / (1 / retained + 1 / discovered))
        assert [f"{ratio:.3f}" for ratio in ratios] == printed[:3], model
        assert f"{found.only_after.value - found.only_before.value:.4f}" == printed[3], model


def test_two_of_seven_models_are_not_shown_to_solve_fewer_problems_than_their_base(published) -> None:
    table = published["support_dynamics"]
    p = {model: mcnemar_exact(gained, lost).p for model, (_, gained, lost, *_) in table["models"].items()}
    assert [model for model, each in p.items() if each > 0.05] == table["not_shown_to_shrink"]
