"""Beside every number stands the query that returns it, also beside those that stand in a sentence."""

import re

import pytest

from traceanalytics.pages.base import Block, Chart, Rollouts, Selectors, Table, Text, all_pages
from traceanalytics.pages.html import render
from traceanalytics.pages.story import sql_of_title
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store

CHOSEN = Selectors(runs=("random", "truth"))
NO_MEASUREMENT = re.compile(r"`[^`]*`|\bsteps? \d+( (to|and) \d+)?|\b95%|\b5 points|\w+@\w+|step \d+")


def numbers_in(block: Block) -> str:
    """Return the sentences of a block without what is no measured number."""
    said = block.text if isinstance(block, Text) else block.title
    lead = block.lead if isinstance(block, Chart) else ""
    return NO_MEASUREMENT.sub("", f"{said} {lead}")


def sql_of(block: Block) -> str:
    return block.table.sql if isinstance(block, Chart) else block.sql


@pytest.fixture(scope="module")
def blocks(analyzed: Store) -> list[Block]:
    return [block for page in all_pages().values() for block in page.blocks(analyzed, CHOSEN)]


def test_every_sentence_table_and_chart_with_a_number_has_its_query(blocks: list[Block]) -> None:
    without = [
        block for block in blocks if (isinstance(block, Table | Chart) or re.search(r"\d", numbers_in(block)))
        and not sql_of(block)
    ]  # fmt: skip
    assert without == []
    assert {type(block) for block in blocks if sql_of(block)} == {Text, Table, Chart, Rollouts}


def test_every_query_shown_is_one_that_the_store_answers(blocks: list[Block], analyzed: Store) -> None:
    shown = {sql_of(block) for block in blocks} | {sql_of_title(look(analyzed, CHOSEN))}
    with analyzed.kept_open():
        for statement in {each for sql in shown for each in sql.split(";") if each.strip()}:
            analyzed.user_sql(statement)


def test_a_sentence_and_the_title_unfold_their_query_with_a_button_that_copies_it(analyzed: Store) -> None:
    page = all_pages()["overview"]
    html = render("40% of it", [(page, [Text("One.\n\nHalf: 50%.", "lead", "SELECT 0.5")])], sql="SELECT 0.4")
    button = '<button type="button" class="copy">Copy</button>'
    for number, query in (("40% of it</h1>", "SELECT 0.4"), ("Half: 50%.</p>", "SELECT 0.5")):
        folded = f'{number}<details class="sql"><summary>Show SQL</summary>{button}<pre>{query}</pre></details>'
        assert folded in html


def test_a_query_says_whose_tags_it_must_read_where_a_reader_chose_a_tagger(analyzed: Store) -> None:
    view = look(analyzed, Selectors(tagger="spurious_rewards.has_code"))
    assert view.sql("behaviors_shown").startswith("-- with spurious_rewards.has_code@")
