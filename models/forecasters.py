"""The candidate forecasters, on plain arrays: the seasonal naive, and a ridge regression on lags and Fourier terms.

What belongs here is how one evenly spaced series is carried forward from many origins at once. Dates, KPIs, the choice
between the candidates and their intervals are `forecasts`' business. An origin is the index of the last value that a
forecast may use.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

# Four seasons for the lags and four for targets up to four seasons ahead.
RIDGE_MIN_SEASONS = 8
# A yearly wave cannot be told from a trend before a year has passed and begun again.
YEAR_MIN_STEPS = 400
YEAR_STEPS = 365.25
# Relative to the number of rows. Tried 0.02 to 5 on simulated and Wikipedia series of 90 to 400 days: flat between 0.02
# and 0.5.
RIDGE_PENALTY_PER_ROW = 0.1
# Targets beyond this many robust standard deviations are pulled in: a news spike is not a season.
TARGET_CLIP = 4.0


def fill_gaps(values: Array, period: int) -> Array:
    """Fill missing steps from the past only: the same phase one season before, else the step before.

    Args:
        values: shape (n,), NaN where missing; the first value must be present.
        period: steps in a season.

    Returns:
        Shape (n,), without NaN. Element t depends on elements up to t alone.
    """
    series = pd.Series(values)
    by_phase = series.groupby(np.arange(len(series)) % period).ffill()
    return np.asarray(by_phase.ffill(), dtype=float)


def seasonal_naive(filled: Array, origins: Index, horizon: int, period: int) -> Array:
    """Repeat the last season seen at each origin.

    Args:
        filled: shape (n,), without NaN.
        origins: shape (m,), each at least period - 1.
        horizon: steps ahead.
        period: steps in a season.

    Returns:
        Shape (m, horizon): the forecast of step origin + 1, origin + 2, ….
    """
    return filled[_last_seen(origins, horizon, period)]


def ridge(values: Array, filled: Array, cutoffs: list[int], horizon: int, period: int) -> Array:
    """Forecast every origin from the first cutoff on by a ridge regression fitted at the newest cutoff not after it.

    One direct regression for all steps ahead, its targets relative to the seasonal naive and without a constant: zero
    coefficients are the seasonal naive itself, so the penalty pulls towards the baseline to beat. (With a constant, the
    drift of a short history was taken for a law: 1.17 times the error of the seasonal naive on 130 days, 0.90 without.)

    Args:
        values: shape (n,), NaN where missing; a missing step is never a target.
        filled: the same after `fill_gaps`; what the lags read.
        cutoffs: ascending indices, the first at least RIDGE_MIN_SEASONS seasons in; a fit at cutoff c reads elements up
            to c only.
        horizon: steps ahead.
        period: steps in a season.

    Returns:
        Shape (n - cutoffs[0], horizon), on the scale of `values`.
    """
    from sklearn.linear_model import Ridge

    n, first = len(values), 2 * period - 1
    origins = np.arange(first, n)
    features, year = _features(filled, origins, horizon, period)
    naive = seasonal_naive(filled, origins, horizon, period)
    reached = origins[:, None] + np.arange(1, horizon + 1)
    target = np.where(reached < n, values[np.minimum(reached, n - 1)], np.nan) - naive
    parts = []
    for cutoff, end in zip(cutoffs, [*cutoffs[1:], n], strict=True):
        used = features if cutoff + 1 >= YEAR_MIN_STEPS else features[:, :, ~year]
        rows = (reached <= cutoff) & ~np.isnan(target)
        x, y = used[rows], _clip(target[rows])
        # Root mean square and not deviation: without a constant there is no mean to take away.
        size = np.sqrt((x**2).mean(axis=0))
        size[size == 0] = 1.0
        model = Ridge(alpha=RIDGE_PENALTY_PER_ROW * len(y), fit_intercept=False).fit(x / size, y)
        ahead = used[cutoff - first : end - first]
        parts.append(naive[cutoff - first : end - first] + ahead @ (model.coef_ / size))
    return np.vstack(parts)


def _last_seen(origins: Index, horizon: int, period: int) -> Index:
    """Where the phase of each step ahead was last seen at each origin, shape (origins, horizon)."""
    ahead = np.arange(1, horizon + 1)
    return np.asarray(origins[:, None] + ahead - (ahead + period - 1) // period * period)


def _features(filled: Array, origins: Index, horizon: int, period: int) -> tuple[Array, NDArray[np.bool_]]:
    """What is known at each origin about each step ahead, and which of the features tell the time of year.

    Returns:
        Shape (origins, horizon, features) with each feature twice, plain and growing with the season ahead; and
        (features,).
    """
    newest = _last_seen(origins, horizon, period)
    naive = filled[newest]
    lags, older = [], newest
    for _ in range(3):
        older = np.where(older >= period, older - period, older)
        lags.append(filled[older] - naive)
    series = pd.Series(filled)
    season, month = (np.asarray(series.rolling(k * period, min_periods=1).mean()) for k in (1, 4))
    movements = [
        season[origins] - season[origins - period],
        season[origins] - month[origins],
        filled[origins] - filled[origins - period],
        filled[origins - 1] - filled[origins - 1 - period],
    ]
    target = origins[:, None] + np.arange(1, horizon + 1)
    columns = [
        *lags,
        season[origins][:, None] - naive,
        *(np.broadcast_to(movement[:, None], naive.shape) for movement in movements),
        *_fourier(target, period, min(3, period // 2)),
    ]
    # The change of the yearly wave since the day that the seasonal naive repeats: what that forecast lacks.
    wave = zip(_fourier(target, YEAR_STEPS, 2), _fourier(newest, YEAR_STEPS, 2), strict=True)
    yearly = [now - then for now, then in wave] if period == 7 else []
    plain = np.stack([*columns, *yearly], axis=-1)
    seasons_ahead = (np.arange(horizon) // period - (horizon // period - 1) / 2) / 2
    is_year = np.arange(plain.shape[-1]) >= len(columns)
    return np.concatenate([plain, plain * seasons_ahead[:, None]], axis=-1), np.tile(is_year, 2)


def _fourier(step: Index, period: float, pairs: int) -> list[Array]:
    angles = [2 * np.pi * k * step / period for k in range(1, pairs + 1)]
    return [wave(angle) for angle in angles for wave in (np.sin, np.cos)]


def _clip(target: Array) -> Array:
    """Pull outliers in to TARGET_CLIP robust standard deviations (1.4826 · MAD) from the median."""
    centre = np.median(target)
    spread = 1.4826 * np.median(np.abs(target - centre))
    reach = TARGET_CLIP * spread if spread > 0 else np.inf
    return np.clip(target, centre - reach, centre + reach)
