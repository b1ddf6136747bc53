"""Ways that a daily series may go on: the trend of its last four weeks, and its own noise in the runs in which it came.

What belongs here is arithmetic of one series that needs weeks and not months. `backtests` forecasts better where a
series goes on as it was; it learns from the past that a trend rarely lasts, and so sees a budget or a target that
something wears down steadily too late.
"""

import numpy as np

from models.forecasters import fill_gaps
from models.intervals import Scale
from models.smoothing import Array

NAME = "damped_trend"
WEEK = 7
WEEKS = 4
# More windows of four weeks than six are another season.
PAST_DAYS = 6 * WEEKS * WEEK
WAYS = 400
# Gardner, McKenzie, "Forecasting trends in time series", Management Science 31 (1985): trends do not go on for ever.
DAMPING = 0.98
# Standard deviation of what the level moves in a day, in units of the noise.
WANDER = 0.2
MAX_AUTOCORRELATION = 0.7


def ways_ahead(values: Array, bounds: tuple[float, float], horizon: int) -> Array:
    """How the series may go on, by simulation.

    The last four weeks (fewer of a young series) are a line and effects of the weekday, by least squares; the slope is
    pulled to 0 as in James and Stein, by the share of its square that its own error explains, so that noise is no
    trend, and the level goes from the end of the line to the mean of the last week by the same share. A way is the
    damped line with a slope and a level drawn from their errors, and whole weeks of residuals, in the order in which
    they came, drawn from the last windows (block bootstrap: Künsch, Annals of Statistics 17, 1989).

    Args:
        values: shape (n,), evenly spaced days up to the forecast date, NaN where missing; two weeks at the least.
        bounds: the least and the greatest possible value.
        horizon: days ahead, whole weeks.

    Returns:
        Shape (WAYS, horizon), in the unit of the series; the same for the same values.

    Raises:
        ValueError: there are fewer than two weeks.
    """
    known = values[np.flatnonzero(~np.isnan(values))[:1].sum() :][-PAST_DAYS:]
    window = min(WEEKS, len(known) // WEEK) * WEEK
    if window < 2 * WEEK:
        raise ValueError(f"{len(known)} days tell no trend; {2 * WEEK} are needed")
    scale = Scale.of(known, bounds)
    z = fill_gaps(scale.forward(known), WEEK)
    days = np.arange(window + horizon)
    features = np.column_stack([days - (window - 1), np.eye(WEEK)[days % WEEK]])
    past = features[:window]
    windows = np.lib.stride_tricks.sliding_window_view(z, window)[::-window]
    fitted = windows @ np.linalg.pinv(past).T
    residuals = windows - fitted @ past.T
    slope, effects, free = fitted[0, 0], fitted[0, 1:], max(window - past.shape[1], 1)
    noise, longer = _noise(residuals[0], free)
    slope_error = noise * np.sqrt(longer * np.linalg.inv(past.T @ past)[0, 0])
    kept = max(0.0, 1 - slope_error**2 / slope**2) if slope else 0.0
    level = (1 - kept) * z[-WEEK:].mean() + kept * effects.mean()
    effects = effects - effects.mean()
    chance = (WEEK - 1) * noise**2 * WEEK / window
    effects = effects * max(0.0, 1 - chance / max(float(effects @ effects), 1e-300))
    gone = np.cumsum(DAMPING ** np.arange(1, horizon + 1))
    rng = np.random.default_rng(0)
    slopes = kept * slope + np.sqrt(kept) * slope_error * rng.standard_normal((WAYS, 1))
    steady = noise * np.sqrt(longer)
    levels = level + steady * (
        rng.standard_normal((WAYS, 1)) / np.sqrt(WEEK) + WANDER * rng.standard_normal((WAYS, horizon)).cumsum(axis=1)
    )
    drawn = _weeks(residuals * np.sqrt(window / free), horizon, rng)
    return scale.back(levels + slopes * gone + effects[days[window:] % WEEK] + drawn)


def _noise(residuals: Array, free: int) -> tuple[float, float]:
    """The standard deviation of a day, and by how much its persistence makes the variance of a mean larger."""
    square = float(residuals @ residuals)
    # What least squares takes from the correlation of neighbours in so short a window is given back.
    alike = float(residuals[1:] @ residuals[:-1]) / max(square, 1e-300) + 4 / len(residuals)
    alike = min(max(alike, 0.0), MAX_AUTOCORRELATION)
    return float(np.sqrt(square / free)), (1 + alike) / (1 - alike)


def _weeks(residuals: Array, horizon: int, rng: np.random.Generator) -> Array:
    """Seven days in a row from one of the windows, again and again, shape (WAYS, horizon)."""
    count, window = residuals.shape
    shape = (WAYS, -(-horizon // WEEK))
    rows, starts = rng.integers(0, count, shape), rng.integers(0, window - WEEK + 1, shape)
    days = starts[:, :, None] + np.arange(WEEK)
    return np.asarray(residuals[rows[:, :, None], days].reshape(WAYS, -1)[:, :horizon])
