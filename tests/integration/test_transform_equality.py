"""Whatever the order in which files come, and come again: the marts equal those of a rebuild from nothing."""

import random
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest

from orchestration.settings import load_settings
from orchestration.simulate import simulate
from tests.integration.transform_worlds import (
    FIRST_DAY,
    awkward_deliveries,
    changed,
    deliver,
    differences,
    rebuilt_from_nothing,
    run,
    simulated_deliveries,
)

DAYS = 7
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


@pytest.fixture
def settings(tmp_path):
    return replace(load_settings(), home=tmp_path / "home")


@pytest.mark.parametrize("seed", [1])
def test_days_rebuilt_as_files_arrive_equal_a_rebuild_from_nothing(settings, tmp_path, seed):
    rng = random.Random(seed)
    last_day = FIRST_DAY + timedelta(days=DAYS - 1)
    simulate(tmp_path / "site", days=DAYS, end=last_day, seed=seed, page_views_per_day=60)
    deliveries = simulated_deliveries(tmp_path / "site") + awkward_deliveries(rng, DAYS)
    rng.shuffle(deliveries)
    as_of = FIRST_DAY
    again = [changed(rng, delivery) for delivery in rng.sample(deliveries, 8)]
    for arrived in (*(deliveries[nth::3] for nth in range(3)), again):
        for delivery in arrived:
            deliver(settings, delivery)
            as_of = max(as_of, date.fromisoformat(delivery.path[:10]))
        prepared = run(settings, as_of)
    assert not prepared.full_refresh
    assert days_that_do_not_add_up(settings) == []
    assert differences(settings, rebuilt_from_nothing(settings, as_of)) == {}


def days_that_do_not_add_up(settings):
    """Days on which five-minute buckets of an objective and the daily mart of the same events tell other amounts."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(
            """
            with daily (objective, event_date, bad, total) as (
                select 'product-fast-lcp', event_date, sum(weight_sum - good_count), sum(weight_sum)
                from experience.fct_vitals_daily
                where metric = 'LCP' and page_group = 'product' and is_headline
                group by all
                union all
                select 'storefront-error-free', event_date, sum(if(error_count > 0, weight, 0)), sum(weight)
                from business.fct_sessions
                group by all
                union all
                select 'checkout-requests.contract', event_date, error_count, request_count
                from reliability.fct_requests_daily
                where service = 'checkout-api' and source = 'requests'
            ),
            counted as (
                select objective, event_date, sum(total_amount - good_amount) as bad, sum(total_amount) as total,
                    sum(excluded_amount) as excluded
                from reliability.fct_sli_5m
                group by all
            )
            select objective, event_date, daily.*, counted.*
            from daily left join counted using (objective, event_date)
            where coalesce(counted.total + counted.excluded, 0) <> daily.total
                or (counted.excluded = 0 and counted.bad <> daily.bad)
            """
        ).fetchall()
