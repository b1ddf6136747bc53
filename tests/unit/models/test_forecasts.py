"""Forecasts of KPI series: what they promise, and whether many simulated series keep the promise."""

import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import evaluation
from models.backtests import NAIVE, RIDGE, forecast_series
from models.forecasts import BACKTEST_COLUMNS, FORECAST_COLUMNS, forecast_kpis

AS_OF = date(2026, 11, 1)
M4 = Path(__file__).parents[4] / "shared" / "data" / "m4_hourly"


def a_series(seed: int, days: int, kind: str = "flat") -> np.ndarray:
    """A positive daily series: a week, autocorrelated noise of 3 %, and a level that is flat, drifts, or has a year."""
    rng = np.random.default_rng(seed)
    step = np.arange(days)
    noise = np.zeros(days)
    for i in range(1, days):
        noise[i] = 0.5 * noise[i - 1] + rng.normal(0, 0.03)
    week = rng.normal(0, 0.08, 7)[step % 7]
    level = {
        "flat": np.zeros(days),
        "drift": np.cumsum(rng.normal(0, 0.004, days)),
        "year": 0.1 * np.sin(2 * np.pi * (step + rng.integers(365)) / 365.25),
    }[kind]
    return np.exp(7 + level + week + noise)


def frame(values: np.ndarray, kpi: str = "lcp_p75_ms", end: date = AS_OF) -> pd.DataFrame:
    days = [end - timedelta(days=len(values) - 1 - i) for i in range(len(values))]
    return pd.DataFrame({"kpi": kpi, "event_date": days, "value": values})


def test_a_forecast_has_the_columns_and_a_row_for_each_day_ahead():
    found = forecast_kpis(frame(a_series(1, 120)), AS_OF)
    assert list(found.forecasts.columns) == FORECAST_COLUMNS
    assert list(found.backtests.columns) == BACKTEST_COLUMNS
    assert found.forecasts["horizon_days"].tolist() == list(range(1, 29))
    assert found.forecasts["event_date"].iloc[[0, -1]].tolist() == [
        AS_OF + timedelta(days=1),
        AS_OF + timedelta(days=28),
    ]
    assert found.skipped.empty


def test_intervals_are_nested_round_the_forecast():
    rows = forecast_kpis(frame(a_series(2, 150)), AS_OF).forecasts
    order = ["value_95_lower", "value_80_lower", "value_forecast", "value_80_upper", "value_95_upper"]
    assert (rows[order].diff(axis=1).iloc[:, 1:] >= 0).all().all()
    assert (rows["value_95_upper"] > rows["value_80_upper"]).all()


def test_days_after_the_forecast_date_change_nothing():
    past, future = frame(a_series(3, 200)), frame(np.full(60, 1e9), end=AS_OF + timedelta(days=60))
    with_future = forecast_kpis(pd.concat([past, future]), AS_OF)
    for alone, together in zip(forecast_kpis(past, AS_OF), with_future, strict=True):
        pd.testing.assert_frame_equal(alone, together)


def test_the_order_of_the_rows_changes_nothing():
    daily = pd.concat([frame(a_series(4, 120)), frame(a_series(5, 120), "inp_p75_ms")])
    for one, other in zip(
        forecast_kpis(daily, AS_OF), forecast_kpis(daily.sample(frac=1, random_state=1), AS_OF), strict=True
    ):
        pd.testing.assert_frame_equal(one, other)


def test_a_backtest_fold_knows_nothing_after_its_cutoff():
    values = a_series(6, 200)
    before = forecast_kpis(frame(values), AS_OF).backtests
    changed = values.copy()
    changed[-60:] *= 1.5
    after = forecast_kpis(frame(changed), AS_OF).backtests
    last_judged = AS_OF - timedelta(days=60 + 28)
    old, new = (rows[rows["cutoff_date"] <= last_judged].drop(columns="is_chosen") for rows in (before, after))
    assert set(old["model_name"]) == {NAIVE, RIDGE}
    pd.testing.assert_frame_equal(old, new)


def test_a_share_stays_between_0_and_1_and_a_count_at_0_or_above():
    rng = np.random.default_rng(7)
    share = frame(np.clip(rng.normal(0.99, 0.02, 120), 0, 1), "availability_share")
    count = frame(rng.poisson(0.5, 120).astype(float), "outage_count")
    rows = forecast_kpis(pd.concat([share, count]), AS_OF).forecasts.set_index("kpi")
    values = rows.filter(like="value_")
    assert values.loc["availability_share"].min().min() >= 0
    assert values.loc["availability_share"].max().max() == 1.0
    assert values.loc["outage_count"].min().min() == 0.0


def test_a_series_that_was_negative_may_be_forecast_so():
    values = np.random.default_rng(8).normal(-50, 30, 90)
    rows = forecast_kpis(frame(values, "revenue_net"), AS_OF).forecasts
    assert rows["value_95_lower"].max() < 0


@pytest.mark.parametrize(
    ("daily", "reason"),
    [
        (frame(a_series(1, 20)), "it has 20 days of history, 21 are needed"),
        (frame(a_series(1, 60), end=AS_OF - timedelta(days=15)), "its newest value is 15 days old, 14 at the most"),
        (frame(np.full(60, np.nan)), "it has no value"),
        (
            frame(a_series(1, 60)).iloc[::2].tail(29),
            "50% of its last 56 days have a value, 60% are needed",
        ),
    ],
)
def test_a_series_that_cannot_be_forecast_is_left_out_with_the_reason(daily, reason):
    found = forecast_kpis(daily, AS_OF)
    assert found.forecasts.empty
    assert found.skipped.to_dict("records") == [{"kpi": "lcp_p75_ms", "reason": reason}]


def test_three_weeks_are_forecast_by_the_seasonal_naive():
    values = a_series(9, 21)
    rows = forecast_kpis(frame(values), AS_OF).forecasts
    assert set(rows["model_name"]) == {NAIVE}
    assert rows["value_forecast"].to_numpy() == pytest.approx(np.tile(values[-7:], 4))
    assert rows.notna().all().all()


def test_a_few_missing_days_are_no_obstacle():
    values = a_series(10, 150)
    holes = values.copy()
    holes[[20, 21, 90, 141]] = np.nan
    whole, pierced = (forecast_kpis(frame(v), AS_OF).forecasts["value_forecast"].to_numpy() for v in (values, holes))
    assert np.abs(pierced / whole - 1).max() < 0.1


def test_a_model_that_does_not_beat_the_seasonal_naive_is_not_used():
    beaten = 0
    for seed in range(10):
        found = forecast_kpis(frame(a_series(seed, 200, "drift")), AS_OF)
        whole = found.backtests[found.backtests["horizon_days"] == 28]
        mase = whole.pivot(index="cutoff_date", columns="model_name", values="mase").dropna()
        better = RIDGE if mase[RIDGE].mean() < mase[NAIVE].mean() else NAIVE
        assert set(found.forecasts["model_name"]) == {better}
        assert set(found.backtests.loc[found.backtests["is_chosen"], "model_name"]) == {better}
        beaten += better == RIDGE
    assert beaten >= 8  # noise in the newest week is what the ridge averages away


def test_where_the_newest_week_is_all_there_is_to_know_the_seasonal_naive_is_shown():
    weekly_walk = np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.2, 19)))
    assert forecast_series(np.repeat(weekly_walk, 7), 28, 7, (0, np.inf)).model_name == NAIVE


def test_two_rows_for_a_day_are_refused_with_the_day():
    daily = frame(a_series(1, 60))
    with pytest.raises(ValueError, match="lcp_p75_ms has two rows for 2026-11-01"):
        forecast_kpis(pd.concat([daily, daily.tail(1)]), AS_OF)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="lacks \\['value'\\]"):
        forecast_kpis(frame(a_series(1, 60)).drop(columns="value"), AS_OF)


def test_no_series_give_no_rows():
    found = forecast_kpis(frame(np.empty(0)), AS_OF)
    assert list(found.forecasts.columns) == FORECAST_COLUMNS
    assert found.forecasts.empty


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["flat", "drift", "year"])
@pytest.mark.parametrize("days", [40, 90, 200])
def test_intervals_cover_what_they_promise(kind, days):
    inside: dict[float, list[float]] = {0.80: [], 0.95: []}
    for seed in range(30):
        series = a_series(1000 + seed, days + 28, kind)
        found = forecast_series(series[:days], 28, 7, (0, np.inf))
        for level, ends in found.intervals.items():
            inside[level].append(evaluation.coverage(series[days:], *ends))
    assert 0.73 <= np.mean(inside[0.80]) <= 0.92
    assert 0.90 <= np.mean(inside[0.95]) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "days", "seeds", "at_most"), [("flat", 200, 20, 0.90), ("drift", 200, 20, 0.92), ("year", 420, 8, 0.90)]
)
def test_the_chosen_model_beats_the_seasonal_naive_on_what_comes(kind, days, seeds, at_most):
    ratios = []
    for seed in range(seeds):
        series = a_series(2000 + seed, days + 28, kind)
        found = forecast_series(series[:days], 28, 7, (0, np.inf))
        naive = np.tile(series[days - 7 : days], 4)
        ratios.append(np.abs(found.forecast - series[days:]).mean() / np.abs(naive - series[days:]).mean())
    assert np.mean(ratios) < at_most


@pytest.mark.slow
def test_twenty_five_series_of_400_days_take_seconds():
    daily = pd.concat([frame(a_series(i, 400), f"kpi_{i:02}") for i in range(25)])
    started = time.process_time()
    found = forecast_kpis(daily, AS_OF)
    assert time.process_time() - started < 20  # about 4 s of CPU on an idle machine
    assert found.forecasts["kpi"].nunique() == 25


@pytest.mark.slow
@pytest.mark.skipif(not M4.is_dir(), reason=f"the M4 hourly series are not at {M4}")
def test_on_m4_hourly_series_the_naive_is_as_published_and_the_choice_is_better():
    train, test = (pd.read_csv(M4 / f"{name}_H1_to_H30.csv") for name in ("train", "test"))
    naive, chosen, covered = [], [], []
    for series, rows in train.groupby("series"):
        history = rows["value"].to_numpy(dtype=float)
        actual = test.loc[test["series"] == series, "value"].to_numpy(dtype=float)
        found = forecast_series(history, len(actual), 24, (0, np.inf))
        naive.append(evaluation.mase(actual, np.resize(history[-24:], len(actual)), history, 24))
        chosen.append(evaluation.mase(actual, found.forecast, history, 24))
        covered.append(evaluation.coverage(actual, *found.intervals[0.95]))
    assert np.mean(naive) == pytest.approx(1.2, abs=0.35)  # 1.193 over all 414 series
    assert np.mean(chosen) < np.mean(naive)
    assert np.mean(covered) > 0.85
