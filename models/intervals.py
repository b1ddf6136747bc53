"""The scale on which a series is forecast, and how wide an interval must be by the errors made so far.

What belongs here is arithmetic of one series; whose errors count is decided in `backtests`.
"""

from dataclasses import dataclass

import numpy as np

from models.smoothing import Array, Index

# Errors of neighbouring origins are much the same: a season ahead of fewer borrows from the nearer ones (error growing
# as √seasons).
MIN_ERRORS = 60


@dataclass(frozen=True)
class Scale:
    """Positive series are forecast on a log scale: their errors are in proportion, and no interval can pass below 0."""

    is_log: bool
    bounds: tuple[float, float]

    @classmethod
    def of(cls, values: Array, bounds: tuple[float, float]) -> "Scale":
        """The scale of a series with these limits."""
        known = values[~np.isnan(values)]
        # A share near its upper limit, or a series that comes close to 0, has no proportional errors.
        is_log = bool(bounds[0] == 0 and bounds[1] == np.inf and known.min() > 0.05 * np.median(known))
        return cls(is_log, bounds)

    def forward(self, values: Array) -> Array:
        """Onto the working scale."""
        return np.log(values) if self.is_log else values

    def back(self, values: Array) -> Array:
        """Back into the unit of the series, within its limits."""
        return np.clip(np.exp(values) if self.is_log else values, *self.bounds)


def conformal(errors: Array, seasons: Index, levels: tuple[float, ...]) -> dict[float, Array]:
    """Split conformal quantiles of absolute errors for each season ahead: the ⌈(n + 1)·level⌉-th smallest of n.

    Source: Lei, G'Sell, Rinaldo, Tibshirani, Wasserman, "Distribution-Free Predictive Inference for Regression", JASA
        113 (2018).
    """
    widths = np.empty((len(levels), len(seasons)))
    for season in np.unique(seasons):
        own = errors[:, seasons == season]
        enough = np.count_nonzero(~np.isnan(own)) >= MIN_ERRORS
        pooled = own if enough else errors * np.sqrt(season / seasons)
        found = _quantiles(pooled, levels)
        widths[:, seasons == season] = found[:, None]
    # What lies further ahead is not known better; without this, luck in a thin season would say so.
    return dict(zip(levels, np.maximum.accumulate(widths, axis=1), strict=True))


def _quantiles(scores: Array, levels: tuple[float, ...]) -> Array:
    known = scores[~np.isnan(scores)]
    if not known.size:
        return np.full(len(levels), np.nan)
    ranks = np.ceil((known.size + 1) * np.array(levels)).astype(int)
    places = np.minimum(ranks, known.size) - 1
    return np.asarray(np.partition(known, places)[places])
