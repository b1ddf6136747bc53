"""A bootstrap over days: how far a sum over days strays when blocks of neighbouring days are drawn again.

Only the drawing belongs here; what is summed is decided by who calls.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RESAMPLES = 1000
# Days next to each other share campaigns and weather.
BLOCK_DAYS = 3


def block_weights(days: int, rng: np.random.Generator) -> Array:
    """How often each day is drawn when blocks of neighbouring days (round the end) are drawn with replacement.

    Returns:
        (RESAMPLES, days).

    Source: Künsch, Annals of Statistics 17 (1989).
    """
    starts = rng.integers(0, days, size=(RESAMPLES, -(-days // BLOCK_DAYS)))
    drawn = (starts[:, :, None] + np.arange(BLOCK_DAYS)) % days
    drawn = drawn.reshape(RESAMPLES, -1)[:, :days] + days * np.arange(RESAMPLES)[:, None]
    return np.bincount(drawn.ravel(), minlength=days * RESAMPLES).reshape(RESAMPLES, days).astype(float)


def spread(deviations: Array, weights: Array) -> Array:
    """Standard error of the sum over days of deviations that add up to nothing.

    Args:
        deviations: (days, n).
        weights: (RESAMPLES, days), as `block_weights` draws them.

    Returns:
        (n,).
    """
    # Drawing from d days, and not from all there could be, makes them look alike by (d - block) / d.
    count = len(deviations)
    return np.std(weights @ deviations, axis=0, ddof=1) * np.sqrt(count / max(count - BLOCK_DAYS, 1))
