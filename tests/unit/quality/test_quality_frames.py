"""Every frame against hand-made tables: what it must name, and what it must not."""

from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest

from orchestration.quality.checks import CHECKS
from orchestration.quality.frames import FRAMES, frame
from orchestration.sources import FEEDS

AS_OF = date(2026, 11, 20)
TABLES = """
create schema config; create schema pipeline; create schema executive; create schema experience; create schema business;
create schema reliability; create schema raw_orders; create schema operations; create schema dimensions;
create table dimensions.dim_feeds (feed varchar, is_delivered boolean, first_date date);
create table config.targets (target varchar, value double);
create table config.retention (raw_table varchar, retention_days integer);
create table config.journeys (journey varchar, is_critical boolean);
create table config.journey_steps (
    journey varchar, position integer, step varchar, page_group varchar, service varchar, objective varchar
);
create table config.service_locations (service varchar, location varchar);
create table pipeline.closed_days (raw_table varchar, closed_through date);
create table pipeline.ingested_files (
    raw_table varchar, rows_read bigint, rows_kept bigint, rows_rejected bigint, rows_after_close bigint,
    export_date date, event_dates date[]
);
create table executive.fct_kpi_daily (kpi varchar, value double, event_date date);
create table executive.fct_journey_coverage_daily (
    journey varchar, step varchar, page_view_count bigint, check_count bigint, has_objective boolean, event_date date
);
create table experience.fct_beacon_integrity_daily (event_date date);
create table experience.fct_page_views (page_view_id varchar, session_id varchar, event_date date);
create table experience.fct_experience_daily (
    page_view_count bigint, good_share double, ux_score double, event_date date
);
create table business.fct_sessions (session_id varchar, page_view_count bigint, event_date date);
create table business.fct_orders (order_id varchar, revenue_net decimal(18, 4), event_date date);
create table business.fct_business_daily (sample_count bigint, revenue_net decimal(18, 4), event_date date);
create table reliability.fct_checks_daily (
    service varchar, location varchar, check_count bigint, expected_count bigint, event_date date
);
create table raw_orders.orders (
    order_id varchar, event_date date, _export_date date, _source_file varchar, _source_line bigint
);
"""


def day(back):
    return AS_OF - timedelta(days=back)


@pytest.fixture
def warehouse():
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        yield connection


def fill(connection, table, *rows):
    for row in rows:
        connection.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)


def files(connection, table, *days_back, read=100, kept=100, rejected=0):
    rows = [(f"raw_{table}", read, kept, rejected, 0, day(back), [day(back)]) for back in days_back]
    fill(connection, "pipeline.ingested_files", *rows)


def found(connection, name, column, previous=None):
    """Cell → value, where the value is not 0 and not NULL."""
    rows = frame(connection, name, AS_OF, previous).dropna(subset=column)
    return {cell: value for cell, value in zip(rows["cell"], rows[column], strict=True) if value != 0}


def test_every_check_has_a_frame_and_every_frame_a_check():
    used = {check.frame for check in CHECKS}
    assert used == {path.stem for path in FRAMES.glob("*.sql")} | {"ranges"}


def test_names_of_checks_are_sentences_and_unique():
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    assert all(name.count("_") >= 2 and name == name.lower() for name in names)


def test_history_is_short_of_the_days_that_were_delivered_and_a_young_site_of_none(warehouse):
    fill(warehouse, "config.targets", ("history_days", 90))
    assert found(warehouse, "history", "days_short") == {}
    fill(warehouse, "dimensions.dim_feeds", ("page_views", True, day(29)))
    assert list(found(warehouse, "history", "days_short").values()) == [30]
    fill(warehouse, "executive.fct_kpi_daily", ("ux_score", 90, day(29)))
    assert found(warehouse, "history", "days_short") == {}
    fill(warehouse, "dimensions.dim_feeds", ("probes", True, day(200)))
    assert list(found(warehouse, "history", "days_short").values()) == [60]
    fill(warehouse, "executive.fct_kpi_daily", ("ux_score", 90, day(89)))
    assert found(warehouse, "history", "days_short") == {}


def test_a_day_without_delivery_is_missing_and_a_delivered_day_without_a_mart_is_lost(warehouse):
    fill(warehouse, "experience.fct_beacon_integrity_daily", *[(day(back),) for back in (5, 4, 1, 0)])
    files(warehouse, "web_vitals.beacons", 5, 4, 2, 1, 0)
    assert found(warehouse, "history_days", "is_missing") == {str(day(3)): 1, str(day(2)): 1}
    assert found(warehouse, "history_days", "is_lost") == {str(day(2)): 1}


def test_a_weekday_that_was_closed_for_eight_weeks_is_not_missing_and_one_of_seven_weeks_is(warehouse):
    closed, shut = day(3).isoweekday(), day(5).isoweekday()
    fill(
        warehouse,
        "experience.fct_beacon_integrity_daily",
        *[
            (day(back),)
            for back in range(70)
            if day(back).isoweekday() != closed and (day(back).isoweekday() != shut or back > 49) and back != 9
        ],
    )
    missing = found(warehouse, "history_days", "is_missing")
    assert missing == {str(day(back)): 1 for back in (5, 9, 12, 19, 26, 33, 40, 47)}


def test_eight_weeks_without_any_delivery_are_missing_on_every_weekday(warehouse):
    delivered = [back for back in range(90) if not 10 <= back < 75]
    fill(warehouse, "experience.fct_beacon_integrity_daily", *[(day(back),) for back in delivered])
    assert len(found(warehouse, "history_days", "is_missing")) == 65


def test_a_feed_is_late_only_beyond_its_own_longest_gap(warehouse):
    files(warehouse, "orders.orders", *range(2, 20))
    files(warehouse, "releases.releases", 5, 8, 14)
    files(warehouse, "probes.checks", *range(1, 20))
    assert found(warehouse, "feeds", "days_late") == {f"orders.orders: newest delivery {day(2)}": 1}


def test_the_silence_of_a_feed_says_nothing_where_the_feed_says_that_it_is_occasional(warehouse, monkeypatch):
    files(warehouse, "orders.orders", *range(2, 20))
    files(warehouse, "incidents.incidents", *range(2, 20))
    monkeypatch.setitem(FEEDS, "raw_orders.orders", replace(FEEDS["raw_orders.orders"], is_occasional=True))
    assert found(warehouse, "feeds", "days_late") == {}
    monkeypatch.setitem(
        FEEDS, "raw_incidents.incidents", replace(FEEDS["raw_incidents.incidents"], is_occasional=False)
    )
    assert list(found(warehouse, "feeds", "days_late")) == [f"incidents.incidents: newest delivery {day(2)}"]


def test_raw_rows_are_overdue_only_once_a_run_could_have_removed_them(warehouse):
    fill(warehouse, "config.retention", ("raw_probes.checks", 31), ("raw_orders.orders", None))
    files(warehouse, "probes.checks", 33, 0)
    files(warehouse, "orders.orders", 400, 0)
    assert found(warehouse, "feeds", "overdue_days", previous=None) == {}
    assert list(found(warehouse, "feeds", "overdue_days", previous=day(1)).values()) == [2]
    fill(warehouse, "pipeline.closed_days", ("raw_probes.checks", day(32)))
    assert found(warehouse, "feeds", "overdue_days", previous=day(1)) == {}


def test_a_step_without_any_of_the_three_is_named(warehouse):
    fill(warehouse, "config.journeys", ("buy", True), ("read", False))
    steps = [
        ("buy", 1, "pay", "checkout", "api", "slo"),
        ("buy", 2, "thank", "done", "shop", None),
        ("read", 1, "a", "b", "c", "d"),
    ]
    fill(warehouse, "config.journey_steps", *steps)
    fill(
        warehouse,
        "executive.fct_journey_coverage_daily",
        ("buy", "pay", 9, 8, True, AS_OF),
        ("buy", "thank", 7, 7, True, day(1)),
    )
    rows = frame(warehouse, "steps", AS_OF, None)
    assert rows[["page_views", "checks", "objectives"]].values.tolist() == [[9, 8, 1], [0, 0, 0]]
    assert rows["cell"].tolist() == ["buy, pay (checkout, api, slo)", "buy, thank (done, shop, no objective)"]


def test_a_location_that_checks_too_seldom_or_never_is_named(warehouse):
    fill(warehouse, "dimensions.dim_feeds", ("probes", True, day(0)))
    fill(warehouse, "config.service_locations", ("shop", "eu"), ("shop", "us"), ("api", "eu"))
    fill(warehouse, "reliability.fct_checks_daily", ("shop", "eu", 1400, 1440, AS_OF), ("shop", "us", 700, 1440, AS_OF))
    rows = frame(warehouse, "service_checks", AS_OF, None)
    assert dict(zip(rows["cell"], rows["check_share"].round(2), strict=True)) == {
        "api from eu": 0, "shop from eu": 0.97, "shop from us": 0.49
    }  # fmt: skip


def test_a_volume_is_compared_with_the_same_weekday_of_the_weeks_before(warehouse):
    files(warehouse, "web_vitals.beacons", 7, 14, 21, read=1000)
    files(warehouse, "web_vitals.beacons", 1, 2, 3, read=5000)
    files(warehouse, "web_vitals.beacons", 0, read=300, kept=270, rejected=30)
    files(warehouse, "orders.orders", 0, read=3)
    rows = frame(warehouse, "volumes", AS_OF, None)
    assert rows["rows_ratio"].tolist() == [1, 0.3]
    assert rows["rejected_share"].tolist() == [0, 0.1]
    assert rows["cell"][1] == "web_vitals.beacons: 300 rows, usually 1000"


def test_what_a_columns_name_rules_out_is_counted(warehouse):
    fill(warehouse, "experience.fct_experience_daily", (-1, 1.5, 101, AS_OF), (1, 0.5, 50, AS_OF), (-1, 2, -1, day(40)))
    rows = frame(warehouse, "ranges", AS_OF, None).set_index("cell").loc["experience.fct_experience_daily"]
    assert rows.to_dict() == {"not_finite_count": 0, "share_count": 1, "score_count": 1, "negative_count": 1}


@pytest.mark.parametrize(("wrong", "count"), [("nan", 1), ("inf", 1), ("-inf", 1), (None, 0)])
def test_a_number_that_is_not_finite_is_counted_and_an_unknown_one_is_not(warehouse, wrong, count):
    number = None if wrong is None else float(wrong)
    fill(warehouse, "experience.fct_experience_daily", (1, 0.5, 50, AS_OF), (1, number, 50, AS_OF))
    rows = frame(warehouse, "ranges", AS_OF, None).set_index("cell").loc["experience.fct_experience_daily"]
    assert rows["not_finite_count"] == count


def test_rows_of_a_file_that_nobody_accounts_for_are_counted_for_its_table(warehouse):
    files(warehouse, "orders.orders", 1, 0, read=100, kept=90, rejected=10)
    files(warehouse, "probes.checks", 1, read=100, kept=98, rejected=1)
    files(warehouse, "probes.checks", 0, read=100, kept=101, rejected=0)
    assert found(warehouse, "files", "unaccounted_rows") == {"raw_probes.checks": 2}


def test_an_order_that_is_missing_or_made_up_is_counted_and_one_of_tomorrow_is_not(warehouse):
    orders = [("a", day(3), day(3)), ("a", day(2), day(1)), ("b", day(1), day(1)), ("c", day(-1), AS_OF)]
    fill(warehouse, "raw_orders.orders", *[(*order, "orders.csv", line) for line, order in enumerate(orders)])
    fill(warehouse, "business.fct_orders", ("a", 1, day(2)), ("x", 1, day(2)))
    assert list(found(warehouse, "orders", "difference").values()) == [1, 1]


def test_two_ways_of_counting_that_disagree_are_named_by_their_day(warehouse):
    fill(
        warehouse,
        "experience.fct_page_views",
        ("1", "s", AS_OF),
        ("2", "s", AS_OF),
        ("2", "s", AS_OF),
        ("3", "s", day(1)),
    )
    fill(warehouse, "experience.fct_experience_daily", (2, 0, 0, AS_OF), (1, 0, 0, day(1)))
    fill(warehouse, "business.fct_sessions", ("s", 2, AS_OF))
    fill(warehouse, "business.fct_orders", ("a", "10.50", AS_OF))
    fill(warehouse, "business.fct_business_daily", (1, "10.00", AS_OF), (3, "0", day(2)))
    assert found(warehouse, "days", "page_view_difference") == {str(AS_OF): 1}
    assert found(warehouse, "days", "repeated_page_views") == {str(AS_OF): 1}
    assert found(warehouse, "days", "session_difference") == {str(day(2)): -3}
    assert found(warehouse, "days", "revenue_difference") == {str(AS_OF): 0.5}


def test_what_neither_way_of_counting_knows_has_no_difference(warehouse):
    fill(warehouse, "business.fct_sessions", ("s", 2, AS_OF))
    fill(warehouse, "business.fct_business_daily", (1, "0", AS_OF))
    known = {
        column: frame(warehouse, name, AS_OF, None)[column].notna().any()
        for name, column in (
            ("days", "session_difference"),
            ("days", "revenue_difference"),
            ("days", "page_view_difference"),
            ("days", "repeated_page_views"),
            ("orders", "difference"),
            ("history_days", "is_missing"),
        )
    }
    assert [column for column, is_known in known.items() if is_known] == ["session_difference"]
    assert not frame(warehouse, "sessions", AS_OF, None)["page_view_difference"].notna().any()


def test_page_views_that_sessions_miss_are_counted_where_sessions_are_complete(warehouse):
    fill(
        warehouse,
        "experience.fct_page_views",
        *[(str(n), "a", day(1)) for n in range(3)],
        ("9", "b", AS_OF),
        ("8", "b", AS_OF),
    )
    fill(warehouse, "business.fct_sessions", ("a", 3, day(1)), ("b", 1, AS_OF))
    assert found(warehouse, "sessions", "page_view_difference") == {}
    warehouse.execute("delete from experience.fct_page_views where page_view_id = '0'")
    assert list(found(warehouse, "sessions", "page_view_difference").values()) == [1]


def test_a_session_with_an_id_of_ours_is_not_compared_with_views_that_name_none(warehouse):
    fill(warehouse, "experience.fct_page_views", ("1", None, day(1)), ("2", None, day(1)))
    fill(warehouse, "business.fct_sessions", ("0cc175b9c0f1b6a831c399e269772661", 2, day(1)))
    assert found(warehouse, "sessions", "page_view_difference") == {}


def test_an_order_delivered_twice_in_one_export_is_expected_on_the_day_of_its_last_line(warehouse):
    tomorrow = AS_OF + timedelta(days=1)
    fill(warehouse, "raw_orders.orders", ("a", AS_OF, AS_OF, "o.csv", 1), ("a", tomorrow, AS_OF, "o.csv", 2))
    assert found(warehouse, "orders", "difference") == {}
