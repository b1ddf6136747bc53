"""Forecasts of KPI series: what they promise, and whether many simulated series keep the promise."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import evaluation
from models.backtests import DAILY, HOURLY, SEASONAL_NAIVE, choose, forecast_panel
from models.forecasts import (
    BACKTEST_COLUMNS,
    FORECAST_COLUMNS,
    HOURLY_COLUMNS,
    closed_weekdays,
    forecast_hours,
    forecast_kpis,
)

pytestmark = pytest.mark.slow

AS_OF = date(2026, 11, 1)
# Smaller trees than the real ones, a tenth of the time.
SMALL = {kind: replace(kind, trees=(1500, 15, 8, 2, 0.07)) for kind in (DAILY, HOURLY)}
M4 = Path(__file__).parents[4] / "shared" / "data" / "m4_hourly"


@pytest.fixture(autouse=True)
def small_trees(monkeypatch):
    monkeypatch.setattr("models.forecasts.DAILY", SMALL[DAILY])
    monkeypatch.setattr("models.forecasts.HOURLY", SMALL[HOURLY])


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
    order = ["value_95_lower", "value_90_lower", "value_80_lower", "value_forecast"]
    order += ["value_80_upper", "value_90_upper", "value_95_upper"]
    assert (rows[order].diff(axis=1).iloc[:, 1:] >= 0).all().all()
    assert (rows["value_95_upper"] > rows["value_80_upper"]).all()


def test_days_after_the_forecast_date_change_nothing():
    past, future = frame(a_series(3, 200)), frame(np.full(60, 1e9), end=AS_OF + timedelta(days=60))
    with_future = forecast_kpis(pd.concat([past, future]), AS_OF)
    for alone, together in zip(forecast_kpis(past, AS_OF)[:3], with_future[:3], strict=True):
        pd.testing.assert_frame_equal(alone, together)


def test_the_order_of_the_rows_changes_nothing():
    daily = pd.concat([frame(a_series(4, 120)), frame(a_series(5, 120), "inp_p75_ms")])
    for one, other in zip(
        forecast_kpis(daily, AS_OF)[:3], forecast_kpis(daily.sample(frac=1, random_state=1), AS_OF)[:3], strict=True
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
    assert len(set(old["model_name"])) == 3
    pd.testing.assert_frame_equal(old, new)


def test_a_fold_of_hours_knows_nothing_after_its_cutoff():
    hour = np.arange(900)
    values = np.exp(5 + 0.3 * np.sin(2 * np.pi * hour / 24) + np.random.default_rng(6).normal(0, 0.05, len(hour)))
    changed = values.copy()
    changed[-150:] *= 1.5
    old, new = (forecast_panel([v], SMALL[HOURLY], [(0, np.inf)])[0].backtest for v in (values, changed))
    old, new = (rows[rows["cutoff"] < len(hour) - 150 - 48].drop(columns="is_chosen") for rows in (old, new))
    assert old.groupby("model_name").size().tolist() == [6, 6, 6]  # three folds, each over one day and over two
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
    assert set(rows["model_name"]) == {SEASONAL_NAIVE}
    assert rows["value_forecast"].to_numpy() == pytest.approx(np.tile(values[-7:], 4))
    assert rows.notna().all().all()


def test_a_few_missing_days_are_no_obstacle():
    values = a_series(10, 150)
    holes = values.copy()
    holes[[20, 21, 90, 141]] = np.nan
    whole, pierced = (forecast_kpis(frame(v), AS_OF).forecasts["value_forecast"].to_numpy() for v in (values, holes))
    assert np.abs(pierced / whole - 1).max() < 0.1


def test_the_model_with_the_least_error_over_the_backtest_is_used():
    daily = pd.concat([frame(a_series(seed, 200, "drift"), f"kpi_{seed}") for seed in range(6)])
    found = forecast_kpis(daily, AS_OF)
    whole = found.backtests[found.backtests["horizon_days"] == 28]
    mase = whole.pivot_table(index="kpi", columns="model_name", values="mase")
    used = found.forecasts.groupby("kpi")[["model_name", "model_reason"]].first()
    assert used["model_name"].tolist() == mase.idxmin(axis=1).tolist()
    assert (used["model_reason"] == "beats_naive").sum() >= 5  # noise in the newest week is what a model averages away


def test_ninety_days_are_enough_for_a_model_beside_older_series():
    series = [a_series(seed, days) for seed, days in ((1, 90), (2, 90), (3, 90), (4, 400))]
    found = forecast_panel(series, SMALL[DAILY], [(0, np.inf)] * 4)
    assert {one.model_reason for one in found} <= {"beats_naive", "naive_is_best"}


@pytest.mark.parametrize(
    ("naive", "model", "chosen"),
    [
        ([1.0, 1.1, 0.9, 1.0], [0.8, 0.9, 0.9, 1.0], ("ridge", "beats_naive")),
        ([1.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 3.0], (SEASONAL_NAIVE, "naive_is_best")),
        ([1.0, 1.0, 1.0], [0.5, 0.5, 0.5], (SEASONAL_NAIVE, "short_history")),
    ],
)
def test_the_seasonal_naive_is_shown_where_nothing_beats_it_on_four_folds(naive, model, chosen):
    rows = [
        {"cutoff": i, "horizon_steps": 28, "model_name": name, "mase": value}
        for name, values in ((SEASONAL_NAIVE, naive), ("ridge", model))
        for i, value in enumerate(values)
    ]
    assert choose(pd.DataFrame(rows), 28) == chosen


def test_a_day_on_which_the_site_was_down_is_no_guide_to_traffic():
    views, up = a_series(11, 150), np.ones(150)
    views[-3], up[-3] = views[-3] * 0.2, 0.5
    whole = pd.concat([frame(views, "page_view_count"), frame(up, "availability_share")], ignore_index=True)
    missing = whole.drop(whole.index[(whole["kpi"] == "page_view_count") & (whole["value"] == views[-3])])
    one, other = (forecast_kpis(f, AS_OF).forecasts for f in (whole, missing))
    pd.testing.assert_frame_equal(one, other)


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


def an_hourly_frame(days: int, seed: int = 0) -> pd.DataFrame:
    hours = pd.date_range(end=pd.Timestamp(AS_OF) + pd.Timedelta(hours=23), periods=24 * days, freq="h")
    of_day = 1 + 0.8 * np.sin(2 * np.pi * (hours.hour.to_numpy() - 9) / 24)
    expected = 200 * of_day * np.where(hours.day_of_week.to_numpy() < 5, 1.0, 0.5)
    return pd.DataFrame(
        {"kpi": "page_view_count", "hour_at": hours, "value": np.random.default_rng(seed).poisson(expected)}
    )


def test_hours_are_forecast_for_two_days_and_know_the_weekend():
    found = forecast_hours(an_hourly_frame(40), date(2026, 10, 30))  # a Friday
    rows = found.forecasts
    assert list(rows.columns) == HOURLY_COLUMNS
    assert rows["horizon_hours"].tolist() == list(range(1, 49))
    assert rows["hour_at"].iloc[[0, -1]].tolist() == [
        pd.Timestamp("2026-10-31 00:00"),
        pd.Timestamp("2026-11-01 23:00"),
    ]
    assert set(rows["model_reason"]) == {"beats_naive"}
    assert 150 < rows["value_forecast"].iloc[15] < 260  # 360 on the Friday before, 180 on a Saturday
    assert rows["value_95_lower"].min() >= 0


@pytest.mark.slow
def test_intervals_cover_what_they_promise_and_the_choice_beats_the_seasonal_naive():
    series = [a_series(1000 + seed, days + 28, kind) for seed in range(5) for kind in ("flat", "drift", "year")
              for days in (40, 90, 200)]  # fmt: skip
    found = forecast_panel([values[:-28] for values in series], SMALL[DAILY], [(0, np.inf)] * len(series))
    for level, allowed in ((0.80, (0.74, 0.88)), (0.90, (0.85, 0.96)), (0.95, (0.91, 0.99))):
        held = [evaluation.coverage(v[-28:], *f.intervals[level]) for v, f in zip(series, found, strict=True)]
        assert allowed[0] <= np.mean(held) <= allowed[1]
    ratios = [
        np.abs(f.forecast - v[-28:]).mean() / np.abs(np.tile(v[-35:-28], 4) - v[-28:]).mean()
        for v, f in zip(series, found, strict=True)
        if len(v) == 228
    ]
    assert np.mean(ratios) < 0.90


@pytest.mark.slow
@pytest.mark.skipif(not M4.is_dir(), reason=f"the M4 hourly series are not at {M4}")
def test_on_m4_hourly_series_the_choice_is_better_than_the_seasonal_naive():
    train, test = (pd.read_csv(M4 / f"{name}_H1_to_H30.csv") for name in ("train", "test"))
    names = [f"H{i}" for i in range(1, 31, 5)]
    history, actual = (
        [frame.loc[frame["series"] == name, "value"].to_numpy(dtype=float) for name in names] for frame in (train, test)
    )
    found = forecast_panel(history, HOURLY, [(0, np.inf)] * len(names))
    scores = [
        (evaluation.mase(y, np.resize(h[-24:], 48), h, 24), evaluation.mase(y, f.forecast, h, 24),
         evaluation.coverage(y, *f.intervals[0.95]))
        for h, y, f in zip(history, actual, found, strict=True)
    ]  # fmt: skip
    naive, chosen, covered = np.mean(scores, axis=0)
    assert chosen < 0.95 * naive
    assert covered > 0.85


@pytest.mark.parametrize("later_days", [4, 7, 15])
def test_a_series_that_begins_later_than_another_is_forecast_as_it_would_be_alone(later_days):
    """The slow season of a series that had not begun became NaN two of its periods before its beginning."""
    rng = np.random.default_rng(0)
    count = 42 * 24
    hours = pd.date_range("2026-09-21", periods=count, freq="h")
    level = 200 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(count) / 24)) * np.where(hours.day_of_week > 4, 0.7, 1)
    views = pd.DataFrame({"kpi": "page_view_count", "hour_at": hours, "value": rng.poisson(level).astype(float)})
    orders = pd.DataFrame({"kpi": "order_count", "hour_at": hours, "value": rng.poisson(level / 10).astype(float)})
    found = forecast_hours(pd.concat([views, orders.iloc[later_days * 24 :]]), AS_OF).forecasts
    assert len(found) == 2 * 48
    assert np.isfinite(found.filter(regex="^value").to_numpy()).all()


@pytest.mark.parametrize("is_delivered", [True, False])
def test_the_forecast_of_a_weekday_on_which_a_shop_is_closed_is_nothing(is_delivered):
    rng = np.random.default_rng(4)
    days = pd.date_range(end=AS_OF, periods=140)
    is_closed = days.day_of_week == 5
    revenue = np.where(is_closed, 0.0, rng.lognormal(10, 0.2, len(days)))
    daily = pd.DataFrame({"kpi": "revenue_net", "event_date": days.date, "value": revenue})
    found = forecast_kpis(daily[~is_closed | is_delivered], AS_OF).forecasts
    saturday = pd.to_datetime(found["event_date"]).dt.day_of_week == 5
    numbers = found.filter(regex="^value")
    assert saturday.sum() == 4
    assert (numbers[saturday] == 0).all(axis=None)
    assert (numbers[~saturday] > 5_000).all(axis=None)


def test_a_weekday_without_a_value_for_less_than_eight_weeks_is_not_closed():
    rng = np.random.default_rng(4)
    days = pd.date_range(end=AS_OF, periods=140)
    is_away = (days.day_of_week == 5) & (days > days[-1] - pd.Timedelta(weeks=7))
    revenue = np.where(is_away, 0.0, rng.lognormal(10, 0.2, len(days)))
    past = pd.DataFrame({"kpi": "revenue_net", "at": days, "value": revenue})
    assert closed_weekdays(past, days[-1]) == {"revenue_net": set()}
    assert closed_weekdays(past.assign(kpi="conversion_share"), days[-1]) == {}
    assert closed_weekdays(past.tail(40), days[-1]) == {}
