"""What one part is, from queries to pages: its claim or definition, what it takes, its text."""

import inspect
from collections.abc import Callable, Mapping

from traceanalytics.errors import UnknownName
from traceanalytics.types import JSON, Behavior, Example

Facts = dict[str, JSON]


def describe(kind: str, name: str) -> Facts:
    """Return the facts of one part by name; an unknown kind or name is answered with those that exist."""
    if kind not in KINDS:
        raise UnknownName("kind of part", kind, KINDS)
    return KINDS[kind](name)


def _query(name: str) -> Facts:
    from traceanalytics.store.queries import get_query

    query = get_query(name)
    return {
        "name": query.name,
        "about": query.title,
        "call": f"ta query {query.name} PARAM=VALUE…",
        "parameters": [
            {"name": each.name, "type": each.type, "default": each.default or "none", "about": each.meaning}
            for each in query.parameters
        ],
        "columns": [{"name": each.name, "type": each.type, "about": each.meaning} for each in query.columns],
        "file": query.path.name,
    }


def _finding(name: str) -> Facts:
    from traceanalytics.findings.base import get_finding
    from traceanalytics.findings.meanings import meaning_of

    finding = get_finding(name)
    return {
        "name": finding.name,
        "about": finding.claim,
        "how": inspect.getdoc(finding.infer) or "",
        "call": f"ta finding {finding.name} PARAM=VALUE…",
        "parameters": [
            {
                "name": each.name,
                "type": _written(each.annotation),
                "default": _default(each),
                "about": finding.meanings.get(each.name) or meaning_of(finding.name, each.name),
            }
            for each in finding.parameters.values()
        ],
        "queries": ", ".join(finding.queries) or "none",
    }


def _default(parameter: inspect.Parameter) -> str:
    from traceanalytics.findings.noting import BY_DEFAULT

    if parameter.name == "in_split" and parameter.default is None:
        return BY_DEFAULT
    return _written(parameter.default)


def _behavior(name: str) -> Facts:
    from traceanalytics.behaviors import BEHAVIORS

    behavior: Behavior = BEHAVIORS.get(name)
    return {
        "name": behavior.name,
        "about": behavior.definition,
        "border": behavior.border,
        "family": behavior.family.value,
        "decided by": _decider(behavior.name),
        "attributes": ", ".join(behavior.attributes) or "none",
        "shows": [_text_of(each) for each in behavior.shows],
        "shows not": [_text_of(each) for each in behavior.shows_not],
    }


def _decider(behavior: str) -> str:
    """Say what decides a behavior in the tagger that ships."""
    from traceanalytics.classifiers.models import read_card
    from traceanalytics.taggers import DEFAULT, SHIPPED, decided_by, heads_of

    card = read_card(SHIPPED / DEFAULT)
    decided = decided_by(heads_of(card))
    if behavior in decided["decided_by_rules"]:
        return "an exact rule"
    if behavior in decided["decided_by_heads"]:
        return f"a head of {DEFAULT}, the tagger that ships, trained from labels"
    why = "its head is no better" if behavior in card["behaviors"] else "it has no head for it"
    return f"cues in {DEFAULT}, the tagger that ships: {why}"


def _tagger(name: str) -> Facts:
    from traceanalytics.taggers import get_tagger

    tagger = get_tagger(name)
    facts = {key: value for key, value in tagger.card().items() if key not in ("rule", "about")}
    card: Mapping[str, JSON] = tagger.card()
    about = str(card.get("about") or card.get("rule") or "")
    return {"name": name, "about": about, "kind": tagger.kind, "version": tagger.version, **facts}


def _classifier(name: str) -> Facts:
    from traceanalytics.classifiers.models import CLASSIFIERS, about_classifier
    from traceanalytics.classifiers.options import options_of

    kind = CLASSIFIERS.get(name)
    about, how = about_classifier(kind)
    facts: Facts = {"name": name, "about": about, "call": f"ta train {name} [LABELS]… [OPTIONS]"}
    if how:
        facts["how"] = how
    facts["options"] = options_of(kind.Options) if hasattr(kind, "Options") else "none"
    return facts


def _reader(name: str) -> Facts:
    from traceanalytics.readers.base import READERS

    reader = READERS.get(name)
    return {
        "name": name,
        "about": reader.recognizes,
        "call": f"ta ingest PATH --reader {name}",
        "more": f"ta readers {name}",
    }


def _page(name: str) -> Facts:
    from traceanalytics.pages.base import get_page

    return {"name": name, "about": get_page(name).title, "call": f"ta report --page {name}"}


def _written(value: object) -> str:
    """Write a type or default as a user would; what has no default says so."""
    if value is inspect.Parameter.empty:
        return "needed"
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def _text_of(example: str | Example) -> str:
    return example if isinstance(example, str) else example.text


KINDS: Mapping[str, Callable[[str], Facts]] = {
    "query": _query,
    "finding": _finding,
    "behavior": _behavior,
    "tagger": _tagger,
    "classifier": _classifier,
    "reader": _reader,
    "page": _page,
}
