"""Budgets and targets about to be missed, on forecasts whose errors are written by hand."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.backtests import SeriesForecast
from models.exhaustions import exhaust_budgets, predict_breaches

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
    )


def exhausted(bad: float, coming: SeriesForecast, **window) -> tuple[pd.Series, pd.DataFrame]:
    """Of a budget of 1 %, with this bad share on each of the last 28 days."""
    days = pd.DataFrame(
        [("up", AS_OF - timedelta(days=i), bad * 1000, 1000.0) for i in range(28)],
        columns=["objective", "event_date", "bad_amount", "total_amount"],
    )
    usual = {"window_kind": "rolling", "window_days": 28, "window_starts_on": AS_OF - timedelta(days=27)}
    objectives = pd.DataFrame([{"objective": "up", "target_share": 0.99} | usual | window])
    rows, left = exhaust_budgets(days, objectives, {"up": coming}, AS_OF)
    return rows.set_index("exhaustion_date")["probability"] if len(rows) else pd.Series(dtype=float), left


def test_half_of_the_paths_spend_the_budget_on_the_day_that_arithmetic_says():
    # Half a budget is spent. Of 30 paths 15 go on as before, 15 have 2 % bad: day n leaves 1 - (28·0.5 - 0.5n + 2n)/28,
    # below 0 from day 10 on (29 of 28).
    coming = a_forecast(0.005, np.repeat([0.0, 0.015], 15))
    probability, left = exhausted(0.005, coming)
    assert probability[AS_OF + timedelta(days=9)] == 0.0
    assert probability[AS_OF + timedelta(days=10)] == 0.5
    assert probability.iloc[-1] == 0.5
    assert left["value_80_upper"].iloc[0] == pytest.approx(0.5)
    assert left["kpi"].unique().tolist() == ["budget_remaining_share:up"]


def test_a_calendar_window_ends_before_the_budget_does():
    coming = a_forecast(0.02, np.zeros(30))
    window = {"window_kind": "calendar", "window_days": 31, "window_starts_on": AS_OF - timedelta(days=27)}
    probability, _ = exhausted(0.005, coming, **window)
    # Three days are left of it: 28·0.5 + 3·2 = 20 of 31.
    assert probability.tolist() == [0.0, 0.0, 0.0]


def test_a_budget_that_is_spent_is_not_about_to_be_and_few_errors_tell_nothing():
    probability, left = exhausted(0.02, a_forecast(0.02, np.zeros(30)))
    assert probability.empty
    assert left["value_forecast"].max() < 0
    assert exhausted(0.0, a_forecast(0.02, np.zeros(19)))[0].empty


@pytest.mark.parametrize(
    ("last", "forecast", "errors", "probability"),
    [
        (2400.0, 2450.0, np.repeat([0.0, 100.0], 15), 0.5),
        (2400.0, 2450.0, np.zeros(30), 0.0),
        (2600.0, 2600.0, np.zeros(30), None),
        (np.nan, 2600.0, np.zeros(30), None),
    ],
)
def test_a_target_that_is_met_may_be_missed_by_a_coming_week(last, forecast, errors, probability):
    targets = pd.DataFrame([("lcp_p75_ms", 2500.0, True)], columns=["kpi", "target_value", "is_upper_limit"])
    rows = predict_breaches(
        {"lcp_p75_ms": np.full(7, last)}, targets, {"lcp_p75_ms": a_forecast(forecast, errors)}, AS_OF
    )
    assert rows["probability"].unique().tolist() == ([] if probability is None else [probability])
    if probability is not None:
        assert rows["breach_date"].iloc[[0, -1]].tolist() == [AS_OF + timedelta(days=7), AS_OF + timedelta(days=28)]
