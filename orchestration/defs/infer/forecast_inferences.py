"""What is forecast: KPIs by day, traffic by hour, budgets and targets about to be missed; called by `predictions`.

Reads frames by SQL, calls pure functions of `models`, and writes what they give.
"""

from datetime import date, timedelta

import pandas as pd

from orchestration import warehouse
from orchestration.settings import Settings

DAYS = 800  # two years of seasons, and what the lags of the first of their days need
HOURLY_DAYS = 56  # eight weeks: the effect of an hour of the week is learnt from the newest of them
BAD_SHARE = "bad_share:"

DEPS = {
    "kpi_forecasts": [["executive", "fct_kpi_daily"], ["intermediate", "int_sli_days_summed"]],
    "kpi_forecast_backtests": [["executive", "fct_kpi_daily"], ["executive", "fct_traffic_hourly"]],
    "traffic_forecasts": [["executive", "fct_traffic_hourly"]],
    "budget_exhaustion": [["intermediate", "int_sli_days_summed"], ["reliability", "fct_slo_daily"]],
    "target_breaches": [["executive", "fct_kpi_daily"]],
}
Rows = dict[str, int]


def forecast(settings: Settings, as_of: date) -> Rows:
    """Forecasts as of this date; those of other forecast dates stay as they were."""
    from models.exhaustions import exhaust_budgets, foresee_windows, predict_breaches
    from models.forecasts import forecast_hours, forecast_kpis
    from models.sums import sum_ahead
    from models.trends import PAST_DAYS

    span = [as_of - timedelta(days=DAYS), as_of]
    holidays = {item.name: item.dates for item in settings.config.forecasts.holidays}
    kpis = warehouse.read_frame(settings, _KPIS, span)
    amounts = warehouse.read_frame(settings, _AMOUNTS, span)
    shares = amounts.assign(
        kpi=BAD_SHARE + amounts["objective"], value=amounts["bad_amount"] / amounts["total_amount"]
    )[["kpi", "event_date", "value"]]
    found = forecast_kpis(pd.concat([kpis, shares], ignore_index=True), as_of, holidays)
    hours = forecast_hours(
        warehouse.read_frame(settings, _HOURS, [as_of - timedelta(days=HOURLY_DAYS - 1), as_of]), as_of
    )
    bad = {kpi.removeprefix(BAD_SHARE): one for kpi, one in found.series.items() if kpi.startswith(BAD_SHARE)}
    exhausted, budgets = exhaust_budgets(amounts, warehouse.read_frame(settings, _OBJECTIVES, [as_of]), bad, as_of)
    targets = _targets(settings)
    days = (
        kpis.assign(event_date=pd.to_datetime(kpis["event_date"]))
        .pivot(index="event_date", columns="kpi", values="value")
        .reindex(pd.date_range(as_of - timedelta(days=PAST_DAYS - 1), as_of))
    )
    past = {kpi: days[kpi].to_numpy(dtype=float) for kpi in targets["kpi"] if kpi in days}
    shown = found.forecasts[~found.forecasts["kpi"].str.startswith(BAD_SHARE)]
    backtests = [found.backtests.assign(is_hourly=False), hours.backtests.assign(is_hourly=True)]
    windows = foresee_windows(
        warehouse.read_frame(settings, _WINDOWED, [as_of - timedelta(days=PAST_DAYS - 1), as_of]), as_of
    )
    sums = sum_ahead(found.forecasts, found.series, as_of)
    frames = {
        "kpi_forecasts": pd.concat(
            [part for part in (shown, budgets, windows, sums) if len(part)] or [shown], ignore_index=True
        ),
        "kpi_forecast_backtests": pd.concat([part for part in backtests if len(part)] or backtests[:1]),
        "traffic_forecasts": hours.forecasts,
        "budget_exhaustion": exhausted,
        "target_breaches": predict_breaches(past, targets, found.series, as_of),
    }
    key = {"forecast_date": as_of}
    return warehouse.write_inferences(settings, frames, key)


def _targets(settings: Settings) -> pd.DataFrame:
    """What a week must keep: good LCP (web.dev), and the score and the availability of the configuration."""
    targets = settings.config.targets
    return pd.DataFrame(
        [
            ("lcp_p75_ms", 2500.0, True),
            ("ux_score", targets.ux_score, False),
            ("availability_share", targets.availability, False),
        ],
        columns=["kpi", "target_value", "is_upper_limit"],
    )


_KPIS = """
    select kpi, event_date, value from executive.fct_kpi_daily where event_date between ? and ? order by all
"""
# The targets that are means over 28 days.
_WINDOWED = """
    select kpi, event_date, value, sample_count from executive.fct_kpi_daily
    where kpi in ('ux_score', 'availability_share') and event_date between ? and ? and value is not null
    order by all
"""
_AMOUNTS = """
    select objective, event_date, cast(total_amount - good_amount as double) as bad_amount,
        cast(total_amount as double) as total_amount
    from intermediate.int_sli_days_summed
    where event_date between ? and ? and total_amount > 0
    order by all
"""
_OBJECTIVES = """
    select objective, target_share, window_kind, window_days, window_starts_on
    from reliability.fct_slo_daily
    where event_date = ? and not is_composite
    order by all
"""
# A day without any page view is a day without beacons, not without visitors; one without sessions tells of visitors
# only where sessions are delivered.
_HOURS = """
    select hourly.*
    from (
        unpivot (
            select hour_at, page_view_count::double as page_view_count, request_count::double as request_count,
                session_count::double as session_count
            from executive.fct_traffic_hourly
            where hour_at::date between ? and ?
        )
        on page_view_count, request_count, session_count into name kpi value value
    ) as hourly
    inner join dimensions.dim_feeds as feeds
        on feeds.is_delivered and feeds.feed = replace(hourly.kpi, '_count', 's')
    order by all
"""
