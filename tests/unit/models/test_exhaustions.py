"""Budgets and targets about to be missed, on forecasts whose errors are written by hand and on trends."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.backtests import SeriesForecast
from models.exhaustions import exhaust_budgets, foresee_windows, predict_breaches

AS_OF = date(2026, 11, 1)


def a_forecast(value: float, errors: np.ndarray) -> SeriesForecast:
    """A level forecast, and errors of whole paths: shape (paths,), the same at every step."""
    horizon = np.zeros(28)
    return SeriesForecast(
        "ridge",
        "beats_naive",
        horizon + value,
        {},
        pd.DataFrame(),
        (horizon, {}),
        value + errors[:, None] + horizon,
        np.zeros(0),
        np.zeros(0, dtype=int),
        np.zeros((0, 28)),
        np.zeros((0, 28)),
    )


def exhausted(bad: float | np.ndarray, coming: SeriesForecast, **window) -> tuple[pd.Series, pd.DataFrame]:
    """Of a budget of 1 %, with this bad share on each of the last 28 days, or these on as many as there are."""
    shares = np.full(28, bad) if isinstance(bad, float) else bad
    dates = pd.date_range(end=AS_OF, periods=len(shares))
    days = pd.DataFrame({"objective": "up", "event_date": dates, "bad_amount": shares * 1000, "total_amount": 1000.0})
    usual = {"window_kind": "rolling", "window_days": 28, "window_starts_on": AS_OF - timedelta(days=27)}
    objectives = pd.DataFrame([{"objective": "up", "target_share": 0.99} | usual | window])
    rows, left = exhaust_budgets(days, objectives, {"up": coming}, AS_OF)
    return rows.set_index("exhaustion_date")["probability"] if len(rows) else pd.Series(dtype=float), left


def test_half_of_the_past_errors_spend_the_budget_on_the_day_that_arithmetic_says():
    # Half a budget is spent. Of 30 paths 15 go on as before, 15 have 2 % bad: day n leaves 1 - (28·0.5 - 0.5n + 2n)/28,
    # below 0 from day 10 on (29 of 28). The other half of the ways follows the trend, and there is none.
    coming = a_forecast(0.005, np.repeat([0.0, 0.015], 15))
    probability, left = exhausted(0.005, coming)
    assert probability[AS_OF + timedelta(days=9)] == 0.0
    assert probability[AS_OF + timedelta(days=10)] == 0.25
    assert probability.iloc[-1] == 0.25
    assert left["value_80_upper"].iloc[0] == pytest.approx(0.5)
    assert left["kpi"].unique().tolist() == ["budget_remaining_share:up"]


def test_a_calendar_window_ends_before_the_budget_does():
    coming = a_forecast(0.02, np.zeros(30))
    window = {"window_kind": "calendar", "window_days": 31, "window_starts_on": AS_OF - timedelta(days=27)}
    probability, _ = exhausted(0.005, coming, **window)
    # Three days are left of it: 28·0.5 + 3·2 = 20 of 31.
    assert probability.tolist() == [0.0, 0.0, 0.0]


def test_a_budget_that_is_spent_is_not_about_to_be():
    probability, left = exhausted(0.02, a_forecast(0.02, np.zeros(30)))
    assert probability.empty
    assert left["value_forecast"].max() < 0


def noise(days: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, days)


def test_with_few_past_errors_a_budget_follows_its_trend_alone_and_says_so():
    few = a_forecast(0.5, np.zeros(19))
    growing = np.exp(0.06 * np.arange(-23, 1) + 0.05 * noise(24))
    probability, left = exhausted(0.012 * growing, few)
    assert probability[AS_OF + timedelta(days=2)] == 0.0
    assert probability[AS_OF + timedelta(days=14)] > 0.9
    assert set(left["model_name"]) == {"damped_trend"}
    assert set(left["model_reason"]) == {"short_history"}
    steady, _ = exhausted(0.004 * np.exp(0.05 * noise(24)), few)
    assert steady.max() == 0.0


@pytest.mark.parametrize(
    ("values", "soon", "ever"),
    [
        (2450 + 6.0 * np.arange(-59, 1) + 10 * noise(60), (0.8, 1.0), (0.9, 1.0)),
        (2450 + 10 * noise(60), (0.0, 0.05), (0.0, 0.05)),
        (np.where(np.arange(60) % 9 == 4, np.nan, 2450 + 40 * noise(60)), (0.0, 0.2), (0.001, 0.5)),
        (np.full(60, 2600.0), None, None),
        (np.r_[np.full(53, 2450.0), np.full(7, np.nan)], None, None),
    ],
)
def test_a_target_that_is_met_may_be_missed_by_a_coming_week(values, soon, ever):
    targets = pd.DataFrame([("lcp_p75_ms", 2500.0, True)], columns=["kpi", "target_value", "is_upper_limit"])
    known = {"lcp_p75_ms": a_forecast(2450.0, np.zeros(30))}
    rows = predict_breaches({"lcp_p75_ms": values}, targets, known, AS_OF)
    assert rows.empty == (soon is None)
    if soon and ever:
        assert rows["breach_date"].iloc[[0, -1]].tolist() == [AS_OF + timedelta(days=7), AS_OF + timedelta(days=28)]
        assert soon[0] <= rows["probability"].iloc[:8].max() <= soon[1]
        assert ever[0] <= rows["probability"].max() <= ever[1]
    assert predict_breaches({"lcp_p75_ms": values}, targets, {}, AS_OF).empty


def test_a_mean_of_four_weeks_has_the_rare_bad_days_that_the_past_had():
    rng = np.random.default_rng(3)
    days = [AS_OF - timedelta(days=n) for n in reversed(range(140))]
    values = np.where(rng.random(140) < 0.1, 0.98, 1.0)
    frame = pd.DataFrame({"kpi": "availability_share", "event_date": days, "value": values, "sample_count": 10})
    last = foresee_windows(frame, AS_OF).iloc[-1]
    # Of the days by themselves the median is 1; a mean of 28 of them is 0.998, give or take its luck.
    assert last["value_80_lower"] < 0.998 < last["value_80_upper"] < 1.0
    assert (last["kpi"], last["horizon_days"], last["event_date"]) == (
        "availability_share:28_days", 28, AS_OF + timedelta(days=28),
    )  # fmt: skip
    first = foresee_windows(frame, AS_OF).iloc[0]
    assert abs(first["value_forecast"] - values[-28:].mean()) < 0.001
    assert foresee_windows(frame.tail(9), AS_OF).empty
