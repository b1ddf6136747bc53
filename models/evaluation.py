"""How a forecast is judged: the measures of the M4 competition, and the coverage of intervals.

Only arithmetic on arrays belongs here; which forecasts are made and which model is chosen is decided in `forecasts`.
All measures leave out steps whose actual value is missing (NaN), and are NaN when none is left.

Source: Makridakis, Spiliotis, Assimakopoulos, "The M4 Competition: 100,000 time series and 61 forecasting methods",
International Journal of Forecasting 36 (2020) 54-74.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def seasonal_scale(history: ArrayLike, period: int) -> float:
    """Mean absolute error of the seasonal naive forecast, one season ahead, within `history`.

    The denominator of MASE and MSIS: mean of |y[t] - y[t - period]| over the pairs of which neither is missing.

    Args:
        history: values up to the forecast origin, oldest first, evenly spaced, NaN where missing.
        period: steps in a season (7 for days in a week).

    Returns:
        The scale in the unit of the values; NaN when there is no pair, 0 for a series that repeats itself exactly.
    """
    values = np.asarray(history, dtype=float)
    return _mean(np.abs(values[period:] - values[:-period]))


def mase(actual: ArrayLike, forecast: ArrayLike, history: ArrayLike, period: int) -> float:
    """Mean absolute scaled error: mean |actual - forecast| / `seasonal_scale(history, period)`.

    Args:
        actual: held-out values, shape (h,).
        forecast: what was forecast for them, shape (h,).
        history: values up to the forecast origin; only these set the scale.
        period: steps in a season.

    Returns:
        1 means as wrong as the seasonal naive forecast was inside the history; NaN when the scale is 0 or unknown.
    """
    error = _mean(np.abs(np.asarray(actual, dtype=float) - np.asarray(forecast, dtype=float)))
    return _scaled(error, history, period)


def smape(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Symmetric mean absolute percentage error as in M4: 200 · mean(|y - f| / (|y| + |f|)), in per cent, 0 to 200.

    A step at which both are 0 counts as no error.
    """
    y, f = np.asarray(actual, dtype=float), np.asarray(forecast, dtype=float)
    size = np.abs(y) + np.abs(f)
    return 200.0 * _mean(np.where(size == 0, 0.0, np.abs(y - f) / np.where(size == 0, 1.0, size)))


def msis(
    actual: ArrayLike, lower: ArrayLike, upper: ArrayLike, history: ArrayLike, period: int, level: float = 0.95
) -> float:
    """Mean scaled interval score: mean width plus 2/α times the distance of every miss, over the seasonal scale.

    Args:
        actual: held-out values, shape (h,).
        lower: lower ends of the intervals, shape (h,).
        upper: upper ends of the intervals, shape (h,).
        history: values up to the forecast origin; only these set the scale.
        period: steps in a season.
        level: nominal coverage of the interval; α = 1 - level.

    Returns:
        Lower is better; NaN when the scale is 0 or unknown.
    """
    y, low, high = (np.asarray(a, dtype=float) for a in (actual, lower, upper))
    penalty = 2.0 / (1.0 - level)
    score = (high - low) + penalty * np.maximum(low - y, 0.0) + penalty * np.maximum(y - high, 0.0)
    return _scaled(_mean(score), history, period)


def coverage(actual: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> float:
    """Share of the actual values (0 to 1) that lie inside their intervals, ends included."""
    y, low, high = (np.asarray(a, dtype=float) for a in (actual, lower, upper))
    return _mean(np.where(np.isnan(y), np.nan, (y >= low) & (y <= high)))


def _scaled(error: float, history: ArrayLike, period: int) -> float:
    scale = seasonal_scale(history, period)
    return error / scale if scale > 0 else float("nan")


def _mean(values: Array) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else float("nan")
