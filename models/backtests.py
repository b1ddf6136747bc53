"""How one series is forecast: a rolling-origin backtest of the candidates, the choice, and split conformal intervals.

What belongs here is arithmetic on one evenly spaced array; frames, dates and KPIs are `forecasts`' business. No fold
sees a value after its cutoff, neither in its fit, nor in its lags, nor in the errors that its intervals are made of.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import evaluation
from models.forecasters import RIDGE_MIN_SEASONS, Array, fill_gaps, ridge, seasonal_naive

MODEL_VERSION = "1"
NAIVE = "seasonal_naive"
RIDGE = "ridge_lags_fourier"
LEVELS = (0.80, 0.95)
MEASURES = ["mase", "smape", "coverage_80", "coverage_95", "msis"]

# A fold longer than a season by one step walks through the phases; 20 of them are the last five months of daily values.
FOLD_STEPS_OVER_SEASON = 1
MAX_FOLDS = 20
# A choice on fewer full-length folds is a coin toss; the baseline keeps the place.
MIN_FOLDS_TO_CHOOSE = 4
# Below this many errors a season ahead has no interval of its own and borrows from the others (error growing as
# √seasons).
MIN_ERRORS = 60


@dataclass(frozen=True)
class SeriesForecast:
    """One series carried forward: the chosen model, its forecast (horizon,), its intervals by level, the backtest."""

    model_name: str
    forecast: Array
    intervals: dict[float, tuple[Array, Array]]
    backtest: pd.DataFrame


def forecast_series(
    values: Array, horizon: int, period: int, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> SeriesForecast:
    """Forecast one evenly spaced series and tell how well each candidate did in a rolling-origin backtest.

    Args:
        values: shape (n,), oldest first, NaN where missing, the first one present, at least three seasons.
        horizon: steps ahead.
        period: steps in a season.
        bounds: the least and the greatest value that the series can take.
    """
    scale = _Scale.of(values, bounds)
    z = scale.forward(values)
    filled = fill_gaps(z, period)
    paths = {NAIVE: _Path.naive(filled, horizon, period)}
    if len(values) >= (RIDGE_MIN_SEASONS + 4) * period:
        paths[RIDGE] = _Path.ridge(z, filled, horizon, period)
    judged = [_judge(path, values, z, scale, period).assign(model_name=name) for name, path in paths.items()]
    backtest = pd.concat(judged, ignore_index=True)
    chosen = _choose(backtest, horizon)
    path, now = paths[chosen], len(values) - 1
    centre = path.forecast_from(now)
    widths = path.half_widths(z, now, period)
    intervals = {level: (scale.back(centre - width), scale.back(centre + width)) for level, width in widths.items()}
    backtest = backtest.assign(is_chosen=backtest["model_name"] == chosen, model_version=MODEL_VERSION)
    return SeriesForecast(chosen, scale.back(centre), intervals, backtest)


@dataclass(frozen=True)
class _Scale:
    """Positive series are forecast on a log scale: their errors are in proportion, and no interval can pass below 0."""

    is_log: bool
    bounds: tuple[float, float]

    @classmethod
    def of(cls, values: Array, bounds: tuple[float, float]) -> "_Scale":
        known = values[~np.isnan(values)]
        # A share near its upper limit, or a series that comes close to 0, has no proportional errors.
        is_log = bool(bounds[0] == 0 and bounds[1] == np.inf and known.min() > 0.05 * np.median(known))
        return cls(is_log, bounds)

    def forward(self, values: Array) -> Array:
        return np.log(values) if self.is_log else values

    def back(self, values: Array) -> Array:
        return np.clip(np.exp(values) if self.is_log else values, *self.bounds)


@dataclass(frozen=True)
class _Path:
    """What a model forecast from each origin, on the working scale, shape (origins, horizon); the newest is last."""

    origins: NDArray[np.int64]
    forecasts: Array
    cutoffs: list[int]

    @classmethod
    def naive(cls, filled: Array, horizon: int, period: int) -> "_Path":
        first = max(2 * period - 1, len(filled) - 1 - (MAX_FOLDS * (period + FOLD_STEPS_OVER_SEASON)))
        origins = np.arange(first, len(filled))
        return cls(origins, seasonal_naive(filled, origins, horizon, period), _cutoffs(len(filled), period, first))

    @classmethod
    def ridge(cls, z: Array, filled: Array, horizon: int, period: int) -> "_Path":
        cutoffs = _cutoffs(len(z), period, RIDGE_MIN_SEASONS * period)
        return cls(np.arange(cutoffs[0], len(z)), ridge(z, filled, cutoffs, horizon, period), cutoffs)

    def forecast_from(self, origin: int) -> Array:
        return np.asarray(self.forecasts[origin - self.origins[0]])

    def half_widths(self, z: Array, origin: int, period: int) -> dict[float, Array]:
        """Half the width of the interval at each horizon, from errors whose target was known at `origin`."""
        horizon = self.forecasts.shape[1]
        earlier = self.origins[self.origins < origin]
        reached = earlier[:, None] + np.arange(1, horizon + 1)
        actual = np.where(reached <= origin, z[np.minimum(reached, origin)], np.nan)
        errors = np.abs(actual - self.forecasts[: len(earlier)])
        seasons = (np.arange(horizon) + period) // period
        return {level: _conformal(errors, seasons, level) for level in LEVELS}


def _conformal(errors: Array, seasons: NDArray[np.int64], level: float) -> Array:
    """Split conformal quantile of absolute errors for each season ahead: the ⌈(n + 1)·level⌉-th smallest of n.

    Source: Lei, G'Sell, Rinaldo, Tibshirani, Wasserman, "Distribution-Free Predictive Inference for Regression", JASA
        113 (2018).
    """
    pooled = _quantile((errors / np.sqrt(seasons)).ravel(), level)
    widths = np.empty(len(seasons))
    for season in np.unique(seasons):
        own = errors[:, seasons == season].ravel()
        enough = np.count_nonzero(~np.isnan(own)) >= MIN_ERRORS
        widths[seasons == season] = _quantile(own, level) if enough else pooled * np.sqrt(season)
    # What lies further ahead is not known better; without this, luck in a thin season would say so.
    return np.maximum.accumulate(widths)


def _quantile(scores: Array, level: float) -> float:
    known = np.sort(scores[~np.isnan(scores)])
    if not known.size:
        return float("nan")
    rank = int(np.ceil((known.size + 1) * level))
    return float(known[min(rank, known.size) - 1])


def _cutoffs(n: int, period: int, first: int) -> list[int]:
    """Fold ends, oldest first, the newest being the last step itself."""
    step = period + FOLD_STEPS_OVER_SEASON
    return [c for c in range(n - 1 - MAX_FOLDS * step, n, step) if c >= first]


def _judge(path: _Path, values: Array, z: Array, scale: _Scale, period: int) -> pd.DataFrame:
    """Backtest rows of one model: a row for each fold over the first season ahead, and one over the whole horizon."""
    horizon = path.forecasts.shape[1]
    rows: list[dict[str, Any]] = []
    for cutoff in path.cutoffs:
        centre, widths = path.forecast_from(cutoff), path.half_widths(z, cutoff, period).items()
        for steps in sorted({min(period, horizon), horizon}):
            if cutoff + steps >= len(values):
                continue
            actual, history = values[cutoff + 1 : cutoff + 1 + steps], values[: cutoff + 1]
            ends = {level: (scale.back(centre - w)[:steps], scale.back(centre + w)[:steps]) for level, w in widths}
            known = not np.isnan(ends[0.95]).any()
            rows.append(
                {
                    "cutoff": cutoff,
                    "horizon_days": steps,
                    "mase": evaluation.mase(actual, scale.back(centre)[:steps], history, period),
                    "smape": evaluation.smape(actual, scale.back(centre)[:steps]),
                    "coverage_80": evaluation.coverage(actual, *ends[0.80]) if known else np.nan,
                    "coverage_95": evaluation.coverage(actual, *ends[0.95]) if known else np.nan,
                    "msis": evaluation.msis(actual, *ends[0.95], history, period) if known else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=["cutoff", "horizon_days", *MEASURES])


def _choose(backtest: pd.DataFrame, horizon: int) -> str:
    """The ridge where it beats the seasonal naive on the folds that both were judged on, else the seasonal naive."""
    whole = backtest[backtest["horizon_days"] == horizon]
    by_model = whole.pivot(index="cutoff", columns="model_name", values="mase").dropna()
    if RIDGE not in by_model or len(by_model) < MIN_FOLDS_TO_CHOOSE:
        return NAIVE
    return RIDGE if by_model[RIDGE].mean() < by_model[NAIVE].mean() else NAIVE
