"""What a finding is, how its parameters are read from its signature, and where findings are found."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from shlex import quote
from typing import TYPE_CHECKING, Any, Union, get_args, get_type_hints

from traceanalytics.errors import BadInput, TraceAnalyticsError, UnknownName
from traceanalytics.paths import user_files
from traceanalytics.registry import Registry, load_file
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import altair
    import pyarrow

    from traceanalytics.findings.noting import NotingStore
    from traceanalytics.store.store import Store

RAW, CORRECTED = "raw", "corrected"
ADJUSTED = "beyond chance"  # what would be there without any change is subtracted; no audit corrects it
_BY = inspect.Parameter("by", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="str | None")
UNCORRECTED = "uncorrected: "  # begins a caveat; what would correct the rates is added to it in one place
_AUDITS = """
SELECT count(*) AS n
FROM tagger_errors
WHERE
    tagger_id = $id AND (len($behaviors::VARCHAR[]) = 0 OR list_contains($behaviors::VARCHAR[], behavior))
    AND ($run IS NULL OR run_id = $run)
"""
NARROWEST_AUDIT, WIDEST_AUDIT = 0.02, 0.1  # half the width of what an audit is planned for


@dataclass(frozen=True, slots=True)
class Named:
    """One number of an answer with its interval; `n` counts `unit`. Rates and shares are fractions."""

    label: str
    value: float
    low: float | None
    high: float | None
    n: int
    unit: str = "prompts"
    kind: str = RAW


@dataclass(slots=True)
class Answer:
    """What a finding found. `table` holds the rows behind the numbers, for the chart and for reading."""

    estimates: list[Named]
    verdict: str
    caveats: list[str] = field(default_factory=list)
    table: "pyarrow.Table | None" = None
    tagger: str | None = None
    name: str = ""
    params: dict[str, JSON] = field(default_factory=dict)
    query: str = ""
    chart: "altair.TopLevelMixin | None" = None
    splits: dict[str, str] = field(default_factory=dict)  # which split was read of each run

    def as_json(self) -> dict[str, JSON]:
        """Return the answer as `ta finding NAME --json` prints it."""
        return {
            "name": self.name,
            "params": self.params,
            "splits": self.splits,
            "estimates": [
                {
                    "label": each.label,
                    "value": each.value,
                    "low": each.low,
                    "high": each.high,
                    "n": each.n,
                    "unit": each.unit,
                    "kind": each.kind,
                }
                for each in self.estimates
            ],
            "verdict": self.verdict,
            "caveats": self.caveats,
            "tagger": self.tagger,
            "query": self.query,
        }

    def _repr_html_(self) -> str:
        """Return what a notebook shows: verdict, numbers, caveats and the chart as a picture."""
        rows = "".join(
            f"<tr><td>{escape(each.label)}</td><td>{_shown(each.value)}</td><td>{_shown(each.low)}</td>"
            f"<td>{_shown(each.high)}</td><td>{each.n:,} {escape(each.unit)}</td><td>{escape(each.kind)}</td></tr>"
            for each in self.estimates
        )
        head = "<tr><th></th><th>value</th><th>low</th><th>high</th><th>n</th><th>kind</th></tr>"
        caveats = "".join(f"<li>{escape(caveat)}</li>" for caveat in self.caveats)
        return f"<p><b>{escape(self.verdict)}</b></p>{self._picture()}<table>{head}{rows}</table><ul>{caveats}</ul>"

    def _picture(self) -> str:
        if self.chart is None:
            return ""
        import vl_convert

        return str(vl_convert.vegalite_to_svg(self.chart.to_dict()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One claim that can be tested on a store.

    `infer` takes the store and keyword parameters with defaults, and raises Refused, in one sentence that says what is
    missing, where the data cannot answer.
    """

    name: str
    claim: str
    infer: Callable[..., Answer]
    queries: tuple[str, ...] = ()  # the shipped queries that it reads
    draw: Callable[[Answer], "altair.TopLevelMixin"] | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)  # of parameters that no finding of ours takes

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Return the parameters of `infer` but the store, and `by`, which every finding takes."""
        return {**dict(list(inspect.signature(self.infer).parameters.items())[1:]), "by": _BY}

    def find(self, store: "Store", **arguments: object) -> Answer:
        """Answer on a store, or with `by` on each part of it; a name that the store does not know is an error."""
        for name in arguments:
            if name not in self.parameters:
                takes = ", ".join(self.parameters) or "none"
                raise BadInput(f"finding {self.name!r} has no parameter {name!r}; it takes {takes}")
        from traceanalytics.findings.caveats import said_once
        from traceanalytics.findings.noting import NotingStore

        noting = NotingStore(store)
        defaults = {name: each.default for name, each in self.parameters.items()}
        _check_margin(arguments)
        _check_names(noting, defaults, arguments)
        by, rest = arguments.get("by"), {name: value for name, value in arguments.items() if name != "by"}
        answer = self._by_part(noting, str(by), rest) if by else self.infer(noting, **rest)
        answer.name, answer.params = self.name, {**defaults, **arguments, **answer.params}
        if "in_split" in defaults and noting.split_of_run:
            _say_split(answer, noting.split_of_run)
        answer.query = answer.query or "\n\n".join(_sql_of(name) for name in self.queries)
        answer.tagger = answer.tagger or _active_tagger(noting)
        said = [_with_audits(noting, answer, caveat) for caveat in answer.caveats]
        answer.caveats = said_once(said, noting.sql("SELECT run_id FROM runs")["run_id"].to_pylist())
        if self.draw is not None and answer.chart is None:
            answer.chart = self.draw(answer)
        return answer

    def _by_part(self, store: "NotingStore", by: str, arguments: Mapping[str, object]) -> Answer:
        from traceanalytics.findings.by_part import answer_by_part

        return answer_by_part(self, store, by, arguments)


FINDINGS: Registry[Finding] = Registry("traceanalytics.findings", "finding", lambda: Finding)


def all_findings() -> dict[str, Finding]:
    """Return every finding by name: ours, other packages', and those of the user's folders."""
    found = dict(FINDINGS.all())
    for path in user_files("findings", "*.py"):
        for value in vars(load_file(path)).values():
            if isinstance(value, Finding) and found.setdefault(value.name, value) is not value:
                raise TraceAnalyticsError(
                    f"{path}: a finding is called {value.name!r} already; give yours another name"
                )
    return dict(sorted(found.items()))


def get_finding(name: str) -> Finding:
    """Return one finding; an unknown name is answered with the nearest one and the list."""
    found = all_findings()
    if name not in found:
        raise UnknownName("finding", name, found)
    return found[name]


def read_parameters(finding: Finding, written: list[str]) -> dict[str, object]:
    """Read `name=value` words by the types in the signature of `infer`."""
    hints = _hints(finding)
    read: dict[str, object] = {}
    for word in written:
        name, equals, value = word.partition("=")
        if not equals:
            raise BadInput(
                f"{word!r} is no parameter; write NAME=VALUE, such as {next(iter(finding.parameters), 'x')}=…"
            )
        if name not in finding.parameters:
            takes = ", ".join(finding.parameters) or "none"
            raise BadInput(f"finding {finding.name!r} has no parameter {name!r}; it takes {takes}")
        read[name] = _read(finding.name, name, hints.get(name, str), value)
    return read


def _hints(finding: Finding) -> dict[str, Any]:
    """Return the types of the parameters; that of the store may be known to type checkers only."""

    def parameters() -> None: ...

    annotations = finding.infer.__annotations__.items()
    parameters.__annotations__ = {name: hint for name, hint in annotations if name in finding.parameters}
    return get_type_hints(parameters, finding.infer.__globals__)


def _read(finding: str, name: str, hint: Any, value: str) -> object:
    kinds = [each for each in get_args(hint) if each is not type(None)] if _is_union(hint) else [hint]
    if value in ("", "NULL") and _is_union(hint):
        return None
    for kind in kinds:
        if kind is bool and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
        if kind is str:
            return value
        if getattr(kind, "__origin__", None) in (tuple, list):
            return tuple(value.split(","))
    names = " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    raise BadInput(f"finding {finding!r}: {name}={value!r} is no {names}")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _is_union(hint: Any) -> bool:
    import types

    return getattr(hint, "__origin__", None) is Union or isinstance(hint, types.UnionType)


def _sql_of(name: str) -> str:
    from traceanalytics.store.queries import get_query

    return get_query(name).sql


def _check_names(store: "Store", defaults: Mapping[str, object], arguments: Mapping[str, object]) -> None:
    from traceanalytics.store.names import check_names

    with store.reading() as connection:
        check_names(connection, arguments, defaults)


def _check_margin(arguments: Mapping[str, object]) -> None:
    margin = arguments.get("margin")
    if isinstance(margin, int | float) and not 0 < margin < 1:
        raise BadInput(f"margin={margin:g} is no fraction between 0 and 1: margin=0.05 is 5 points")


def _say_split(answer: Answer, split_of_run: Mapping[str, str]) -> None:
    """Name the split that was read in a caveat, and in the parameters where it is one."""
    from traceanalytics.findings.noting import BY_DEFAULT, splits_in_words

    answer.splits = dict(split_of_run)
    by_default = "" if answer.params["in_split"] else f" by default: {BY_DEFAULT}"
    answer.caveats.append(f"{splits_in_words(split_of_run)}{by_default}")
    if len(set(split_of_run.values())) == 1:
        answer.params["in_split"] = next(iter(split_of_run.values()))


def _with_audits(store: "Store", answer: Answer, caveat: str) -> str:
    """Say after "uncorrected" how many rollouts to audit: so many that the errors are known as well as the rates."""
    if UNCORRECTED not in caveat:
        return caveat
    from traceanalytics.stats.correction import audits_needed

    said = caveat.split("; no audit")[0]
    asked = answer.params.get("in_behavior") or answer.params.get("in_behaviors") or []
    behaviors = [asked] if isinstance(asked, str) else list(asked) if isinstance(asked, (list, tuple)) else []
    run = answer.params.get("in_run")
    about = {"id": answer.tagger, "behaviors": behaviors, "run": run}
    if store.sql(_AUDITS, about)["n"][0].as_py():
        return f"{said}; the page `tagger` shows its audits, `ta query corrected_rate` the corrected rates"
    half = min(max(_widest_half(answer), NARROWEST_AUDIT), WIDEST_AUDIT)
    needed = audits_needed(half)
    words = [
        f"in_run={quote(str(run or 'RUN'))}",
        *(f"in_behavior={each}" for each in [asked] if isinstance(each, str)),
    ]
    return (
        f"{said}; audit {needed:,} rollouts to know its errors to ±{100 * half:.0f} points: "
        f"`ta label --for {answer.name} -n {needed} {' '.join(words)}` draws them"
    )


def _widest_half(answer: Answer) -> float:
    return max(
        (
            (each.high - each.low) / 2
            for each in answer.estimates
            if each.kind == RAW
            and each.low is not None
            and each.high is not None
            and each.value >= 0
            and each.high <= 1
        ),
        default=WIDEST_AUDIT,
    )


def _active_tagger(store: "Store") -> str | None:
    rows = store.sql("SELECT value FROM meta WHERE name = 'active_tagger'").to_pylist()
    return rows[0]["value"] if rows else None
