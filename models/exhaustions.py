"""When an error budget runs out and when a target is missed, as probabilities by date.

What belongs here is arithmetic on forecasts that are made already: each past error of a forecast, over its whole
horizon, laid on today's forecast is one way that things may go. Errors are taken as they came, so that bad days come in
the runs in which they came.
"""

from collections.abc import Hashable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models.backtests import LEVELS, MIN_PATHS, MODEL_VERSION, SeriesForecast
from models.forecasts import concat
from models.smoothing import Array

WEEK = 7

EXHAUSTION_COLUMNS = ["objective", "exhaustion_date", "probability", "forecast_date", "model_name", "model_version"]
BREACH_COLUMNS = [
    "kpi", "target_value", "is_upper_limit", "breach_date", "probability", "forecast_date", "model_name",
    "model_version",
]  # fmt: skip


def exhaust_budgets(
    days: pd.DataFrame, objectives: pd.DataFrame, series: dict[str, SeriesForecast], as_of: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How probable it is that a budget that is not spent yet is spent by each coming day of its window.

    A coming day is as busy as the mean of the last 28. A rolling window loses its oldest day with each new one; a
    calendar window ends, and with it the rows: what is missing to 1 on the last row is "not before the window ends".

    Args:
        days: objective, event_date, bad_amount, total_amount, for the days of the windows and 28 at the least.
        objectives: objective, target_share, window_kind (rolling, calendar), window_days, window_starts_on (of the
            window of `as_of`).
        series: forecasts of the daily share of bad, by objective.
        as_of: the forecast date.

    Returns:
        EXHAUSTION_COLUMNS, cumulative; and kpi (`budget_remaining_share:` and the objective), horizon_days, event_date,
        value_forecast (median) and its intervals: the share of the budget that is left at the end of the day.
    """
    exhausted, remaining = [], []
    by_objective = dict(list(days.assign(event_date=pd.to_datetime(days["event_date"])).groupby("objective")))
    for row in objectives.sort_values("objective").to_dict("records"):
        found, own = series.get(row["objective"]), by_objective.get(row["objective"])
        if found is None or own is None or len(found.paths) < MIN_PATHS:
            continue
        left, now = _left(own, row, found.paths, as_of)
        dates = [as_of + timedelta(days=step + 1) for step in range(left.shape[1])]
        model: dict[str, Any] = {"forecast_date": as_of, "model_name": found.model_name, "model_version": MODEL_VERSION}
        frame = pd.DataFrame(
            {"kpi": f"budget_remaining_share:{row['objective']}", "event_date": dates,
             "horizon_days": np.arange(1, len(dates) + 1), "value_forecast": np.median(left, axis=0)}
        )  # fmt: skip
        for level in LEVELS:
            for end, share in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2)):
                frame[f"value_{level * 100:.0f}_{end}"] = np.quantile(left, share, axis=0)
        remaining.append(frame.assign(**model, model_reason=found.model_reason))
        if now > 0 and dates:
            spent = np.maximum.accumulate(left < 0, axis=1).mean(axis=0)
            rows = pd.DataFrame({"objective": row["objective"], "exhaustion_date": dates, "probability": spent})
            exhausted.append(rows.assign(**model))
    return concat(exhausted, EXHAUSTION_COLUMNS), pd.concat(
        remaining, ignore_index=True
    ) if remaining else pd.DataFrame()


def predict_breaches(
    recent: dict[str, Array], targets: pd.DataFrame, series: dict[str, SeriesForecast], as_of: date
) -> pd.DataFrame:
    """How probable it is that a target that the last week met is missed by the week that ends on each coming day.

    Args:
        recent: the values of the last seven days by KPI, NaN where missing.
        targets: kpi, target_value, is_upper_limit (the value must not pass it, else not fall below it).
        series: forecasts by KPI.
        as_of: the forecast date.

    Returns:
        BREACH_COLUMNS, for the days from the seventh on.
    """
    found = []
    for row in targets.sort_values("kpi").to_dict("records"):
        forecast, last = series.get(row["kpi"]), recent.get(row["kpi"])
        if forecast is None or last is None or len(forecast.paths) < MIN_PATHS or np.isnan(last).all():
            continue
        sign, target = 1.0 if row["is_upper_limit"] else -1.0, float(row["target_value"])
        if sign * (np.nanmean(last) - target) > 0:
            continue
        weeks = np.lib.stride_tricks.sliding_window_view(forecast.paths, WEEK, axis=1).mean(axis=-1)
        rows = pd.DataFrame(
            {"breach_date": [as_of + timedelta(days=WEEK + step) for step in range(weeks.shape[1])],
             "probability": (sign * (weeks - target) > 0).mean(axis=0)}
        )  # fmt: skip
        model: dict[str, Any] = {
            "forecast_date": as_of,
            "model_name": forecast.model_name,
            "model_version": MODEL_VERSION,
        }
        found.append(rows.assign(**{str(name): value for name, value in row.items()}, **model))
    return concat(found, BREACH_COLUMNS)


def _left(own: pd.DataFrame, row: dict[Hashable, Any], bad_shares: Array, as_of: date) -> tuple[Array, float]:
    """The share of the budget that is left at the end of each coming day, shape (paths, days); and as of today."""
    allowed, length = 1.0 - float(row["target_share"]), int(row["window_days"])
    is_rolling = row["window_kind"] == "rolling"
    first = as_of - timedelta(days=length - 1) if is_rolling else pd.Timestamp(row["window_starts_on"]).date()
    grid = pd.date_range(first, as_of)
    by_day = own.set_index("event_date")[["bad_amount", "total_amount"]].astype(float).sort_index()
    bad, total = by_day.reindex(grid).fillna(0.0).to_numpy().T
    usual = float(by_day.loc[pd.Timestamp(as_of) - pd.Timedelta(days=27) : pd.Timestamp(as_of), "total_amount"].mean())
    horizon = bad_shares.shape[1] if is_rolling else min(bad_shares.shape[1], length - len(grid))
    steps = np.arange(1, horizon + 1)
    coming_bad = np.cumsum(bad_shares[:, :horizon] * usual, axis=1)
    if is_rolling:
        gone = np.minimum(steps, length)
        kept_bad = bad.sum() - np.concatenate([[0.0], np.cumsum(bad)])[gone]
        kept_total = total.sum() - np.concatenate([[0.0], np.cumsum(total)])[gone]
        budget = allowed * (kept_total + steps * usual)
        now = 1.0 - bad.sum() / (allowed * total.sum()) if total.sum() else 1.0
    else:
        kept_bad, budget = bad.sum(), allowed * (total.sum() + (length - len(grid)) * usual)
        now = 1.0 - bad.sum() / budget if budget else 1.0
    return np.asarray(1.0 - (kept_bad + coming_bad) / np.maximum(budget, 1e-12)), float(now)
