"""A site that delivers one feed, or two, is a whole site: published, healthy, and silent about every other feed.

What may not be said is a vocabulary for each kind of data, taken from the pages of the demo, which has all of them.
"""

import html
import json
import os
import re
from dataclasses import replace

import pytest

from orchestration.settings import Settings, load_settings
from orchestration.status import read_status
from tests.integration import one_feed_lab as lab

pytestmark = pytest.mark.slow

# What only those speak of that have it. Words that mean something else too stand with their neighbours.
WORDS = {
    "page_views": r"page[ -]views?|beacons?|visitors?|soft navigations?|page speed",
    "vitals": r"LCP|INP|CLS|FCP|TTFB|web vitals?|UX score|regressions?",
    "sessions": r"sessions?|bounces?|bounce rate|funnels?",
    "orders": r"orders?|revenue|conversions?|EUR|XXX|money",
    "probes": r"probes?|probing|uptime|availability|downtime|down time|outages?|no check|last check|never checked|"
    r"is checked|was up|flapping|locations? looked",
    "incidents": r"incidents?|MTT[RDA]|MTBF|recall",
    "errors": r"error groups?|error-free|crash-free|captured errors?|new errors?|escalating|errors by|no error is",
    "requests": r"(?<!share of )requests|throughput",
    "objectives": r"objectives?|error budgets?|burn[ -](rate|down)s?|SLOs?",
    "journeys": r"journeys?",
}
# The navigation has words of its own.
LABELS = {
    "page_views": "Experience|Geography|Page groups|Beacon integrity",
    "vitals": "Degradations|Opportunities|Effects",
    "sessions orders": "Business",
    "probes": "Availability",
    "probes incidents": "Incidents|Outages",
    "probes requests": "Reliability",
    "errors": "Errors|Digest",
    "errors+page_views": "Releases",
    "objectives": "Objectives",
}
# What each source lets a site know. Beacons of the demo name their session, and the library sends the vitals.
KNOWS = {
    "beacons": {"page_views", "vitals", "sessions"},
    "access_log": {"requests", "page_views"},
    "sessions": {"sessions"},
    "releases": set(),
}
# Texts about the product, not about the site.
DOCUMENTATION = ("downloads", "definitions")


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    return lab.deliveries(tmp_path_factory.mktemp("deliveries"))


# A run costs 20 CPU seconds, also that of a site with one row. These have each kind of data alone; the other sites are
# run where the environment has BEACONMART_ALL_SITES.
ALONE = [(feed,) for feed in ("beacons", "errors", "probes", "incidents", "orders")]
SITES = lab.SITES if "BEACONMART_ALL_SITES" in os.environ else ALONE


@pytest.fixture(scope="module", params=SITES, ids="+".join)
def ran(request, landing, tmp_path_factory, parsed_project):
    return lab.run(request.param, landing, tmp_path_factory.mktemp("site"), parsed_project)


def test_a_site_of_one_feed_or_two_is_published_healthy_and_silent_about_the_others(ran):
    assert ran.exit_code == 0, ran.output
    assert problems(ran) == []
    assert statements_about_others(ran.feeds, texts(ran)) == []


def problems(ran):
    """What is wrong with a site on which nothing is wrong; that its days are not those of today is nothing."""
    found = read_status(Settings(ran.site.home, ran.site.config, load_settings().config, []))
    status = ran.site.status()
    wrong = [f"exit {code}" for code in [replace(found, days_behind=0).exit_code] if code]
    wrong += [f"health {status['status']}" for _ in range(1) if status["status"] not in ("healthy", "not_judged")]
    wrong += [f"check {check['check_name']}: {check['missing']}" for check in status["failing_checks"]]
    wrong += [alert["title"] for alert in status["alerts"] if alert["severity"] == "critical"]
    return wrong + [str(intake) for intake in status["intake"] if intake["rows_read"] and not intake["rows_kept"]]


def statements_about_others(feeds, texts):
    """The words of feeds that are not there, each with the text that it stands in and where that is."""
    known = set().union(*(KNOWS.get(feed, {feed}) for feed in feeds))
    words = "|".join(words for kind, words in WORDS.items() if kind not in known)
    pattern = re.compile(rf"(?<![\w/-])(?:{words})(?![\w/-])", re.IGNORECASE)
    labels = {
        label
        for needs, names in LABELS.items()
        for label in names.split("|")
        if not any(known.issuperset(every.split("+")) for every in needs.split())
    }
    found = []
    for where, text in texts:
        if where == "navigation":
            found += [(where, text)] if text in labels else []
        elif match := pattern.search(text):
            start = max(match.start() - 60, 0)
            found.append((where, match[0], text[start : match.end() + 60]))
    return found


def texts(ran):
    """Every sentence that a site publishes, with where it stands."""
    published = ran.site.published
    for page in sorted(published.glob("*.html")):
        text = page.read_text()
        yield from (("navigation", label) for label in navigation(text))
        said = re.findall(r"<h3[^>]*>(.*?)</h3>|<h2[^>]*>(.*?)</h2>", text) if page.stem in DOCUMENTATION else None
        parts = [" ".join(pair) for pair in said] if said is not None else visible(text)
        yield from ((page.stem, plain(part)) for part in parts)
    yield from (("status.json", text) for text in leaves(json.loads((published / "status.json").read_text())))
    yield from (("status", line) for line in ran.status_output.splitlines())
    tables = {
        "KPIs": "select distinct kpi from executive.fct_kpi_daily",
        "targets": "select target || ' ' || reason from reports.rpt_mission_targets",
        "checks": "select distinct check_name from operations.fct_quality_results",
        "first page": "select sentence from reports.rpt_headline union all select sentence from reports.rpt_statements",
    }
    for where, sql in tables.items():
        yield from ((where, str(row[0]).replace("_", " ")) for row in ran.site.rows(sql))


def navigation(text):
    (nav,) = re.findall(r"<nav\b.*?</nav>", text, re.DOTALL)
    return [plain(label) for label in re.findall(r"<a\b[^>]*>(.*?)</a>", nav, re.DOTALL)]


def visible(text):
    """What a reader sees or hears of a page: its text by block, and titles, labels and descriptions."""
    text = re.sub(r"<(script|style|nav|footer)\b.*?</\1>", " ", text, flags=re.DOTALL)
    yield from re.findall(r'\b(?:title|aria-label|alt|content)="([^"]*)"', text.partition("</head>")[2])
    yield from re.findall(r'<meta name="description" content="([^"]*)"', text)
    yield from re.split(
        r"</?(?:p|h\d|li|tr|td|th|section|div|dt|dd|summary|figcaption|title|text|g|span)\b[^>]*>", text
    )


def plain(part):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part))).strip()


def leaves(value, key=""):
    """The keys and texts of a document under which there is something; a window alone says nothing."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, f"{key} {name}" if key in ("metrics", " metrics") else name)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part, key)
    elif value is not None and key != "window_days":
        yield f"{key.replace('_', ' ')}: {str(value).replace('_', ' ')}"
