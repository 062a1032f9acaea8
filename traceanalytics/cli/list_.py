"""`ta list WHAT`: the parts that can be named, one line each."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_table

PANEL = "Ask"


class What(StrEnum):
    """What there are lists of."""

    QUERIES = "queries"
    READERS = "readers"
    BEHAVIORS = "behaviors"
    FINDINGS = "findings"
    TAGGERS = "taggers"
    CLASSIFIERS = "classifiers"
    PAGES = "pages"


def list_(
    what: Annotated[What, typer.Argument(help="queries, readers, behaviors, findings, taggers, classifiers or pages.")],
    as_json: AsJson = False,
) -> None:
    """List queries, readers, behaviors, findings, taggers, classifiers or pages, each with what it is for."""
    rows = list(_LISTS[what]())
    if as_json:
        emit_json([{"name": name, "about": about} for name, about in rows])
    else:
        emit_table(["name", "about"], rows, widest=None)


def _queries() -> Iterator[tuple[str, str]]:
    from traceanalytics.store.queries import all_queries

    for query in all_queries().values():
        takes = ", ".join(parameter.name for parameter in query.parameters)
        yield query.name, f"{query.title} ({takes})"


def _readers() -> Iterator[tuple[str, str]]:
    from traceanalytics.readers.base import READERS

    for reader in READERS.all().values():
        yield reader.name, reader.recognizes


def _behaviors() -> Iterator[tuple[str, str]]:
    from traceanalytics.behaviors import BEHAVIORS

    for behavior in BEHAVIORS.all().values():
        yield behavior.name, behavior.definition


def _findings() -> Iterator[tuple[str, str]]:
    from traceanalytics.findings.base import all_findings

    for finding in all_findings().values():
        yield finding.name, f"{finding.claim} ({', '.join(finding.parameters)})"


def _taggers() -> Iterator[tuple[str, str]]:
    from traceanalytics.taggers import get_tagger, tagger_names

    for name in tagger_names():
        card = get_tagger(name).card()
        yield name, str(card.get("rule") or card.get("about") or "")


def _classifiers() -> Iterator[tuple[str, str]]:
    from traceanalytics.classifiers.models import CLASSIFIERS, about_classifier

    for name, kind in CLASSIFIERS.all().items():
        yield name, about_classifier(kind)[0]


def _pages() -> Iterator[tuple[str, str]]:
    from traceanalytics.pages.base import all_pages

    for page in all_pages().values():
        yield page.name, page.title


_LISTS = {
    What.QUERIES: _queries,
    What.READERS: _readers,
    What.BEHAVIORS: _behaviors,
    What.FINDINGS: _findings,
    What.TAGGERS: _taggers,
    What.CLASSIFIERS: _classifiers,
    What.PAGES: _pages,
}
