"""Charts as SVG, as Plotly figures and as CSV."""

import itertools
import json
import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from orchestration.reports import interactive, svg, svg_rows
from orchestration.reports.charts import Chart, Series, Threshold
from orchestration.reports.scales import day_ticks, ticks, value_range

HOSTILE = "<img src=x onerror=alert(1)>&\"'"
DAYS = tuple(date(2026, 8, 4) + timedelta(days=i) for i in range(90))


def chart(kind="line", values=(1.0, None, 3.0), x=None, **more):
    series = more.pop("series", (Series("a", tuple(values)),))
    x = x or DAYS[: len(series[0].values)]
    return Chart("id", kind, "title", "subtitle", "summary", more.pop("unit", "count"), "p75", x, series, **more)


def forest():
    series = (Series("effect", (0.2, -0.1), (-0.1, -0.2), (0.5, 0.0)),)
    return chart("forest", x=(HOSTILE, "b"), series=series, notes=("n1", "n2"))


ALL_KINDS = [
    chart(
        series=(Series("a", (1.0, None, 3.0), (0.5, None, 2.0), (2.0, None, 4.0)),), thresholds=(Threshold(2, "goal"),)
    ),
    chart("bar", series=(Series("a", (1.0, 2.0)), Series(HOSTILE, (None, 4.0), role="c2"))),
    chart(
        "shares",
        x=("LCP", HOSTILE),
        series=(Series("good", (0.7, 0.2), role="good"), Series("poor", (0.3, 0.8), role="bad")),
    ),
    chart("days", series=(Series(HOSTILE, (1.0, 0.9985, 0.9, None)),), thresholds=(Threshold(0.999, "target"),)),
    forest(),
]


def drawn(item):
    return [str(drawing) for _, drawing, _ in svg_rows.draw_rows(item)] if item.has_rows else [str(svg.draw(item))]


@pytest.mark.parametrize(
    ("low", "high", "unit"),
    [
        (0, 1, ""),
        (88.3, 92.7, "score"),
        (0.9971, 0.99996, "share"),
        (-0.34, 0.7, "share"),
        (0, 0, "count"),
        (5, 5, "ms"),
        (0, 4700, "s"),
    ],
)
def test_ticks_are_few_even_and_cover_the_values(low, high, unit):
    marks = ticks(low, high, unit)
    steps = {round(b - a, 9) for a, b in itertools.pairwise(marks)}
    assert marks[0] <= low and marks[-1] >= high
    assert 2 <= len(marks) <= 8 and len(steps) == 1


def test_ticks_of_seconds_are_round_on_a_clock():
    assert ticks(0, 4700, "s") == [0, 1800, 3600, 5400]


def test_bars_start_at_zero_and_a_far_threshold_does_not_flatten_a_line():
    assert value_range(chart("bar", (900.0, 1000.0)))[0] == 0
    assert value_range(chart(values=(2000.0, 2100.0), thresholds=(Threshold(4000, "poor"),)))[1] == 2100
    assert value_range(chart(values=(2000.0, 2300.0), thresholds=(Threshold(2500, "good"),)))[1] == 2500


def test_day_ticks_are_spread_and_end_with_the_newest_day():
    assert day_ticks(90)[-1] == 89 and len(day_ticks(90)) == 4
    assert day_ticks(3) == [0, 1, 2]


@pytest.mark.parametrize("item", ALL_KINDS, ids=lambda c: c.kind)
def test_a_drawing_is_xml_without_inline_style_or_handlers(item):
    for text in drawn(item):
        root = ElementTree.fromstring(f"<div>{text}</div>")
        attributes = {name for element in root.iter() for name in element.attrib}
        assert "style" not in attributes and not any(name.startswith("on") for name in attributes)


def test_a_gap_parts_a_line_and_a_lone_day_is_a_dot():
    text = str(svg.draw(chart(values=(1.0, 2.0, None, 3.0))))
    line = re.search(r'class="stroke c1" d="([^"]*)"', text).group(1)
    assert line.count("M") == 2 and line.endswith("h0")


def test_days_differ_by_height_and_not_only_by_colour():
    text = drawn(ALL_KINDS[3])[0]
    tops = {
        role: re.search(rf'class="fill {role}" d="M[^V]*V(\d+)', text).group(1)
        for role in ("good", "middling", "bad", "unknown")
    }
    assert len(set(tops.values())) == 4


@pytest.mark.parametrize("item", ALL_KINDS, ids=lambda c: c.kind)
def test_a_plotly_figure_holds_no_markup_of_strangers(item):
    figure = interactive.plotly_figure(item)
    text = json.dumps(figure.to_plotly_json(), default=str)
    assert "<img" not in text and "onerror=alert(1)>" not in text
    assert figure.layout.template.layout.to_plotly_json() == {} or "plotly" not in str(figure.layout.template)


def test_a_figure_s_script_is_one_call_with_json_inside():
    text = interactive.script(ALL_KINDS[1])
    found = re.fullmatch(r'beaconmart\.figure\("id", (\{.*\})\);\n', text)
    figure = json.loads(found.group(1))
    assert [trace["type"] for trace in figure["data"]] == ["bar", "bar"]
    assert figure["data"][1]["name"] == "&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#x27;"


def test_the_csv_of_a_chart_has_every_value_and_bound():
    header, rows = ALL_KINDS[0].csv()
    assert header == ["date", "a", "a lower 95 %", "a upper 95 %"]
    assert rows == [[DAYS[0], 1.0, 0.5, 2.0], [DAYS[1], None, None, None], [DAYS[2], 3.0, 2.0, 4.0]]


def test_a_sparkline_marks_the_newest_value_and_needs_two():
    assert svg.sparkline((1.0, None), None) == ""
    assert 'class="dot"' in svg.sparkline((1.0, 2.0, None), 1.5)
