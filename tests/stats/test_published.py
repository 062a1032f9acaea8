"""The audit of published numbers, run over every table that ships as a fixture."""

import pytest

from traceanalytics.stats.published import possible_percentage, sums_to, total_probability


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
