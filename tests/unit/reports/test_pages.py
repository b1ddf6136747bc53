"""Pages of a plausible site, of an empty one and of one full of hostile text."""

import itertools
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import duckdb
import jsonschema
import pytest

from models import forecasts as models
from orchestration.reports import interactive, pages, status
from orchestration.reports.charts import Chart
from orchestration.reports.content import (
    Context,
    business,
    definitions,
    effects,
    forecast_risks,
    forecasts,
    reliability,
)
from orchestration.reports.content.subjects import slugs
from orchestration.reports.formats import Formats
from orchestration.reports.marts import Marts
from tests.unit.reports.synthetic import AS_OF, ROOT, build_reports, fill

pytestmark = pytest.mark.slow

GENERATED_AT = datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}<!--/banner-->"
CHECKS = [
    {
        "suite": "coverage",
        "check_name": "every_step_is_monitored",
        "asset": "executive/fct_journey_coverage_daily",
        "is_passed": False,
        "is_blocking": False,
        "observed": "2 of 3",
        "expected": "3 of 3",
        "missing": "buy / pay",
    }
]


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def context(connection, quality=CHECKS, name="Lighthouse Goods"):
    marts = Marts(connection, AS_OF)
    targets = {"ux_score": 90, "availability": 0.999}
    return Context(marts, Formats("EUR", "Europe/Berlin"), quality, status.health(marts), name, targets, "EUR")


def render(connection, out, generated_at=GENERATED_AT, **more):
    made = context(connection, **more)
    site = SimpleNamespace(name=made.site_name, timezone="Europe/Berlin")
    out.mkdir()
    frame = pages.Frame(site, made.formats, AS_OF, generated_at, (("status.json", "status.json"),))
    names = pages.render(made, frame, out)
    return {name: (out / name).read_text() for name in names}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("pages") / "site"
    with duckdb.connect() as connection:
        fill(connection)
        return out, render(connection, out)


def empty_all(connection):
    tables = connection.execute(
        """
        select table_schema || '.' || table_name from information_schema.tables
        where table_schema not in ('main', 'pipeline', 'reports') and table_name <> 'site'
        """
    )
    for (table,) in tables.fetchall():
        connection.execute(f"delete from {table}")
    build_reports(connection)


def test_every_page_of_the_report_is_there(site):
    wanted = (
        "index targets experience degradations opportunities geography beacon-integrity reliability objectives "
        "availability incidents alerts errors business effects forecasts data-quality definitions downloads "
        "service-web service-api service-search "
        "page-group-home page-group-product page-group-search page-group-cart page-group-checkout "
        f"journey-{slugs(['Buy'])['Buy']} journey-{slugs(['Browse'])['Browse']} "
        "errors-digest error-releases error-grp-1 error-grp-2 error-grp-3 error-grp-4"
    )
    assert set(site[1]) == {f"{name}.html" for name in wanted.split()}


def test_the_same_tables_give_the_same_bytes_but_for_generated_at(marts_connection, tmp_path):
    render(marts_connection, tmp_path / "a")
    render(marts_connection, tmp_path / "b", generated_at=datetime(2027, 1, 1, tzinfo=UTC))
    stamp = re.compile(rb'Generated at <time datetime="[^"]*">[^<]*</time>')
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(files) > 80
    for file in files:
        first, second = ((tmp_path / folder / file).read_bytes() for folder in "ab")
        if file.suffix == ".html":
            assert len(stamp.findall(first)) == 1, file
        assert stamp.sub(b"", first) == stamp.sub(b"", second), file


def test_the_business_page_counts_the_refunds_whose_amount_is_assumed(marts_connection):
    assert business.page(context(marts_connection)).lead == (
        "Cancelled orders do not convert, and revenue is net of refunds. "
        "2 refunded orders in 28 days have no refund amount, counted as fully refunded."
    )
    marts_connection.execute("update business.fct_orders set is_refund_assumed = event_date < '2026-01-01'")
    assert business.page(context(marts_connection)).lead == (
        "Cancelled orders do not convert, and revenue is net of refunds."
    )


def test_without_a_feed_of_orders_pages_speak_of_sessions_and_bounces_only(marts_connection):
    marts_connection.execute("update dimensions.dim_feeds set is_delivered = false where feed = 'orders'")
    marts_connection.execute(
        "delete from executive.fct_kpi_daily where kpi in ('conversion_share', 'order_count', 'revenue_net')"
    )
    for table in ("effects", "effect_strata", "effect_doses"):
        marts_connection.execute(f"delete from predictions.business_{table} where outcome in ('conversion', 'revenue')")
    build_reports(marts_connection)
    made = context(marts_connection)
    page = business.page(made)
    titles = [part.title for section in page.sections for part in (section, *section.charts)]
    headings = [column.label for section in page.sections for table in section.tables for column in table.columns]
    assert page.lead == ""
    assert "Bounce rate" in headings
    assert not [text for text in [page.title, *titles, *headings] if re.search("order|conver|revenue", text.lower())]
    by_id = {section.id: section for section in effects.page(made).sections}
    assert not {"money", "strata", "impact"} & by_id.keys()
    assert "effects" in by_id


def test_the_forecasts_page_says_what_it_does_not_forecast_and_why(marts_connection):
    marts_connection.execute("delete from predictions.budget_exhaustion; delete from predictions.target_breaches")
    marts_connection.execute(
        "insert into executive.fct_kpi_daily (kpi, value, event_date) select 'made_up', 1, ?::date - n::integer"
        " from range(9) as days (n)",
        [AS_OF],
    )
    build_reports(marts_connection, "rpt_budget_forecasts")
    by_id = {section.id: section for section in forecasts.page(context(marts_connection)).sections}
    assert forecast_risks.NEEDED in by_id["budgets"].empty
    assert forecast_risks.NEEDED in by_id["targets"].empty
    lacking = {row["kpi"]: row["reason"] for row in by_id["missing"].tables[0].rows}
    assert lacking["made_up"] == "Its history is 12 days too short."
    assert "ux_score" not in lacking


def test_what_pages_say_that_a_forecast_needs_is_what_models_ask():
    asked = (7 * models.MIN_SEASONS, 7 * models.MAX_SEASONS_STALE, 7 * models.RECENT_SEASONS, models.MIN_OBSERVED_SHARE)
    said = forecast_risks
    assert asked == (said.NEEDED_DAYS, said.STALE_DAYS, said.RECENT_DAYS, said.OBSERVED_SHARE)


def test_every_link_and_asset_of_a_page_exists(site):
    out, texts = site
    (out / "marts.duckdb").touch()
    (out / "status.json").touch()
    ids = {name: {a["id"] for _, a in Elements(text).found if "id" in a} for name, text in texts.items()}
    for name, text in texts.items():
        for tag, attributes in Elements(text).found:
            target = attributes.get("href") or (attributes.get("src") if tag == "script" else None)
            if not target or target.startswith("exports/"):
                continue
            file, _, anchor = target.partition("#")
            assert (out / (file or name)).is_file(), f"{name}: {target}"
            assert not anchor or anchor in ids[file or name] | {"main"}, f"{name}: {target}"


def test_every_chart_can_be_explored_and_downloaded_and_says_itself(site):
    out, texts = site
    seen = 0
    for text in texts.values():
        for tag, attributes in Elements(text).found:
            if tag == "figure":
                seen += 1
                assert (out / "csv" / f"{attributes['data-figure']}.csv").stat().st_size > 20
                assert (out / "assets/figures" / f"{attributes['data-figure']}.js").stat().st_size > 200
            if attributes.get("role") in ("img", "region"):
                assert attributes["aria-label"].strip()
    assert seen >= 25


def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(site):
    for name, text in site[1].items():
        assert "<style" not in text and not re.search(r"<script(?![^>]*\bsrc=)", text), name
        for _, attributes in Elements(text).found:
            assert "style" not in attributes and not any(key.startswith("on") for key in attributes), name
            for key in ("src", "href"):
                assert not re.match(r"(https?:)?//", attributes.get(key) or ""), (name, attributes)
        assert text.count("Content-Security-Policy") == 1 and "unsafe" not in text


def test_a_page_shows_ten_rows_and_holds_more_and_the_csv_file_has_the_columns_that_pages_leave_out(site):
    out, texts = site
    text = texts["objectives.html"]
    rows = re.search(r'<div class="scroll"[^>]*aria-label="objectives".*?</tbody>', text, re.S)[0]
    assert rows.count("<tr>") == 1 + min(10, rows.count("<tr") - 1)
    header = (out / "csv/objectives.csv").read_text().splitlines()[0]
    assert "budget_spent" in header and "Spent" not in rows
    folded = re.search(r'<details class="fold"><summary><h3 id="burn_rules-title">.*?</details>', text, re.S)[0]
    assert 'class="sort" aria-label="Sort by Factor"' in folded
    assert re.search(r'<td class="number" data-sort="[0-9.]+"', folded)


def test_headings_are_in_order_and_one_is_first(site):
    for name, text in site[1].items():
        levels = [int(tag[1]) for tag, _ in Elements(text).found if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), name


def test_figures_with_one_id_are_one_figure(marts_connection):
    made = context(marts_connection)
    charts: dict[str, Chart] = {}
    for page in pages.all_pages(made):
        for section in page.sections:
            for chart in section.charts:
                assert charts.setdefault(chart.id, chart) == chart


def test_every_number_links_to_a_definition_that_exists(marts_connection):
    made = context(marts_connection)
    known = definitions.anchors()
    used = set()
    for page in pages.all_pages(made):
        for section in page.sections:
            used |= {tile.definition for tile in section.tiles} | {chart.definition for chart in section.charts}
            used |= {column.definition for table in section.tables for column in table.columns if column.definition}
            assert all(tile.definition for tile in section.tiles) and all(chart.definition for chart in section.charts)
    assert used <= known
    assert len(used) > 40


def test_a_site_without_any_row_says_why_and_what_to_do(marts_connection, tmp_path):
    empty_all(marts_connection)
    texts = render(marts_connection, tmp_path / "site", quality=[])
    assert "Lighthouse Goods has no data yet." in texts["index.html"]
    assert "Is collect.js on the pages" in texts["experience.html"]
    assert "Add a requests feed" in texts["reliability.html"]
    for name, text in texts.items():
        assert not re.search(r">\s*None\s*<", text), name
        assert not re.search(r"\bnan\b", text), name


def test_where_every_row_was_rejected_the_pages_say_why(marts_connection, tmp_path):
    empty_all(marts_connection)
    marts_connection.execute(
        """
        insert into reports.rpt_data_intake by name select 'raw_web_vitals.beacons' as raw_table, 1 as
            newest_file_count, 55 as newest_rows_read, 0 as newest_rows_kept, 55 as newest_rows_rejected,
            0 as newest_rows_after_close, 'bad_time' as newest_reason, 'ts' as newest_field, 55 as newest_reason_count,
            'bad_time ts: the time cannot be read <b>' as newest_cause, date '2026-11-27' as newest_export_date
        """
    )
    texts = render(marts_connection, tmp_path / "site", quality=[])
    for page in ("experience.html", "data-quality.html"):
        assert "all 55 rows of the export of 2026-11-27 were rejected, bad_time ts" in texts[page]
        assert "cannot be read <b>" not in texts[page]
    assert "Is collect.js on the pages" not in texts["experience.html"]


@pytest.mark.parametrize("lacking", ["metric <> 'LCP'", "metric in ('INP', 'CLS') and device = 'mobile'"])
def test_a_vital_that_nobody_reported_is_an_empty_cell(marts_connection, tmp_path, lacking):
    marts_connection.execute(f"delete from reports.rpt_vitals_by_cell where {lacking}")
    row = re.search(
        r"<th scope=row[^>]*>mobile</th>.*?</tr>", render(marts_connection, tmp_path / "site")["experience.html"], re.S
    )
    assert row and row[0].count(">–<") >= 2


def test_a_history_too_short_for_other_models_is_not_told_as_their_defeat(marts_connection, tmp_path):
    assert "better than seasonal naive: " in render(marts_connection, tmp_path / "long")["forecasts.html"]
    marts_connection.execute(
        "update predictions.kpi_forecasts set model_name = 'seasonal_naive', model_reason = 'short_history'"
    )
    assert (
        "seasonal naive only, as the history is short" in render(marts_connection, tmp_path / "short")["forecasts.html"]
    )


def test_the_forecasts_page_tells_what_comes_and_trends_what_was_expected(site):
    _, texts = site
    assert "Peak hour, next 48 hours" in texts["forecasts.html"]
    assert "The next 28 days together" in texts["forecasts.html"]
    assert re.search(r"Forecast for the next 28 days: [\d,]+\sEUR \(80\s%: ", texts["index.html"])
    assert "1 error budget will probably be spent" in texts["forecasts.html"]
    assert "seasonal naive, which no model beats" in texts["forecasts.html"]
    assert "what was forecast a week before" in texts["experience.html"]
    assert "what was forecast a week before" in texts["business.html"]


def test_an_hourly_chart_tells_value_and_range_of_the_peak_hour(marts_connection):
    peak, low, high = marts_connection.execute(
        "select value_forecast, value_80_lower, value_80_upper from predictions.traffic_forecasts where kpi ="
        " 'page_view_count' qualify forecast_date = max(forecast_date) over () order by value_forecast desc limit 1"
    ).fetchone()
    made = forecasts.page(context(marts_connection))
    chart = next(c for section in made.sections for c in section.charts if c.id == "traffic_page_view_count")
    formats = context(marts_connection).formats
    assert f"peak of {formats.value(peak, 'count')} on " in chart.title
    for words in (chart.subtitle, chart.summary):
        assert formats.bounds(low, high, "count") in words


@pytest.mark.parametrize(
    ("states", "title"),
    [
        (["healthy", "healthy"], "All 2 services are healthy"),
        (["unknown", "unknown", "unknown"], "No data on 3 services: a, b and c"),
        (["unknown", "healthy"], "No data on a; 1 other service healthy"),
        (["critical", "unknown", "healthy"], "a needs attention; no data on b; 1 other service healthy"),
    ],
)
def test_a_service_of_which_nothing_is_known_is_not_called_well(states, title):
    services = [{"name": name, "status": status} for name, status in zip("abc", states, strict=False)]
    assert reliability._title(SimpleNamespace(health={"services": services})) == title


def test_missing_predictions_and_checks_are_an_empty_state_and_not_a_failure(marts_connection, tmp_path):
    marts_connection.execute("drop schema predictions cascade")
    texts = render(marts_connection, tmp_path / "site", quality=[])
    assert "No forecast yet: it needs three weeks of history" in texts["forecasts.html"]
    assert "No check has run yet" in texts["data-quality.html"]


def test_text_of_strangers_reaches_no_page_figure_or_cell_unescaped(marts_connection, tmp_path):
    for table, column in (
        ("errors.fct_errors_daily", "message"),
        ("errors.fct_errors_daily", "type"),
        ("errors.fct_errors_daily", "browser"),
        ("errors.fct_errors_daily", "category"),
        ("errors.fct_error_groups", "title"),
        ("errors.fct_error_groups", "category"),
        ("errors.fct_error_groups", "culprit"),
        ("errors.fct_error_groups", "last_release"),
        ("reliability.fct_incidents", "title"),
        ("reliability.fct_incidents", "cause"),
        ("experience.fct_vitals_28d", "page_group"),
        ("experience.fct_experience_daily", "page_group"),
        ("reliability.fct_checks_daily", "location"),
        ("reliability.fct_requests_daily", "service"),
        ("reliability.fct_detections", "service"),
        ("reliability.fct_budget_spent", "cause"),
        ("reliability.fct_error_budget_policies", "description"),
        ("alerts.alerts", "subject"),
        ("alerts.notifications", "error"),
        ("config.objectives", "description"),
        ("operations.fct_rejects_daily", "field"),
        ("predictions.business_effects", "caveat"),
        ("predictions.release_effects", "page_group"),
    ):
        where = "where page_group <> 'all'" if table.endswith("28d") else ""
        marts_connection.execute(f"update {table} set {column} = $text || {column} {where}", {"text": HOSTILE})
    build_reports(marts_connection)
    checks = [CHECKS[0] | {"missing": HOSTILE, "observed": HOSTILE}]
    texts = render(marts_connection, tmp_path / "site", quality=checks, name="Shop " + HOSTILE)
    assert sum("&lt;script&gt;alert(1)" in text for text in texts.values()) == len(texts)
    for name, text in texts.items():
        tags = Elements(text).found
        assert [a for tag, a in tags if tag == "script"] == [{"src": "assets/charts.js", "defer": None}], name
        assert not any(tag == "img" for tag, _ in tags), name
        assert text.count("<!--/banner-->") == 1 and "{{ 7*7 }}" in text, name
    scripts = "".join(path.read_text() for path in (tmp_path / "site/assets/figures").glob("*.js"))
    assert "alert(1)" in scripts and "<script" not in scripts and "<img" not in scripts


def test_a_cell_that_a_spreadsheet_would_run_leaves_harmless(marts_connection, tmp_path):
    marts_connection.execute("update errors.fct_error_groups set title = '=HYPERLINK(\"http://evil\")' || title")
    build_reports(marts_connection)
    render(marts_connection, tmp_path / "site")
    text = (tmp_path / "site/csv/error_groups.csv").read_text()
    assert "\"'=HYPERLINK" in text and not re.search(r'(^|,)"?=', text, re.MULTILINE)


def test_a_service_and_a_journey_of_any_name_have_a_page_with_a_safe_name(marts_connection, tmp_path):
    for table, column in (("config.services", "service"), ("reliability.fct_availability", "service")):
        marts_connection.execute(
            f"update {table} set {column} = '../' || $text where {column} = 'web'", {"text": HOSTILE}
        )
    marts_connection.execute(
        "update reliability.fct_health_changes set subject = '../' || $text where subject = 'web'", {"text": HOSTILE}
    )
    marts_connection.execute("update config.journeys set journey = 'BUY' where journey = 'Browse'")
    marts_connection.execute("update config.journey_steps set journey = 'BUY' where journey = 'Browse'")
    build_reports(marts_connection)
    texts = render(marts_connection, tmp_path / "site")
    single = sorted(name for name in texts if name.startswith(("service-", "journey-", "page-group-")))
    assert len(single) == len({name.lower() for name in single}) == 10
    assert all(re.fullmatch(r"[a-z0-9-]+\.html", name) for name in single)
    assert not any(
        tag in ("img", "script") and "src" not in a for text in texts.values() for tag, a in Elements(text).found
    )


def test_a_burn_down_ends_where_the_table_of_objectives_says(marts_connection):
    rows = marts_connection.execute(
        """
        select arg_max(days.budget_left_share, days.event_date), any_value(objectives.budget_remaining_share)
        from reports.rpt_budget_burn_down as days inner join reports.rpt_objectives as objectives using (objective)
        group by objective
        """
    ).fetchall()
    assert len(rows) == 7
    assert all(left == pytest.approx(remaining, abs=1e-6) for left, remaining in rows)


def test_rules_that_can_never_fire_are_told_apart_with_the_reason(site):
    text = site[1]["objectives.html"]
    burning, never = (text[text.index(f'id="{part}"') :].split("</section>")[0] for part in ("burning", "never"))
    assert "never-seen" in never and "web-good-lcp" in never and "13.4" in never
    assert "web-availability" not in never and "web-availability" in burning


def test_bars_of_days_have_their_words_for_who_cannot_point(site):
    text = site[1]["availability.html"]
    assert text.count("<title>") > 90 * 3
    words = re.search(r"<details>.*?</details>", text, re.S)[0]
    assert "search" in words and "unknown" in words and "min down" in words
    today = text[text.index('id="today"') :]
    assert "down for 5\u00a0min" in today.split("</section>")[0]


def test_the_contractual_method_is_named_and_each_is_explained(site):
    text = site[1]["availability.html"]
    assert "default (contractual)" in text and "uptime kuma" in text and "contractual: default" in text


def test_alerts_tell_open_ones_clocks_accuracy_and_who_was_told(site):
    text = site[1]["alerts.html"]
    assert "2 alerts are open" in text
    assert "37 of 40 alerts were right, 1 wrong, 2 unreviewed" in text
    assert "2 notifications: 1 failed, 1 sent" in text
    clocks = text[text.index('id="clocks"') :].split("</section>")[0]
    assert "1.3\u00a0s" in clocks and "4\u00a0min" in clocks and "not proven" in clocks


def test_without_alerts_and_outages_pages_say_so(marts_connection, tmp_path):
    for table in (
        "alerts.alerts",
        "alerts.alert_events",
        "alerts.notifications",
        "alerts.fct_alert_accuracy",
        "reliability.fct_detections",
    ):
        marts_connection.execute(f"delete from {table}")
    texts = render(marts_connection, tmp_path / "site")
    assert "No alert is open" in texts["alerts.html"] and "No critical alert has been raised" in texts["alerts.html"]
    assert "No outage and no incident." in texts["incidents.html"]


def test_the_navigation_names_every_page_but_single_ones_and_marks_where_one_is(site):
    for name, text in site[1].items():
        links = [a for tag, a in Elements(text.split("</nav>")[0]).found if tag == "a" and "href" in a]
        assert sum("aria-current" in a for a in links) == (name != "downloads.html"), name
        assert not any(a["href"].startswith(("service-", "journey-", "page-group-", "error-grp")) for a in links)
    assert len(links) == 22  # twenty pages, the skip link and the name of the site


def test_a_banner_is_put_in_once_and_replaced(site):
    text = site[1]["index.html"]
    first = pages.with_banner(text, pages.banner(["a < b"], "Old data."))
    second = pages.with_banner(first, pages.banner(["c"], "Old data."))
    assert "a &lt; b" in first and 'role="alert"' in first
    assert "a &lt; b" not in second and second.count('class="banner"') == 1


def test_the_palette_is_one_in_style_sheet_script_and_figures():
    assets = ROOT / "orchestration/reports/assets"
    light = (assets / "beaconmart.css").read_text().split("@media")[0]
    in_css = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", light))
    in_script = {
        name: colour
        for colour, name in re.findall(r'"(#[0-9a-f]{6})": "--([a-z0-9-]+)"', (assets / "charts.js").read_text())
    }
    assert in_script == interactive.COLOURS
    assert {name: in_css[name] for name in in_script} == in_script


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_has_enough_contrast_and_marks_stand_out_in_light_and_dark():
    css = (ROOT / "orchestration/reports/assets/beaconmart.css").read_text()
    light, dark = (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", part)) for part in css.split("@media")[:2])
    for theme in (light, dark):
        for surface in ("bg", "card"):
            assert all(contrast(theme[ink], theme[surface]) >= 4.5 for ink in ("ink", "ink-2", "accent"))
        for tone in ("good", "middling", "bad", "unknown"):
            assert contrast(theme[f"{tone}-ink"], theme[f"{tone}-bg"]) >= 4.5
        assert all(contrast(theme[mark], theme["card"]) >= 3 for mark in ("c1", "c2", "c3", "c4", "c5", "good", "bad"))
        # Who cannot tell red from green still sees which is darker.
        assert contrast(theme["good"], theme["bad"]) > 1.3


def status_document(connection, quality=CHECKS):
    made = context(connection, quality)
    return status.document(made.marts, made.health, quality, [], GENERATED_AT, made.site_name, "release")


def schema():
    return json.loads((ROOT / "orchestration/schemas/status.schema.json").read_text())


def written(document, tmp_path):
    status.write(Path(tmp_path) / "status.json", document)
    return json.loads((Path(tmp_path) / "status.json").read_text())


def test_status_json_is_what_its_schema_says(marts_connection, tmp_path):
    document = written(status_document(marts_connection), tmp_path)
    jsonschema.validate(document, schema())
    assert document["status"] == "degraded" and document["as_of"] == str(AS_OF)
    assert document["failing_checks"][0]["check_name"] == "every_step_is_monitored"
    assert {service["name"]: service["status"] for service in document["services"]}["search"] == "critical"


def test_status_json_tells_one_availability(marts_connection, tmp_path):
    document = written(status_document(marts_connection), tmp_path)
    assert document["uptime"]["availability_share"] == document["metrics"]["availability_share"]["value"] > 0.9


def test_status_json_of_an_empty_site_is_unknown_and_valid(marts_connection, tmp_path):
    empty_all(marts_connection)
    document = written(status_document(marts_connection, []), tmp_path)
    jsonschema.validate(document, schema())
    assert document["status"] == "unknown"


def test_health_is_that_of_the_instant_that_is_asked_for(marts_connection):
    noon, night = datetime(2026, 11, 1, 12), datetime(2026, 11, 1, 23)  # noqa: DTZ001 - instants of marts are naive UTC
    before, after = (status.health_at(marts_connection, instant) for instant in (noon, night))
    assert {part["name"]: part["status"] for part in before["services"]}["search"] == "healthy"
    search = {part["name"]: part for part in after["services"]}["search"]
    assert (search["status"], search["since"]) == ("critical", datetime(2026, 11, 1, 20, tzinfo=UTC))
    assert {part["name"]: part["reason"] for part in after["journeys"]}["Find"].startswith("search: ")


def test_before_anything_is_known_health_is_unknown(marts_connection):
    told = status.health_at(marts_connection, datetime(2020, 1, 1))  # noqa: DTZ001 - instants of marts are naive UTC
    assert (told["status"], told["since"], told["services"], told["journeys"]) == ("unknown", None, [], [])
