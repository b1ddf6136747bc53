"""The hourly anomalies of `models.anomalies`: on counts that are known to be chance, and on real series with labels.

Run by hand: `python -m tests.benchmarks.anomalies` draws Poisson counts with quiet nights and weekends, 20 series of
100 days at each level, with hours and weekdays that multiply and with some that do not (busy weekend nights, quiet
Friday afternoons); two minutes. An alert is false if nothing was planted. Then, in each series, half of the events of
three hours by day are taken away every eighth day; found, if an hour of them or the one after is told. Stated limits: 1
false alert in 100 days, 90 % found (from 50 an hour on).

`python -m tests.benchmarks.anomalies DIR`, where DIR holds `data` and `combined_windows.json` of the Numenta Anomaly
Benchmark, puts them beside a seasonal z-score; half a minute. Artificial, traffic and tweet series as hourly means;
alerts within 24 hours of each other are one. A labelled window is found if an alert overlaps it, give or take an hour;
an alert that overlaps none is false. The seasonal z-score compares an hour with the same hour of the 14 days before,
3 standard deviations. Stated limits: silent on the series without anomaly, 0.70 of the windows found, 0.10 false alerts
a series-day.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from models.anomalies import LOOKBACK_DAYS, find_anomalies

HOUR = pd.Timedelta(hours=1)
MERGED_HOURS = 24
LEVELS = (2, 10, 30, 50, 100, 300, 1000, 3000)
SERIES = 20
HOURLY = np.array([8, 5, 3, 2, 2, 4, 9, 17, 26, 32, 36, 40, 44, 42, 40, 40, 42, 46, 54, 64, 70, 62, 40, 20])
# Weekend nights are as busy as weekday afternoons, Friday afternoons are quiet: hour and weekday do not multiply.
BUSY_NIGHTS, QUIET_FRIDAY = 6.0, 0.5
WEEKLY = np.array([1.05, 1.02, 1.0, 1.0, 1.1, 0.9, 0.85])
Spans = list[tuple[pd.Timestamp, pd.Timestamp]]


def main() -> None:
    """Prints what is found, and what is told for nothing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    folder = parser.parse_args().folder
    if not folder:
        print("counts an hour  hour × weekday  false alerts in 100 days  drops found")
        for level in LEVELS:
            for is_crossed in (False, True):
                false, found, planted = judge_counts(level, is_crossed)
                print(
                    f"{level:14}  {'yes' if is_crossed else 'no':>14}  {false:24.2f}  "
                    f"{found} of {planted} ({found / planted:.2f})",
                    flush=True,
                )
        return
    for name, detect in (("robust baseline", anomalies), ("seasonal z-score", z_scores)):
        found, windows, false, days, loud = judge(folder, detect)
        print(
            f"{name}: {found} of {windows} windows ({found / windows:.2f}), {false / days:.3f} false a series-day, "
            f"alerts on {loud} of the series without anomaly"
        )


def judge_counts(level: int, is_crossed: bool = False) -> tuple[float, int, int]:
    """Returns false alerts in 100 days, drops found, and drops planted; `is_crossed`: hours that differ by weekday."""
    rng = np.random.default_rng(level)
    hours = pd.date_range("2026-06-01", periods=24 * (LOOKBACK_DAYS + 100), freq="h")
    usual = level * HOURLY[hours.hour] / HOURLY.mean() * WEEKLY[hours.day_of_week]
    if is_crossed:
        usual = np.where((hours.day_of_week >= 5) & (hours.hour <= 3), BUSY_NIGHTS, 1.0) * usual
        usual = np.where((hours.day_of_week == 4) & (hours.hour >= 12) & (hours.hour < 18), QUIET_FRIDAY, 1.0) * usual
    counts = rng.poisson(usual, (SERIES, len(hours)))
    since = hours[24 * LOOKBACK_DAYS]
    told = far_hours(counts, hours, since)
    false = sum(len(merged(rows["hour_at"])) for _, rows in told.groupby("series"))
    starts = rng.integers(8, 18, (SERIES, 12)) + 24 * (LOOKBACK_DAYS + 2 + 8 * np.arange(12))
    for row, at in zip(counts, starts, strict=True):
        for start in at:
            row[start : start + 3] = rng.binomial(row[start : start + 3], 0.5)
    told = far_hours(counts, hours, since)
    fewer = told[told["change_share"] < 0].groupby("series")["hour_at"].agg(set)
    found = sum(
        any(hours[start + n] in fewer.get(str(series), ()) for n in range(4))
        for series, at in enumerate(starts)
        for start in at
    )
    return false / SERIES, found, starts.size


def far_hours(counts: np.ndarray, hours: pd.DatetimeIndex, since: pd.Timestamp) -> pd.DataFrame:
    """What is told of counts of shape (series, hours)."""
    names = np.repeat([str(number) for number in range(len(counts))], len(hours))
    rows = pd.DataFrame({"series": names, "hour_at": np.tile(hours, len(counts)), "value": counts.ravel()})
    return find_anomalies(rows, since, are_counts=True)


def judge(folder: Path, detect: Callable[[pd.Series], Spans]) -> tuple[int, int, int, int, int]:
    """Returns windows found, windows, false alerts, series-days, and series without anomaly that were not silent."""
    labels = json.loads((folder / "combined_windows.json").read_text())
    found = windows = false = days = loud = 0
    for path in sorted((folder / "data").glob("*/*.csv")):
        values = pd.read_csv(path, parse_dates=["timestamp"]).set_index("timestamp")["value"].resample("h").mean()
        alerts = detect(values)
        spans = [(pd.Timestamp(a), pd.Timestamp(b)) for a, b in labels[f"{path.parent.name}/{path.name}"]]
        if not spans:
            loud += bool(alerts)
            continue
        windows += len(spans)
        found += sum(any(a - HOUR <= end and b + HOUR >= start for a, b in alerts) for start, end in spans)
        false += sum(not any(a <= end and b + HOUR >= start for start, end in spans) for a, b in alerts)
        days += (values.index[-1] - values.index[0]).days
    return found, windows, false, days, loud


def anomalies(values: pd.Series) -> Spans:
    """The product's anomalies, each judged from its own past."""
    rows = pd.DataFrame({"series": "nab", "hour_at": values.index, "value": values.to_numpy()}).dropna()
    far = [
        find_anomalies(rows[rows["hour_at"] < first + pd.Timedelta(days=60)], first)["hour_at"]
        for first in pd.date_range(values.index[0], values.index[-1], freq="60D")
    ]
    return merged(hour for chunk in far for hour in chunk)


def z_scores(values: pd.Series) -> Spans:
    """Hours beyond 3 standard deviations of the same hour of the 14 days before."""
    by_hour = values.groupby(values.index.hour)
    mean = by_hour.transform(lambda same: same.shift().rolling(14, min_periods=3).mean())
    deviation = by_hour.transform(lambda same: same.shift().rolling(14, min_periods=3).std())
    return merged(values.index[(values - mean).abs() > 3 * deviation])


def merged(hours: Iterable[pd.Timestamp]) -> Spans:
    """First and last hour of each alert."""
    spans: Spans = []
    for hour in hours:
        if spans and hour - spans[-1][1] <= MERGED_HOURS * HOUR:
            spans[-1] = (spans[-1][0], hour)
        else:
            spans.append((hour, hour))
    return spans


if __name__ == "__main__":
    main()
