"""Anomalies of hourly series: far hours are found, noisy series are left alone, and the future does not matter."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.anomalies import COLUMNS, LOOKBACK_DAYS, find_anomalies

pytestmark = pytest.mark.slow
NAB = Path(__file__).parents[4] / "shared" / "data" / "nab" / "data"
START = pd.Timestamp("2026-08-03")
SINCE = START + pd.Timedelta(days=LOOKBACK_DAYS)
# Quiet nights and a long evening; fewer on weekends.
HOURLY = np.array([8, 5, 3, 2, 2, 4, 9, 17, 26, 32, 36, 40, 44, 42, 40, 40, 42, 46, 54, 64, 70, 62, 40, 20])
WEEKLY = np.array([1.05, 1.02, 1.0, 1.0, 1.1, 0.9, 0.85])


def counts(level: float, seed: int = 1, days: int = LOOKBACK_DAYS + 14) -> pd.DataFrame:
    """Poisson counts around `level` an hour, some series of it."""
    hours = pd.date_range(START, periods=24 * days, freq="h")
    usual = level * HOURLY[hours.hour] / HOURLY.mean() * WEEKLY[hours.day_of_week]
    drawn = np.random.default_rng([seed, int(level)]).poisson(usual, (8, len(hours)))
    names = np.repeat([f"site {n}" for n in range(8)], len(hours))
    return pd.DataFrame({"series": names, "hour_at": np.tile(hours, 8), "value": drawn.ravel().astype(float)})


def measured(seed: int = 1, days: int = 50) -> pd.DataFrame:
    """A series with a day's hump, and chance."""
    hours = pd.date_range(START, periods=24 * days, freq="h")
    usual = 500 * (1.2 + np.sin(2 * np.pi * (hours.hour - 9) / 24))
    chance = np.exp(np.random.default_rng(seed).normal(0, 0.05, len(hours)))
    return pd.DataFrame({"series": "response", "hour_at": hours, "value": usual * chance})


def changed(hourly: pd.DataFrame, first: pd.Timestamp, hours: int, factor: float) -> pd.DataFrame:
    hit = hourly["hour_at"].between(first, first + pd.Timedelta(hours=hours - 1))
    return hourly.assign(value=hourly["value"].where(~hit, (hourly["value"] * factor).round()))


def test_the_chance_of_counts_is_no_anomaly_at_any_level_by_day_or_night():
    alarms = sum(len(find_anomalies(counts(level), SINCE, are_counts=True)) for level in (2, 30, 1000))
    assert alarms <= 3  # of 3 levels × 8 series × 14 days


@pytest.mark.parametrize("level", [30, 300])
def test_three_hours_with_half_of_the_traffic_are_found(level):
    noon = SINCE + pd.Timedelta(days=9, hours=12)
    found = find_anomalies(changed(counts(level), noon, 3, 0.5), SINCE, are_counts=True)
    assert list(found.columns) == COLUMNS
    hit = found[found["hour_at"].between(noon, noon + pd.Timedelta(hours=3))]
    assert hit["series"].nunique() >= 7  # of 8
    assert (hit["value"] < hit["baseline_lower"]).all()
    assert hit["change_share"].median() == pytest.approx(-0.5, abs=0.1)


def test_busy_hours_of_one_weekday_are_usual_and_twice_as_many_are_not():
    hourly = counts(100)
    is_night = (hourly["hour_at"].dt.day_of_week >= 5) & (hourly["hour_at"].dt.hour <= 3)
    rng = np.random.default_rng(2)
    busy = hourly.assign(value=hourly["value"] + is_night * rng.poisson(300, len(hourly)))
    found = find_anomalies(busy, SINCE, are_counts=True)
    assert len(found) <= 3  # of 8 series × 14 days
    saturday = SINCE.normalize() + pd.Timedelta(days=(5 - SINCE.day_of_week) % 7, hours=1)
    hit = find_anomalies(changed(busy, saturday, 3, 2.0), SINCE, are_counts=True)
    hit = hit[hit["hour_at"].between(saturday, saturday + pd.Timedelta(hours=3))]
    assert hit["series"].nunique() == 8
    assert hit["change_share"].median() == pytest.approx(1.0, abs=0.25)


def test_a_history_under_two_weeks_is_not_blind():
    hourly = measured(days=12)
    at = START + pd.Timedelta(days=8, hours=14)
    found = find_anomalies(changed(hourly, at, 2, 1.5), START)
    assert at in set(found["hour_at"]) and len(found) <= 4


def test_an_outage_does_not_hide_the_next_one():
    first, second = (SINCE + pd.Timedelta(days=day, hours=14) for day in (2, 9))
    hourly = changed(changed(counts(100), first, 8, 0.0), second, 3, 0.4)
    found = find_anomalies(hourly, SINCE, are_counts=True)
    assert found[found["hour_at"] >= second]["series"].nunique() >= 7  # of 8


def test_hours_after_change_nothing_and_days_long_before_neither():
    noon = SINCE + pd.Timedelta(days=10, hours=12)
    hourly = changed(counts(50), noon, 5, 3.0)
    since = noon - pd.Timedelta(hours=8)
    whole = find_anomalies(hourly, since, are_counts=True)
    late = hourly[hourly["hour_at"] >= since.normalize() - pd.Timedelta(days=LOOKBACK_DAYS)]
    pd.testing.assert_frame_equal(find_anomalies(late, since, are_counts=True), whole)
    early = find_anomalies(hourly[hourly["hour_at"] < noon + pd.Timedelta(hours=2)], since, are_counts=True)
    pd.testing.assert_frame_equal(early, whole[whole["hour_at"].isin(early["hour_at"].unique())].reset_index(drop=True))
    assert set(early["hour_at"]) == {noon, noon + pd.Timedelta(hours=1)}


def test_lost_hours_of_a_measured_series_are_found_and_its_nights_are_not():
    since = START + pd.Timedelta(days=35)
    at = since + pd.Timedelta(days=5, hours=14)
    found = find_anomalies(changed(measured(), at, 3, 0.1), since)
    assert set(at + pd.Timedelta(hours=1) * np.arange(3)) <= set(found["hour_at"])
    assert found.iloc[0]["change_share"] == pytest.approx(-0.9, abs=0.05)
    assert len(found) <= 5


def test_two_rows_for_an_hour_and_negative_counts_are_refused():
    with pytest.raises(ValueError, match="two rows for one hour"):
        find_anomalies(pd.concat([measured(), measured()]), SINCE)
    with pytest.raises(ValueError, match="negative"):
        find_anomalies(measured().assign(value=-1.0), SINCE, are_counts=True)


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
