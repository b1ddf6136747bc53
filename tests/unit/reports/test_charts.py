"""Charts as SVG, as Plotly figures and as CSV."""

import itertools
import json
import re
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

import plotly.graph_objects as go
import plotly.io as pio
import pytest

from orchestration.reports import interactive, svg, svg_rows
from orchestration.reports.charts import Chart, Mark, Series, Span, Threshold
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


def spans():
    first = datetime.fromisoformat("2026-08-04")
    long = Span(first - timedelta(days=2), first + timedelta(days=1), "bad", HOSTILE)
    short = Span(first + timedelta(days=89), first + timedelta(days=89, minutes=3), "c1", "3 min")
    series = (Series(HOSTILE, (), spans=(long, short)), Series("b", ()))
    return chart("spans", x=(first, first + timedelta(days=90)), series=series, notes=("2", "0"))


def told_days():
    words = ("well", HOSTILE, "nobody looked")
    series = (Series("a", (1.0, 0.5, None), roles=("good", "bad", "unknown"), texts=words),)
    return chart("days", x=("1 Nov, 10:00", "1 Nov, 11:00", "1 Nov, 12:00"), series=series)


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
    spans(),
    told_days(),
    chart(marks=(Mark(DAYS[1], HOSTILE, HOSTILE), Mark(DAYS[80], "later", "not drawn"))),
    chart(series=(Series("a", (1.0, 2.0, 3.0)), Series("b", (3.0, 2.0, 1.0), role="c2")), is_small=True),
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


@pytest.mark.parametrize("item", ALL_KINDS, ids=lambda c: f"{c.kind}{'_small' * c.is_small}{'_told' * bool(c.told)}")
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


@pytest.mark.parametrize("item", ALL_KINDS, ids=lambda c: f"{c.kind}{'_small' * c.is_small}{'_told' * bool(c.told)}")
def test_a_plotly_figure_holds_no_markup_of_strangers(item):
    text = interactive.script(item)
    assert "<img" not in text and "onerror=alert(1)>" not in text


@pytest.mark.parametrize("item", ALL_KINDS, ids=lambda c: f"{c.kind}{'_small' * c.is_small}{'_told' * bool(c.told)}")
def test_plotly_knows_every_part_of_a_figure_and_changes_none(item):
    figure = interactive.plotly_figure(item)
    known = go.Figure(figure)  # raises at a property or value that Plotly does not have
    assert json.loads(known.to_json(engine="json")) == json.loads(json.dumps(figure, default=interactive._plain))
    assert known.layout.template == go.layout.Template(pio.templates["none"])


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


def test_every_bar_and_stretch_says_itself_when_it_is_pointed_at():
    titles = [ElementTree.fromstring(drawn(item)[0]).findall(".//title") for item in (spans(), told_days())]
    assert [[title.text for title in some] for some in titles] == [
        [HOSTILE, "3 min"],
        ["well", HOSTILE, "nobody looked"],
    ]


def test_a_short_stretch_is_wide_enough_to_be_seen_and_stays_inside():
    boxes = ElementTree.fromstring(drawn(spans())[0]).findall("rect")
    ends = [(float(box.get("x")), float(box.get("x")) + float(box.get("width"))) for box in boxes]
    assert all(0 <= left < right <= svg_rows.WIDTH + 0.1 and right - left >= svg_rows.SLIMMEST for left, right in ends)


def test_bars_too_many_to_point_at_are_one_shape_for_each_colour():
    many = svg_rows.MOST_TOLD + 1
    series = (Series("a", (1.0,) * many, roles=("good",) * many, texts=("up",) * many),)
    text = drawn(chart("days", x=tuple(f"{i}" for i in range(many)), series=series))[0]
    assert text.count("<path") == 1 and "<title" not in text


def test_what_is_told_leaves_out_bars_on_which_nothing_happened():
    assert told_days().told == [("a", HOSTILE), ("a", "nobody looked")]
    assert [name for name, _ in spans().told] == [HOSTILE, HOSTILE]


def test_the_csv_of_bars_and_stretches_has_their_words_and_times():
    header, rows = spans().csv()
    assert header == ["row", "starts_at", "ends_at", "what"] and rows[1][3] == "3 min" and len(rows) == 2
    assert told_days().csv() == (
        ["label", "a", "a in words"],
        [["1 Nov, 10:00", 1.0, "well"], ["1 Nov, 11:00", 0.5, HOSTILE], ["1 Nov, 12:00", None, "nobody looked"]],
    )


def test_a_small_chart_is_lower_and_has_fewer_labels():
    small, large = str(svg.draw(ALL_KINDS[-1])), str(svg.draw(ALL_KINDS[0]))
    assert f'height="{svg.SMALL_HEIGHT}"' in small and f'height="{svg.HEIGHT}"' in large


def test_a_change_of_definition_is_a_line_in_both_drawings_and_days_not_drawn_have_none():
    marks = (Mark(DAYS[1], "v6", "Busier pages"), Mark(DAYS[1], "v9", "All"), Mark(DAYS[60], "later", "no"))
    item = chart(marks=marks)
    drawing = str(svg.draw(item))
    assert drawing.count('class="mark"') == 1 and "v6, v9" in drawing and "later" not in drawing
    layout = interactive.plotly_figure(item)["layout"]
    assert [(shape["x0"], shape["yref"]) for shape in layout["shapes"]] == [(DAYS[1].isoformat(), "y domain")]
    assert [note["text"] for note in layout["annotations"]] == ["v6, v9"]
