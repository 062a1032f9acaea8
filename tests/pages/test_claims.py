from traceanalytics.pages.base import Selectors
from traceanalytics.pages.claims import answers
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store

PUBLISHED = "spurious_rewards.has_code"


def test_a_finding_on_a_page_judges_by_the_tagger_that_was_chosen(analyzed: Store) -> None:
    view = look(analyzed, Selectors(runs=("random",), tagger=PUBLISHED))
    found, refused = answers(view, "strategy_switch", in_behavior=PUBLISHED)  # which the active tagger does not judge
    assert (len(found) + len(refused), [str(answer.tagger).partition("@")[0] for answer in found.values()]) == (
        1, [PUBLISHED] * len(found)
    )  # fmt: skip
