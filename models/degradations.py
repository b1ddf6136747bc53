"""Degradations of web vitals: days on which a series is worse than the days before it predicted.

What belongs here: the baseline of a day, the p-value of its excess, and the decision after all series of one date are
counted. A baseline is made from the days before its day and from nothing else, so that a backfill of another date
changes no row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.significance import benjamini_hochberg

Array = NDArray[np.float64]

MODEL_NAME = "robust_weekly_baseline"
MODEL_VERSION = "1"
KEY = ["metric", "page_group", "device", "country"]
COLUMNS = [
    *KEY, "event_date", "value", "baseline_forecast", "baseline_lower", "baseline_upper", "change_share", "p_value",
    "q_value", "is_degraded", "sample_count", "model_name", "model_version",
]  # fmt: skip

# Four weeks for the level, six for the shape of the week: less is noise, more is another season of the year.
LEVEL_DAYS = 28
SEASON_DAYS = 42
# The baseline reaches SEASON_DAYS back, and the spread of its errors is taken from as many days again.
LOOKBACK_DAYS = 2 * SEASON_DAYS
MIN_BASELINE_DAYS = 14
MIN_ERRORS = 10
# A series that repeats itself exactly would make any change infinitely unlikely; 0.5 % is finer than any field
# measurement.
MIN_SPREAD = 0.005
# The share of a normal sample's information about its spread that the median absolute deviation keeps.
MAD_EFFICIENCY = 0.37
Z_95 = 1.959963984540054
# A layout shift below this is not seen; it also keeps the logarithm of a perfect 0 finite.
FLOORS = {"CLS": 0.01}


def find_degradations(
    daily: pd.DataFrame,
    event_dates: Iterable[date],
    *,
    min_change_share: float = 0.10,
    q: float = 0.02,
    min_sample_count: int = 50,
) -> pd.DataFrame:
    """Test each series on each date against its robust weekly-seasonal baseline.

    On a log scale, value = level (median of the last 28 days without their weekday effects) + weekday effect (median of
    the last six weeks, pulled towards 0). The one-sided p-value comes from a t distribution whose variance adds the
    sampling error of the day's p75 to the day-to-day spread of past baseline errors, which has the past sampling errors
    taken out. q-values are Benjamini-Hochberg over all series tested on one event date.

    Args:
        daily: metric, page_group, device, country (str), event_date (UTC date), value (p75; ms, or no unit for CLS),
            sample_count (page views), lower and upper (95 % interval of the p75, missing allowed). One row for each
            series and day; 'all' is a series like any other. Needs the LOOKBACK_DAYS days before each date; other days
            change nothing.
        event_dates: the UTC dates to test.
        min_change_share: the least worsening that matters, relative to the baseline (0.10 = 10 %).
        q: false discovery rate among the series of one date.
        min_sample_count: a day with fewer page views is not tested, nor part of a baseline.

    Returns:
        COLUMNS, a row for each series and date that could be tested, sorted by date and series. Values, baseline and
        its 95 % prediction interval are in the metric's unit; change_share is value / baseline - 1. A series is not
        tested, and has no row, with under 14 days of baseline or 10 past errors.

    Raises:
        ValueError: a column is missing, or a series has two rows for one date.
    """
    _check(daily)
    dates = sorted({pd.Timestamp(day) for day in event_dates})
    if not dates:
        return pd.DataFrame(columns=COLUMNS)
    rows = daily.assign(event_date=pd.to_datetime(daily["event_date"]))
    days = pd.date_range(dates[0] - timedelta(days=LOOKBACK_DAYS), dates[-1])
    rows = rows[(rows["sample_count"] >= min_sample_count) & rows["value"].notna() & rows["event_date"].isin(days)]
    values, errors = _logarithms(rows, days)
    steps = np.flatnonzero(days.isin(dates))
    scores = score_steps(values.to_numpy(), errors.to_numpy(), steps, 7, LEVEL_DAYS, SEASON_DAYS)
    return _decide(rows, values.index, dates, scores, min_change_share, q)


@dataclass(frozen=True)
class Scores:
    """Arrays of shape (series, tested steps) on the working scale; NaN wherever there is too little history."""

    forecast: Array
    spread: Array
    degrees: Array
    p_value: Array


def score_steps(
    values: Array, errors: Array, steps: NDArray[np.int64], period: int, level_steps: int, season_steps: int
) -> Scores:
    """Compare steps of each series with what the steps before them predict; large is bad.

    Args:
        values: shape (series, n), evenly spaced, oldest first, NaN where missing, on a scale where changes add.
        errors: standard errors of the values from sampling, same shape; 0 where unknown.
        steps: indices of the steps to test.
        period: steps in a season.
        level_steps: steps before a tested one that make its level.
        season_steps: steps before a tested one that make its seasonal shape, and over which past errors are collected.
    """
    from scipy.stats import t as student

    first = max(0, int(steps.min()) - season_steps)
    baselines = np.full(values.shape, np.nan)
    for step in range(first, int(steps.max()) + 1):
        baselines[:, step] = _baseline(values, step, period, level_steps, season_steps)
    residuals = values - baselines
    sampled = np.where(np.isnan(residuals), np.nan, errors)
    count, total, sampling = (np.empty((values.shape[0], len(steps))) for _ in range(3))
    for column, step in enumerate(steps):
        past = slice(max(0, step - season_steps), step)
        count[:, column] = np.count_nonzero(~np.isnan(residuals[:, past]), axis=1)
        # About zero and not about their median: a baseline that lags behind a trend is less to be trusted, not more.
        total[:, column] = 1.4826 * _median(np.abs(residuals[:, past]))
        sampling[:, column] = _median(sampled[:, past])
    between = np.maximum(total**2 - sampling**2, MIN_SPREAD**2)
    spread = np.sqrt(between + errors[:, steps] ** 2)
    degrees = np.maximum(MAD_EFFICIENCY * count, 3.0)
    p_value = student.sf(residuals[:, steps] / spread, degrees)
    return Scores(baselines[:, steps], spread, degrees, np.where(count >= MIN_ERRORS, p_value, np.nan))


def _logarithms(rows: pd.DataFrame, days: pd.DatetimeIndex) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Log values and their standard errors, a row for each series and a column for each day."""
    floor = rows["metric"].map(FLOORS).fillna(0.0).clip(lower=1e-9)
    value, lower, upper = (np.log(rows[name].clip(lower=floor)) for name in ("value", "lower", "upper"))
    logs = rows[[*KEY, "event_date"]].assign(value=value, error=((upper - lower) / (2 * Z_95)).fillna(0.0))
    values = logs.pivot(index=KEY, columns="event_date", values="value").reindex(columns=days)
    errors = logs.pivot(index=KEY, columns="event_date", values="error").reindex(columns=days)
    return values, errors.fillna(0.0)


def _decide(
    rows: pd.DataFrame, series: pd.Index, dates: list[pd.Timestamp], scores: Scores, min_change_share: float, q: float
) -> pd.DataFrame:
    """The output frame: values and baselines in the metric's unit, q-values counted date by date."""
    from scipy.stats import t as student

    reach = student.ppf(0.975, scores.degrees) * scores.spread
    columns = {
        "baseline_forecast": np.exp(scores.forecast),
        "baseline_lower": np.exp(scores.forecast - reach),
        "baseline_upper": np.exp(scores.forecast + reach),
        "p_value": scores.p_value,
    }
    long = pd.DataFrame({name: pd.DataFrame(array, series, dates).stack() for name, array in columns.items()})
    long = long.rename_axis([*KEY, "event_date"]).reset_index()
    day = [*KEY, "event_date"]
    frame = long.dropna(subset=["p_value"]).merge(rows[[*day, "value", "sample_count"]], on=day)
    frame = frame.sort_values(["event_date", *KEY], ignore_index=True)
    frame["q_value"] = frame.groupby("event_date")["p_value"].transform(benjamini_hochberg)
    frame["change_share"] = frame["value"] / frame["baseline_forecast"] - 1.0
    frame["is_degraded"] = (frame["q_value"] <= q) & (frame["change_share"] >= min_change_share)
    frame["event_date"] = frame["event_date"].dt.date
    return frame.assign(model_name=MODEL_NAME, model_version=MODEL_VERSION)[COLUMNS]


def _baseline(values: Array, step: int, period: int, level_steps: int, season_steps: int) -> Array:
    """Level plus seasonal effect from the steps before `step`, shape (series,); NaN with too little history."""
    season = values[:, max(0, step - season_steps) : step]
    phases = np.arange(step - season.shape[1], step) % period
    effects = _seasonal_effects(season, phases, period)
    recent = slice(-min(level_steps, step), None)
    level = _median(season[:, recent] - effects[:, phases[recent]])
    level[np.count_nonzero(~np.isnan(season), axis=1) < min(MIN_BASELINE_DAYS, 2 * period)] = np.nan
    return level + effects[:, step % period]


def _seasonal_effects(season: Array, phases: NDArray[np.int64], period: int) -> Array:
    """How far the median of each phase lies from the median of all, shape (series, period).

    With few looks at a weekday its effect is mostly luck. As James and Stein, each is pulled towards 0 by the share of
    its square that its own error explains: an effect no larger than its error vanishes, a large one stays whole.
    """
    by_phase = np.stack([_median(season[:, phases == phase]) for phase in range(period)], axis=1)
    count = np.stack(
        [np.count_nonzero(~np.isnan(season[:, phases == phase]), axis=1) for phase in range(period)], axis=1
    )
    effects = np.nan_to_num(by_phase - _median(season)[:, None])
    noise = 1.4826 * _median(np.abs(season - by_phase[:, phases]))
    # The variance of a median of n normal values is π/2 times that of their mean.
    error_square = np.pi / 2 * np.nan_to_num(noise)[:, None] ** 2 / np.maximum(count, 1)
    explained = np.divide(error_square, effects**2, out=np.ones_like(effects), where=effects != 0)
    return effects * np.maximum(1 - explained, 0.0)


def _median(values: Array) -> Array:
    """Row medians that ignore NaN, and NaN for a row of nothing else."""
    if values.shape[1] == 0:
        return np.full(values.shape[0], np.nan)
    ordered = np.sort(values, axis=1)
    count = np.count_nonzero(~np.isnan(values), axis=1)
    rows = np.arange(values.shape[0])
    low, high = ordered[rows, np.maximum(count - 1, 0) // 2], ordered[rows, np.minimum(count // 2, values.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2, np.nan)


def _check(daily: pd.DataFrame) -> None:
    needed = {*KEY, "event_date", "value", "sample_count", "lower", "upper"}
    if missing := needed - set(daily.columns):
        raise ValueError(f"the frame of daily vitals lacks {sorted(missing)}; it needs {sorted(needed)}")
    twice = daily[daily.duplicated([*KEY, "event_date"])]
    if len(twice):
        first = twice.iloc[0]
        series = "/".join(first[KEY])
        raise ValueError(f"{series} has two rows for {first['event_date']}; one row for each series and day is right")
