"""How a day of a web vital departs from what the days before it predicted: alone, with the day before, or as a drift.

What belongs here: the history of all series as arrays, their baselines without past faults, and the three statistics
with their p-values. Everything about a day is made from the days before it. What is called degraded, after all series
of a date are counted, is decided in `degradations`.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.baselines import Array, forecasts, row_median, spread_and_degrees
from models.significance import Z_95

KEY = ["metric", "page_group", "device", "country", "browser"]
TESTS = ("day", "two_days", "drift")

# Four weeks for the level, six for the shape of the week: less is noise, more is another season of the year.
LEVEL_DAYS = 28
SEASON_DAYS = 42
# A drift is a week held against the weeks that ended four weeks before it.
DRIFT_DAYS = 7
DRIFT_LAG_DAYS = 28
# A baseline reaches SEASON_DAYS back, spreads are taken from as many days before, and to know which of those days were
# faulty takes as many again; a drift reaches its lag further, and the baseline of a holiday among all these a season.
LOOKBACK_DAYS = 5 * SEASON_DAYS + DRIFT_LAG_DAYS + DRIFT_DAYS
# On a holiday other people come at other hours, and all series of a metric move together: by up to this much (on a log
# scale) that is the holiday and no fault.
HOLIDAY_SHIFT = 0.1
MIN_PAST = 10
# What the mean of all series of a metric is worth beside a series' own past, in degrees of freedom.
POOLED_DEGREES = 20.0
# Days this many standard deviations worse are faults of the past, not a part of what is usual.
FAULT_DEVIATIONS = 3.0
# Devices that together have less than this share of a series' views do not stand for it.
MIN_COVERED_SHARE = 0.8
# A layout shift below this is not seen; it also keeps the logarithm of a perfect 0 finite.
FLOORS = {"CLS": 0.01}
# How coarse the values come: INP in steps of 8 ms, all through the buckets of a histogram (2 %, CLS 0.002).
RESOLUTION = {"INP": 4.0, "CLS": 0.001}
BUCKET_ERROR = 0.006


@dataclass(frozen=True)
class History:
    """Log values, their standard errors from sampling, and page views: shape (series, days)."""

    series: pd.MultiIndex
    days: pd.DatetimeIndex
    values: Array
    errors: Array
    counts: Array

    @property
    def metrics(self) -> NDArray[np.int64]:
        """The metric of each series, as a number."""
        return np.asarray(self.series.codes[0], dtype=np.int64)


@dataclass(frozen=True)
class Scores:
    """Shape (series, tested dates), NaN wherever there is too little history; the last three by test of TESTS."""

    forecast: Array
    reach: Array
    p_value: Array
    change: Array


def history_of(rows: pd.DataFrame, days: pd.DatetimeIndex) -> History:
    """Arrays of the series of `rows` (columns as in `degradations.find_degradations`) over `days`, on a log scale."""
    floor = rows["metric"].map(FLOORS).fillna(0.0).clip(lower=1e-9)
    value, lower, upper = (np.log(rows[name].clip(lower=floor)) for name in ("value", "lower", "upper"))
    logs = rows[[*KEY, "event_date", "sample_count"]].assign(value=value, error=(upper - lower) / (2 * Z_95))
    values, errors, counts = (
        logs.pivot(index=KEY, columns="event_date", values=name).reindex(columns=days)
        for name in ("value", "error", "sample_count")
    )
    series = pd.MultiIndex.from_frame(values.index.to_frame())
    step = series.get_level_values("metric").map(RESOLUTION).fillna(0.0).to_numpy(dtype=float)[:, None]
    smooth = _smoothed(errors.to_numpy(dtype=float), counts.to_numpy(dtype=float))
    coarse = np.hypot(np.nan_to_num(step / np.exp(values.to_numpy())), BUCKET_ERROR)
    return History(series, days, values.to_numpy(), np.hypot(smooth, coarse), counts.fillna(0.0).to_numpy())


def _smoothed(errors: Array, counts: Array) -> Array:
    """Standard errors from the day's page views and what one view usually brings: a day's own interval is luck."""
    of_one = errors * np.sqrt(counts)
    usual = np.full(errors.shape, np.nan)
    for day in range(errors.shape[1]):
        usual[:, day] = row_median(of_one[:, max(0, day - SEASON_DAYS + 1) : day + 1])
    return np.nan_to_num(usual / np.sqrt(counts))


def without_holidays(history: History, is_holiday: NDArray[np.bool_]) -> History:
    """The history with what each holiday did to all series of a metric alike (their median) taken out.

    Args:
        history: of all series.
        is_holiday: shape (days,). A holiday within SEASON_DAYS of the first day stays as it is.
    """
    steps = np.flatnonzero(is_holiday)
    steps = steps[steps >= SEASON_DAYS]
    if not len(steps):
        return history
    baselines = forecasts(history.values, steps, period=7, level_steps=LEVEL_DAYS, season_steps=SEASON_DAYS)
    values = history.values.copy()
    for metric in np.unique(history.metrics):
        own = history.metrics == metric
        shift = row_median((values[own][:, steps] - baselines[own]).T)
        values[np.ix_(own, steps)] -= np.clip(np.nan_to_num(shift), -HOLIDAY_SHIFT, HOLIDAY_SHIFT)
    return replace(history, values=values)


def scores_of(history: History, tested: NDArray[np.int64]) -> Scores:
    """The three tests of the steps `tested`, and the prediction interval of their values."""
    from scipy.stats import t as student

    since = int(tested.min()) - SEASON_DAYS
    usual = _without_faults(history, since - DRIFT_LAG_DAYS - DRIFT_DAYS - SEASON_DAYS)
    faulty = np.isnan(usual)
    made = [_baselines(usual, since - DRIFT_DAYS, horizon) for horizon in (1, 2, DRIFT_LAG_DAYS)]
    day, second_day, drifted = (history.values - baseline for baseline in made)
    spread, degrees = _spreads(history, np.where(faulty, np.nan, day), history.errors, tested)
    day_within, errors = _within_devices(history, day)
    statistics = (
        (day_within, errors, 1),
        (_mean_of_last([_within_devices(history, second_day)[0], day_within]), _error_of_mean(errors, 2), 1),
        (_drift(_within_devices(history, drifted)[0]), _error_of_mean(errors, DRIFT_DAYS), DRIFT_DAYS),
    )
    p_values = []
    for statistic, error, overlap in statistics:
        usual_spread, freedom = _spreads(history, np.where(faulty, np.nan, statistic), error, tested, overlap)
        p_values.append(student.sf(statistic[:, tested] / usual_spread, freedom))
    return Scores(
        forecast=made[0][:, tested],
        reach=student.ppf(0.975, degrees) * spread,
        p_value=np.stack(p_values),
        change=np.stack([statistic[:, tested] for statistic, _, _ in statistics]),
    )


def _baselines(values: Array, since: int, horizon: int) -> Array:
    """Forecasts of all steps from `since` on, NaN before."""
    steps = np.arange(max(0, since), values.shape[1])
    made = np.full(values.shape, np.nan)
    made[:, steps] = forecasts(
        values, steps, period=7, level_steps=LEVEL_DAYS, season_steps=SEASON_DAYS, horizon=horizon
    )
    return made


def _spreads(
    history: History, past: Array, errors: Array, steps: NDArray[np.int64], overlap: int = 1
) -> tuple[Array, Array]:
    """Spread and degrees of freedom of a statistic at `steps`, from its past; NaN with too little of it."""
    spread, degrees = (np.full((past.shape[0], len(steps)), np.nan) for _ in range(2))
    for column, step in enumerate(steps):
        window = slice(max(0, step - SEASON_DAYS), step)
        spread[:, column], degrees[:, column] = spread_and_degrees(
            past[:, window], errors[:, window], errors[:, step], history.metrics, POOLED_DEGREES, overlap
        )
        few = np.count_nonzero(~np.isnan(past[:, window]), axis=1) < MIN_PAST
        spread[few, column] = np.nan
    return spread, degrees


def _without_faults(history: History, since: int) -> Array:
    """The values without those that were far worse than the days before them had predicted."""
    residuals = history.values - _baselines(history.values, since - SEASON_DAYS, 1)
    steps = np.arange(max(0, since), history.values.shape[1])
    spread, _ = _spreads(history, residuals, history.errors, steps)
    usual = history.values.copy()
    usual[:, steps] = np.where(residuals[:, steps] > FAULT_DEVIATIONS * spread, np.nan, usual[:, steps])
    return usual


def _within_devices(history: History, residuals: Array) -> tuple[Array, Array]:
    """Residuals and their errors, where a series has devices as the mean of theirs, with their shares of four weeks."""
    within, errors = residuals.copy(), history.errors.copy()
    usual = _sum_of_last(history.counts, LEVEL_DAYS)
    index = {key: row for row, key in enumerate(history.series)}
    devices = [device for device in history.series.unique("device") if device != "all"]
    for (metric, page_group, device, country, browser), row in index.items():
        if device != "all":
            continue
        keys = [(metric, page_group, one, country, browser) for one in devices]
        rows = [index[key] for key in keys if key in index]
        if not rows:
            continue
        weights = usual[rows] * ~np.isnan(residuals[rows])
        covered = weights.sum(axis=0) >= MIN_COVERED_SHARE * np.maximum(usual[row], 1)
        weights /= np.maximum(weights.sum(axis=0), 1)
        mean = (weights * np.nan_to_num(residuals[rows])).sum(axis=0)
        within[row] = np.where(covered, mean, residuals[row])
        errors[row] = np.where(covered, np.sqrt((weights**2 * history.errors[rows] ** 2).sum(axis=0)), errors[row])
    return within, errors


def _drift(residuals: Array) -> Array:
    """The mean of the last week, or of the last two days if that is less: what is over is no drift."""
    return np.minimum(_mean_of_last([residuals] * DRIFT_DAYS), _mean_of_last([residuals] * 2))


def _mean_of_last(by_age: list[Array]) -> Array:
    """The mean of the last steps' values, the newest step's from the first array, the one before from the second ..."""
    total = np.zeros(by_age[0].shape)
    for age, values in enumerate(by_age):
        total += _shifted(values, age)
    return total / len(by_age)


def _error_of_mean(errors: Array, steps: int) -> Array:
    return np.sqrt(sum(np.nan_to_num(_shifted(errors, age)) ** 2 for age in range(steps))) / steps


def _sum_of_last(values: Array, steps: int) -> Array:
    total = np.cumsum(values, axis=1)
    return total - np.nan_to_num(_shifted(total, steps))


def _shifted(values: Array, steps: int) -> Array:
    if steps == 0:
        return values
    moved = np.full(values.shape, np.nan)
    moved[:, steps:] = values[:, :-steps]
    return moved
