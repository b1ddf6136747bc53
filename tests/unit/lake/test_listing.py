"""What landing holds, and what it lacks."""

import os
from dataclasses import replace
from datetime import date

import pytest

from orchestration import lake
from orchestration.settings.model import Source

DAY = date(2026, 11, 10)
ORDERS = "order_id,ordered_at,revenue\na,2026-11-10 10:00:00,5\n"


def with_sources(settings, *paths, delivery="daily"):
    sources = [
        Source(name=f"orders-{at}", system="orders", path=path, timezone="UTC", delivery=delivery)
        for at, path in enumerate(paths, 1)
    ]
    return replace(settings, config=settings.config.model_copy(update={"sources": sources}))


def land(settings, name):
    path = settings.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ORDERS)
    return path


def test_a_source_whose_pattern_matches_no_file_is_named_with_its_pattern(settings):
    settings = with_sources(settings, "{date}/orders*.csv", "{date}/order-*.csv")
    land(settings, f"{DAY}/order-export.csv")
    (source,) = lake.unmatched_sources(settings)
    assert source.name == "orders-1"
    message = lake.unmatched_message(settings, source)
    assert message == f"source orders-1: no file has ever matched {settings.landing}/{{date}}/orders*.csv"


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize(("path", "delivery"), [("{date}/o*.csv", "daily"), ("all/o*.csv", "snapshot")])
def test_a_source_whose_files_have_left_landing_has_matched_once(settings, path, delivery, absolute):
    pattern = f"{settings.landing}/{path}" if absolute else path
    settings = with_sources(settings, pattern, pattern.replace("/o", "/p"), delivery=delivery)
    file = land(settings, path.replace("{date}", str(DAY)).replace("*", "rders"))
    lake.ingest(settings, "raw_orders.orders")
    file.unlink()
    assert [source.name for source in lake.unmatched_sources(settings)] == ["orders-2"]


def test_snapshots_are_delivered_on_the_day_on_which_they_were_written_if_nothing_else_is(settings):
    settings = with_sources(settings, "all/o*.csv", delivery="snapshot")
    file = land(settings, "all/orders.csv")
    os.utime(file, (1794312000, 1794312000))
    assert lake.delivered_days(settings) == [DAY]
    lake.ingest(settings, "raw_orders.orders")
    file.unlink()
    assert lake.delivered_days(settings) == [DAY]
    dated = Source(name="dated", system="orders", path="{date}/o*.csv", timezone="UTC")
    sources = [*settings.config.sources, dated]
    settings = replace(settings, config=settings.config.model_copy(update={"sources": sources}))
    land(settings, "2026-11-08/orders.csv")
    assert lake.delivered_days(settings) == [date(2026, 11, 8)]
