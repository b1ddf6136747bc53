"""The hourly anomalies of `models.anomalies` on the Numenta Anomaly Benchmark, beside a seasonal z-score.

Run by hand: `python -m tests.benchmarks.anomalies DIR`, where DIR holds NAB's `data` and `combined_windows.json`; half
a minute. Artificial, traffic and tweet series as hourly means; alerts within 24 hours of each other are one. A labelled
window is found if an alert overlaps it, give or take an hour; an alert that overlaps none is false. The seasonal
z-score compares an hour with the same hour of the 14 days before, 3 standard deviations. Stated limits: silent on the
series without anomaly, 0.70 of the windows found, 0.10 false alerts a series-day.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from models.anomalies import MERGED_HOURS, find_anomalies

HOUR = pd.Timedelta(hours=1)
Spans = list[tuple[pd.Timestamp, pd.Timestamp]]


def main() -> None:
    """Prints found windows and false alerts of both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, detect in (("robust baseline", anomalies), ("seasonal z-score", z_scores)):
        found, windows, false, days, loud = judge(folder, detect)
        print(
            f"{name}: {found} of {windows} windows ({found / windows:.2f}), {false / days:.3f} false a series-day, "
            f"alerts on {loud} of the series without anomaly"
        )


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
    spans: Spans = []
    for first in pd.date_range(values.index[0], values.index[-1], freq="60D"):
        chunk = rows[rows["hour_at"] < first + pd.Timedelta(days=60)]
        found = find_anomalies(chunk, first)
        spans += list(zip(found["started_at"], found["last_at"], strict=True))
    return spans


def z_scores(values: pd.Series) -> Spans:
    """Hours beyond 3 standard deviations of the same hour of the 14 days before."""
    by_hour = values.groupby(values.index.hour)
    mean = by_hour.transform(lambda same: same.shift().rolling(14, min_periods=3).mean())
    deviation = by_hour.transform(lambda same: same.shift().rolling(14, min_periods=3).std())
    spans: Spans = []
    for hour in values.index[(values - mean).abs() > 3 * deviation]:
        if spans and hour - spans[-1][1] <= MERGED_HOURS * HOUR:
            spans[-1] = (spans[-1][0], hour)
        else:
            spans.append((hour, hour))
    return spans


if __name__ == "__main__":
    main()
