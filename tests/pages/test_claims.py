from dataclasses import replace
from pathlib import Path

from traceanalytics.pages.base import Selectors
from traceanalytics.pages.claims import answers, asked_of, call_of_finding
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store

PUBLISHED = "spurious_rewards.has_code"


def test_a_finding_on_a_page_judges_by_the_tagger_that_was_chosen(analyzed: Store) -> None:
    view = look(analyzed, Selectors(runs=("random",), tagger=PUBLISHED))
    found, refused = answers(view, "strategy_switch", in_behavior=PUBLISHED)  # which the active tagger does not judge
    assert (len(found) + len(refused), [str(answer.tagger).partition("@")[0] for answer in found.values()]) == (
        1, [PUBLISHED] * len(found)
    )  # fmt: skip


def test_a_command_holds_names_as_a_shell_takes_them(analyzed: Store) -> None:
    view = replace(look(analyzed, Selectors()), runs=("it's a run",), store=Store(Path("my store.duckdb")))
    said = call_of_finding(view, "reward_gain")
    assert said == """ta finding reward_gain in_run='it'"'"'s a run' --db 'my store.duckdb'"""


def test_of_many_runs_a_page_says_of_which_a_finding_was_asked(analyzed: Store) -> None:
    view = look(analyzed, Selectors())
    assert asked_of(view, {}) == ""
    many = replace(view, runs=tuple(f"r{n}" for n in range(12)))
    assert asked_of(many, {}) == " Asked of the first 8 of 12 runs; `--run` chooses others."
