import pytest
from findings.worlds import Row, fill, published_rows

from traceanalytics.errors import Refused
from traceanalytics.findings.base import get_finding
from traceanalytics.store.store import Store


def test_the_published_base_model_has_room_in_code_and_gained_more(store: Store) -> None:
    answer = get_finding("elicitation_headroom").find(fill(store, published_rows(["format"])))
    by_label = {each.label: round(100 * each.value, 1) for each in answer.estimates}
    assert by_label == {"headroom by code": 11.5, "headroom by language": -21.4, "gain": 22.0}
    assert answer.verdict.startswith("format would gain +11.5 points [")
    assert (
        "by code alone, as it was at step 0 on 500 prompts; it gained right answers from step 0 to 150: +22.0 points ["
        in answer.verdict
    )
    assert answer.chart is not None


def test_a_single_evaluation_leaves_the_gain_unknown(store: Store) -> None:
    rows = [row for row in published_rows(["format"]) if row.step == 0]
    answer = get_finding("elicitation_headroom").find(fill(store, rows))
    assert [each.label for each in answer.estimates] == ["headroom by code", "headroom by language"]
    assert any(caveat.startswith("the gain of format is not known: run 'format' has") for caveat in answer.caveats)


def test_one_strategy_alone_has_no_room_that_is_known(store: Store) -> None:
    with pytest.raises(Refused, match="run 'a' uses one strategy only at step 0: the other's accuracy is not known"):
        get_finding("elicitation_headroom").find(fill(store, [Row(f"p{i}", correct=i > 9) for i in range(30)]))
