"""collect.js in a real browser, and what it sent all the way into the marts."""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime

import collector_lab
import duckdb
import pytest
from transform_worlds import run

from orchestration.settings import Settings, load_settings

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: `apt-get install chromium`, or Google Chrome"),
]


@dataclass(frozen=True)
class Visit:
    """What the browser sent, as it saw it, and the home in which it ended up."""

    settings: Settings
    beacons: list[dict]
    errors: list[dict]

    def rows(self, sql):
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def sent(self, name, path):
        """The last value of a metric that the page at `path` sent."""
        values = [row["value"] for row in self.beacons if row["name"] == name and path_of(row) == path]
        return values[-1] if values else None


@pytest.fixture(scope="module")
def visit(tmp_path_factory):
    """A visitor opens the home page, clicks, meets two errors, goes to a product, leaves; then the pipeline runs."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="`pip install playwright` drives the browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEACONMART_HOME", str(tmp_path_factory.mktemp("collected")))
        settings = load_settings()
    with collector_lab.serve(settings.landing) as site, playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(timezone_id="Europe/Vienna")
        page.goto(site + "/")
        page.wait_for_function("window.ready")
        page.wait_for_timeout(800)
        for button in ("#slow", "#throw", "#reject"):
            page.click(button)
            page.wait_for_timeout(200)
        page.click("#next")
        page.wait_for_function("window.ready")
        page.wait_for_timeout(800)
        page.goto("about:blank")
        page.wait_for_timeout(500)
        browser.close()
    arrived = {feed: landed(settings, feed) for feed in ("beacons", "errors")}
    run(settings, datetime.now(UTC).date())
    return Visit(settings, arrived["beacons"], arrived["errors"])


def landed(settings, feed):
    """What arrived, in the order in which it did."""
    files = sorted(settings.landing.glob(f"*/{feed}.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def path_of(row):
    return "/" + row["url"].split("?")[0].split("#")[0].split("/", 3)[3]


def test_each_page_is_one_page_view_of_one_session(visit):
    rows = visit.rows("select page_path, session_id from experience.fct_page_views order by started_at")
    assert [path for path, _ in rows] == ["/", "/product/lamp"]
    assert len({session for _, session in rows}) == 1
    assert {row["page_view_id"] for row in visit.beacons} == {
        row["id"] for row in visit.beacons if row["name"] == "page_view"
    }


def test_the_marts_have_the_values_that_the_browser_sent(visit):
    rows = visit.rows("select page_path, lcp_ms, cls, inp_ms, fcp_ms, ttfb_ms from experience.fct_page_views")
    for path, *values in rows:
        for name, value in zip(("LCP", "CLS", "INP", "FCP", "TTFB"), values, strict=True):
            sent = visit.sent(name, path)
            assert value == (None if sent is None else pytest.approx(sent, rel=1e-6)), f"{name} of {path}"


def test_the_browser_saw_the_shift_and_the_slow_click(visit):
    assert visit.sent("CLS", "/") > 0.05
    assert visit.sent("INP", "/") >= 120
    assert visit.sent("LCP", "/") > 0
    assert visit.sent("INP", "/product/lamp") is None


def test_uncaught_errors_are_in_the_marts_with_their_type(visit):
    rows = visit.rows("select type, category, error_count from errors.fct_errors_daily order by type")
    assert [(kind, count) for kind, _, count in rows] == [("RangeError", 1), ("TypeError", 1)]
    (affected,) = visit.rows("select sum(error_page_view_count) from experience.fct_experience_daily where is_headline")
    assert affected == (1,)


def test_an_error_names_the_page_view_on_which_it_happened(visit):
    home = next(row for row in visit.beacons if row["name"] == "page_view" and path_of(row) == "/")
    assert {row["page_view_id"] for row in visit.errors} == {home["page_view_id"]}


def test_the_browser_gives_time_zone_release_and_connection(visit):
    first = visit.beacons[0]
    assert first["time_zone"] == "Europe/Vienna"
    assert first["release"] == "2026.45.1"
    assert {"connection", "ua", "referrer", "session_id"} <= first.keys()
    rows = visit.rows("select distinct country, is_country_derived, release from experience.fct_page_views")
    assert rows == [("AT", True, "2026.45.1")]


def test_attribution_holds_plain_values_only(visit):
    values = [value for row in visit.beacons for value in row.get("attribution", {}).values()]
    assert values
    assert not any(isinstance(value, dict | list) for value in values)


def test_personal_data_of_the_visit_is_in_no_table(visit):
    dump = json.dumps(visit.rows("select * from experience.fct_page_views"), default=str)
    dump += json.dumps(visit.rows("select * from errors.fct_errors_daily"), default=str)
    assert "someone@example.com" not in dump
    assert "visitor@example.com" not in dump


def test_a_soft_navigation_and_a_return_through_the_cache_are_page_views_of_their_own(tmp_path):
    playwright_api = pytest.importorskip("playwright.sync_api", reason="`pip install playwright` drives the browser")
    with collector_lab.serve(tmp_path) as site, playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], ignore_default_args=["--disable-back-forward-cache"]
        )
        page = browser.new_page()
        page.goto(site + "/")
        page.wait_for_function("window.ready")
        page.wait_for_timeout(700)
        knows_soft = page.evaluate("PerformanceObserver.supportedEntryTypes.includes('soft-navigation')")
        page.click("#soft")
        page.wait_for_timeout(700)
        page.click("#next")
        page.wait_for_timeout(700)
        page.evaluate("setTimeout(() => history.back())")
        page.wait_for_timeout(1500)
        page.evaluate("setTimeout(() => location = 'about:blank')")
        page.wait_for_timeout(1000)
        browser.close()
    rows = [json.loads(line) for line in next(tmp_path.glob("*/beacons.ndjson")).read_text().splitlines()]
    views = [row for row in rows if row["name"] == "page_view"]
    assert [row["navigationType"] for row in views] == [
        "navigate",
        *(["soft-navigation"] if knows_soft else []),
        "navigate",
        "back-forward-cache",
    ]
    assert len({row["page_view_id"] for row in views}) == len(views)
    # Every report belongs to the view of its own navigation, however late it comes.
    kind = {row["page_view_id"]: row["navigationType"] for row in views}
    assert all(kind[row["page_view_id"]] == row["navigationType"] for row in rows)


BURST = r"""
const stack = (n) => 'Error\n' + `    at f${n} (${'ü'.repeat(20)})\n`.repeat(400);
const meet = (message, error) => dispatchEvent(new ErrorEvent('error', {message, error}));
for (let n = 0; n < 25; n++) meet(`burst ${n}`, Object.assign(new Error(''), {stack: stack(n)}));
meet('\u{1f600}'.repeat(90000), {name: 'Huge', stack: 'x'});
"""


@pytest.mark.parametrize("leaves", [False, True])
def test_a_burst_of_long_errors_arrives_in_bodies_that_browsers_take(tmp_path, leaves):
    playwright_api = pytest.importorskip("playwright.sync_api", reason="`pip install playwright` drives the browser")
    bodies = []
    with collector_lab.serve(tmp_path) as site, playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: bodies.append(len(request.post_data_buffer or b"")))
        page.goto(site + "/")
        page.wait_for_function("window.ready")
        page.evaluate(BURST)
        if leaves:
            page.wait_for_timeout(1000)
            page.evaluate("dispatchEvent(new ErrorEvent('error', {message: 'the last', error: {name: 'Last'}}))")
            page.evaluate("setTimeout(() => location = 'about:blank')")
        page.wait_for_timeout(2500 if leaves else 8000)
        browser.close()
    rows = [json.loads(line) for line in next(tmp_path.glob("*/errors.ndjson")).read_text().splitlines()]
    messages = [row["message"] for row in rows]
    assert sorted(text for text in messages if text.startswith("burst")) == sorted(f"burst {n}" for n in range(25))
    assert [len(row["message"]) > 1000 for row in rows if row["type"] == "Huge"] == [True]
    assert ("the last" in messages) == leaves
    assert len(messages) == 26 + leaves
    assert max(bodies) <= 28_000


def test_its_own_failing_requests_are_no_errors_of_the_site(tmp_path):
    playwright_api = pytest.importorskip("playwright.sync_api", reason="`pip install playwright` drives the browser")
    with collector_lab.serve(tmp_path) as site, playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/collect/*", lambda route: route.abort())
        page.goto(site + "/")
        page.wait_for_function("window.ready")
        page.evaluate(
            "window.unhandled = []; addEventListener('unhandledrejection', (e) => unhandled.push(`${e.reason}`))"
        )
        page.evaluate(BURST)
        page.wait_for_timeout(1000)
        page.unroute("**/collect/*")
        assert page.evaluate("unhandled") == []
        page.click("#throw")
        page.wait_for_timeout(6000)
        browser.close()
    rows = [json.loads(line) for line in next(tmp_path.glob("*/errors.ndjson")).read_text().splitlines()]
    assert [row["type"] for row in rows if "burst" not in row["message"] and row["type"] != "Huge"] == ["TypeError"]
