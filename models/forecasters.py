"""The forecasters behind one small interface: fit at a cutoff, forecast from many origins of many series at once.

What belongs here is what is known at an origin (`Known`) and what a regression makes of it. Dates and KPIs are
`forecasts`' business, folds, the choice and intervals that of `backtests`. An origin is the index of the last value
that a forecast may use. Everything is in units of the spread of its series at its origin, relative to the usual
smoothing, so that one regression can learn from all series.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.smoothing import INITIAL_SEASONS, USUAL, Array, Index, smooth

# Relative to the number of rows. 0.3 and 1 differ by 0.003 of the seasonal naive's MASE on daily series; 0.1 is worse
# on hours.
RIDGE_PENALTY_PER_ROW = 1.0
# Targets beyond this many spreads are pulled in: a news spike is not a law.
TARGET_CLIP = 8.0
# Neighbouring origins and steps tell much the same.
ROWS_A_SERIES = 4_000
# In spreads. A series that was still for months and moves at last is this far from everything.
FURTHEST = 100.0


@dataclass(frozen=True)
class Panel:
    """Series of one kind on their working scale, one row each, all ending with the newest step.

    Attributes:
        values: shape (series, n), NaN where missing and before a series begins.
        seasons: steps in each season, shortest first (7; or 24 and 168).
        long: steps in the season of which a lag is told (364 of days, 168 of hours).
        special: shape (n + horizon,), holidays as in `smoothing.smooth`.
        horizon: steps ahead.
    """

    values: Array
    seasons: tuple[int, ...]
    long: int
    special: Index
    horizon: int


@dataclass(frozen=True)
class Known:
    """What is known at each origin about each step ahead, and what came.

    Attributes:
        origins: ascending, shape (origins,).
        steps: shape (origins, horizon), the index of each step ahead.
        anchor: shape (series, origins, horizon): what features and targets are relative to. The usual smoothing of
            days; the seasonal naive of hours, whose smoothing alone is no better than it.
        spread: shape (series, origins), the unit of features and targets.
        linear: shape (series, origins, horizon, features), 0 where unknown.
        more: the same for features that only trees can use, NaN where unknown.
        target: shape (series, origins, horizon), what came; NaN where missing.
        changes: shape (series, n), as in `smoothing.Smoothed`.
    """

    origins: Index
    steps: Index
    anchor: Array
    spread: Array
    linear: Array
    more: Array
    target: Array
    changes: Array

    @classmethod
    def of(cls, panel: Panel, origins: Index) -> "Known":
        """Look at each origin; nothing but `target` reads a value after it."""
        period, values, horizon = panel.seasons[0], panel.values, panel.horizon
        steps = origins[:, None] + np.arange(1, horizon + 1)
        smoothed = smooth(values, origins, horizon, panel.seasons, panel.special)
        unit = smoothed.spread[:, :, None]
        filled = np.array([fill_gaps(row, period) for row in values])
        newest = last_seen(origins, horizon, period)
        naive = filled[:, newest]
        anchor = smoothed.ahead[..., USUAL] if len(panel.seasons) == 1 else naive
        lag = steps - -(-np.arange(1, horizon + 1) // panel.long) * panel.long
        linear = [*np.moveaxis(smoothed.ahead, -1, 0), naive]
        if len(panel.seasons) > 1:
            linear += [_at(filled, lag), _at(filled, lag - panel.long)]
        same_phase = np.stack([_at(filled, newest - k * period) for k in range(5)])
        level = np.repeat(smoothed.level[:, :, None], horizon, axis=2)
        more = [*same_phase[1:], same_phase.mean(axis=0), np.median(same_phase, axis=0), level]
        change = _season_change(filled, lag, period) - (anchor - level)
        moved = _movements(filled, origins, period, horizon)
        own = np.broadcast_to(np.stack([steps - origins[:, None], steps % period], axis=-1), (*anchor.shape, 2))
        n = values.shape[1]
        came = np.where(steps < n, values[:, np.minimum(steps, n - 1)], np.nan)
        return cls(
            origins,
            steps,
            anchor,
            smoothed.spread,
            np.clip(
                np.nan_to_num((np.stack(linear, axis=-1) - anchor[..., None]) / unit[..., None]), -FURTHEST, FURTHEST
            ),
            np.concatenate(
                [
                    own,
                    (np.stack(more, axis=-1) - anchor[..., None]) / unit[..., None],
                    np.stack([change, *moved], axis=-1) / unit[..., None],
                ],
                axis=-1,
            ),
            (came - anchor) / unit,
            smoothed.changes,
        )


class Forecaster(Protocol):
    """One way to forecast; `name` stands beside every forecast that it makes."""

    name: str

    def fit(self, known: Known, cutoff: int) -> None:
        """Learn from targets up to the cutoff, and from nothing after it."""

    def ahead(self, known: Known, rows: Index) -> Array:
        """Forecast from the origins at these positions, shape (series, rows, horizon)."""


class SmoothedRidge:
    """One ridge for each series that weighs smoothings of several rates, by how far ahead.

    Without a constant: zero coefficients are the usual smoothing, so that a short history falls back to it.
    """

    name = "smoothed_ridge"

    def fit(self, known: Known, cutoff: int) -> None:
        """Fit every series that has targets, all at once by their normal equations."""
        usable = _usable(known, cutoff)[..., None]
        features = np.where(usable, self._features(known, np.arange(len(known.origins))), 0.0)
        target = np.where(usable, np.clip(known.target, -TARGET_CLIP, TARGET_CLIP)[..., None], 0.0)
        x, y = (part.reshape(len(part), -1, part.shape[-1]) for part in (features, target))
        products = x.transpose(0, 2, 1) @ x
        # A penalty in proportion to the mean square of each feature asks for no scaling of features.
        squares = np.diagonal(products, axis1=1, axis2=2)
        penalty = np.where(squares > 0, RIDGE_PENALTY_PER_ROW * squares, 1.0)
        products += penalty[:, :, None] * np.eye(penalty.shape[1])
        self.weights = np.linalg.solve(products, x.transpose(0, 2, 1) @ y)[..., 0]

    def ahead(self, known: Known, rows: Index) -> Array:
        """The anchor and what the ridge adds to it."""
        added = np.einsum("sohf,sf->soh", self._features(known, rows), self.weights)
        return known.anchor[:, rows] + added * known.spread[:, rows, None]

    @staticmethod
    def _features(known: Known, rows: Index) -> Array:
        horizon = known.linear.shape[2]
        further = (np.arange(horizon) - (horizon - 1) / 2) / (horizon / 2)
        linear = known.linear[:, rows]
        return np.concatenate([linear, linear * further[:, None]], axis=-1)


class Boosting:
    """Gradient boosting over all series at once: what one series is too short to show, the others may."""

    name = "boosting"

    def __init__(
        self, rows: int = 20_000, iterations: int = 80, leaves: int = 12, seeds: int = 2, rate: float = 0.07
    ) -> None:
        """Rows to fit on, of all series together, the trees, how many ensembles are averaged, and the learning rate."""
        self.rows, self.iterations, self.leaves, self.seeds, self.rate = rows, iterations, leaves, seeds, rate

    def fit(self, known: Known, cutoff: int) -> None:
        """Fit on as many rows of each series."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        rng = np.random.default_rng(0)
        chosen = []
        usable = _usable(known, cutoff)
        for i, rows in enumerate(usable):
            at = np.argwhere(rows)
            at = at[rng.choice(len(at), min(len(at), min(self.rows // len(usable), ROWS_A_SERIES)), replace=False)]
            chosen.append(np.column_stack([np.full(len(at), i), at]))
        i, origin, step = np.concatenate(chosen).T
        x = np.concatenate([known.linear[i, origin, step], known.more[i, origin, step]], axis=-1)
        y = np.clip(known.target[i, origin, step], -TARGET_CLIP, TARGET_CLIP)
        # A feature that is nowhere known, or everywhere the same, has no limits between its bins.
        low, high = (
            end(np.where(np.isnan(x), other, x), axis=0) for end, other in ((np.min, np.inf), (np.max, -np.inf))
        )
        self.features = high > low
        # Trees so small keep a second thread waiting: on a busy machine of two cores it made a fit ten times as long.
        with threadpool_limits(limits=1):
            self.models = [
                HistGradientBoostingRegressor(
                    loss="absolute_error", learning_rate=self.rate, max_iter=self.iterations,
                    max_leaf_nodes=self.leaves, min_samples_leaf=60, max_features=0.5, l2_regularization=1.0,
                    early_stopping=False, random_state=seed,
                ).fit(x[:, self.features], y)
                for seed in range(self.seeds)
            ]  # fmt: skip

    def ahead(self, known: Known, rows: Index) -> Array:
        """The anchor and what the trees add to it."""
        from threadpoolctl import threadpool_limits

        x = np.concatenate([known.linear[:, rows], known.more[:, rows]], axis=-1)
        flat = x.reshape(-1, x.shape[-1])[:, self.features]
        with threadpool_limits(limits=1):
            added = np.mean([model.predict(flat) for model in self.models], axis=0).reshape(x.shape[:3])
        return known.anchor[:, rows] + added * known.spread[:, rows, None]


def fill_gaps(values: Array, period: int) -> Array:
    """Fill missing steps from the past only: the same phase one season before, else the step before.

    Args:
        values: shape (n,), NaN where missing.
        period: steps in a season.

    Returns:
        Shape (n,), NaN only before the first value. Element t depends on elements up to t alone.
    """
    series = pd.Series(values)
    by_phase = series.groupby(np.arange(len(series)) % period).ffill()
    return np.asarray(by_phase.fillna(series.ffill()).ffill(), dtype=float)


def seasonal_naive(filled: Array, origins: Index, horizon: int, period: int) -> Array:
    """Repeat the last season seen at each origin: what every forecaster has to beat.

    Args:
        filled: shape (n,), without NaN from the first season on.
        origins: shape (m,), each at least period - 1.
        horizon: steps ahead.
        period: steps in a season.

    Returns:
        Shape (m, horizon): the forecast of step origin + 1, origin + 2, ….
    """
    return np.asarray(filled[last_seen(origins, horizon, period)])


def last_seen(origins: Index, horizon: int, period: int) -> Index:
    """Where the phase of each step ahead was last seen at each origin, shape (origins, horizon)."""
    ahead = np.arange(1, horizon + 1)
    return np.asarray(origins[:, None] + ahead - (ahead + period - 1) // period * period)


def _usable(known: Known, cutoff: int) -> NDArray[np.bool_]:
    """Where a target was known at the cutoff, shape (series, origins, horizon)."""
    return (known.steps <= cutoff) & ~np.isnan(known.target)


def _at(filled: Array, steps: Index) -> Array:
    """Values at these steps, shape (series, *steps), NaN before the first."""
    return np.where(steps >= 0, filled[:, np.maximum(steps, 0)], np.nan)


def _season_change(filled: Array, lag: Index, period: int) -> Array:
    """How far a step of the long season lay from the level as long before it as the origin is now."""
    levels = pd.DataFrame(filled.T).rolling(period).mean().to_numpy().T
    return _at(filled, lag) - _at(levels, lag - np.arange(1, lag.shape[1] + 1))


def _movements(filled: Array, origins: Index, period: int, horizon: int) -> list[Array]:
    """How the level moved lately, the same for every step ahead, shapes (series, origins, horizon)."""
    frame = pd.DataFrame(filled.T)
    season, month, longer = (frame.rolling(k * period, min_periods=period).mean().to_numpy().T for k in (1, 4, 8))
    rough = frame.diff(period).abs().rolling(INITIAL_SEASONS * period, min_periods=period).mean().to_numpy().T
    before = np.maximum(origins - period, 0)
    found = [
        season[:, origins] - season[:, before],
        season[:, origins] - month[:, origins],
        month[:, origins] - longer[:, origins],
        filled[:, origins] - filled[:, before],
        rough[:, origins],
    ]
    return [np.repeat(part[:, :, None], horizon, axis=2) for part in found]
