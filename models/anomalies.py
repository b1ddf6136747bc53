"""Anomalies of hourly series: hours far from what the two weeks before them predicted, up or down.

What belongs here: series of which only the values are known, no sampling error and no other series beside them. Web
vitals have both, and are judged in `degradations`.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.baselines import Array, forecasts, row_median

MODEL_NAME = "robust_daily_baseline"
MODEL_VERSION = "1"
COLUMNS = [
    "series", "started_at", "last_at", "hour_count", "value", "baseline_forecast", "change_share", "model_name",
    "model_version",
]  # fmt: skip
PERIOD = 24
WINDOW_HOURS = 14 * PERIOD
# The baseline of the oldest deviation that counts reaches as far back again.
LOOKBACK_HOURS = 2 * WINDOW_HOURS
# An hour is far off that lies beyond both: this many robust standard deviations, and nearly all deviations of the two
# weeks before, which is the larger one for series that jump by nature.
DEVIATIONS = 4.0
QUANTILE = 0.99
# A series that never moved is judged by this change (of the value, or of 1 + value where values are not negative).
SMALLEST_CHANGE = 0.1
# Hours closer than this are one anomaly.
MERGED_HOURS = 24


def find_anomalies(hourly: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """Find hours that are far from the level and hour of day of the two weeks before them.

    Series without negative values are judged on the scale of log(1 + value). The threshold of an hour is the larger
    one of DEVIATIONS robust standard deviations (1.4826 times the median absolute deviation) and of the QUANTILE of
    the absolute deviations of the two weeks before; an hour is judged from the second day of deviations on.

    Args:
        hourly: series (str), hour_at (UTC, the start of an hour), value (float). One row for each series and hour; a
            missing hour is a gap and never an anomaly. Hours before `since` by more than LOOKBACK_HOURS change nothing.
        since: the first hour to judge.

    Returns:
        COLUMNS, a row for each anomaly (hours within MERGED_HOURS of each other), sorted by series and time. value and
        baseline_forecast are of its worst hour, change_share is value / baseline - 1 (NaN where that is 0).

    Raises:
        ValueError: a series has two rows for one hour.
    """
    if hourly.duplicated(["series", "hour_at"]).any():
        raise ValueError("a series has two rows for one hour; one row for each series and hour is right")
    found = [_of_series(str(name), rows, since) for name, rows in hourly.groupby("series", sort=True)]
    kept = [frame for frame in found if len(frame)]
    if not kept:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(kept, ignore_index=True).assign(model_name=MODEL_NAME, model_version=MODEL_VERSION)[COLUMNS]


def _of_series(name: str, rows: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    by_hour = rows.set_index("hour_at")["value"].astype(float)
    first = max(by_hour.index.min(), since - pd.Timedelta(hours=LOOKBACK_HOURS))
    hours = pd.date_range(first, by_hour.index.max(), freq="h")
    values: Array = np.asarray(by_hour.reindex(hours), dtype=np.float64)
    is_count = bool(np.nanmin(values) >= 0)
    scaled: Array = np.asarray(np.log1p(values) if is_count else values, dtype=np.float64)
    # Phases are counted from the series' first hour: which hour of the day that is does not matter.
    baseline = forecasts(
        scaled[None], np.arange(len(hours)), period=PERIOD, level_steps=WINDOW_HOURS, season_steps=WINDOW_HOURS
    )[0]
    deviations = np.abs(scaled - baseline)
    smallest = SMALLEST_CHANGE if is_count else SMALLEST_CHANGE * np.abs(baseline)
    far = (deviations > np.maximum(_thresholds(deviations), smallest)) & (hours >= since)
    expected = np.expm1(baseline) if is_count else baseline
    flagged = pd.DataFrame({"hour_at": hours, "value": values, "baseline_forecast": expected, "deviation": deviations})[
        far
    ]
    return _merged(flagged).assign(series=name)


def _thresholds(deviations: Array) -> Array:
    """What each hour's deviation must exceed; infinite before a day of deviations is known."""
    made = np.full(len(deviations), np.inf)
    for hour in range(PERIOD, len(deviations)):
        past = deviations[max(0, hour - WINDOW_HOURS) : hour]
        known: NDArray[np.float64] = past[~np.isnan(past)]
        if len(known) >= PERIOD:
            spread = DEVIATIONS * 1.4826 * float(row_median(known[None])[0])
            made[hour] = max(spread, float(np.quantile(known, QUANTILE)))
    return made


def _merged(flagged: pd.DataFrame) -> pd.DataFrame:
    gap = flagged["hour_at"].diff() > pd.Timedelta(hours=MERGED_HOURS)
    rows = []
    for _, hours in flagged.groupby(gap.cumsum()):
        worst = hours.sort_values("deviation", kind="stable").iloc[-1]
        expected = worst["baseline_forecast"]
        rows.append(
            {
                "started_at": hours["hour_at"].iloc[0],
                "last_at": hours["hour_at"].iloc[-1],
                "hour_count": len(hours),
                "value": worst["value"],
                "baseline_forecast": expected,
                "change_share": worst["value"] / expected - 1 if expected else np.nan,
            }
        )
    return pd.DataFrame(rows)
