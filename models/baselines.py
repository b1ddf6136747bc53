"""What the steps before a step predict for it: a robust level and seasonal effect, on a scale where changes add.

What belongs here: baselines of evenly spaced series and how far such series usually stray from them. Whether a step
that strays is worth telling is decided by the models that use this.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# The share of a normal sample's information about its spread that the median absolute deviation keeps.
MAD_EFFICIENCY = 0.37
# A series that repeats itself exactly would make any change infinitely unlikely.
MIN_SPREAD = 0.005


def forecasts(
    values: Array, steps: NDArray[np.int64], *, period: int, level_steps: int, season_steps: int, horizon: int = 1
) -> Array:
    """Level plus seasonal effect of `steps`, each from the steps that end `horizon` before it.

    The level is the median of the last `level_steps` without their seasonal effects; an effect is how far the median of
    its phase lies from the median of all, over `season_steps`.

    Args:
        values: shape (series, n), evenly spaced, oldest first, NaN where missing.
        steps: indices of the steps to predict.
        period: steps in a season.
        level_steps: steps that make the level.
        season_steps: steps that make the seasonal shape.
        horizon: 1 predicts from everything before the step, 2 leaves the step before it out too.

    Returns:
        Shape (series, len(steps)); NaN where fewer than two seasons are known.
    """
    made = np.full((values.shape[0], len(steps)), np.nan)
    for column, step in enumerate(steps):
        end = step - horizon + 1
        season = values[:, max(0, end - season_steps) : max(0, end)]
        if season.shape[1] < 2 * period:
            continue
        phases = np.arange(end - season.shape[1], end) % period
        effects = _seasonal_effects(season, end, period)
        recent = slice(-min(level_steps, season.shape[1]), None)
        level = row_median(season[:, recent] - effects[:, phases[recent]])
        level[np.count_nonzero(~np.isnan(season), axis=1) < 2 * period] = np.nan
        made[:, column] = level + effects[:, step % period]
    return made


def spread_and_degrees(
    past: Array, past_errors: Array, error: Array, kinds: NDArray[np.int64], pooled_degrees: float, overlap: int = 1
) -> tuple[Array, Array]:
    """How far a statistic usually strays, and how well that is known.

    The day-to-day variance of a series is that of its past statistics (by their median absolute deviation about zero)
    less what sampling explains; it is pulled towards the mean of its kind, in which precisely measured series count
    most, as in empirical Bayes estimation of variances (Smyth, "Linear models and empirical Bayes methods", Stat.
    Appl. Genet. Mol. Biol. 3, 2004). The sampling error of the step itself is added again.

    Args:
        past: shape (series, m), the statistic at past steps; NaN where there was none.
        past_errors: standard errors of `past` from sampling, same shape.
        error: shape (series,), the standard error of the step that is judged.
        kinds: shape (series,), which series are alike.
        pooled_degrees: degrees of freedom that the mean of the kind is worth.
        overlap: steps that neighbouring statistics share; they tell as much as one in `overlap`.

    Returns:
        Standard deviation and degrees of freedom, shape (series,); NaN where there are no past statistics.
    """
    count = np.count_nonzero(~np.isnan(past), axis=1) / overlap
    # About zero and not about their median: a baseline that lags behind a trend is less to be trusted, not more.
    total = (1.4826 * row_median(np.abs(past))) ** 2
    sampling = row_median(np.where(np.isnan(past), np.nan, past_errors)) ** 2
    own = total - sampling
    pooled = np.zeros(len(own))
    for kind in np.unique(kinds):
        members = (kinds == kind) & ~np.isnan(own)
        if members.any():
            weight = (sampling[members] + 1e-4) ** -2
            pooled[kinds == kind] = max(float(np.sum(weight * own[members]) / np.sum(weight)), 0.0)
    degrees = MAD_EFFICIENCY * count
    between = (degrees * np.maximum(own, 0.0) + pooled_degrees * pooled) / (degrees + pooled_degrees)
    return np.sqrt(np.maximum(between, MIN_SPREAD**2) + error**2), degrees + pooled_degrees


def row_median(values: Array) -> Array:
    """Medians along the last axis that ignore NaN, and NaN where there is nothing else."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(values, axis=-1)
    count = np.count_nonzero(~np.isnan(values), axis=-1)[..., None]
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    return np.where(count > 0, (low + high) / 2, np.nan)[..., 0]


def _seasonal_effects(season: Array, end: int, period: int) -> Array:
    """How far the median of each phase lies from the median of all, shape (series, period); `end` is the step after.

    With few looks at a phase its effect is mostly luck. As James and Stein, each is pulled towards 0 by the share of
    its square that its own error explains: an effect no larger than its error vanishes, a large one stays whole.
    """
    series, steps = season.shape
    padded = np.concatenate([np.full((series, -steps % period), np.nan), season], axis=1)
    # (series, phase, looks); the first phase of a row is that of `end`, as rows end with the step before it.
    looks = padded.reshape(series, -1, period).transpose(0, 2, 1)
    by_phase = row_median(looks)
    count = np.count_nonzero(~np.isnan(looks), axis=2)
    effects = np.nan_to_num(by_phase - row_median(season)[:, None])
    noise = 1.4826 * row_median(np.abs(looks - by_phase[:, :, None]).reshape(series, -1))
    # The variance of a median of n normal values is π/2 times that of their mean.
    error_square = np.pi / 2 * np.nan_to_num(noise)[:, None] ** 2 / np.maximum(count, 1)
    explained = np.divide(error_square, effects**2, out=np.ones_like(effects), where=effects != 0)
    return np.roll(effects * np.maximum(1 - explained, 0.0), end % period, axis=1)
