"""What models say of chance alike: the normal p-value, and the false discovery rate of many tests at once.

Only what several models share belongs here; what a statistic is made of is each model's own business.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

# 97.5 % of a normal distribution lie below it.
Z_95 = 1.959963984540054


def two_sided(z: float) -> float:
    """The p-value of a statistic that is standard normal where nothing is wrong."""
    from scipy.stats import norm

    return float(2 * norm.sf(abs(z)))


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """q-values: the smallest false discovery rate at which each test would be called a discovery.

    Args:
        p_values: shape (n,); NaN is a test that was not made: it counts for nothing and stays NaN.

    Returns:
        Shape (n,), each at least its p-value and at most 1. Calling `q <= rate` keeps the expected share of false
        discoveries at or under `rate` for independent or positively dependent tests.

    Source: Benjamini, Hochberg, "Controlling the False Discovery Rate", JRSS B 57 (1995).
    """
    from scipy.stats import false_discovery_control

    p = np.asarray(p_values, dtype=float)
    q = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q


def simes(p_values: ArrayLike) -> float:
    """The p-value of "nothing at all is wrong" for tests that are independent or positively dependent, at most 1.

    Args:
        p_values: shape (n,), without NaN; at least one.

    Source: Simes, "An improved Bonferroni procedure for multiple tests of significance", Biometrika 73 (1986).
    """
    p = np.sort(np.asarray(p_values, dtype=float))
    return float(min(1.0, np.min(p * len(p) / np.arange(1, len(p) + 1))))
