"""Means of log-normal durations of which some have not ended yet, and their standard errors.

Samples come as arrays whose last axis is the sample, so that thousands of resamples are fitted at once. What the
durations mean, and what is claimed of them, does not belong here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 40  # of expectation-maximisation; the mean settles to 1e-4 in fewer while under half go on

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """Logarithms of seconds, shape (…, n), and which of them only say how long a duration has gone on so far."""

    logs: Floats
    is_open: Flags

    @property
    def ended_count(self) -> NDArray[np.int64]:
        """How many have ended, shape (…)."""
        return np.asarray((~self.is_open).sum(axis=-1))

    @property
    def ended(self) -> "Sample":
        """Those that have ended, of one sample of shape (n,)."""
        return Sample(self.logs[~self.is_open], self.is_open[~self.is_open])

    def shifted(self, by: float) -> "Sample":
        """The same durations, each `exp(by)` times as long."""
        return Sample(self.logs + by, self.is_open)


def log_ratio(before: Sample, after: Sample) -> tuple[Floats, Floats]:
    """Logarithm of the ratio of the log-normal means, and its standard error; shape (…)."""
    (mean_before, spread_before), (mean_after, spread_after) = fitted(before), fitted(after)
    change = mean_after + spread_after / 2 - mean_before - spread_before / 2
    variance = log_mean_variance(spread_before, before.ended_count) + log_mean_variance(spread_after, after.ended_count)
    return np.asarray(change), np.sqrt(variance)


def log_mean_variance(spread: Floats | float, count: NDArray[np.int64]) -> Floats:
    """Variance of the estimated logarithm of a log-normal mean: v/n + v²/(2(n−1)); NaN for fewer than two.

    Source: Zhou, Gao, Hui, "Methods for comparing the means of two independent log-normal samples", Biometrics 53
    (1997).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= 2, spread / count + np.square(spread) / (2 * (count - 1.0)), np.nan)


def fitted(period: Sample) -> tuple[Floats, Floats]:
    """Mean and variance of the logarithms, those of open ones censored; maximum likelihood, less its bias.

    Expectation-maximisation for a right-censored normal sample (Dempster, Laird, Rubin, JRSS B 39, 1977).
    """
    from scipy.special import log_ndtr

    logs, is_open, ended = period.logs, period.is_open, period.ended_count
    mean, spread = logs.mean(axis=-1), logs.var(axis=-1)
    for _ in range(STEPS if is_open.any() else 0):
        sd = np.sqrt(np.maximum(spread, 1e-12))[..., None]
        z = (logs - mean[..., None]) / sd
        hazard = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-z))
        expected = np.where(is_open, mean[..., None] + sd * hazard, logs)
        extra = np.where(is_open, sd**2 * (1 + z * hazard - hazard**2), 0.0)
        mean = expected.mean(axis=-1)
        spread = (np.square(expected - mean[..., None]) + extra).mean(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return mean, np.where(ended >= 2, spread * ended / (ended - 1), np.nan)
