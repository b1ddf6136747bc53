"""When an error budget runs out and when a target is missed, as probabilities by date.

What belongs here is arithmetic on ways that things may go. Half of those of a budget are the forecast with one of its
own past errors, over its whole horizon, laid on it; the others, and all of a target, follow the trend of the last weeks
(`trends`). Bad days come in the runs in which they came.
"""

from collections.abc import Hashable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models import trends
from models.backtests import LEVELS, MIN_PATHS, SeriesForecast
from models.forecasts import bounds, concat
from models.smoothing import Array

MODEL_VERSION = "3"
WEEK = 7
HORIZON = 28
SHORT_HISTORY = "short_history"
# Ends the name of the mean of a KPI over four weeks.
WINDOW = ":28_days"
_ENDS = {
    f"value_{level * 100:.0f}_{end}": (1 + sign * level) / 2
    for level in LEVELS
    for end, sign in (("lower", -1), ("upper", 1))
}

EXHAUSTION_COLUMNS = ["objective", "exhaustion_date", "probability", "forecast_date", "model_name", "model_version"]
BREACH_COLUMNS = [
    "kpi", "target_value", "is_upper_limit", "breach_date", "probability", "forecast_date", "model_name",
    "model_version",
]  # fmt: skip


def exhaust_budgets(
    days: pd.DataFrame, objectives: pd.DataFrame, series: dict[str, SeriesForecast], as_of: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How probable it is that a budget that is not spent yet is spent by each coming day of its window.

    A coming day is as busy as the mean of the last 28. Where the forecast has under MIN_PATHS past errors, there are
    only the ways of the trend, and `model_name` says so. A rolling window loses its oldest day with each new one; a
    calendar window ends, and with it the rows: what is missing to 1 on the last row is "not before the window ends".

    Args:
        days: objective, event_date, bad_amount, total_amount, for the days of the windows; half a year tells the noise
            best. A day without any event has no row.
        objectives: objective, target_share, window_kind (rolling, calendar), window_days, window_starts_on (of the
            window of `as_of`).
        series: forecasts of the daily share of bad, by objective; without one nothing is told of an objective.
        as_of: the forecast date.

    Returns:
        EXHAUSTION_COLUMNS, cumulative; and kpi (`budget_remaining_share:` and the objective), horizon_days, event_date,
        value_forecast (median) and its intervals: the share of the budget that is left at the end of the day.
    """
    exhausted, remaining = [], []
    by_objective = dict(list(days.assign(event_date=pd.to_datetime(days["event_date"])).groupby("objective")))
    for row in objectives.sort_values("objective").to_dict("records"):
        found, own = series.get(row["objective"]), by_objective.get(row["objective"])
        if found is None or own is None:
            continue
        paths, name, reason = _ways(own, found, as_of)
        left, now = _left(own, row, paths, as_of)
        dates = [as_of + timedelta(days=step + 1) for step in range(left.shape[1])]
        model: dict[str, Any] = {"forecast_date": as_of, "model_name": name, "model_version": MODEL_VERSION}
        kpi = f"budget_remaining_share:{row['objective']}"
        remaining.append(_by_day(kpi, left, as_of).assign(**model, model_reason=reason))
        if now > 0 and dates:
            spent = np.maximum.accumulate(left < 0, axis=1).mean(axis=0)
            own_rows: dict[str, Any] = {"objective": row["objective"], "exhaustion_date": dates, "probability": spent}
            exhausted.append(pd.DataFrame(own_rows | model))
    return concat(exhausted, EXHAUSTION_COLUMNS), pd.concat(
        remaining, ignore_index=True
    ) if remaining else pd.DataFrame()


def predict_breaches(
    past: dict[str, Array], targets: pd.DataFrame, series: dict[str, SeriesForecast], as_of: date
) -> pd.DataFrame:
    """How probable it is that a target that the last week met is missed by the week that ends on each coming day.

    Args:
        past: the daily values by KPI up to `as_of`, NaN where missing; half a year tells the noise best.
        targets: kpi, target_value, is_upper_limit (the value must not pass it, else not fall below it).
        series: forecasts by KPI; without one nothing is told of a KPI.
        as_of: the forecast date.

    Returns:
        BREACH_COLUMNS, for the days from the seventh on.
    """
    found = []
    for row in targets.sort_values("kpi").to_dict("records"):
        values = past.get(row["kpi"])
        if row["kpi"] not in series or values is None or np.isnan(values[-WEEK:]).all():
            continue
        sign, target = 1.0 if row["is_upper_limit"] else -1.0, float(row["target_value"])
        if sign * (np.nanmean(values[-WEEK:]) - target) > 0:
            continue
        ways = trends.ways_ahead(values, bounds(row["kpi"], values), HORIZON)
        weeks = np.lib.stride_tricks.sliding_window_view(ways, WEEK, axis=1).mean(axis=-1)
        rows = pd.DataFrame(
            {"breach_date": [as_of + timedelta(days=WEEK + step) for step in range(weeks.shape[1])],
             "probability": (sign * (weeks - target) > 0).mean(axis=0)}
        )  # fmt: skip
        model: dict[str, Any] = {"forecast_date": as_of, "model_name": trends.NAME, "model_version": MODEL_VERSION}
        found.append(rows.assign(**{str(name): value for name, value in row.items()}, **model))
    return concat(found, BREACH_COLUMNS)


def foresee_windows(days: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """What the mean of a KPI over the last 28 days will be at the end of each coming day, up to 28 of them.

    The ways of the trend are laid behind the days that are known: a mean of rare bad days is not the mean of usual
    ones, as the median of each day by itself would have it. A coming day weighs as much as those of the last 28 do.

    Args:
        days: kpi, event_date, value, sample_count (the weight of a day in the mean); half a year tells the noise best.
        as_of: the forecast date.

    Returns:
        kpi (with WINDOW behind its name), horizon_days, event_date, value_forecast (median) and its intervals, in the
        unit of the KPI; none of a KPI with less than two weeks of days.
    """
    grid = pd.date_range(as_of - timedelta(days=trends.PAST_DAYS - 1), as_of)
    found = []
    for kpi, own in days.assign(event_date=pd.to_datetime(days["event_date"])).groupby("kpi"):
        values, weights = (
            own.set_index("event_date")[["value", "sample_count"]].astype(float).reindex(grid).to_numpy().T
        )
        known = np.flatnonzero(~np.isnan(values))
        if not len(known) or len(values) - known[0] < 2 * WEEK or np.isnan(values[-HORIZON:]).all():
            continue
        ways = trends.ways_ahead(values, bounds(str(kpi), values), HORIZON)
        weights = np.where(np.isnan(values), 0.0, np.nan_to_num(weights))[-HORIZON:]
        weights = np.concatenate([weights, np.full(HORIZON, weights[weights > 0].mean())])
        paths = np.hstack([np.tile(np.nan_to_num(values[-HORIZON:]), (len(ways), 1)), ways])
        sums = np.cumsum(paths * weights, axis=1)
        totals = np.cumsum(weights)
        means = (sums[:, HORIZON:] - sums[:, :HORIZON]) / (totals[HORIZON:] - totals[:HORIZON])
        model = {"model_name": trends.NAME, "model_version": MODEL_VERSION, "model_reason": "window"}
        found.append(_by_day(f"{kpi}{WINDOW}", means, as_of).assign(**model))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _by_day(kpi: str, ways: Array, as_of: date) -> pd.DataFrame:
    """Median and intervals of what has shape (ways, coming days)."""
    steps = np.arange(1, ways.shape[1] + 1)
    return pd.DataFrame(
        {"kpi": kpi, "event_date": [as_of + timedelta(days=int(step)) for step in steps], "horizon_days": steps,
         "forecast_date": as_of, "value_forecast": np.median(ways, axis=0)}
        | dict(zip(_ENDS, np.quantile(ways, list(_ENDS.values()), axis=0), strict=True))
    )  # fmt: skip


def _ways(own: pd.DataFrame, found: SeriesForecast, as_of: date) -> tuple[Array, str, str]:
    """The ways that the share of bad may go, half of them the forecast's; the name of the model, and its reason."""
    shares = (own["bad_amount"].astype(float) / own["total_amount"]).set_axis(pd.DatetimeIndex(own["event_date"]))
    past = shares.reindex(pd.date_range(shares.index.min(), as_of)).to_numpy(dtype=float)
    trend = np.minimum(trends.ways_ahead(past, (0.0, np.inf), HORIZON), 1.0)
    count = len(found.paths)
    if count < MIN_PATHS:
        return trend, trends.NAME, SHORT_HISTORY
    # Each as often as another, as far as the numbers allow.
    errors = found.paths[np.arange(len(trend)) * count // len(trend)]
    return np.concatenate([errors, trend]), f"{found.model_name}_and_{trends.NAME}", found.model_reason


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
