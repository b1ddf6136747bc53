"""Forecasts of KPI series: days 28 ahead, hours of traffic 48 ahead, and the backtests that chose the models.

What belongs here is what a frame of values needs: regular series, which of them can be forecast at all, the limits of
their values, days that are no guide, the columns of the result. How series are forecast and judged is in `backtests`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.backtests import DAILY, HOURLY, MEASURES, MODEL_VERSION, Kind, SeriesForecast, forecast_panel
from models.holidays import holiday_numbers
from models.smoothing import Array, Index

# With two weeks no error of a forecast made from a whole week is known.
MIN_SEASONS = 3
MAX_SEASONS_STALE = 2
# Of the last eight weeks; below it a series is a handful of events (time to restore), not a daily measure.
MIN_OBSERVED_SHARE = 0.6
RECENT_SEASONS = 8
# A day with less is no guide to how many people come: what was not served is left out like a missing day.
MIN_AVAILABLE_SHARE = 0.9
# What is counted or added up: a weekday without any of it for so long is one on which the shop is closed.
CLOSED_WEEKS = 8
ADDITIVE = ("page_view_count", "session_count", "order_count", "revenue_net")
TRAFFIC = ("page_view_count", "session_count", "order_count", "revenue_net", "throughput_per_minute")

_BOUNDS = [f"value_{level}_{end}" for level in (80, 90, 95) for end in ("lower", "upper")]
_MODEL = ["model_name", "model_reason", "model_version"]
FORECAST_COLUMNS = ["kpi", "forecast_date", "event_date", "horizon_days", "value_forecast", *_BOUNDS, *_MODEL]
HOURLY_COLUMNS = ["kpi", "forecast_date", "hour_at", "horizon_hours", "value_forecast", *_BOUNDS, *_MODEL]
BACKTEST_COLUMNS = [
    "kpi", "model_name", "model_version", "cutoff_date", "horizon_days", *MEASURES, "is_chosen", "forecast_date",
]  # fmt: skip


class KpiForecasts(NamedTuple):
    """What the functions here return: forecasts, the backtests behind them, the series left out with the reason.

    `series` has what is behind each forecast, by KPI, for what is worked out from them (`exhaustions`).
    """

    forecasts: pd.DataFrame
    backtests: pd.DataFrame
    skipped: pd.DataFrame
    series: dict[str, SeriesForecast]


def forecast_kpis(
    daily: pd.DataFrame, as_of: date, holidays: Mapping[str, Sequence[date]] | None = None
) -> KpiForecasts:
    """Forecast every KPI series from the days up to and including `as_of`.

    Candidates are the seasonal naive (period 7) and, from about twelve weeks on, two regressions (`forecasters`): a
    ridge for each series, and its mean with a boosting over all series. The one with the least mean MASE over the
    backtest is used, on at least four folds of full length, and the seasonal naive where none beats it. Intervals are
    split conformal: quantiles, by week ahead, of the absolute errors that the same model made from earlier origins, on
    a log scale for positive series.

    Args:
        daily: kpi (str), event_date (UTC date), value (float, missing or absent on a day without data); one row for
            each day of a KPI, in any order. Later days than `as_of` are ignored.
        as_of: the forecast date: the newest day that may be used.
        holidays: days by name, besides the usual ones of `holidays`.

    Returns:
        forecasts: FORECAST_COLUMNS, a row for each KPI and day ahead; dates are datetime.date; the unit is the KPI's.
            Shares stay within 0 and 1, scores within 0 and 100, and a series that never was negative stays at 0 or
            above. On a weekday on which the shop is closed (`closed_weekdays`) the forecast and its bounds are 0, and
            such days are neither missing nor a guide to others. `model_reason`: beats_naive, naive_is_best, or
            short_history (too short for the choice).
        backtests: BACKTEST_COLUMNS, for each KPI, model and cutoff a row over days 1..7 (horizon_days = 7) and one over
            all; smape in per cent; `is_chosen` marks the model that the forecast uses.
        skipped: kpi, reason.

    Raises:
        ValueError: a column is missing, or a KPI has two rows for one day.
    """
    _check(daily, "event_date")
    past = daily.assign(at=pd.to_datetime(daily["event_date"]), value=daily["value"].astype(float))
    past = past[past["at"] <= pd.Timestamp(as_of)]
    closed = closed_weekdays(past, pd.Timestamp(as_of))
    past = _without_outages(past[~_is_closed(past["kpi"], past["at"], closed)])
    days = _grid(past, pd.Timestamp(as_of), "D")
    ahead = pd.date_range(days[-1], periods=DAILY.horizon + 1)[1:]
    found = _forecast(past, days, DAILY, holiday_numbers(pd.DatetimeIndex(days.append(ahead)), holidays))
    forecasts = found.forecasts.assign(forecast_date=as_of, horizon_days=found.forecasts["step"])
    forecasts["event_date"] = ahead.date[found.forecasts["step"].to_numpy(dtype=int) - 1]
    is_closed = _is_closed(forecasts["kpi"], pd.to_datetime(forecasts["event_date"]), closed)
    forecasts.loc[is_closed, ["value_forecast", *_BOUNDS]] = 0.0
    backtests = found.backtests.assign(horizon_days=found.backtests["horizon_steps"], forecast_date=as_of)
    return found._replace(forecasts=forecasts[FORECAST_COLUMNS], backtests=backtests[BACKTEST_COLUMNS])


def forecast_hours(hourly: pd.DataFrame, as_of: date) -> KpiForecasts:
    """Forecast every hourly series for the 48 hours after the end of `as_of`, as `forecast_kpis` does days.

    Args:
        hourly: kpi, hour_at (UTC, start of the hour), value; one row for each hour, in any order.
        as_of: the newest day that may be used.

    Returns:
        forecasts: HOURLY_COLUMNS. backtests: BACKTEST_COLUMNS, a row over the first day and one over both.

    Raises:
        ValueError: a column is missing, or a series has two rows for one hour.
    """
    _check(hourly, "hour_at")
    end = pd.Timestamp(as_of) + pd.Timedelta(hours=23)
    past = hourly.assign(at=pd.to_datetime(hourly["hour_at"]), value=hourly["value"].astype(float))
    past = past[past["at"] <= end]
    hours = _grid(past, end, "h")
    ahead = pd.date_range(end, periods=HOURLY.horizon + 1, freq="h")[1:]
    # Hours of a holiday differ among themselves, and one effect for all of them would be wrong for each.
    found = _forecast(past, hours, HOURLY, np.zeros(len(hours) + HOURLY.horizon, dtype=int))
    forecasts = found.forecasts.assign(forecast_date=as_of, horizon_hours=found.forecasts["step"])
    forecasts["hour_at"] = ahead[found.forecasts["step"].to_numpy(dtype=int) - 1]
    backtests = found.backtests.assign(horizon_days=found.backtests["horizon_steps"] // 24, forecast_date=as_of)
    return found._replace(forecasts=forecasts[HOURLY_COLUMNS], backtests=backtests[BACKTEST_COLUMNS])


def closed_weekdays(past: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, set[int]]:
    """The weekdays (0 is Monday) on which nothing came for eight weeks, of KPIs that are counted or added up.

    Args:
        past: kpi, at (day), value.
        as_of: the last day of the eight weeks. A KPI younger than that has no closed weekday, nor has one without a
            single value in them but 0.
    """
    since = as_of - pd.Timedelta(weeks=CLOSED_WEEKS)
    closed = {}
    for kpi, rows in past[past["kpi"].isin(ADDITIVE)].groupby("kpi"):
        traded = rows[(rows["at"] > since) & rows["value"].notna() & (rows["value"] != 0)]
        if len(traded) and rows["at"].min() <= since + pd.Timedelta(days=7):
            closed[str(kpi)] = set(range(7)) - set(traded["at"].dt.day_of_week)
    return closed


def _is_closed(kpi: pd.Series, at: pd.Series, closed: Mapping[str, set[int]]) -> pd.Series:
    pairs = zip(kpi, at.dt.day_of_week, strict=True)
    return pd.Series([weekday in closed.get(name, ()) for name, weekday in pairs], index=kpi.index, dtype=bool)


def _grid(past: pd.DataFrame, end: pd.Timestamp, freq: str) -> pd.DatetimeIndex:
    """Every step from the first known value to the end."""
    first = past.loc[np.isfinite(past["value"]), "at"].min()
    return pd.date_range(end if pd.isna(first) else first, end, freq=freq)


def _forecast(past: pd.DataFrame, grid: pd.DatetimeIndex, kind: Kind, special: Index) -> KpiForecasts:
    """All series on the grid, with `step` for the time ahead and `horizon_steps` for that of a backtest."""
    series, skipped = {}, []
    for kpi, rows in past.groupby("kpi", sort=True):
        values, reason = _regular(rows, grid, kind)
        if reason:
            skipped.append({"kpi": kpi, "reason": reason})
        else:
            series[str(kpi)] = values
    limits = [bounds(kpi, values) for kpi, values in series.items()]
    longest = max(map(len, series.values()), default=0)
    made = forecast_panel(list(series.values()), kind, limits, special[len(grid) - longest :]) if series else []
    found = dict(zip(series, made, strict=True))
    forecasts, backtests = [], []
    for kpi, result in found.items():
        forecasts.append(_rows(result, kpi))
        cutoff = len(grid) - len(series[kpi]) + result.backtest["cutoff"].to_numpy(dtype=int)
        backtests.append(result.backtest.assign(kpi=kpi, cutoff_date=grid.date[cutoff]))
    return KpiForecasts(
        concat(forecasts, ["kpi", "step", "value_forecast", *_BOUNDS, *_MODEL]),
        concat(backtests, [*BACKTEST_COLUMNS[:4], "horizon_steps", *MEASURES, "is_chosen"]),
        pd.DataFrame(skipped, columns=["kpi", "reason"]),
        found,
    )


def _regular(rows: pd.DataFrame, grid: pd.DatetimeIndex, kind: Kind) -> tuple[Array, str]:
    """The value of every step from the first known one to the end, NaN where missing; or the reason to leave it out."""
    period = kind.seasons[0]
    known = rows.set_index("at")["value"]
    values = known.reindex(grid).to_numpy(dtype=float)
    values = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(values).all():
        return values, "it has no value"
    values = values[np.flatnonzero(~np.isnan(values))[0] :]
    unit = "days" if period == 7 else "hours"
    stale = len(values) - 1 - np.flatnonzero(~np.isnan(values))[-1]
    if stale > MAX_SEASONS_STALE * period:
        return values, f"its newest value is {stale} {unit} old, {MAX_SEASONS_STALE * period} at the most"
    if len(values) < MIN_SEASONS * period:
        return values, f"it has {len(values)} {unit} of history, {MIN_SEASONS * period} are needed"
    recent = values[-RECENT_SEASONS * period :]
    # A phase of the season that never has a value is closed, and nothing to wait for.
    expected = [phase for phase in range(period) if not np.isnan(recent[phase::period]).all()] if period == 7 else None
    awaited = np.isin(np.arange(len(recent)) % period, expected) if expected else np.full(len(recent), True)
    observed = float(np.mean(~np.isnan(recent[awaited])))
    if observed < MIN_OBSERVED_SHARE:
        return (
            values,
            f"{observed:.0%} of its last {len(recent)} {unit} have a value, {MIN_OBSERVED_SHARE:.0%} are needed",
        )
    return values, ""


def _without_outages(past: pd.DataFrame) -> pd.DataFrame:
    """Without the traffic of days on which the site was down for long."""
    down = past[(past["kpi"] == "availability_share") & (past["value"] < MIN_AVAILABLE_SHARE)]
    return past[~(past["kpi"].isin(TRAFFIC) & past["at"].isin(down["at"]))]


def _rows(result: SeriesForecast, kpi: str) -> pd.DataFrame:
    frame = pd.DataFrame({"step": np.arange(1, len(result.forecast) + 1), "value_forecast": result.forecast})
    for level, (lower, upper) in result.intervals.items():
        frame[f"value_{level * 100:.0f}_lower"], frame[f"value_{level * 100:.0f}_upper"] = lower, upper
    return frame.assign(
        kpi=kpi, model_name=result.model_name, model_reason=result.model_reason, model_version=MODEL_VERSION
    )


def bounds(kpi: str, values: Array) -> tuple[float, float]:
    """The least and the greatest value that a KPI can take, by its name and by what it was."""
    if kpi.endswith("_share"):
        return 0.0, 1.0
    if kpi.endswith("_score"):
        return 0.0, 100.0
    return (0.0 if np.nanmin(values) >= 0 else -np.inf), np.inf


def concat(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The rows of all frames with these columns, which are there also where there is no row."""
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _check(frame: pd.DataFrame, time: str) -> None:
    missing = {"kpi", time, "value"} - set(frame.columns)
    if missing:
        raise ValueError(f"the frame of KPI values lacks {sorted(missing)}; it needs kpi, {time} and value")
    twice = frame[frame.duplicated(["kpi", time])]
    if len(twice):
        kpi, when = twice.iloc[0][["kpi", time]]
        raise ValueError(
            f"{kpi} has two rows for {when}; one row a {'day' if time == 'event_date' else 'hour'} is right"
        )
