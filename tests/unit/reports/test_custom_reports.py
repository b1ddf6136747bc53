"""Reports of a site's own: what is wrong with one is said with its line, and what marts hold stays text."""

import csv
import json
from datetime import UTC, date, datetime
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.reports import interactive, pages
from orchestration.reports.custom.building import build
from orchestration.reports.custom.document import check, read
from orchestration.reports.formats import Formats
from tests.unit.conftest import HOSTILE
from tests.unit.reports.synthetic import ROOT

DAY = date(2026, 11, 2)
SCRIPT = "<script>alert(1)</script>[x](javascript:alert(2))**b**{{ 7 }}"
HEAD = "---\ntitle: Errors\n---\n"
DAILY = "```sql daily\nselect event_date, error_count, message from errors.fct_errors_daily order by event_date\n```\n"


@pytest.fixture
def write(tmp_path):
    """A function that writes one report and returns its file."""
    (tmp_path / "config" / "reports").mkdir(parents=True)

    def write(text, name="mine.md"):
        file = tmp_path / "config" / "reports" / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def built(home, tmp_path):
    """A function that builds what lies in the configuration."""
    formats = Formats("EUR", "UTC")
    return lambda: build(tmp_path / "config", home.published / "marts.duckdb", DAY, formats)


def figure(kind, **said):
    return f"```{kind}\n" + "\n".join(f"{key}: {json.dumps(value)}" for key, value in said.items()) + "\n```\n"


def wrong(built):
    return [(mistake.line, mistake.message) for mistake in built.mistakes]


def html(page, tmp_path):
    """The page as it is written, with its CSV files below the same folder."""
    site = SimpleNamespace(name="Shop", timezone="UTC")
    frame = pages.Frame(site, Formats("EUR", "UTC"), DAY, datetime(2026, 11, 3, tzinfo=UTC), ())
    pages.write([page], [(page.name, page.nav, "")], {"status": "healthy"}, frame, tmp_path)
    return (tmp_path / f"{page.name}.html").read_text()


def test_the_reports_that_are_shipped_are_right():
    assert check(ROOT / "config") == []
    assert len(list((ROOT / "config" / "reports").glob("*.md"))) == 3


def test_every_mistake_is_listed_at_once_with_its_line_and_without_running_sql(write, tmp_path):
    write(
        "---\ntitel: Errors\nlimits: {rows: 0}\nparameters:\n  as_of: {values: [a]}\n---\n"  # 2, 3, 5
        "{{ nothing.at }}\n\n"  # 7
        "```sql daily\nselect 1\nfrm t\n```\n"  # 11
        "```sql two\nselect 1; select 2\n```\n"  # 14
        "```sql daily\nselect $day\n```\n"  # 16
        "```pie\ndata: daily\n```\n"  # 19
        "```line\ndata: dayly\nx: event_date\ny: n\nshape: round\n```\n"  # 26
        "```table\ndata: [\n```\n"  # 29, 30
    )
    lines = [mistake.line for mistake in check(tmp_path / "config")]
    assert lines == sorted(lines)
    assert {2, 3, 5, 7, 11, 14, 16, 19, 26} <= set(lines)
    said = "\n".join(map(str, check(tmp_path / "config")))
    for words in ("mine.md:11", "syntax error", "is not one query", "there is no figure 'pie'", "'as_of' cannot be"):
        assert words in said


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "```sql a\nselect 1,\n  nowhere\nfrom errors.fct_errors_daily\n```\n", 6, 'column "nowhere" not found'),
        (HEAD + DAILY + figure("line", data="daily", x="event_date", y="errors"), 10, "there is no column 'errors' in"),
        (HEAD + DAILY + figure("line", data="daily", x="event_date", y="message"), 10, "which is no number"),
        (HEAD + DAILY + "\n{{ daily.nothing }}\n", 8, "there is no column 'nothing' in daily"),
        (HEAD + "```sql a\nselect * from range(100) as a, range(200) as b\n```\n", 5, "more than 10,000 rows"),
        (HEAD + "```sql a\nfrom read_csv('/etc/passwd')\n```\n", 5, "disabled"),
        ("---\ntitle: T\nlimits: {seconds: 0.2}\n---\n```sql a\nselect sum(a.i * b.i) from range(10000000) as a(i), "
         "range(1000000) as b(i)\n```\n", 6, "took longer than 0.2 s"),
        (HEAD + DAILY + DAILY.replace("daily\n", "more\n", 1).replace("order by event_date", "union all from (select "
         "event_date, error_count, message from errors.fct_errors_daily)")
         + figure("bar", data="more", x="event_date", y="error_count"), 12, "in several rows"),
    ],
)  # fmt: skip
def test_what_only_shows_when_a_report_is_built_is_said_with_its_line(write, built, text, line, words):
    write(text)
    made = built()
    assert [(at, words in message) for at, message in wrong(made)] == [(line, True)], made.mistakes
    (page,) = made.pages
    assert "cannot be built" in page.title
    assert words in page.sections[0].items[0].text
    assert page.sections[0].items[0].text.startswith(f"reports/mine.md:{line}:")
    assert made.problems[0]["report"] == "mine.md"


def test_a_report_that_cannot_be_built_stops_no_other(write, built, monkeypatch):
    write("no head", "a.md")
    write(HEAD + DAILY + figure("table", data="daily"), "b.md")
    assert [page.title for page in built().pages] == ["a: this report cannot be built", "Errors"]
    monkeypatch.setattr("orchestration.reports.custom.building.Maker.sections", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in built().pages[1].sections[0].items[0].text


def test_what_strangers_wrote_stays_text_in_html_scripts_and_csv(home, write, built, tmp_path):
    with duckdb.connect(str(home.published / "marts.duckdb")) as connection:
        connection.execute("update errors.fct_errors_daily set message = $text where error_count = 4", {"text": SCRIPT})
    write(
        "---\ntitle: 'About {{ last.message }}'\nparameters:\n"
        "  text: {query: 'select message from errors.fct_errors_daily'}\n---\n"
        + DAILY
        + "```sql last\nselect message from errors.fct_errors_daily where error_count = 4\n```\n"
        "Text {{ last.message }} and `{{ text }}` <b>raw</b>.\n\n"
        + figure("table", data="daily", title="{{ text }}")
        + figure("bar", data="daily", x="message", y="error_count")
        + figure("line", data="daily", x="event_date", y="error_count", by="message")
        + figure("map", data="daily", place="message", value="error_count", good=1, poor=2)
    )
    made = built()
    assert made.mistakes == []
    assert len(made.pages) == 2
    for page in made.pages:
        text = html(page, tmp_path)
        assert "<script>alert" not in text and "<b>raw" not in text and 'href="javascript' not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;[x](javascript:alert(2))**b**{{ 7 }}" in text
        for section in page.sections:
            assert all("<script" not in interactive.script(chart) for chart in section.charts)
    cells = [cell for file in (tmp_path / "csv").iterdir() for row in csv.reader(file.open()) for cell in row]
    assert "'" + HOSTILE in cells and HOSTILE not in cells


def test_a_page_is_made_for_each_value_and_the_first_stands_in_the_navigation(write, built):
    write(
        "---\ntitle: '{{ kind }} {{ n.found }}'\nnav: Kinds\nparameters:\n"
        "  kind: {label: Kind, values: [plain, 'no/ne']}\n---\n"
        "```sql n\nselect count(*) as found from errors.fct_errors_daily where message = $kind\n```\n"
    )
    first, second = built().pages
    assert (first.title, second.title) == ("plain 1", "no/ne 0")
    assert (first.in_nav, second.in_nav, second.parent) == (True, False, first.name)
    assert (first.name, second.name[:17]) == ("report-mine-plain", "report-mine-no-ne")
    assert f'<a href="{second.name}.html"' in first.sections[0].prose


def test_too_many_values_and_none_are_mistakes(write, built):
    query = "select i from range({}) as r(i)"
    write(f"---\ntitle: T\nparameters:\n  n: {{query: '{query.format(61)}'}}\n---\n", "many.md")
    write(f"---\ntitle: T\nparameters:\n  n: {{query: '{query.format(0)}'}}\n---\n", "none.md")
    assert [message for _, message in wrong(built())] == ["61 pages, one for each value", "parameter n has no value"]


def test_figures_show_gaps_stacks_bins_and_losses(write, built):
    write(
        HEAD + "```sql d\nselect * from (values (date '2026-11-01', 5, 'a'), (date '2026-11-04', 7, 'b'), "
        "(date '2026-11-05', 1, 'b')) as t(day, n, kind)\n```\n"
        + figure("line", data="d", x="day", y="n", title="Line")
        + figure("bar", data="d", x="day", y="n", by="kind")
        + figure("histogram", data="d", value="n", bins=3)
        + figure("funnel", data="d", step="kind", value="n")
        + figure("number", data="d", value="n", previous="n")
    )  # fmt: skip
    (page,) = built().pages
    charts = [chart for section in page.sections for chart in section.charts]
    assert charts[0].series[0].values == (5, None, None, 7, 1)
    assert [series.name for series in charts[1].series] == ["b", "a"]
    assert sum(charts[2].series[0].values) == 3
    assert charts[3].notes == ("5", "7, gained 40.0\u00a0%", "1, lost 85.7\u00a0%")
    assert page.sections[-1].tiles[0].value == "5"
    assert page.sections[0].title == "At a glance"


def test_the_same_marts_give_the_same_pages_whatever_the_order_of_rows(write, built, tmp_path):
    write(HEAD + "```sql s\nselect i % 7 as k, sum(sqrt(i)) as v from range(50000) as r(i) group by k\n```\n"
          + figure("table", data="s"))  # fmt: skip
    assert html(built().pages[0], tmp_path) == html(built().pages[0], tmp_path)


def test_a_file_without_a_head_says_how_to_begin(write):
    (mistake,) = read(write("Hello")).mistakes
    assert (mistake.line, mistake.expected) == (1, "begin with ---, title: …, ---")


def test_a_block_that_is_not_closed_and_an_unknown_unit_are_mistakes(write):
    mistakes = read(write(HEAD + "{{ a.x | furlong }}\n\n```sql a\nselect 1 as x\n```\n\n```table\ndata: a\n")).mistakes
    first = HEAD.count("\n") + 1
    assert [(mistake.line, mistake.message) for mistake in mistakes] == [
        (first, "there is no unit 'furlong'"),
        (first + 6, "the block 'table' is not closed"),
    ]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select now() as a,\n current_date as b, random() as c", ["now", "current_date", "random"]),
        ("select 'now()' as a, \"function_name\" from (select 'x' as function_name) where $as_of is not null", []),
        ("select date_trunc('week', $as_of::date) as a, year($as_of::date) as b", []),
    ],
)
def test_a_query_that_answers_differently_each_time_is_a_mistake(write, sql, names):
    said = read(write(HEAD + f"```sql a\n{sql}\n```\n")).mistakes
    assert [(m.line, m.message) for m in said] == [
        (HEAD.count("\n") + 2 + (name != "now"), f"{name} gives another page each time") for name in names
    ]


def test_an_image_from_elsewhere_is_a_mistake_and_one_in_the_text_is_none(write):
    text = "Text\n\n![a](https://example.com/a.png) ![b](data:image/png;base64,AA==)\n"
    (mistake,) = read(write(HEAD + text)).mistakes
    assert (mistake.line, mistake.message) == (6, "the image https://example.com/a.png is not in this file")
