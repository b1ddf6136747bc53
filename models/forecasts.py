"""Forecasts of daily KPI series: 28 days ahead with 80 % and 95 % intervals, and the backtest that chose the model.

What belongs here is what a frame of KPIs needs: regular series, which of them can be forecast at all, the limits of
their values, the columns of the result. How one series is forecast and judged is in `backtests`.
"""

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.backtests import MEASURES, MODEL_VERSION, SeriesForecast, forecast_series
from models.forecasters import Array

# With two weeks no error of a forecast made from a whole week is known; 21 to 35 days gave 86 to 90 % for the 80 %
# interval.
MIN_DAYS = 21
MAX_DAYS_STALE = 14
# Of the last eight weeks; below it a series is a handful of events (time to restore), not a daily measure.
MIN_OBSERVED_SHARE = 0.6

FORECAST_COLUMNS = [
    "kpi", "forecast_date", "event_date", "horizon_days", "value_forecast", "value_80_lower", "value_80_upper",
    "value_95_lower", "value_95_upper", "model_name", "model_version",
]  # fmt: skip
BACKTEST_COLUMNS = [
    "kpi", "model_name", "model_version", "cutoff_date", "horizon_days", *MEASURES, "is_chosen", "forecast_date",
]  # fmt: skip


class KpiForecasts(NamedTuple):
    """What `forecast_kpis` returns: forecasts, the backtests behind them, and the series left out with the reason."""

    forecasts: pd.DataFrame
    backtests: pd.DataFrame
    skipped: pd.DataFrame


def forecast_kpis(daily: pd.DataFrame, as_of: date, horizon: int = 28) -> KpiForecasts:
    """Forecast every KPI series from the days up to and including `as_of`.

    Candidates are the seasonal naive (period 7) and, from twelve weeks on, a ridge on lags and Fourier terms. The ridge
    is used only where its mean MASE over the backtest is below that of the seasonal naive, on at least four folds of
    full length: with 28 days ahead, from about 16 weeks on. Intervals are split conformal: quantiles, by season ahead,
    of the absolute errors that the same model made from earlier origins, on a log scale for positive series.

    Args:
        daily: kpi (str), event_date (UTC date), value (float, missing or absent on a day without data); one row for
            each day of a KPI, in any order. Later days than `as_of` are ignored.
        as_of: the forecast date: the newest day that may be used.
        horizon: days ahead.

    Returns:
        forecasts: FORECAST_COLUMNS, `horizon` rows for each KPI; dates are datetime.date; the unit is the KPI's. Shares
            stay within 0 and 1, scores within 0 and 100, and a series that never was negative stays at 0 or above.
        backtests: BACKTEST_COLUMNS, for each KPI, model and cutoff a row over days 1..7 (horizon_days = 7) and one over
            all; smape in per cent; `is_chosen` marks the model that the forecast uses.
        skipped: kpi, reason.

    Raises:
        ValueError: a column is missing, or a KPI has two rows for one day.
    """
    _check(daily)
    past = daily.assign(event_date=pd.to_datetime(daily["event_date"]))
    past = past[past["event_date"] <= pd.Timestamp(as_of)]
    forecasts, backtests, skipped = [], [], []
    for kpi, rows in past.groupby("kpi", sort=True):
        values, reason = _regular(rows, as_of)
        if reason:
            skipped.append({"kpi": kpi, "reason": reason})
            continue
        result = forecast_series(values, horizon, period=7, bounds=_bounds(str(kpi), values))
        days = pd.date_range(end=pd.Timestamp(as_of), periods=len(values))
        forecasts.append(_forecast_rows(result, str(kpi), as_of))
        cutoffs = days.date[result.backtest["cutoff"]]
        backtests.append(result.backtest.assign(kpi=kpi, cutoff_date=cutoffs, forecast_date=as_of))
    return KpiForecasts(
        _concat(forecasts, FORECAST_COLUMNS),
        _concat(backtests, BACKTEST_COLUMNS),
        pd.DataFrame(skipped, columns=["kpi", "reason"]),
    )


def _regular(rows: pd.DataFrame, as_of: date) -> tuple[Array, str]:
    """The value of every day from the first known one to `as_of`, NaN where missing; or the reason to leave it out."""
    known = rows.dropna(subset=["value"]).set_index("event_date")["value"].sort_index()
    known = known[np.isfinite(known.astype(float))]
    if known.empty:
        return np.empty(0), "it has no value"
    stale = (pd.Timestamp(as_of) - known.index[-1]).days
    if stale > MAX_DAYS_STALE:
        return np.empty(0), f"its newest value is {stale} days old, {MAX_DAYS_STALE} at the most"
    values = known.reindex(pd.date_range(known.index[0], pd.Timestamp(as_of))).to_numpy(dtype=float)
    if len(values) < MIN_DAYS:
        return values, f"it has {len(values)} days of history, {MIN_DAYS} are needed"
    observed = float(np.mean(~np.isnan(values[-56:])))
    if observed < MIN_OBSERVED_SHARE:
        days = min(56, len(values))
        return values, f"{observed:.0%} of its last {days} days have a value, {MIN_OBSERVED_SHARE:.0%} are needed"
    return values, ""


def _bounds(kpi: str, values: Array) -> tuple[float, float]:
    if kpi.endswith("_share"):
        return 0.0, 1.0
    if kpi.endswith("_score"):
        return 0.0, 100.0
    return (0.0 if np.nanmin(values) >= 0 else -np.inf), np.inf


def _forecast_rows(result: SeriesForecast, kpi: str, as_of: date) -> pd.DataFrame:
    horizon = len(result.forecast)
    frame = pd.DataFrame({"horizon_days": np.arange(1, horizon + 1), "value_forecast": result.forecast})
    for level, (lower, upper) in result.intervals.items():
        frame[f"value_{level * 100:.0f}_lower"], frame[f"value_{level * 100:.0f}_upper"] = lower, upper
    days = pd.date_range(pd.Timestamp(as_of), periods=horizon + 1)[1:].date
    return frame.assign(
        kpi=kpi, forecast_date=as_of, event_date=days, model_name=result.model_name, model_version=MODEL_VERSION
    )


def _concat(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _check(daily: pd.DataFrame) -> None:
    missing = {"kpi", "event_date", "value"} - set(daily.columns)
    if missing:
        raise ValueError(f"the frame of KPI values lacks {sorted(missing)}; it needs kpi, event_date and value")
    twice = daily[daily.duplicated(["kpi", "event_date"])]
    if len(twice):
        kpi, day = twice.iloc[0][["kpi", "event_date"]]
        raise ValueError(f"{kpi} has two rows for {day}; one row a day is right")
