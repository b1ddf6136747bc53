"""Degradations of web vitals: days on which a series is worse than the days before it predicted.

What belongs here: the decision after all series of one date are counted. How a day departs from its baseline is in
`departures`; everything about a date is made from the days before it and from nothing else, so that a backfill of
another date changes no row. How degraded days make one degradation is in `episodes`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from models.departures import KEY, LOOKBACK_DAYS, TESTS, History, Scores, history_of, scores_of, without_holidays
from models.holidays import holiday_numbers
from models.significance import benjamini_hochberg, simes

MODEL_NAME = "robust_weekly_baseline"
MODEL_VERSION = "4"
COLUMNS = [
    *KEY, "event_date", "value", "baseline_forecast", "baseline_lower", "baseline_upper", "change_share",
    "within_change_share", "test", "p_value", "q_value", "lone_q_value", "is_degraded", "sample_count", "model_name",
    "model_version",
]  # fmt: skip

# The share of the allowance for false discoveries that goes to whole page groups and the site; segments, of which
# there are many more, get the rest. Fixed weights keep the false discovery rate (Genovese, Roeder, Wasserman, "False
# discovery control with p-value weighting", Biometrika 93, 2006).
WHOLE_SHARE = 0.8
# The same of a series among its TESTS: two days prove most steps, and a drift has weeks to be found.
TEST_SHARES = (1 / 3, 1 / 2, 1 / 6)


def find_degradations(
    daily: pd.DataFrame,
    event_dates: Iterable[date],
    *,
    min_change_share: float = 0.05,
    q: float = 0.02,
    min_sample_count: int = 50,
    holidays: Mapping[str, Sequence[date]] | None = None,
) -> pd.DataFrame:
    """Test each series on each date against its robust weekly-seasonal baseline.

    On a log scale, value = level (median of the last 28 days without their weekday effects) + weekday effect (median of
    the last six weeks, pulled towards 0); days that were faulty themselves are left out. Where a series has devices,
    each device is held against its own baseline and the differences are averaged with the devices' usual shares, so
    that a change of mix is no degradation. Three statistics are tested, one-sided: the day, the mean of the day and
    the day before, and the mean of the last week against a baseline that ended four weeks before. The smallest p-value,
    divided by the share of its test in TEST_SHARES, counts. q-values are Benjamini-Hochberg over all series tested on
    one date, weighted; besides, the metric and page group as a whole (Simes over its series) must be a discovery,
    because that is what is told.

    Args:
        daily: KEY (str; 'all' is a value like any other), event_date (UTC date), value (p75; ms, or no unit for CLS),
            sample_count (page views), lower and upper (95 % interval of the p75, missing allowed). One row for each
            series and day. Needs the LOOKBACK_DAYS days before each date; other days change nothing.
        event_dates: the UTC dates to test.
        min_change_share: the least worsening that matters, relative to the baseline (0.05 = 5 %).
        q: false discovery rate among the series of one date.
        min_sample_count: a day with fewer page views is not tested, nor part of a baseline.
        holidays: dates by name, besides the usual ones (`holidays`). What one does to all series of a metric alike
            is no degradation, up to 10 %.

    Returns:
        COLUMNS, a row for each series and date that could be tested, sorted by date and series. Values, baseline and
        its 95 % prediction interval are in the metric's unit; change_share is value / baseline - 1 of the day, and
        within_change_share what the deciding test (`test`, one of TESTS) found with the devices' shares held;
        lone_q_value is what q_value would be if no other series of the date were a discovery (Bonferroni). A series
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
    history = without_holidays(history_of(rows, days), holiday_numbers(days, holidays) > 0)
    return _decide(rows, history, dates, scores_of(history, days.get_indexer(pd.Index(dates))), min_change_share, q)


def _decide(
    rows: pd.DataFrame, history: History, dates: list[pd.Timestamp], scores: Scores, min_change_share: float, q: float
) -> pd.DataFrame:
    """The output frame: values and baselines in the metric's unit, q-values counted date by date."""
    known = np.where(np.isnan(scores.p_value), np.inf, scores.p_value) / np.reshape(TEST_SHARES, (-1, 1, 1))
    best = known.argmin(axis=0)
    p_value = np.minimum(known.min(axis=0), 1.0)
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
    allowances = _allowances(frame)
    allowed = frame["p_value"] / allowances
    by_date = allowed.clip(upper=1.0).groupby(frame["event_date"])
    frame["q_value"] = by_date.transform(benjamini_hochberg)
    frame["lone_q_value"] = (allowed * by_date.transform("size")).clip(upper=1.0)
    frame["is_degraded"] = (
        (frame["q_value"] <= q)
        & (_family_q_values(frame, allowances) <= q)
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


def _family_q_values(frame: pd.DataFrame, allowances: pd.Series) -> pd.Series:
    """q-values of each metric and page group among those of its date: segments of one fault are one discovery.

    Allowances are shared out anew among the series of each, 1 on average, so that many segments are no handicap.
    """
    family = [frame[name] for name in ("event_date", "metric", "page_group")]
    allowed = frame["p_value"] * allowances.groupby(family).transform("mean") / allowances
    whole = allowed.groupby(family).agg(simes)
    q_values = whole.groupby(level="event_date").transform(benjamini_hochberg)
    return pd.Series(q_values.reindex(pd.MultiIndex.from_arrays(family)).to_numpy(), frame.index)


def _check(daily: pd.DataFrame) -> None:
    needed = {*KEY, "event_date", "value", "sample_count", "lower", "upper"}
    if missing := needed - set(daily.columns):
        raise ValueError(f"the frame of daily vitals lacks {sorted(missing)}; it needs {sorted(needed)}")
    twice = daily[daily.duplicated([*KEY, "event_date"])]
    if len(twice):
        first = twice.iloc[0]
        series = "/".join(first[KEY])
        raise ValueError(f"{series} has two rows for {first['event_date']}; one row for each series and day is right")
