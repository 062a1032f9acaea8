import json
import re

import altair as alt
import pytest

from traceanalytics.pages.base import Chart, Page, Reading, Rollouts, Span, Table, Text
from traceanalytics.pages.charts import data_of
from traceanalytics.pages.html import render, shown_text

HOSTILE = (
    '</script><script>alert(1)</script> <img src=x onerror=alert(1)> javascript:alert(1) \u202eback\x1b[31m & "quoted"'
)
PAGE = Page(name="mine", title="Mine", build=lambda store, selectors: [])


def chart_of(rows: list[dict[str, object]]) -> Chart:
    drawn = alt.Chart(alt.Data(values=rows)).mark_bar().encode(x="step:Q", y="share:Q")
    return Chart(
        "Shares", drawn, Table("Shares", ["step", "share"], [[r["step"], r["share"]] for r in rows], "SELECT 1")
    )


def document(*blocks: object) -> str:
    return render("A report", [(PAGE, list(blocks))])  # type: ignore[arg-type]


def test_a_document_loads_nothing_from_anywhere() -> None:
    html = document(Text("All is well.", "lead"), chart_of([{"step": 0, "share": 0.5}]))
    own = html[: html.index("<script>")]
    assert not re.search(r'(src|href)="(?!#|data:)', own)
    assert "default-src 'none'" in own


@pytest.mark.parametrize(
    "block",
    [
        Text(HOSTILE),
        Table(HOSTILE, [HOSTILE], [[HOSTILE]], HOSTILE),
        Rollouts(
            "Read", [Reading(HOSTILE, {"reward": HOSTILE}, HOSTILE, HOSTILE, [Span(2, 9, HOSTILE, 0.9)])], HOSTILE
        ),
    ],
    ids=["text", "table", "rollouts"],
)
def test_hostile_text_is_shown_and_never_becomes_markup(block: object) -> None:
    body = document(block).split("<main>")[1].split("</main>")[0]
    assert "<img" not in body
    assert "<script" not in body
    assert "alert(1)" in body


def test_hostile_data_cannot_end_the_script_that_holds_it() -> None:
    drawn = alt.Chart(alt.Data(values=[{"name": HOSTILE}])).mark_bar().encode(x="name:N")
    html = document(Chart("Names", drawn, Table("Names", ["name"], [[HOSTILE]])))
    held = re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.DOTALL)
    assert held is not None
    assert json.loads(held[1])["specs"][0]["data"]["values"] == [{"name": shown_text(HOSTILE)}]


def test_rows_travel_once_as_columns_whatever_charts_draw_them() -> None:
    rows = [{"run": run, "step": step, "share": None} for run in ("a", "b") for step in (0, 10)]
    drawn = alt.Chart(data_of(rows)).mark_bar().encode(x="step:Q", color="run:N")
    chart = Chart("Shares", drawn, Table("Shares", [], []))
    html = document(chart, chart)
    held = re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.DOTALL)
    assert held is not None
    (packed,) = json.loads(held[1])["rows"].values()
    run = {"of": ["a", "b"], "at": [0, 0, 1, 1]}
    assert packed == {"n": 4, "columns": {"run": run, "step": [0, 10, 0, 10], "share": {"of": [None], "at": [0] * 4}}}


def test_control_characters_and_direction_overrides_are_shown() -> None:
    assert shown_text("a\x1b[31m\u202eb\n\tc") == "a\\u001b[31m\\u202eb\n\tc"


def test_spans_are_lit_where_they_are_also_when_they_overlap() -> None:
    spans = [Span(0, 5, "planning", 0.9), Span(3, 8, "verification", 0.8)]
    html = document(Rollouts("Read", [Reading("a", {}, "p", "0123456789", spans)]))
    lit = re.findall(r'<mark style="[^"]*" title="([^"]*)">([^<]*)</mark>', html)
    assert lit == [("planning 0.90", "012"), ("planning 0.90, verification 0.80", "34"), ("verification 0.80", "567")]


def test_a_long_table_is_cut_and_says_so() -> None:
    html = document(Table("Long", ["n"], [[n] for n in range(250)], "FROM long()"))
    assert html.split("</main>")[0].count("<tr><td") == 200
    assert "50 rows more; the query below returns them" in html


@pytest.mark.parametrize("rows", [[], [{"step": 0, "share": 0.5}]], ids=["empty", "one row"])
def test_a_chart_stands_with_its_table_and_its_query(rows: list[dict[str, object]]) -> None:
    html = document(chart_of(rows))
    assert 'data-chart="0"' in html
    assert "<pre>SELECT 1</pre>" in html
