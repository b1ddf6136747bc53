"""Robust exponential smoothing of many series at once: what the level and the seasons make of each step ahead.

What belongs here is the recursion and nothing of fitting: it runs at several fixed rates side by side, and the
regressions of `forecasters` learn which of them a series wants. A value that lies far from what was expected moves the
level by a bounded amount only (an outage, a campaign, a news spike), unless a whole season says the same: that is a
changepoint, and the level follows it at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

# Shares of a surprise that the level and the seasons take over. One rate alone did best at 0.3 on Wikipedia's series
# and at 0.07 on drawn KPIs: the regressions choose between fast and slow.
RATES = ((0.4, 0.1), (0.2, 0.1), (0.1, 0.07), (0.04, 0.05))
# The rate whose forecast the others are told relative to.
USUAL = 1
INITIAL_SEASONS = 4
# In standard deviations of one-step surprises. Gelper, Fried, Croux, "Robust forecasting with exponential and
# Holt-Winters smoothing", Journal of Forecasting 29 (2010), use 2.
CLIP = 2.0
SPREAD_RATE = 0.03
CHANGE_DEVIATIONS = 2.0


@dataclass(frozen=True)
class Smoothed:
    """What was known at each origin.

    Attributes:
        ahead: shape (series, origins, horizon, rates), the forecast of each rate; NaN before a series has
            INITIAL_SEASONS seasons.
        spread: shape (series, origins), the standard deviation of one-step surprises, robust, above 0.
        level: shape (series, origins), without the seasons, at the usual rate.
        changes: shape (series, n), by how much the level moved at a changepoint that was seen at this step, else 0.
    """

    ahead: Array
    spread: Array
    level: Array
    changes: Array


def smooth(values: Array, origins: Index, horizon: int, seasons: tuple[int, ...], special: Index) -> Smoothed:
    """Smooth every series from its beginning and note, at each origin, what it would forecast.

    Args:
        values: shape (series, n), NaN where missing and before a series begins.
        origins: ascending steps, shape (origins,).
        horizon: steps ahead.
        seasons: steps in each season, shortest first; the second one only for series of three of it.
        special: shape (n + horizon,): 0 on ordinary steps, else the number of the holiday. What a holiday moved is
            kept as the effect of that holiday alone, shrunk to half after the first one, and leaves the level as it is.
    """
    state = _State(values, seasons, int(special.max(initial=0)) + 1)
    count, n = values.shape
    ahead = np.full((count, len(origins), horizon, len(RATES)), np.nan)
    spread, level = np.full((2, count, len(origins)), np.nan)
    changes = np.zeros((count, n))
    at = {int(origin): i for i, origin in enumerate(origins)}
    for step in range(n):
        changes[:, step] = state.take(step, int(special[step]))
        if step in at:
            i = at[step]
            steps = np.arange(step + 1, step + 1 + horizon)
            ahead[:, i] = state.expected(steps, special[steps])
            spread[:, i] = np.where(np.isnan(ahead[:, i, 0, 0]), np.nan, state.spread[:, USUAL])
            level[:, i] = state.level[:, USUAL]
    return Smoothed(ahead, spread, level, changes)


class _State:
    """Level, seasons, holidays and spread of every series (rows) at every rate (columns)."""

    def __init__(self, values: Array, seasons: tuple[int, ...], holidays: int) -> None:
        count, n = values.shape
        self.values, self.seasons = values, seasons
        self.alpha, self.gamma = (np.array(rates) for rates in zip(*RATES, strict=True))
        known = ~np.isnan(values)
        self.starts = np.where(known.any(axis=1), known.argmax(axis=1), n)
        self.level = np.full((count, len(RATES)), np.nan)
        self.spread = np.full((count, len(RATES)), np.nan)
        self.phases = [np.zeros((count, period, len(RATES))) for period in seasons]
        self.effects = np.zeros((count, holidays))
        self.seen = np.zeros((count, holidays))
        self.recent = np.full((count, seasons[0]), np.nan)
        self.has_second = (n - self.starts >= 3 * seasons[-1])[:, None] & (len(seasons) > 1)

    def expected(self, steps: Index, special: Index) -> Array:
        """Shape (series, steps, rates)."""
        found = np.repeat(self.level[:, None, :], len(steps), axis=1)
        for period, phases in zip(self.seasons, self.phases, strict=True):
            found = found + phases[:, steps % period]
        return np.asarray(found + self.effects[:, special][:, :, None])

    def take(self, step: int, holiday: int) -> Array:
        """Learn the values of a step; returns the changepoints, shape (series,)."""
        begun = self.starts + INITIAL_SEASONS * self.seasons[0] - 1
        for row in np.flatnonzero(begun == step):
            self._begin(int(row), step)
        value = self.values[:, step, None]
        phases = [phases[:, step % period] for period, phases in zip(self.seasons, self.phases, strict=True)]
        surprise = value - self.level - sum(phases)
        active = ~np.isnan(surprise) & (begun < step)[:, None]
        surprise = np.where(active, surprise, 0.0)
        if holiday:
            self._take_holiday(holiday, surprise[:, USUAL], active[:, 0])
            return np.zeros(len(value))
        reach = CLIP * self.spread
        bounded = np.where(active, np.clip(surprise, -reach, reach), 0.0)
        wide = np.minimum(np.abs(surprise), 3 * self.spread)
        self.spread = np.where(active, self.spread + SPREAD_RATE * (1.25 * wide - self.spread), self.spread)
        self.spread = np.maximum(self.spread, 1e-9)
        self.level = self.level + self.alpha * bounded
        phases[0] += self.gamma * bounded
        if len(phases) > 1:
            # From nothing: at first the mean of what was seen. A series that has not begun has seen nothing: two
            # seasons before its beginning the rate would be infinite, and the season NaN for ever.
            visits = np.maximum(step - begun, 0)[:, None] // self.seasons[1]
            rate = np.maximum(2 * self.gamma, 1.0 / (visits + 2.0))
            phases[1] += np.where(self.has_second, rate * bounded, 0.0)
        return self._follow_changes(step, surprise[:, -1], active[:, 0])

    def _take_holiday(self, holiday: int, surprise: Array, active: NDArray[np.bool_]) -> None:
        self.seen[:, holiday] += active
        step = (surprise - self.effects[:, holiday]) / (self.seen[:, holiday] + 1)
        self.effects[:, holiday] += np.where(active, step, 0.0)

    def _follow_changes(self, step: int, surprise: Array, active: NDArray[np.bool_]) -> Array:
        """Move the level of every rate where the slowest was off by the same for a whole season."""
        self.recent[:, step % self.seasons[0]] = np.where(active, surprise, np.nan)
        reach = CHANGE_DEVIATIONS * self.spread[:, -1]
        lowest, highest = self.recent.min(axis=1), self.recent.max(axis=1)
        moved = (lowest > 0.5 * reach) | (highest < -0.5 * reach)
        if not moved.any():
            return np.zeros(len(surprise))
        size = np.where(moved, np.median(self.recent, axis=1), 0.0)
        found = moved & (np.abs(size) > reach)
        if not found.any():
            return np.zeros(len(surprise))
        rows = np.flatnonzero(found)
        # Each rate moves by what it had not followed yet: the median of the season relative to its own level.
        slow = self.level[rows, -1] + size[rows]
        self.level[rows] = slow[:, None]
        self.recent[rows] = np.nan
        return np.where(found, size, 0.0)

    def _begin(self, row: int, step: int) -> None:
        period = self.seasons[0]
        first = self.values[row, step + 1 - INITIAL_SEASONS * period : step + 1]
        level = np.nanmedian(first)
        by_phase = first.reshape(INITIAL_SEASONS, period)
        start = (step + 1 - INITIAL_SEASONS * period) % period
        known = ~np.isnan(by_phase).all(axis=0)
        usual = np.zeros(period)
        usual[known] = np.nanmedian(by_phase[:, known], axis=0) - level
        # The level is the mean of a season: what the median of a lopsided season lacks is given back to it.
        level += usual.mean()
        usual -= usual.mean()
        self.level[row] = level
        self.phases[0][row] = np.roll(usual, start)[:, None]
        off = np.abs(first - level - np.tile(usual, INITIAL_SEASONS))
        self.spread[row] = max(1.4826 * float(np.nanmedian(off)), 0.5 * float(np.nanmean(off)), 1e-9)
