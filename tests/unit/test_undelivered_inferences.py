"""What is inferred of feeds that nobody delivers: nothing, and no mart is read for it."""

from dataclasses import replace
from datetime import date

import pytest

from orchestration import warehouse
from orchestration.defs.infer import forecast_inferences, traffic_inferences
from orchestration.defs.infer.predictions import INFERENCES, NEEDS, infer_delivered
from orchestration.settings import load_settings
from orchestration.warehouse.predictions import create_declared_tables

AS_OF = date(2026, 11, 22)


@pytest.fixture
def site(tmp_path):
    """A warehouse of a site with probes alone: predictions are declared, no mart of another feed is there."""
    settings = replace(load_settings(), home=tmp_path)
    with warehouse.connect(settings) as connection:
        create_declared_tables(connection)
        connection.execute(
            "create schema dimensions; create table dimensions.dim_feeds (feed varchar, is_delivered boolean);"
            "insert into dimensions.dim_feeds values ('probes', true), ('errors', false), ('sessions', false)"
        )
    return settings


@pytest.mark.parametrize("infer", NEEDS, ids=lambda infer: infer.__name__)
def test_what_needs_other_feeds_writes_no_rows(site, infer):
    assert infer_delivered(infer, site, AS_OF, frozenset({"probes"})) == dict.fromkeys(INFERENCES[infer], 0)
    with warehouse.connect(site) as connection:
        for table in INFERENCES[infer]:
            assert connection.execute(f"select count(*) from predictions.{table}").fetchall() == [(0,)]


def test_hours_of_a_feed_that_is_not_delivered_are_no_series_of_zeros(site):
    with warehouse.connect(site) as connection:
        connection.execute(
            """
            create schema executive;
            create table executive.fct_traffic_hourly as
            select timestamp '2026-11-22' + to_hours(n) as hour_at, 5 as page_view_count, 0 as session_count,
                0 as error_count, 7 as request_count, 1 as request_error_count, date '2026-11-22' as event_date
            from range(24) as hours (n);
            insert into dimensions.dim_feeds values ('page_views', true), ('requests', true)
            """
        )
    hourly = warehouse.read_frame(site, traffic_inferences._HOURLY, [AS_OF, AS_OF])
    assert set(hourly["series"]) == {"page_views", "requests", "request_errors"}
    hours = warehouse.read_frame(site, forecast_inferences._HOURS, [AS_OF, AS_OF])
    assert set(hours["kpi"]) == {"page_view_count", "request_count"}
