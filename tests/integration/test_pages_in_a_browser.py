"""Published pages as people meet them: Chromium, a phone and a desk, light and dark, from disk and from a server."""

import collections
import functools
import http.server
import re
import shutil
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.reports import pages, status
from orchestration.reports.content import Context
from orchestration.reports.formats import Formats
from orchestration.reports.marts import Marts
from tests.unit.reports.synthetic import AS_OF, build_reports, fill

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium"),
]
HOSTILE = "</script><img src=x onerror=alert(1)>"
CHECKS = [
    {
        "suite": "coverage",
        "check_name": "every_step_is_monitored",
        "asset": "executive/fct_journey_coverage_daily",
        "is_passed": False,
        "is_blocking": True,
        "observed": HOSTILE,
        "expected": "3 of 3",
        "missing": "buy / pay",
    }
]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Pages of the synthetic site with hostile text in them, one of them blocked."""
    out = tmp_path_factory.mktemp("browser")
    with duckdb.connect() as connection:
        fill(connection)
        for table, column in (("errors.fct_errors_daily", "message"), ("reliability.fct_checks_daily", "location")):
            connection.execute(f"update {table} set {column} = $text || {column}", {"text": HOSTILE})
        build_reports(connection)
        marts, formats = Marts(connection, AS_OF), Formats("EUR", "Europe/Berlin")
        targets = {"ux_score": 90, "availability": 0.999}
        context = Context(marts, formats, CHECKS, status.health(marts), "Lighthouse Goods", targets, "EUR")
        site = SimpleNamespace(name="Lighthouse Goods", timezone="Europe/Berlin")
        generated_at = datetime(2026, 11, 2, 3, 4, tzinfo=UTC)
        pages.render(context, pages.Frame(site, formats, AS_OF, generated_at, ()), out)
    index = out / "index.html"
    mark = pages.banner([HOSTILE], "The run with data to 2 Nov 2026 was not published.")
    index.write_text(pages.with_banner(index.read_text(), mark))
    return out


@pytest.fixture(scope="module")
def server(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser):
    """A function that opens a page and collects what the console and the network say."""
    contexts = []

    def opened(url, viewport=DESK, scheme="light", **options):
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: (page.said.append("a dialog"), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()


def names(site):
    return sorted(path.name for path in site.glob("*.html"))


def test_no_page_says_a_word_on_the_console_overflows_or_breaks_a_rule_of_axe(site, open_page):
    """Dark changes colours only, so there axe is asked for their rule only; of pages alike, two are enough."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe().axe_script
    ask = "options => axe.run(options).then(found => found.violations.map(rule => [rule.id, rule.nodes[0].html]))"
    rules = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
    kinds = collections.Counter()
    for name in names(site):
        kind = re.match(r"(page-group|service|journey|error(?=-[0-9a-f]{16}))-|", name)[0] or name
        kinds[kind] += 1
        if kinds[kind] > 2:
            continue
        page = open_page(f"file://{site / name}")
        views = [(viewport, scheme) for viewport in (DESK, PHONE) for scheme in rules]
        for viewport, scheme in views:
            show(page, viewport, scheme)
            width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            # Before axe, which itself tries to fetch the style sheet, as a page from disk may not.
            assert (page.said, width) == ([], 0), (name, viewport, scheme)
        page.evaluate(axe)
        for viewport, scheme in views:
            show(page, viewport, scheme)
            broken = page.evaluate(ask, {"resultTypes": ["violations"]} | rules[scheme])
            assert broken == [], (name, viewport, scheme)
        page.context.close()


def show(page, viewport, scheme):
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=scheme)


def explored(page):
    return page.locator("[data-state=live]")


@pytest.mark.parametrize("way", ["disk", "server"])
def test_every_chart_becomes_a_plotly_figure_when_asked_and_nothing_is_loaded_before(site, server, open_page, way):
    base = server if way == "server" else f"file://{site}"
    for name in ("errors.html",) if way == "server" else ("availability.html", "incidents.html", "business.html"):
        page = open_page(f"{base}/{name}")
        assert not [url for url in page.asked if "plotly" in url or "/figures/" in url]
        height = page.evaluate("document.body.scrollHeight")
        buttons = page.get_by_role("button", name="Explore")
        count = buttons.count()
        for i in range(count):
            buttons.nth(i).click()
        explored(page).nth(count - 1).wait_for()
        assert page.locator(".live svg.main-svg").count() >= count
        assert sum("plotly.min.js" in url for url in page.asked) == 1
        assert all(url.startswith(base) or url.startswith("data:") for url in page.asked)
        assert page.evaluate("document.body.scrollHeight") - height <= 60 * count
        assert page.said == [], name


def test_a_chart_wakes_when_a_mouse_rests_on_it_and_sleeps_again(site, open_page):
    page = open_page(f"file://{site}/index.html")
    page.locator("figure .canvas").first.hover()
    explored(page).wait_for()
    button = page.locator("button.explore").first
    assert button.get_attribute("aria-pressed") == "true"
    button.focus()
    page.keyboard.press("Enter")
    assert explored(page).count() == 0 and page.locator("figure .canvas").first.is_visible()
    assert page.said == []


def test_a_tap_wakes_a_chart_on_a_phone(site, open_page):
    page = open_page(f"file://{site}/errors.html", PHONE, has_touch=True)
    page.locator("figure .canvas").first.tap()
    explored(page).wait_for()
    assert page.said == []


def test_plotly_shows_text_of_strangers_as_text(site, open_page):
    page = open_page(f"file://{site}/availability.html", scheme="dark")
    figure = page.locator("figure[data-figure=response_time_1]")
    figure.get_by_role("button").click()
    figure.locator("svg.main-svg").first.wait_for()
    area = figure.locator(".live").bounding_box()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    figure.locator(".hoverlayer text").first.wait_for()
    assert HOSTILE.split(" ")[0] in figure.locator(".hoverlayer").text_content()
    assert page.locator("img").count() == 0 and page.said == []


def test_figures_follow_the_dark_scheme(site, open_page):
    page = open_page(f"file://{site}/errors.html", scheme="dark")
    page.get_by_role("button", name="Explore").first.click()
    explored(page).wait_for()
    wanted, found = page.evaluate(
        """() => [getComputedStyle(document.querySelector('.card')).backgroundColor,
                  getComputedStyle(document.querySelector('.live .main-svg')).backgroundColor]"""
    )
    assert wanted == found == "rgb(24, 33, 43)"


def test_a_page_works_by_keyboard_and_without_scripts(site, open_page):
    page = open_page(f"file://{site}/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    still = open_page(f"file://{site}/index.html", java_script_enabled=False)
    assert still.get_by_role("heading", level=1).inner_text().startswith("Lighthouse Goods is degraded (api); 1 ")
    assert "90.2" in still.locator(".tile-value").nth(0).inner_text()
    assert still.locator("figure svg.area").count() >= 6
    assert still.get_by_role("button", name="Explore").count() == 0


def test_on_a_phone_one_button_lays_out_every_page_and_folds_them_again(site, open_page):
    page = open_page(f"file://{site}/alerts.html", PHONE)
    last = page.locator("nav").get_by_role("link", name="Definitions")
    within = "e => e.getBoundingClientRect().right <= innerWidth"
    assert page.locator("nav [aria-current]").evaluate(within) and not last.evaluate(within)
    button = page.get_by_role("button", name="All pages")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true" and last.evaluate(within)
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "false" and not last.evaluate(within)
    assert page.said == []


def test_bars_say_themselves_to_a_pointer_and_to_a_keyboard(site, open_page):
    page = open_page(f"file://{site}/availability.html", java_script_enabled=False)
    figure = page.locator("figure[data-figure=availability_days]")
    assert "down" in figure.locator("path.bad title").first.text_content()
    assert not figure.locator("dl").is_visible()
    figure.locator("summary").focus()
    page.keyboard.press("Enter")
    assert figure.locator("dl").is_visible() and "down" in figure.locator("dl").inner_text()


def test_a_service_is_two_clicks_from_the_overview_and_leads_to_its_journeys(site, open_page):
    page = open_page(f"file://{site}/index.html")
    page.locator("main").get_by_role("link", name=re.compile("^api:")).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "api is degraded"
    page.get_by_role("link", name="Buy").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Buy is degraded"
    assert page.locator("nav [aria-current]").inner_text() == "Reliability"


def test_a_chart_that_cannot_be_loaded_says_so_and_stays(site, tmp_path, open_page):
    shutil.copytree(site, tmp_path / "site", ignore=shutil.ignore_patterns("plotly.min.js"))
    page = open_page(f"file://{tmp_path}/site/index.html")
    page.get_by_role("button", name="Explore").first.click()
    note = page.get_by_role("status")
    note.wait_for()
    assert "The CSV has its numbers" in note.inner_text()
    assert page.locator("figure .canvas").first.is_visible()


def test_a_table_is_sorted_by_the_numbers_behind_its_cells_and_shows_all_rows_on_request(site, open_page):
    page = open_page(f"file://{site}/index.html")
    table = page.locator("table.data").first
    table.get_by_role("button", name="Sort by 28 days").click()

    def keys():
        return [
            float(key)
            for key in table.locator("tbody tr:visible td:nth-child(2)").evaluate_all(
                "cells => cells.map((cell) => cell.dataset.sort)"
            )
        ]

    assert keys() == sorted(keys(), reverse=True) and len(keys()) > 3
    table.get_by_role("button", name="Sort by 28 days").click()
    assert keys() == sorted(keys())
    assert table.locator("th[aria-sort=ascending]").count() == 1
    page = open_page(f"file://{site}/availability.html")
    more = page.locator("button.more").first
    if more.count():
        before = page.locator("tr:visible").count()
        more.click()
        assert page.locator("tr:visible").count() > before
