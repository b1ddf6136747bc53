"""Anomalies of hourly series: far hours are found, noisy series are left alone, and the future does not matter."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.anomalies import COLUMNS, find_anomalies

NAB = Path(__file__).parents[4] / "shared" / "data" / "nab" / "data"
START = pd.Timestamp("2026-10-01")
SINCE = START + pd.Timedelta(days=20)


def traffic(seed: int = 1, days: int = 30) -> pd.DataFrame:
    """Page views by hour: a day's hump, and chance."""
    hours = pd.date_range(START, periods=24 * days, freq="h")
    usual = 500 * (1.2 + np.sin(2 * np.pi * (hours.hour - 9) / 24))
    chance = np.exp(np.random.default_rng(seed).normal(0, 0.05, len(hours)))
    return pd.DataFrame({"series": "page views", "hour_at": hours, "value": usual * chance})


def changed(hourly: pd.DataFrame, first: str, hours: int, factor: float) -> pd.DataFrame:
    since = pd.Timestamp(first)
    hit = hourly["hour_at"].between(since, since + pd.Timedelta(hours=hours - 1))
    return hourly.assign(value=hourly["value"].where(~hit, hourly["value"] * factor))


def test_three_hours_of_lost_traffic_are_one_anomaly():
    found = find_anomalies(changed(traffic(), "2026-10-25 14:00", 3, 0.1), SINCE)
    assert list(found.columns) == COLUMNS
    (row,) = found.to_dict("records")
    assert (row["started_at"], row["last_at"]) == (pd.Timestamp("2026-10-25 14:00"), pd.Timestamp("2026-10-25 16:00"))
    assert row["hour_count"] == 3
    assert row["change_share"] == pytest.approx(-0.9, abs=0.05)


def test_the_quiet_of_every_night_is_none():
    alarms = sum(len(find_anomalies(traffic(seed), SINCE)) for seed in range(4))
    assert alarms <= 2  # of 40 days


def test_hours_after_change_nothing_and_old_ones_neither():
    whole = changed(traffic(days=60), "2026-11-25 14:00", 5, 3.0)
    since = pd.Timestamp("2026-11-24")
    late = whole[whole["hour_at"] >= since - pd.Timedelta(hours=28 * 24)]
    pd.testing.assert_frame_equal(find_anomalies(whole, since), find_anomalies(late, since))
    before = whole[whole["hour_at"] < pd.Timestamp("2026-11-25 16:00")]
    assert find_anomalies(before, since)["hour_count"].tolist() == [2]
    assert find_anomalies(whole, since)["hour_count"].tolist() == [5]


def test_two_rows_for_an_hour_are_refused():
    with pytest.raises(ValueError, match="two rows for one hour"):
        find_anomalies(pd.concat([traffic(), traffic()]), SINCE)


@pytest.mark.skipif(not NAB.is_dir(), reason=f"the Numenta Anomaly Benchmark is not at {NAB}")
def test_the_series_of_the_benchmark_that_have_no_anomaly_have_none():
    hourly = [
        pd.read_csv(path, parse_dates=["timestamp"])
        .resample("h", on="timestamp")["value"].mean().rename_axis("hour_at").reset_index().assign(series=path.stem)
        for path in sorted((NAB / "artificialNoAnomaly").glob("*.csv"))
    ]  # fmt: skip
    assert len(hourly) == 5
    rows = pd.concat(hourly)
    assert find_anomalies(rows, rows["hour_at"].min()).empty
