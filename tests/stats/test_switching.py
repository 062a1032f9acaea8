"""Strategy switching: the published cells to the last digit, the null of an unchanged policy, and the identities."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceanalytics.errors import Refused
from traceanalytics.stats.correction import Audit
from traceanalytics.stats.shift_share import StrategyCounts
from traceanalytics.stats.switching import corrected_switching, switching, switching_beyond_chance

ARMS = ("ground truth", "majority", "format", "incorrect", "random")


@pytest.mark.parametrize("arm", ARMS)
def test_the_published_counts_give_the_published_shares(arm: str, published, published_counts) -> None:
    found = switching(*published_counts(arm))
    shares = 100 * found.contributions.sum(axis=0) / found.contributions.sum()
    assert shares.round(2).tolist() == published["strategy_switching"]["shares"][arm]
    assert [round(100 * share.value, 2) for share in found.shares()] == published["strategy_switching"]["shares"][arm]


def test_the_mean_of_the_arms_is_the_published_one(published, published_counts) -> None:
    per_arm = [[share.value for share in switching(*published_counts(arm)).shares()] for arm in ARMS]
    assert (100 * np.mean(per_arm, axis=0)).round(2).tolist() == published["strategy_switching"]["shares"]["mean"]


def test_54_8_percent_of_the_pooled_gain_went_from_language_to_code(published_counts) -> None:
    gains = sum(switching(*published_counts(arm)).contributions.sum(axis=0) for arm in ARMS)
    assert round(100 * gains[2] / gains.sum(), 1) == 54.8


def test_every_pair_of_base_and_final_rollout_counts_once() -> None:
    base, final = [("s", 1), ("o", 0), ("o", 1)], [("s", 1), ("o", 1)]
    found = switching(counts(base), counts(final)).points
    for cell, (a, b) in zip(found, itertools.product("so", "so"), strict=True):
        pairs = [y - x for (s, x), (t, y) in itertools.product(base, final) if (s, t) == (a, b)]
        assert cell.value == pytest.approx(sum(pairs) / 6)


def test_an_unchanged_policy_seems_to_gain_by_switching_until_its_null_is_subtracted() -> None:
    generator = np.random.default_rng(0)

    def drawn() -> StrategyCounts:
        shown = generator.binomial(8, 0.5, 4000)
        return StrategyCounts(shown, generator.binomial(shown, 0.8), 8 - shown, generator.binomial(8 - shown, 0.2))

    base, final = drawn(), drawn()
    raw, net = switching(base, final), switching_beyond_chance(base, final)
    assert raw.points[2].value == pytest.approx(0.25 * 0.6, abs=0.01)
    assert not net.points[2].excludes(0)
    assert net.total.value == pytest.approx(raw.total.value)


def counts(rollouts: list[tuple[str, int]]) -> StrategyCounts:
    shown, other = ([correct for strategy, correct in rollouts if strategy == each] for each in "so")
    return StrategyCounts([len(shown)], [sum(shown)], [len(other)], [sum(other)])


columns = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(1, 5), st.integers(0, 5)).map(
        lambda c: (c[0], min(c[1], c[0]), c[2], min(c[3], c[2]))
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(columns, st.data())
def test_cells_sum_to_the_gain_with_and_without_the_null(base: list[tuple[int, ...]], data) -> None:
    final = data.draw(st.permutations(base))
    before, after = (StrategyCounts(*np.array(each).T) for each in (base, final))
    gain = np.mean(
        [(b[1] + b[3]) / (b[0] + b[2]) - (a[1] + a[3]) / (a[0] + a[2]) for a, b in zip(base, final, strict=True)]
    )
    for found in (switching(before, after), switching_beyond_chance(before, after)):
        assert sum(cell.value for cell in found.points) == pytest.approx(gain, abs=1e-9)


def test_one_base_rollout_has_no_null() -> None:
    message = "^a prompt has 1 base rollout: how often an unchanged policy switches needs at least 2 a prompt$"
    with pytest.raises(Refused, match=message):
        switching_beyond_chance(counts([("s", 1)]), counts([("o", 1)]))


def test_a_prompt_in_one_evaluation_only_is_refused() -> None:
    message = "^a prompt has no rollout in one of the two evaluations: give prompts that are in both$"
    with pytest.raises(Refused, match=message):
        switching(counts([]), counts([("o", 1)]))


def tagged(shown: np.ndarray, right: np.ndarray) -> StrategyCounts:
    return StrategyCounts(*(each.sum(axis=1) for each in (shown, shown & right, ~shown, ~shown & right)))


def test_cells_are_corrected_to_what_is_shown_from_what_is_tagged() -> None:
    draws, true, seen, audits = np.random.default_rng(0), [], [], []
    for share, accuracies in ((0.5, (0.6, 0.3)), (0.8, (0.7, 0.4))):
        shown = draws.random((4000, 8)) < share
        right = draws.random((4000, 8)) < np.where(shown, *accuracies)
        tags = draws.random((4000, 8)) < np.where(shown, 0.85, 0.1)
        true.append(tagged(shown, right))
        seen.append(tagged(tags, right))
        cells = (shown & tags, ~shown & tags, shown & ~tags, ~shown & ~tags)
        audits.append(Audit(*(float(each.sum()) for each in cells)))
    expected = [each.value for each in switching(*true).points]
    corrected = corrected_switching(*seen, (audits[0], audits[1]), resamples=200)
    assert [each.value for each in corrected[:4]] == pytest.approx(expected, abs=0.006)
    assert max(abs(each.value - true) for each, true in zip(switching(*seen).points, expected, strict=True)) > 0.02
    assert all(each.low <= value <= each.high for each, value in zip(corrected, expected, strict=False))
    assert corrected[4].value == pytest.approx(switching(*true).total.value, abs=1e-9)


def test_an_audit_without_errors_leaves_the_cells_and_widens_them() -> None:
    draws = np.random.default_rng(1)
    base, final = (tagged(draws.random((60, 4)) < share, draws.random((60, 4)) < 0.5) for share in (0.4, 0.7))
    exact = Audit(tp=30, fp=0, fn=0, tn=30)
    counted, corrected = switching(base, final), corrected_switching(base, final, (exact, exact))
    assert [each.value for each in corrected[:4]] == pytest.approx([each.value for each in counted.points])


def test_cells_by_a_tagger_that_says_nothing_are_refused() -> None:
    counts = tagged(np.ones((30, 2), bool), np.ones((30, 2), bool))
    blind = Audit(tp=10, fp=9, fn=10, tn=11)
    with pytest.raises(Refused, match="of a signal; below 0.2 a corrected rate says nothing"):
        corrected_switching(counts, counts, (blind, blind))
