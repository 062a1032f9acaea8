"""The live page: the report's pages, made anew from the query string at every request, for one machine's reader."""

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from traceanalytics.errors import BadInput, Refused, TraceAnalyticsError
from traceanalytics.judging import Answers
from traceanalytics.pages.base import Page, Selectors, Text, all_pages
from traceanalytics.pages.html import render, shown_text
from traceanalytics.pages.label_page import LONGEST_FORM, LabelPage
from traceanalytics.pages.story import sql_of_title, title
from traceanalytics.pages.view import View, look, state_of
from traceanalytics.pages.words import scope
from traceanalytics.store.store import Store

Environ = Mapping[str, object]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

COOKIE = "traceanalytics"  # and a digest of the token, as servers on other ports of this machine set theirs beside it
CHANGED = "changed"  # where a page asks for the state of the store
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
]


class LiveApp:
    """A WSGI application. It answers only who knows the token, and only under a name of this machine."""

    def __init__(
        self, store: Store, token: str, *, hosts: frozenset[str], queues: Mapping[str, Answers] | None = None
    ) -> None:
        self._store = store
        self._token = token
        self._cookie = cookie_name(token)
        self._hosts = hosts
        self._queues = queues or {}
        self._labeling = LabelPage(self._queues, token)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if str(environ.get("HTTP_HOST", "")) not in self._hosts:
            return _say(start_response, "421 Misdirected Request", "This page answers only to 127.0.0.1 and localhost.")
        asked = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=False)
        path = str(environ.get("PATH_INFO", "/")).strip("/")
        if environ.get("REQUEST_METHOD") == "POST" and path == "label":
            return self._take_answer(environ, start_response, asked)
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _say(start_response, "405 Method Not Allowed", "This page is only read.")
        given = asked.pop("token", [""])[-1]
        if compare_digest(given.encode(), self._token.encode()):
            cookie = f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/"
            place = f"/{path}" + (f"?{urlencode(asked, doseq=True)}" if asked else "")
            start_response("303 See Other", [("Location", place), ("Set-Cookie", cookie), *_HEADERS])
            return [b""]
        if not self._is_known(environ):
            return _say(
                start_response, "403 Forbidden", "Open the address that `ta serve` printed: it holds the token."
            )
        if path == CHANGED:
            start_response("200 OK", [("Content-Type", "application/json"), *_HEADERS])
            return [json.dumps({"state": self._state()}).encode()]
        try:
            with self._store.kept_open():
                document = self._document(path or "overview", asked)
        except TraceAnalyticsError as error:
            return _say(start_response, "400 Bad Request", str(error))
        body = document.encode()
        html = ("Content-Type", "text/html; charset=utf-8")
        start_response("200 OK", [html, ("Content-Length", str(len(body))), *_HEADERS])
        return [body]

    def _take_answer(
        self, environ: Environ, start_response: StartResponse, asked: Mapping[str, list[str]]
    ) -> Iterable[bytes]:
        """Answer a form of the labeling page: it must hold the token, as well as the cookie."""
        size = str(environ.get("CONTENT_LENGTH", ""))
        if not size.isdecimal() or int(size) > LONGEST_FORM:
            return _say(start_response, "413 Content Too Large", "This is no form of the labeling page.")
        body: bytes = environ["wsgi.input"].read(int(size))  # type: ignore[attr-defined]
        name = asked.get("queue", [""])[-1]
        try:
            if not self._is_known(environ):
                raise PermissionError
            self._labeling.press(name, parse_qs(body.decode("utf-8", "replace")))
        except PermissionError:
            return _say(start_response, "403 Forbidden", "Only the page that this server showed can answer.")
        except TraceAnalyticsError as error:
            return _say(start_response, "400 Bad Request", str(error))
        place = f"/label?{urlencode({'queue': name})}" if name else "/label"
        start_response("303 See Other", [("Location", place), *_HEADERS])
        return [b""]

    def _state(self) -> str:
        """Return what is another one after somebody wrote to the store."""
        return "-".join(map(str, state_of(self._store))) if self._store.path.exists() else "none"

    def _is_known(self, environ: Environ) -> bool:
        try:
            cookies = SimpleCookie(str(environ.get("HTTP_COOKIE", "")))
        except CookieError:
            return False
        held = cookies[self._cookie].value if self._cookie in cookies else ""
        return compare_digest(held.encode(), self._token.encode())

    def _document(self, name: str, asked: Mapping[str, list[str]]) -> str:
        if name == "label":
            return self._labeling.show(asked.get("queue", [""])[-1])
        state, pages = self._state(), all_pages()
        if name not in pages:
            raise BadInput(f"there is no page {shown_text(name)!r}; there is {', '.join(pages)}")
        selectors = read_selectors(asked)
        page = pages[name]
        try:
            view = look(self._store, selectors)
        except Refused as refusal:
            return render("traceanalytics", [(page, [Text(str(refusal), "warning")])], links="", state=state)
        blocks = page.blocks(self._store, selectors)
        kept = urlencode(asked, doseq=True)
        links = "".join(_link(each, kept, is_here=each is page) for each in pages.values())
        return render(
            title(view),
            [(page, blocks)],
            scope=scope(view),
            sql=sql_of_title(view),
            links=links,
            controls=_controls(page, view),
            state=state,
            known=view.seen,
            runs=view.runs,
        )


def cookie_name(token: str) -> str:
    """Name the cookie that holds a token."""
    return f"{COOKIE}-{sha256(token.encode()).hexdigest()[:8]}"


def read_selectors(asked: Mapping[str, list[str]]) -> Selectors:
    """Read what a form or a link asks for.

    >>> read_selectors({"run": ["a", "b"], "step": ["40"]}).runs
    ('a', 'b')
    """
    known = ("run", "split", "behavior", "bin_width", "step", "search", "tagger")
    for name in asked:
        if name not in known:
            raise BadInput(f"{shown_text(name)!r} cannot be chosen; what can be is {', '.join(known)}")
    return Selectors(
        runs=tuple(asked.get("run", ())),
        split=asked.get("split", [None])[-1],
        behaviors=tuple(asked.get("behavior", ())),
        bin_width=_number(asked, "bin_width", least=1),
        step=_number(asked, "step", least=0),
        search=asked.get("search", [""])[-1],
        tagger=asked.get("tagger", [None])[-1],
    )


def _number(asked: Mapping[str, list[str]], name: str, *, least: int) -> int | None:
    if name not in asked:
        return None
    given = asked[name][-1]
    if not given.isdecimal() or int(given) < least:
        raise BadInput(f"{name}={shown_text(given)!r} is no whole number from {least} on")
    return int(given)


def _link(page: Page, kept: str, *, is_here: bool) -> str:
    here = ' aria-current="page"' if is_here else ""
    return f'<a href="/{escape(page.name)}{"?" + escape(kept) if kept else ""}"{here}>{escape(page.title)}</a>'


def _controls(page: Page, view: View) -> str:
    """Return the form whose fields become the query string."""
    chosen = view.selectors
    seen = view.seen
    fields = [
        _many("run", "Runs", view.all_runs, chosen.runs),
        _one("split", "Split", view.splits, view.split),
        *([_one("tagger", "Tagger", view.taggers, view.tagger_name or "")] if len(view.taggers) > 1 else []),
        _many("behavior", "Behaviors", seen, chosen.behaviors),
        _input("bin_width", "Steps a point", view.bin_width, least=1),
        _input("step", "Step to read", view.last_step if chosen.step is None else chosen.step, least=0),
        f'<label>Search <input type="search" name="search" value="{escape(chosen.search)}"></label>',
    ]
    return (
        f'<form class="controls" method="get" action="/{escape(page.name)}">{"".join(fields)}'
        f'<button>Show</button> <a href="/{escape(page.name)}">Reset</a></form>'
    )


def _many(name: str, label: str, values: Iterable[str], chosen: Iterable[str]) -> str:
    options = "".join(_option(value, value in chosen) for value in values)
    return f'<label>{label} <select name="{name}" multiple size="3">{options}</select></label>'


def _one(name: str, label: str, values: Iterable[str], chosen: str) -> str:
    options = "".join(_option(value, value == chosen) for value in values)
    return f'<label>{label} <select name="{name}">{options}</select></label>'


def _option(value: str, is_chosen: bool) -> str:
    return f'<option value="{escape(value)}"{" selected" if is_chosen else ""}>{escape(shown_text(value))}</option>'


def _input(name: str, label: str, value: int, *, least: int) -> str:
    return f'<label>{label} <input type="number" name="{name}" min="{least}" value="{value}"></label>'


def _say(start_response: StartResponse, status: str, text: str) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), *_HEADERS])
    return [f"{shown_text(text)}\n".encode()]
