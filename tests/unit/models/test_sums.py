"""Sums of the next four weeks: right for a shop that is closed at weekends, and covered as often as they say."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.backtests import DAILY, LEVELS, SeriesForecast, forecast_panel
from models.forecasts import FORECAST_COLUMNS, forecast_kpis
from models.sums import half_widths, sum_ahead

AS_OF = date(2026, 11, 1)
SMALL = replace(DAILY, trees=(1500, 15, 8, 2, 0.07))


@pytest.fixture(autouse=True)
def small_trees(monkeypatch):
    monkeypatch.setattr("models.forecasts.DAILY", SMALL)


def frame(values: np.ndarray, kpi: str) -> pd.DataFrame:
    days = [AS_OF - timedelta(days=len(values) - 1 - i) for i in range(len(values))]
    return pd.DataFrame({"kpi": kpi, "event_date": days, "value": values})


def a_series(seed: int, days: int) -> np.ndarray:
    """A week, noise that lasts for days, and a level that drifts."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(days)
    for i in range(1, days):
        noise[i] = 0.5 * noise[i - 1] + rng.normal(0, 0.08)
    return np.exp(7 + rng.normal(0, 0.1, 7)[np.arange(days) % 7] + np.cumsum(rng.normal(0, 0.006, days)) + noise)


def past(origins: np.ndarray, forecasts: np.ndarray, values: np.ndarray, length: int) -> SeriesForecast:
    nothing = (np.zeros(28), {})
    return SeriesForecast(
        "m", "r", *nothing, pd.DataFrame(), nothing, np.zeros((0, 28)), np.zeros(length), origins, forecasts, values
    )


def test_the_sum_is_that_of_the_daily_forecasts_of_each_kpi_that_adds_up():
    daily = pd.concat([frame(a_series(1, 150), "revenue_net"), frame(a_series(2, 150) / 1e5, "conversion_share")])
    found = forecast_kpis(daily, AS_OF)
    rows = sum_ahead(found.forecasts, found.series, AS_OF)
    assert list(rows.columns) == FORECAST_COLUMNS
    assert rows[["kpi", "horizon_days", "event_date"]].values.tolist() == [
        ["revenue_net:28_days", 28, AS_OF + timedelta(days=28)]
    ]
    revenue = found.forecasts[found.forecasts["kpi"] == "revenue_net"]
    assert rows["value_forecast"].item() == pytest.approx(revenue["value_forecast"].sum())
    lower, upper = ([f"value_{level}_{end}" for level in (80, 90, 95)] for end in ("lower", "upper"))
    ends = rows[[*lower[::-1], "value_forecast", *upper]].to_numpy(dtype=float)
    assert (np.diff(ends) > 0).all()
    # Errors of days partly cancel: the sum of the daily bounds would be wider.
    assert rows["value_90_upper"].item() < revenue["value_90_upper"].sum()


def test_the_days_on_which_a_shop_is_closed_add_nothing():
    rng = np.random.default_rng(4)
    days = pd.date_range(end=AS_OF, periods=200)
    revenue = np.where(days.day_of_week == 5, 0.0, rng.lognormal(10, 0.1, len(days)))
    found = forecast_kpis(frame(revenue, "revenue_net"), AS_OF)
    (total,) = sum_ahead(found.forecasts, found.series, AS_OF)["value_forecast"]
    assert total == pytest.approx(24 * np.exp(10), rel=0.05)
    assert total < 0.9 * found.series["revenue_net"].forecast.sum()


def test_the_interval_is_students_t_of_the_errors_of_sums():
    origins = np.array([0, 28, 56, 84])
    forecasts = np.full((4, 28), 10.0)
    values = forecasts * np.exp([[0.1], [-0.1], [0.1], [-0.1]])
    widths, is_ratio = half_widths(past(origins, forecasts, values, 113))
    # Four windows side by side: t(4) at 80, 90 and 95 %, of an error of 0.1, and a coming sum errs on its own.
    assert is_ratio
    assert widths == pytest.approx(np.array([1.5332, 2.1318, 2.7764]) * 0.1 * np.sqrt(1.25), rel=1e-4)


def test_a_window_that_is_not_over_and_one_of_which_most_is_missing_tell_nothing():
    origins = np.array([0, 28, 56, 84, 100, 112])
    forecasts = np.full((6, 28), 10.0)
    values = forecasts * np.exp([[0.1], [-0.1], [0.1], [-0.1], [5.0], [5.0]])
    values[4, 14:] = np.nan
    values[5, 2:] = np.nan
    usual = half_widths(past(origins[:4], forecasts[:4], values[:4], 113))
    assert half_widths(past(origins, forecasts, values, 113))[0] == pytest.approx(usual[0])


def test_what_was_never_forecast_before_has_no_interval():
    nothing = np.zeros((0, 28))
    assert half_widths(past(np.zeros(0, dtype=int), nothing, nothing, 21)) is None


@pytest.mark.slow
def test_intervals_of_sums_hold_as_often_as_they_say():
    series = [a_series(seed, days + 28) for seed in range(1000, 1024) for days in (50, 120, 260)]
    made = forecast_panel([values[:-28] for values in series], SMALL, [(0, np.inf)] * len(series))
    held = np.zeros(len(LEVELS))
    for values, one in zip(series, made, strict=True):
        widths, _ = half_widths(one)
        held += np.abs(np.log(values[-28:].sum() / one.forecast.sum())) <= widths
    shares = dict(zip(LEVELS, held / len(series), strict=True))
    assert 0.74 <= shares[0.80] <= 0.93
    assert 0.84 <= shares[0.90] <= 0.98
    assert 0.90 <= shares[0.95] <= 1.0
