"""What the next four weeks add up to, with an interval of the sum.

What belongs here is arithmetic on daily forecasts and on what they were from earlier origins. The bounds of 28 days do
not add up to bounds of their sum: errors of neighbouring days partly cancel and partly go on. How wide the interval
must be is told by the errors of sums that the same model made before.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.stats import t as student

from models.backtests import LEVELS, SeriesForecast
from models.exhaustions import WINDOW
from models.forecasts import ADDITIVE, FORECAST_COLUMNS, concat
from models.smoothing import Array

HORIZON = 28
# Sums over so many weeks are tried, the longest first, for a young series has seen few of four. That over fewer weeks
# errs about as much: less of the noise averages out, what drifts has drifted less.
WEEKS = (4, 2, 1)
MIN_WINDOWS = 4.0
# Of the days of a past sum: a shop may be closed for half the week. What is missing is left out of the forecast too.
MIN_KNOWN_SHARE = 0.5


def sum_ahead(forecasts: pd.DataFrame, series: dict[str, SeriesForecast], as_of: date) -> pd.DataFrame:
    """Add up the forecasts of KPIs that are counted or summed (`forecasts.ADDITIVE`) over the next 28 days.

    Args:
        forecasts: FORECAST_COLUMNS, 28 rows for each KPI; 0 on days on which the shop is closed.
        series: what is behind each forecast, by KPI.
        as_of: the forecast date.

    Returns:
        FORECAST_COLUMNS, one row for each such KPI that was ever forecast before, in the unit of the KPI: kpi with
        WINDOW behind its name, event_date and horizon_days of the last day.
    """
    found = []
    for kpi, rows in forecasts[forecasts["kpi"].isin(ADDITIVE)].groupby("kpi"):
        total, open_days = float(rows["value_forecast"].sum()), int((rows["value_95_upper"] != 0).sum())
        made = half_widths(series[str(kpi)])
        if made is None:
            continue
        widths, is_ratio = made
        lowest = 0.0 if (rows["value_95_lower"] >= 0).all() else -np.inf
        row = rows.iloc[-1][["model_name", "model_reason", "model_version"]].to_dict()
        for level, width in zip(LEVELS, widths, strict=True):
            ends = total * np.exp([-width, width]) if is_ratio else total + open_days * np.array([-width, width])
            row |= dict(zip((f"value_{level * 100:.0f}_{end}" for end in ("lower", "upper")), ends, strict=True))
            row[f"value_{level * 100:.0f}_lower"] = max(row[f"value_{level * 100:.0f}_lower"], lowest)
        row |= {"kpi": f"{kpi}{WINDOW}", "value_forecast": total, "horizon_days": HORIZON, "forecast_date": as_of}
        found.append(pd.DataFrame([row | {"event_date": as_of + timedelta(days=HORIZON)}]))
    return concat(found, FORECAST_COLUMNS)


def half_widths(series: SeriesForecast) -> tuple[Array, bool] | None:
    """Half the width of the interval at each of LEVELS; and whether of the logarithm of a sum, else of its mean day.

    Past sums overlap. So the interval is Student's t, with as many degrees of freedom as windows fit side by side into
    their span, times the root mean square of their errors, which has the bias of the past in it; a coming sum errs like
    one more of them (1 + 1/df). None without a past sum.
    """
    for weeks in WEEKS:
        days = 7 * weeks
        came = series.past_values[:, :days]
        is_known = ~np.isnan(came)
        # `changes` is as long as the series: what would end after it is not over yet.
        is_over = series.past_origins + days < len(series.changes)
        is_whole = is_over & (is_known.mean(axis=1) >= MIN_KNOWN_SHARE)
        if not is_whole.any():
            continue
        origins = series.past_origins[is_whole]
        windows = (origins[-1] - origins[0] + days) / days
        if windows < MIN_WINDOWS and weeks != WEEKS[-1]:
            continue
        actual, forecast = (
            np.where(is_known, part, 0.0)[is_whole].sum(axis=1) for part in (came, series.past_forecasts[:, :days])
        )
        is_ratio = bool((actual > 0).all() and (forecast > 0).all())
        day_count = is_known[is_whole].sum(axis=1)
        errors = np.log(actual / forecast) if is_ratio else (actual - forecast) / day_count
        size = np.sqrt(np.mean(errors**2) * (1 + 1 / windows))
        return student.ppf((1 + np.array(LEVELS)) / 2, windows) * size, is_ratio
    return None
