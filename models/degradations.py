"""Degradations of web vitals: days on which a series is worse than the days before it predicted.

What belongs here: the three tests of a day (alone, with the day before, as the end of a slow drift) and the decision
after all series of one date are counted. Everything about a date is made from the days before it and from nothing
else, so that a backfill of another date changes no row. How degraded days make one degradation is in `episodes`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.baselines import Array, forecasts, row_median, spread_and_degrees
from models.significance import benjamini_hochberg, simes

MODEL_NAME = "robust_weekly_baseline"
MODEL_VERSION = "2"
KEY = ["metric", "page_group", "device", "country", "browser"]
COLUMNS = [
    *KEY, "event_date", "value", "baseline_forecast", "baseline_lower", "baseline_upper", "change_share",
    "within_change_share", "test", "p_value", "q_value", "is_degraded", "sample_count", "model_name", "model_version",
]  # fmt: skip
TESTS = ("day", "two_days", "drift")

# Four weeks for the level, six for the shape of the week: less is noise, more is another season of the year.
LEVEL_DAYS = 28
SEASON_DAYS = 42
# A drift is a week held against the weeks that ended four weeks before it.
DRIFT_DAYS = 7
DRIFT_LAG_DAYS = 28
# A baseline reaches SEASON_DAYS back, spreads are taken from as many days before, and to know which of those days were
# faulty takes as many again; a drift reaches its lag further.
LOOKBACK_DAYS = 4 * SEASON_DAYS + DRIFT_LAG_DAYS + DRIFT_DAYS
MIN_PAST = 10
# What the mean of all series of a metric is worth beside a series' own past, in degrees of freedom.
POOLED_DEGREES = 20.0
# Days this many standard deviations worse are faults of the past, not a part of what is usual.
FAULT_DEVIATIONS = 3.0
# The share of the allowance for false discoveries that goes to whole page groups and the site; segments, of which
# there are many more, get the rest. Fixed weights keep the false discovery rate (Genovese, Roeder, Wasserman, "False
# discovery control with p-value weighting", Biometrika 93, 2006).
WHOLE_SHARE = 0.8
# Devices that together have less than this share of a series' views do not stand for it.
MIN_COVERED_SHARE = 0.8
Z_95 = 1.959963984540054
# A layout shift below this is not seen; it also keeps the logarithm of a perfect 0 finite.
FLOORS = {"CLS": 0.01}
# How coarse the values come: INP in steps of 8 ms, all through the buckets of a histogram (2 %, CLS 0.002).
RESOLUTION = {"INP": 4.0, "CLS": 0.001}
BUCKET_ERROR = 0.006


def find_degradations(
    daily: pd.DataFrame,
    event_dates: Iterable[date],
    *,
    min_change_share: float = 0.05,
    q: float = 0.02,
    min_sample_count: int = 50,
) -> pd.DataFrame:
    """Test each series on each date against its robust weekly-seasonal baseline.

    On a log scale, value = level (median of the last 28 days without their weekday effects) + weekday effect (median of
    the last six weeks, pulled towards 0); days that were faulty themselves are left out. Where a series has devices,
    each device is held against its own baseline and the differences are averaged with the devices' usual shares, so
    that a change of mix is no degradation. Three statistics are tested, one-sided: the day, the mean of the day and
    the day before, and the mean of the last week against a baseline that ended four weeks before. The smallest p-value
    counts three times. q-values are Benjamini-Hochberg over all series tested on one date, weighted; besides, the
    metric and page group as a whole (Simes over its series) must be a discovery, because that is what is told.

    Args:
        daily: KEY (str; 'all' is a value like any other), event_date (UTC date), value (p75; ms, or no unit for CLS),
            sample_count (page views), lower and upper (95 % interval of the p75, missing allowed). One row for each
            series and day. Needs the LOOKBACK_DAYS days before each date; other days change nothing.
        event_dates: the UTC dates to test.
        min_change_share: the least worsening that matters, relative to the baseline (0.05 = 5 %).
        q: false discovery rate among the series of one date.
        min_sample_count: a day with fewer page views is not tested, nor part of a baseline.

    Returns:
        COLUMNS, a row for each series and date that could be tested, sorted by date and series. Values, baseline and
        its 95 % prediction interval are in the metric's unit; change_share is value / baseline - 1 of the day, and
        within_change_share what the deciding test (`test`, one of TESTS) found with the devices' shares held. A series
        is not tested, and has no row, with under 14 days of baseline or 10 past errors.

    Raises:
        ValueError: a column is missing, or a series has two rows for one date.
    """
    _check(daily)
    dates = sorted({pd.Timestamp(day) for day in event_dates})
    if not dates:
        return pd.DataFrame(columns=COLUMNS)
    days = pd.date_range(dates[0] - pd.Timedelta(days=LOOKBACK_DAYS), dates[-1])
    rows = daily.assign(event_date=pd.to_datetime(daily["event_date"]))
    rows = rows[(rows["sample_count"] >= min_sample_count) & rows["value"].notna() & rows["event_date"].isin(days)]
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    history = _history(rows, days)
    return _decide(rows, history, dates, _scores(history, days.get_indexer(pd.Index(dates))), min_change_share, q)


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


def _history(rows: pd.DataFrame, days: pd.DatetimeIndex) -> History:
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


def _scores(history: History, tested: NDArray[np.int64]) -> Scores:
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


def _decide(
    rows: pd.DataFrame, history: History, dates: list[pd.Timestamp], scores: Scores, min_change_share: float, q: float
) -> pd.DataFrame:
    """The output frame: values and baselines in the metric's unit, q-values counted date by date."""
    known = np.where(np.isnan(scores.p_value), np.inf, scores.p_value)
    best = known.argmin(axis=0)
    p_value = np.minimum(len(TESTS) * known.min(axis=0), 1.0)
    columns = {
        "baseline_forecast": np.exp(scores.forecast),
        "baseline_lower": np.exp(scores.forecast - scores.reach),
        "baseline_upper": np.exp(scores.forecast + scores.reach),
        "within_change_share": np.expm1(np.take_along_axis(scores.change, best[None], axis=0)[0]),
        "test": best.astype(float),
        "p_value": np.where(np.isnan(scores.p_value[0]), np.nan, p_value),
    }
    stacked = {name: pd.DataFrame(array, history.series, dates).stack() for name, array in columns.items()}
    long = pd.DataFrame(stacked).rename_axis([*KEY, "event_date"]).reset_index()
    day = [*KEY, "event_date"]
    frame = long.dropna(subset=["p_value"]).merge(rows[[*day, "value", "sample_count"]], on=day)
    frame = frame.sort_values(["event_date", *KEY], ignore_index=True)
    frame["test"] = frame["test"].astype(int).map(dict(enumerate(TESTS)))
    frame["change_share"] = frame["value"] / frame["baseline_forecast"] - 1.0
    allowed = frame["p_value"] / _allowances(frame)
    frame["q_value"] = allowed.clip(upper=1.0).groupby(frame["event_date"]).transform(benjamini_hochberg)
    frame["is_degraded"] = (
        (frame["q_value"] <= q)
        & (_family_q_values(frame, allowed) <= q)
        & (frame["within_change_share"] >= min_change_share)
    )
    frame["event_date"] = frame["event_date"].dt.date
    return frame.assign(model_name=MODEL_NAME, model_version=MODEL_VERSION)[COLUMNS]


def _allowances(frame: pd.DataFrame) -> pd.Series:
    """Weights of the tests of a date, 1 on average: whole page groups and the site share WHOLE_SHARE of it."""
    whole = (frame[["device", "country", "browser"]] == "all").all(axis=1)
    by_date = whole.groupby(frame["event_date"])
    tests, wholes = by_date.transform("size"), by_date.transform("sum")
    mixed = (wholes > 0) & (wholes < tests)
    share = np.where(whole, WHOLE_SHARE / wholes.clip(lower=1), (1 - WHOLE_SHARE) / (tests - wholes).clip(lower=1))
    return pd.Series(np.where(mixed, share * tests, 1.0), frame.index)


def _family_q_values(frame: pd.DataFrame, p_values: pd.Series) -> pd.Series:
    """q-values of each metric and page group among those of its date: segments of one fault are one discovery."""
    family = ["event_date", "metric", "page_group"]
    whole = p_values.groupby([frame[name] for name in family]).agg(simes)
    q_values = whole.groupby(level="event_date").transform(benjamini_hochberg)
    return pd.Series(q_values.reindex(pd.MultiIndex.from_frame(frame[family])).to_numpy(), frame.index)


def _check(daily: pd.DataFrame) -> None:
    needed = {*KEY, "event_date", "value", "sample_count", "lower", "upper"}
    if missing := needed - set(daily.columns):
        raise ValueError(f"the frame of daily vitals lacks {sorted(missing)}; it needs {sorted(needed)}")
    twice = daily[daily.duplicated([*KEY, "event_date"])]
    if len(twice):
        first = twice.iloc[0]
        series = "/".join(first[KEY])
        raise ValueError(f"{series} has two rows for {first['event_date']}; one row for each series and day is right")
