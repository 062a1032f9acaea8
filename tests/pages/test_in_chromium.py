"""The report in a real browser: it draws, it answers to clicks and brushes, and no text in it does anything."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser

from traceanalytics.pages.base import Selectors
from traceanalytics.store.store import Store
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.report import report

FADED = (
    "[...document.querySelectorAll('[data-chart=\"{chart}\"] .mark-line.role-mark path')]"
    ".filter(path => Number(path.getAttribute('opacity') ?? 1) < 0.5).length"
)
BARS = ".mark-rect.role-mark:not([class*=brush]) path"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(analyzed: Store, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("report") / "report.html"
    report(analyzed, out)
    return out.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Browser:
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(address)
    return browser


def bars_of(page: Browser, chart: int) -> list[float]:
    """Return the widths of the bars that a chart draws."""
    script = (
        f"[...document.querySelectorAll('[data-chart=\"{chart}\"] {BARS}')]"
        ".map(path => path.getBoundingClientRect().width)"
    )
    widths: list[float] = page.evaluate(script)
    return widths


def faded_lines(page: Browser, chart: int) -> int:
    return int(page.evaluate(FADED.format(chart=chart)))


def place_of(page: Browser, selector: str) -> dict[str, float]:
    drawn = selector.split(" ")[0] if selector.startswith("[data-chart") else None
    if drawn:
        page.evaluate(f"document.querySelector({drawn!r}).scrollIntoView({{block: 'center'}})")
        page.wait_for(f"document.querySelector({drawn!r}).dataset.drawn === 'yes'")
    page.evaluate(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
    script = f"(() => {{ const r = document.querySelector({selector!r}).getBoundingClientRect(); "
    box: dict[str, float] = page.evaluate(script + "return {x: r.x, y: r.y, width: r.width, height: r.height} })()")
    return box


def chart_number(page: Browser, title: str) -> int:
    script = (
        "[...document.querySelectorAll('figure')].find(f => f.querySelector('figcaption').textContent === "
        f"{title!r}).querySelector('.chart').dataset.chart"
    )
    return int(page.evaluate(script))


def test_all_charts_draw_and_nobody_complains(page: Browser) -> None:
    assert page.draw_all() > 5
    assert page.evaluate("document.querySelectorAll('.chart svg').length") == page.evaluate(
        "document.querySelectorAll('.chart').length"
    )
    assert (
        page.evaluate("document.querySelectorAll('.chart svg .mark-symbol path, .chart svg .mark-line path').length")
        > 50
    )
    assert page.complaints == []


def test_no_request_leaves_the_file(page: Browser, address: str) -> None:
    page.draw_all()
    assert {each for each in page.requests if not each.startswith("data:")} == {address}


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(width: int, browser: Browser, address: str) -> None:
    browser.open(address, width=width)
    browser.draw_all()
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    too_wide = (
        "[...document.querySelectorAll('.chart')].filter(c => c.querySelector('svg').getBoundingClientRect().right > "
        "c.getBoundingClientRect().right + 2).map(c => c.closest('figure').querySelector('figcaption').textContent)"
    )
    assert browser.evaluate(too_wide) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_no_axis_is_without_a_name_and_no_label_is_cut(width: int, browser: Browser, address: str) -> None:
    browser.open(address, width=width)
    browser.draw_all()
    cut = (
        "[...document.querySelectorAll('.chart svg')].flatMap(svg => { const box = svg.getBoundingClientRect(); "
        "return [...svg.querySelectorAll('text')].filter(t => { const r = t.getBoundingClientRect(); "
        "return r.width && (r.left < box.left - 1 || r.right > box.right + 1 || r.bottom > box.bottom + 1 || "
        "(t.textContent.endsWith('…') && !t.textContent.includes('<scr'))) })"
        ".map(t => t.textContent) })"
    )
    assert browser.evaluate(cut) == []


def test_a_brush_over_steps_recounts_the_bars(page: Browser) -> None:
    chart = chart_number(page, "Behaviors over training")
    box = place_of(page, f'[data-chart="{chart}"] .mark-group.role-scope path.background')
    before = bars_of(page, chart)
    y = box["y"] + box["height"] / 2
    page.drag((box["x"] + 5, y), (box["x"] + box["width"] * 0.3, y))
    page.wait_for(f"views[{chart}].signal('brush') && Object.keys(views[{chart}].signal('brush')).length > 0")
    after = bars_of(page, chart)
    assert len(after) == len(before)
    assert after != before


def test_a_click_on_a_bar_singles_out_its_lines(page: Browser) -> None:
    chart = chart_number(page, "Behaviors over training")
    place_of(page, f'[data-chart="{chart}"] .mark-line.role-mark path')
    widths = bars_of(page, chart)
    widest = (
        f'[data-chart="{chart}"] .mark-rect.role-mark[class*=_marks] path:nth-child({widths.index(max(widths)) + 1})'
    )
    box = place_of(page, widest)
    assert faded_lines(page, chart) == 0
    page.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for(f"{FADED.format(chart=chart)} > 0")


def test_a_brush_over_the_reward_cuts_the_small_charts_to_it(page: Browser) -> None:
    chart = chart_number(page, "Every behavior over training")
    points = f"document.querySelectorAll('[data-chart=\"{chart}\"] .role-scope .mark-symbol path').length"
    box = place_of(page, f'[data-chart="{chart}"] .mark-group.role-scope path.background')
    before = page.evaluate(points)
    y = box["y"] + box["height"] / 2
    page.drag((box["x"] + 2, y), (box["x"] + box["width"] * 0.4, y))
    page.wait_for(f"{points} < {before}")


def test_a_click_on_the_legend_singles_out_a_run(page: Browser) -> None:
    chart = chart_number(page, "Reward over training")
    box = place_of(page, f'[data-chart="{chart}"] .role-legend-symbol path')
    assert faded_lines(page, chart) == 0
    page.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for(f"{FADED.format(chart=chart)} > 0")


def test_a_point_leads_to_rollouts_or_to_the_command_that_shows_them(page: Browser) -> None:
    chart = chart_number(page, "Every behavior over training")
    box = place_of(page, f'[data-chart="{chart}"] [class*=child_layer] path[aria-label^="step: 20;"]')
    page.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for("document.querySelector('p.read')?.textContent.includes('ta read --behavior ')")
    assert " at step 20: " in page.evaluate("document.querySelector('p.read').textContent")
    held = "document.querySelector('h3[data-step=\"40\"]')"
    name = page.evaluate(f"{held}.dataset.behavior")
    page.evaluate(f"read(document.querySelector('.chart'), {{behavior: {name!r}, step: 40}})")
    assert page.evaluate(f"{held}.classList.contains('here')")


def test_a_rollout_opens_on_a_click(page: Browser) -> None:
    box = place_of(page, "#reading .rollout:not([open]) > summary")
    page.click(box["x"] + 20, box["y"] + box["height"] / 2)
    page.wait_for("document.querySelectorAll('#reading .rollouts:not(.beside) .rollout[open]').length === 1")
    assert page.evaluate("document.querySelector('#reading .rollout[open] pre').innerText.length") > 10


def test_hostile_text_is_shown_and_does_nothing(browser: Browser, analyzed: Store, tmp_path: Path) -> None:
    from conftest import HOSTILE_RUN

    out = tmp_path / "report.html"
    report(analyzed, out, selectors=Selectors(runs=(HOSTILE_RUN,), behaviors=("verification",)))
    browser.complaints.clear()
    browser.open(out.as_uri())
    browser.draw_all()
    browser.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    text = browser.evaluate("document.querySelector('#reading').innerText")
    assert '</script><script>document.title = "taken"</script>' in text
    assert "\\u202eback" in text
    assert "\\u001b[31mred" in text
    assert "javascript:document.title=2" in text
    assert browser.evaluate("document.querySelectorAll('main img, main a, main script').length") == 0
    assert "bad" in browser.evaluate("document.title")
    assert browser.complaints == []


def test_dark_and_light_are_both_drawn(browser: Browser, address: str) -> None:
    colors = []
    for dark in (False, True):
        browser.open(address, dark=dark)
        browser.draw_all()
        ink = "getComputedStyle(document.querySelector('.chart svg .role-axis-label text')).fill"
        colors.append((browser.evaluate("getComputedStyle(document.body).backgroundColor"), browser.evaluate(ink)))
    assert colors == [("rgb(255, 255, 255)", "rgb(27, 31, 36)"), ("rgb(20, 23, 26)", "rgb(230, 232, 234)")]


@pytest.mark.parametrize("name", ["r", 'it\'s a "run" <b>&amp;</b>'])
def test_a_report_of_one_rollout_without_reward_opens(
    name: str, browser: Browser, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps({"prompt": "1+1?", "response": "2", "step": 3}) + "\n")
    ingest([tmp_path / "log.jsonl"], store=store, run=name)
    report(store, tmp_path / "report.html")
    browser.complaints.clear()
    browser.open((tmp_path / "report.html").as_uri(), width=390)
    assert browser.draw_all() > 0
    assert browser.complaints == []
    assert browser.evaluate("document.querySelector('h1').textContent") == f"{name}: 1 rollout"
    assert browser.evaluate("document.documentElement.scrollWidth") == 390
