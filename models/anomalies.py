"""Anomalies of hourly series: hours far from what the weeks before them predicted, up or down.

What belongs here: series of which only the values are known, no sampling error and no other series beside them. Web
vitals have both, and are judged in `degradations`. Which hours make one anomaly is for whoever shows them to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from models.baselines import Array, forecasts, row_median

MODEL_NAME = "robust_hourly_baseline"
MODEL_VERSION = "3"
COLUMNS = [
    "series", "hour_at", "window_hours", "value", "baseline_forecast", "baseline_lower", "baseline_upper",
    "change_share", "model_name", "model_version",
]  # fmt: skip
HOUR = pd.Timedelta(hours=1)
PERIOD = 24
WINDOW_HOURS = 14 * PERIOD
# Counts follow the week too; how much a weekday differs is known from the six weeks before it.
WEEK_DAYS = 42
LEVEL_DAYS = 28
# What is usual for an hour of the week is the median of its last six deviations; of fewer than four it is luck.
WEEK_HOURS, WEEKS, MIN_WEEKS = 7 * PERIOD, 6, 4
# Two weeks of deviations, the same hours of the six weeks before the oldest of them, the two weeks behind those, and
# the weekdays of the first of these.
LOOKBACK_DAYS = 2 * 14 + WEEKS * 7 + WEEK_DAYS + 1
# An hour is far off that lies beyond both: this many robust standard deviations, and nearly all deviations of the two
# weeks before, which is the larger one for series that jump by nature. An outage of the last two weeks must not hide
# the next: the quantile counts at most MOST_JUMPS times the first.
DEVIATIONS, MOST_JUMPS = 4.0, 2.0
QUANTILE = 0.99
# The same while fewer than 13 days of deviations are known: their quantile is then nearly their largest.
EARLY_HOURS, EARLY_DEVIATIONS, EARLY_JUMPS = 13 * PERIOD, 3.75, 1.5
# A series that never moved is judged by this share of its baseline, and by an absolute change where that is nearly 0.
SMALLEST_CHANGE, SMALLEST_STEP = 0.1, 0.01
# How far a count may lie off by chance alone, in standard deviations of a Poisson count.
CHANCE_DEVIATIONS = 4.25
# Counts are judged alone and as the sum of three hours: half of a small site's traffic is missed in no single hour.
COUNT_WINDOWS = (1, 3)


def find_anomalies(hourly: pd.DataFrame, since: pd.Timestamp, *, are_counts: bool = False) -> pd.DataFrame:
    """Find hours that are far from the level and hour of day of the two weeks before them, and from their weekday's.

    The threshold of an hour is the larger one of DEVIATIONS robust standard deviations (1.4826 times the median
    absolute deviation) and of the QUANTILE of the absolute deviations of the two weeks before; an hour is judged from
    the second day of deviations on, and from hours before it only. From the fifth week of deviations on it must be
    as far, in the same direction, from what is usual for its hour of the week: the baseline plus the median of the
    last WEEKS deviations of that hour. Series without negative values are judged on the scale of log(1 + value).

    Counts are judged by weekday too, and on the scale of 2 √(count + 3/8), where a Poisson count has a standard
    deviation of 1 whatever its mean (Anscombe, "The transformation of Poisson, binomial and negative-binomial data",
    Biometrika 35, 1948): an hour is far off if it, or the sum of it and the two hours before, lies beyond the threshold
    and beyond CHANCE_DEVIATIONS; the sum only where none of its hours does alone.

    Args:
        hourly: series (str), hour_at (UTC, the start of an hour), value (float). One row for each series and hour; a
            missing hour is a gap and never an anomaly. Days before `since` by more than LOOKBACK_DAYS change nothing.
        since: the first hour to judge.
        are_counts: whether values are numbers of independent events.

    Returns:
        COLUMNS, a row for each hour that is far off, sorted by series and time. value, baseline_forecast and the limits
        within which it would not have been far off are of the `window_hours` that end with the hour; change_share is
        value / baseline - 1 (NaN where that is 0). A count is judged from its 17th day on.

    Raises:
        ValueError: a series has two rows for one hour, or a count is negative.
    """
    _check(hourly, are_counts)
    if hourly.empty or hourly["hour_at"].max() < since:
        return pd.DataFrame(columns=COLUMNS)
    by_hour = hourly.pivot(index="series", columns="hour_at", values="value")
    # Whole days, so that the phase of an hour is its hour of the day.
    first = max(hourly["hour_at"].min(), since - pd.Timedelta(days=LOOKBACK_DAYS)).normalize()
    last = hourly["hour_at"].max().normalize() + pd.Timedelta(hours=PERIOD - 1)
    hours = pd.date_range(first, last, freq="h")
    values = by_hour.reindex(columns=hours).to_numpy(dtype=np.float64)
    # What is far off alone explains the sums that hold it.
    judged = np.flatnonzero(hours >= since - (max(COUNT_WINDOWS) - 1) * HOUR)
    oldest = int(judged[0]) - WINDOW_HOURS - WEEKS * WEEK_HOURS - max(COUNT_WINDOWS)
    steps = np.arange(max(0, oldest), len(hours))
    found = []
    for look in _counted(values, steps) if are_counts else _measured(values, steps):
        series, column, far = _far(look, judged)
        named = {"series": by_hour.index[series], "hour_at": hours[column], "window_hours": look.window_hours}
        found.append(pd.DataFrame({**named, **far}))
    rows = _unexplained(pd.concat(found, ignore_index=True))
    rows = rows[rows["hour_at"] >= since].sort_values(["series", "hour_at"])
    return rows.assign(model_name=MODEL_NAME, model_version=MODEL_VERSION)[COLUMNS].reset_index(drop=True)


def _unexplained(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without the sums of which an hour is far off by itself."""
    alone = pd.MultiIndex.from_frame(rows.loc[rows["window_hours"] == 1, ["series", "hour_at"]])
    is_explained = np.zeros(len(rows), dtype=bool)
    for back in range(max(COUNT_WINDOWS)):
        hour = pd.MultiIndex.from_arrays([rows["series"], rows["hour_at"] - back * HOUR])
        is_explained |= hour.isin(alone)
    return rows[(rows["window_hours"] == 1) | ~is_explained]


@dataclass(frozen=True)
class _Look:
    """Values and baseline in the unit of the series and on the scale on which they are compared; (series, hours)."""

    window_hours: int
    values: Array
    scaled: Array
    baseline: Array
    least: Array
    is_count: bool


def _measured(values: Array, steps: NDArray[np.int64]) -> Iterator[_Look]:
    is_positive = np.nanmin(values, axis=1, keepdims=True) >= 0
    scaled = np.where(is_positive, np.log1p(np.where(is_positive, values, 0.0)), values)
    baseline = _baselines(scaled, steps)
    # Of log(1 + value), a share c of the value is c × value / (1 + value).
    share = SMALLEST_CHANGE * -np.expm1(-np.maximum(baseline, 0.0))
    least = np.where(is_positive, np.maximum(share, SMALLEST_STEP), SMALLEST_CHANGE * np.abs(baseline))
    yield _Look(1, values, scaled, baseline, least, False)


def _counted(values: Array, steps: NDArray[np.int64]) -> Iterator[_Look]:
    expected = _expected_counts(values, steps)
    for width in COUNT_WINDOWS:
        counts = _sum_of_last(values, width)
        baseline = 2 * np.sqrt(_sum_of_last(expected, width) + 0.375)
        least = np.full(values.shape, CHANCE_DEVIATIONS)
        yield _Look(width, counts, 2 * np.sqrt(counts + 0.375), baseline, least, True)


def _far(look: _Look, judged: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, Array]]:
    """Series and column of each hour that is far off, and what the output says of it in the unit of the series."""
    deviations = look.scaled - look.baseline
    usual = _usual_at_hour_of_week(deviations)
    least = look.least[:, judged]
    reach, weekly_reach = (
        np.maximum(_thresholds(np.abs(moved), judged), least) for moved in (deviations, deviations - usual)
    )
    far, far_of_week = deviations[:, judged], (deviations - usual)[:, judged]
    is_weekly = np.isfinite(far_of_week) & np.isfinite(weekly_reach)
    is_usual = is_weekly & (np.sign(far) * far_of_week <= weekly_reach)
    series, found = np.nonzero((np.abs(far) > reach) & ~is_usual)
    column = judged[found]
    value = look.values[series, column]
    baseline = look.baseline[series, column] + np.where(is_weekly[series, found], usual[series, column], 0.0)
    reach = np.where(is_weekly, weekly_reach, reach)[series, found]
    is_log = np.nanmin(look.values, axis=1)[series] >= 0
    expected, lower, upper = (
        np.maximum(np.maximum(scaled, 0.0) ** 2 / 4 - 0.375, 0.0)
        if look.is_count
        else np.where(is_log, np.maximum(np.expm1(np.where(is_log, scaled, 0.0)), 0.0), scaled)
        for scaled in (baseline, baseline - reach, baseline + reach)
    )
    return (
        series,
        column,
        {
            "value": value,
            "baseline_forecast": expected,
            "baseline_lower": lower,
            "baseline_upper": upper,
            "change_share": value / np.where(expected != 0, expected, np.nan) - 1,
        },
    )


def _baselines(scaled: Array, steps: NDArray[np.int64]) -> Array:
    """Level and hour of day of two weeks at `steps`, NaN elsewhere."""
    made = np.full(scaled.shape, np.nan)
    made[:, steps] = forecasts(scaled, steps, period=PERIOD, level_steps=WINDOW_HOURS, season_steps=WINDOW_HOURS)
    return made


def _expected_counts(values: Array, steps: NDArray[np.int64]) -> Array:
    """Level and hour of day, without what is usual for each day by its weekday, which is put back."""
    daily = values.reshape(len(values), -1, PERIOD)
    known = np.count_nonzero(~np.isnan(daily), axis=2)
    means = np.where(known >= PERIOD / 2, np.nansum(daily, axis=2) / np.maximum(known, 1), np.nan)
    days = np.arange(means.shape[1])
    usual = forecasts(np.log1p(means), days, period=7, level_steps=LEVEL_DAYS, season_steps=WEEK_DAYS)
    by_hour = np.repeat(usual, PERIOD, axis=1)
    expected: Array = np.maximum(np.expm1(_baselines(np.log1p(values) - by_hour, steps) + by_hour), 0.0)
    return expected


def _usual_at_hour_of_week(deviations: Array) -> Array:
    """The median of the last WEEKS deviations of the same hour of the week; NaN with fewer than MIN_WEEKS."""
    past = np.full((*deviations.shape, WEEKS), np.nan)
    for back in range(1, WEEKS + 1):
        past[:, back * WEEK_HOURS :, back - 1] = deviations[:, : -back * WEEK_HOURS]
    is_known = np.count_nonzero(~np.isnan(past), axis=2) >= MIN_WEEKS
    return np.where(is_known, row_median(past), np.nan)


def _thresholds(deviations: Array, steps: NDArray[np.int64]) -> Array:
    """How far an hour may usually lie off at each of `steps`, from the absolute deviations of the two weeks before.

    Shape (series, len(steps)); infinite before a day of deviations is known.
    """
    padded = np.concatenate([np.full((len(deviations), WINDOW_HOURS), np.nan), deviations], axis=1)
    made = np.full((len(deviations), len(steps)), np.inf)
    for series, row in enumerate(padded):
        past = sliding_window_view(row, WINDOW_HOURS)[steps]
        count = np.count_nonzero(~np.isnan(past), axis=1)
        known = count >= PERIOD
        if known.any():
            is_early = count[known] < EARLY_HOURS
            spread = 1.4826 * row_median(past[known]) * np.where(is_early, EARLY_DEVIATIONS, DEVIATIONS)
            jump = np.nanquantile(past[known], QUANTILE, axis=1)
            most = spread * np.where(is_early, EARLY_JUMPS, MOST_JUMPS)
            made[series, known] = np.maximum(spread, np.minimum(jump, most))
    return made


def _sum_of_last(counts: Array, width: int) -> Array:
    total = np.full(counts.shape, np.nan)
    total[:, width - 1 :] = sliding_window_view(counts, width, axis=1).sum(axis=2)
    return total


def _check(hourly: pd.DataFrame, are_counts: bool) -> None:
    if hourly.duplicated(["series", "hour_at"]).any():
        raise ValueError("a series has two rows for one hour; one row for each series and hour is right")
    if are_counts and (hourly["value"] < 0).any():
        raise ValueError("a count is negative; counts of 0 and more are right")
