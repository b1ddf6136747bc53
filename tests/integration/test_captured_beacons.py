"""Reports that a real browser sent from twelve lab pages by three clients, through the whole pipeline at once.

The clients ran side by side in the same page views. The reports of one of them come in three more formats as well.
"""

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from transform_worlds import run

from orchestration.settings import load_settings
from orchestration.settings.model import PageGroup, Source

DATA = Path(__file__).parents[1] / "data"
CAPTURED = DATA / "captured_web_vitals.ndjson"
# Each format with its file, and the release by which its page views are told from the others'.
OTHERS = {
    "boomerang": ("captured_boomerang.ndjson", None),
    "faro": ("captured_faro.ndjson", "1.0.0"),
    "ga4": ("ga4_events.ndjson", "ga4"),
    "opentelemetry": ("otel_browser_events.ndjson", "otel"),
    "access_log": ("access.log", "log"),
}
# The pages were laid out so that their number fixes how far they shift.
SHIFT_BY_CLASS = {0: 0.0, 1: 0.1443866666666667, 2: 0.2717866666666667}
METRICS = {"LCP": "lcp_ms", "INP": "inp_ms", "CLS": "cls", "FCP": "fcp_ms", "TTFB": "ttfb_ms"}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


@pytest.fixture(scope="module")
def sent():
    """The reports that the web-vitals library sent, by path and metric."""
    reports = [json.loads(line) for line in CAPTURED.read_text().splitlines()]
    return {(report["url"].rsplit("/", 1)[1], report["name"]): report for report in reports}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, sent):
    """The warehouse after one run with all the formats."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEACONMART_HOME", str(tmp_path_factory.mktemp("captured")))
        settings = load_settings()
    sources = [Source(name=name, system=name, path=f"{{date}}/{name}*", timezone="UTC") for name in OTHERS]
    pages = [PageGroup(name="lab", pattern=r"^/p\d+$"), PageGroup(name="pay", pattern="^/checkout$")]
    changes = {"sources": [*settings.config.sources, *sources], "page_groups": pages}
    config = settings.config.model_copy(update=changes)
    settings = replace(settings, config=config)
    day = date(2026, 11, 23)
    (settings.landing / str(day)).mkdir(parents=True)
    shutil.copy(CAPTURED, settings.landing / str(day) / "beacons.ndjson")
    for name, (file, _) in OTHERS.items():
        shutil.copy(DATA / file, settings.landing / str(day) / f"{name}.export")
    run(settings, day)
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def clients(warehouse):
    """The page views in the mart by format, each with its path as index."""
    found = warehouse.execute("select * from experience.fct_page_views").df()
    found = found.set_index(found["page_path"].str.lstrip("/"))
    # The two without a release: Boomerang has a session, plain reports of web-vitals have none.
    release, session = found["release"], found["session_id"]
    views = {name: found[release == told] for name, (_, told) in OTHERS.items() if told}
    views["boomerang"] = found[release.isna() & session.notna()]
    views["web_vitals"] = found[release.isna() & session.isna()]
    assert sum(map(len, views.values())) == len(found)
    return views


@pytest.fixture
def views(clients, sent):
    """The page views that web-vitals reported, and its values by path and metric."""
    return clients["web_vitals"], {key: report["value"] for key, report in sent.items()}


def values(views, *metrics):
    """What page views have, by path and metric."""
    kept = {(page, name): views.loc[page, METRICS[name]] for page in views.index for name in metrics or METRICS}
    return {key: float(value) for key, value in kept.items() if value == value and value is not None}


def test_twelve_pages_are_twelve_page_views(views):
    found, _ = views
    assert sorted(found.index) == sorted(f"p{number}" for number in range(1, 13))
    assert found["page_view_id"].is_unique


def test_every_metric_has_the_value_that_was_sent(views):
    found, sent = views
    assert values(found) == pytest.approx(sent, rel=1e-6)


def test_seven_pages_have_an_interaction(views):
    found, _ = views
    assert found["inp_ms"].notna().sum() == 7


def test_the_layout_shift_is_that_of_the_page_number(views):
    found, _ = views
    expected = {f"p{number}": SHIFT_BY_CLASS[number % 3] for number in range(1, 13)}
    assert found["cls"].astype(float).to_dict() == pytest.approx(expected, abs=1e-6)


def test_device_and_browser_come_from_the_user_agent(views):
    found, _ = views
    assert set(found["device"]) == {"desktop"}
    assert set(found["browser"]) == {"Chrome"}


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_gives_the_same_twelve_page_views(clients, name):
    found = clients[name]
    assert sorted(found.index) == sorted(f"p{number}" for number in range(1, 13))
    assert found["page_view_id"].is_unique


def test_faro_measured_what_web_vitals_did(clients, views):
    """It carries the same library, and what that reads are entries of the browser that both were given."""
    assert values(clients["faro"]) == pytest.approx(views[1], rel=1e-6)


@pytest.mark.parametrize("name", ["ga4", "opentelemetry"])
def test_a_report_has_the_same_value_in_whatever_envelope_it_came(clients, views, name):
    assert values(clients[name]) == pytest.approx(views[1], rel=1e-6)


def test_boomerang_measured_the_same_but_for_its_rounding(clients, views):
    """It reads the same entries; NavigationTiming's are epoch milliseconds without fractions, cut and not rounded."""
    mine, theirs = values(clients["boomerang"], "LCP", "FCP", "TTFB"), views[1]
    assert len(mine) == 36
    assert {key: theirs[key] - value for key, value in mine.items() if not 0 <= theirs[key] - value < 1} == {}


def test_boomerang_counts_shifts_up_to_the_load_of_the_page(clients, sent):
    """Its plugin Continuity stops there unless it is told `afterOnload`: what shifts later is in no beacon of it.

    So its CLS is what web-vitals would have said then: on each of these pages 0, because nothing shifts before.
    """
    beacons = [json.loads(line) for line in (DATA / "captured_boomerang.ndjson").read_text().splitlines()]
    loaded_ms = {beacon["u"].rsplit("/", 1)[1]: float(beacon["t_done"]) for beacon in beacons if "t_done" in beacon}
    expected = {}
    for page, done in loaded_ms.items():
        report = sent[page, "CLS"]
        shifted_at = report["attribution"].get("largestShiftTime")
        assert shifted_at is None or shifted_at > done
        expected[page, "CLS"] = 0.0
    assert values(clients["boomerang"], "CLS") == expected


def test_a_log_gives_our_own_reports_and_those_of_boomerang(clients, views):
    found, whole = values(clients["access_log"], "LCP", "FCP", "TTFB"), views[1]
    assert len(found) == 36
    for (page, metric), value in found.items():
        is_boomerang = int(page[1:]) % 2 == 1
        assert 0 <= whole[page, metric] - value < (1 if is_boomerang else 1e-6), (page, metric)


def test_pages_that_the_log_says_were_given_are_expected_and_nothing_else(warehouse):
    """Not what was sent there, what carried a beacon, and what no page group names."""
    told = warehouse.execute("select * exclude (event_date) from experience.fct_page_requests_daily").fetchall()
    assert told == [("lab", 1, 1)]


def test_what_each_format_says_of_the_visitor_arrives(clients):
    for name in ("faro", "opentelemetry", "access_log", "ga4"):
        assert set(clients[name]["browser"]) == {"Chrome"}
        assert set(clients[name]["device"]) == {"desktop"}
        assert set(clients[name]["os"]) == {"Linux"}
    assert clients["ga4"]["session_id"].nunique() == 12
    assert set(clients["ga4"]["country"]) == {"DE"}


def test_exceptions_that_came_with_measurements_are_errors(warehouse):
    """Inline scripts of three pages threw, each a cause by its file; OpenTelemetry holds that of one page."""
    rows = warehouse.execute(
        "select release, browser, sum(error_count)::int, count(distinct error_group_id)::int"
        " from errors.fct_errors_daily group by all order by all"
    ).fetchall()
    assert rows == [("1.0.0", "Chrome", 3, 3), ("otel", "Chrome", 1, 1)]


def test_no_row_is_lost_and_nothing_personal_is_kept(warehouse):
    lines = {name: (DATA / file).read_text().splitlines() for name, (file, _) in OTHERS.items()}
    signals = ("measurements", "exceptions", "events", "logs")
    expected = {name: len(found) for name, found in lines.items()} | {
        "web_vitals": len(CAPTURED.read_text().splitlines()),
        "faro": sum(len(json.loads(line).get(kind, [])) for line in lines["faro"] for kind in signals),
        "opentelemetry": sum(line.count('UnixNano":"1') for line in lines["opentelemetry"]),
    }
    counted = warehouse.execute("select raw_table, rows_read, rows_rejected from pipeline.ingested_files").fetchall()
    assert {table.split(".")[0].removeprefix("raw_"): rows for table, rows, _ in counted} == expected
    assert {table: rejected for table, _, rejected in counted if rejected} == {"raw_access_log.requests": 2}
    for table, *_ in counted:
        for text in (table, f"{table.split('.')[0]}.rejects"):
            rows = warehouse.execute(f"select to_json(t)::varchar from {text} as t").fetchall()
            told = [
                word
                for (row,) in rows
                for word in ("203.0.113", "zoe7719", "1234567.", "4111", "abcdefghijkl")
                if word in row
            ]
            assert told == [], text
