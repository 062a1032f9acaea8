import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from browser import Browser
from conftest import HOSTILE_RUN

from traceanalytics.errors import BadInput
from traceanalytics.pages.live import cookie_name, read_selectors
from traceanalytics.store.store import Store
from traceanalytics.verbs.serve import Live


@pytest.fixture(scope="module")
def live(analyzed: Store) -> Iterator[Live]:
    served = Live(analyzed)
    thread = Thread(target=served.serve, daemon=True)
    thread.start()
    yield served
    served.stop()
    thread.join(timeout=5)


def get(live: Live, path: str, *, cookie: str = "", host: str | None = None, method: str = "GET") -> tuple[int, str]:
    place = urlsplit(live.address)
    connection = HTTPConnection(place.hostname or "", place.port)
    connection.request(method, path, headers={"Host": host or place.netloc, "Cookie": cookie})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def cookie_of(live: Live) -> str:
    token = live.address.split("token=")[1]
    return f"{cookie_name(token)}={token}"


def test_the_token_opens_the_page_and_leaves_the_address(live: Live) -> None:
    place = urlsplit(live.address)
    connection = HTTPConnection(place.hostname or "", place.port)
    connection.request("GET", f"/?{place.query}")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert "HttpOnly; SameSite=Strict" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("cookie", ["", "{name}=guess", "{name}=é", "\x01=;;"])
def test_nobody_enters_without_the_token(cookie: str, live: Live) -> None:
    given = cookie.format(name=cookie_of(live).partition("=")[0])
    status, said = get(live, "/", cookie=given.encode("ascii", "ignore").decode().replace("\x01", ""))
    assert (status, "the address that `ta serve` printed" in said) == (403, True)


def test_two_servers_open_in_one_browser(live: Live, store: Store) -> None:
    other = Live(store)
    assert get(live, "/changed", cookie=f"{cookie_of(other)}; {cookie_of(live)}")[0] == 200
    other.close()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", ""])
def test_another_host_name_is_refused(host: str, live: Live) -> None:
    assert get(live, "/", cookie=cookie_of(live), host=host or "x")[0] == 421


def test_the_page_is_only_read(live: Live) -> None:
    assert get(live, "/", cookie=cookie_of(live), method="POST")[0] == 405


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/nowhere", "there is no page 'nowhere'; there is overview"),
        ("/overview?color=red", "'color' cannot be chosen; what can be is run, split"),
        ("/overview?bin_width=0", "bin_width='0' is no whole number from 1 on"),
        ("/overview?step=-3", "step='-3' is no whole number from 0 on"),
        ("/overview?run=%1b[31mx", "no run is called"),
        ("/behaviors?behavior=verifcation", "no behavior is called 'verifcation'. Did you mean 'verification'"),
        ("/reading?step=55", "there is no step 55; the nearest is"),
    ],
)
def test_a_wrong_choice_is_answered_in_words(path: str, message: str, live: Live) -> None:
    status, said = get(live, path, cookie=cookie_of(live))
    assert status == 400
    assert message in said
    assert "\x1b" not in said


def test_the_query_string_chooses(live: Live) -> None:
    _, html = get(live, "/behaviors?run=random&behavior=verification&bin_width=20", cookie=cookie_of(live))
    assert '<option value="random" selected>random</option>' in html
    assert "20 steps a point" in html
    shown = html.split("<tbody>")[1].split("</tbody>")[0]
    assert "<td>verification</td>" in shown
    assert "<td>planning</td>" not in shown
    assert "<td>truth</td>" not in shown


def test_another_tagger_can_be_chosen(live: Live) -> None:
    _, html = get(live, "/tagger?tagger=spurious_rewards.has_code", cookie=cookie_of(live))
    assert '<option value="spurious_rewards.has_code" selected>' in html
    assert "count what spurious_rewards.has_code@" in html
    _, rates = get(live, "/behaviors?tagger=spurious_rewards.has_code&run=random", cookie=cookie_of(live))
    assert "<td>spurious_rewards.has_code</td>" in rates
    assert "<td>verification</td>" not in rates
    status, said = get(live, "/behaviors?tagger=spurious", cookie=cookie_of(live))
    assert (status, "no tagger that has read rollouts here is called 'spurious'" in said) == (400, True)


def test_a_point_of_the_live_page_leads_to_its_rollouts(live: Live) -> None:
    with Browser() as browser:
        browser.open(live.address)
        browser.draw_all()
        browser.evaluate("read(document.body, {behavior: 'verification', step: 20, run: 'random'})")
        browser.wait_for("location.pathname === '/reading' && document.readyState === 'complete'")
        assert "behavior=verification&step=20&run=random" in browser.evaluate("location.search")
        headings = browser.evaluate("[...document.querySelectorAll('h3[data-step]')].map(h => h.textContent)")
        assert "Shows verification at step 20" in headings


def test_the_state_of_the_store_is_told_to_who_holds_the_token(live: Live) -> None:
    assert get(live, "/changed")[0] == 403
    status, said = get(live, "/changed", cookie=cookie_of(live))
    assert (status, json.loads(said).keys()) == (200, {"state"})
    assert get(live, "/changed", cookie=cookie_of(live))[1] == said
    _, html = get(live, "/overview", cookie=cookie_of(live))
    assert f'data-state="{json.loads(said)["state"]}"' in html
    assert "connect-src 'self'" in html


@pytest.fixture
def growing(analyzed: Store, tmp_path: Path) -> Iterator[tuple[Store, Live]]:
    store = Store(tmp_path / "growing.duckdb")
    shutil.copy(analyzed.path, store.path)
    served = Live(store)
    Thread(target=served.serve, daemon=True).start()
    yield store, served
    served.stop()


def grow(store: Store, run: str) -> None:
    """Add a run with one rollout a step, as `ta ingest` would."""
    with store.writing() as connection:
        connection.execute(f"INSERT INTO runs (run_id) VALUES ('{run}')").fetchall()
        rows = f"SELECT '{run}-' || step, '{run}', 'train', 10 * step, 'p', 'x', 1 FROM range(5) AS s(step)"
        connection.execute(
            f"INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, response, reward) {rows}"
        ).fetchall()


SHOWN = "[...document.querySelectorAll('select[name=run] option')].some(each => each.value === '{run}')"


def test_a_live_page_shows_what_is_new_and_the_reader_stays_where_he_is(growing: tuple[Store, Live]) -> None:
    store, served = growing
    with Browser() as browser:
        browser.open(served.address)
        browser.draw_all()
        figure = "[...document.querySelectorAll('figure')].at(-1)"
        browser.evaluate(f"{figure}.querySelector('details').open = true")
        browser.evaluate(f"window.scrollBy(0, {figure}.getBoundingClientRect().top)")
        place = browser.evaluate(f"{figure}.getBoundingClientRect().top")
        grow(store, "newcomer")
        browser.wait_for(SHOWN.format(run="newcomer"))
        assert browser.evaluate(f"{figure}.querySelector('details').open")
        assert abs(browser.evaluate(f"{figure}.getBoundingClientRect().top") - place) < 3
        assert browser.draw_all() > 2
        assert browser.complaints == []


def test_while_somebody_brushes_a_live_page_offers_what_is_new(growing: tuple[Store, Live]) -> None:
    store, served = growing
    with Browser() as browser:
        browser.open(served.address)
        browser.draw_all()
        box = browser.evaluate(
            "(() => { const chart = [...document.querySelectorAll('figure')].find(f => f.querySelector('figcaption')"
            ".textContent === 'Behaviors over training').querySelector('.chart'); chart.scrollIntoView(); const r = "
            "chart.querySelector('.mark-group.role-scope path.background').getBoundingClientRect();"
            "return [r.x, r.y, r.width, r.height]; })()"
        )
        y = box[1] + box[3] / 2
        browser.drag((box[0] + 5, y), (box[0] + box[2] * 0.4, y))
        browser.wait_for("isBusy()")
        grow(store, "newcomer")
        browser.wait_for("document.querySelector('p.offer')?.textContent.includes('new data in the store')")
        assert not browser.evaluate(SHOWN.format(run="newcomer"))
        browser.evaluate("document.querySelector('p.offer button').click()")
        browser.wait_for(SHOWN.format(run="newcomer"))
        assert browser.evaluate("document.querySelector('p.offer')") is None


def test_the_search_narrows_what_is_read(live: Live) -> None:
    _, found = get(live, "/reading?run=random&behavior=verification&search=the", cookie=cookie_of(live))
    _, none = get(live, "/reading?run=random&behavior=verification&search=zebra-crossing", cookie=cookie_of(live))
    assert "Shows verification at step 40" in found
    assert "No rollout shows verification at step 40, or nearly does." in none


def test_a_hostile_run_name_cannot_leave_its_place(live: Live) -> None:
    _, html = get(live, "/overview", cookie=cookie_of(live))
    assert "<script>bad" not in html
    assert HOSTILE_RUN not in html


def test_selectors_are_read_from_a_form() -> None:
    chosen = read_selectors({"run": ["a"], "behavior": ["x", "y"], "step": ["5"], "search": ["wait"]})
    assert (chosen.behaviors, chosen.step, chosen.search, chosen.split) == (("x", "y"), 5, "wait", None)


def test_an_empty_store_says_what_to_run(store: Store) -> None:
    served = Live(store)
    thread = Thread(target=served.serve, daemon=True)
    thread.start()
    status, html = get(served, "/", cookie=cookie_of(served))
    served.stop()
    assert (status, "ta ingest PATH" in html) == (200, True)


def test_a_taken_port_is_named(live: Live, analyzed: Store) -> None:
    with pytest.raises(BadInput, match=r"port \d+ of 127.0.0.1: .*; name another one with --port"):
        Live(analyzed, port=urlsplit(live.address).port or 0)


def test_the_command_prints_an_address_that_opens(analyzed: Store) -> None:
    began = time.monotonic()
    command = [sys.executable, "-m", "traceanalytics", "serve", "--db", str(analyzed.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        took = time.monotonic() - began
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address.split("?")[0])
        process.terminate()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{32}", address)
    assert took < 10, "under 2 s on a quiet machine; this bound only catches work at the start"


def test_a_reader_chooses_in_a_browser_and_nothing_leaves_the_machine(live: Live) -> None:
    with Browser() as browser:
        browser.open(live.address)
        browser.draw_all()
        browser.evaluate("document.querySelector('select[name=run] option[value=random]').selected = true")
        browser.evaluate("document.querySelector('form.controls').submit()")
        browser.wait_for("location.search.includes('run=random') && document.readyState === 'complete'")
        browser.draw_all()
        browser.evaluate("[...document.querySelectorAll('nav a')].find(a => a.textContent === 'Reading').click()")
        browser.wait_for("location.pathname === '/reading' && document.readyState === 'complete'")
        assert browser.evaluate("location.search.includes('run=random')")
        assert browser.evaluate("document.querySelectorAll('.rollout').length") > 0
        base = live.address.split("/?")[0]
        assert {each for each in browser.requests if not each.startswith((base, "data:"))} == set()
        assert browser.complaints == []
