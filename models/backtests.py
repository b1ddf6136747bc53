"""How series of one kind are forecast: a rolling-origin backtest of every forecaster, the choice, and the intervals.

What belongs here is arithmetic on evenly spaced arrays; frames, dates and KPIs are `forecasts`' business. No fold sees
a value after its cutoff, neither in its fit, nor in its features, nor in the errors that its intervals are made of.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import evaluation
from models.forecasters import Boosting, Known, Panel, SmoothedRidge, fill_gaps, seasonal_naive
from models.intervals import Scale, conformal
from models.smoothing import Array, Index

MODEL_VERSION = "4"
SEASONAL_NAIVE = "seasonal_naive"
MEAN = "ridge_boosting_mean"
LEVELS = (0.80, 0.90, 0.95)
MEASURES = ["mase", "smape", "coverage_80", "coverage_90", "coverage_95", "msis"]

# A regression is fitted from so many seasons on.
MIN_SEASONS_TO_FIT = 6
# A choice on fewer full-length folds is a coin toss; the baseline keeps the place.
MIN_FOLDS_TO_CHOOSE = 4
# With fewer a probability of one half could as well be one of 0.1 or 0.9.
MIN_PATHS = 20


@dataclass(frozen=True)
class Kind:
    """What series of one kind have in common.

    Attributes:
        seasons, long: as in `forecasters.Panel`.
        horizon: steps ahead.
        stride: steps between the origins of a regression; walks through all phases of the season.
        fold_steps: steps between folds that are tried, the widest first; multiples of the stride, none of the season.
        folds: the most that are judged.
        folds_between_fits: a regression made for a fold is used for so many.
        trees: rows, iterations, leaves, seeds and learning rate of the boosting.
    """

    seasons: tuple[int, ...]
    long: int
    horizon: int
    stride: int
    fold_steps: tuple[int, ...]
    folds: int
    folds_between_fits: int
    trees: tuple[int, int, int, int, float]


DAILY = Kind((7,), 364, 28, 3, (27, 15, 9, 6, 3), 8, 2, (20_000, 75, 12, 2, 0.07))
# Every fold and interval of hours comes from one fit, of the oldest fold's data: refitting for each second fold cost
# twice as much and gained nothing.
HOURLY = Kind((24, 168), 168, 48, 5, (55, 35, 25), 6, 6, (10_000, 40, 15, 1, 0.1))


@dataclass(frozen=True)
class SeriesForecast:
    """One series carried forward: the chosen model, its forecast (horizon,), its intervals by level, the backtest.

    Attributes:
        naive: forecast and intervals of the seasonal naive, made in the same way.
        paths: shape (paths, horizon), ways that the series may go: today's forecast with each past error of full length
            laid on it. Of the chosen model, or of the seasonal naive where that has too few; in the unit of the series.
        changes: shape (n,), by how much the level moved for good, on the working scale, seen at this step; mostly 0.
        past_origins: shape (origins,), earlier steps from which the chosen model forecast.
        past_forecasts, past_values: shape (origins, horizon), what it said from them and what came, NaN where missing
            or still to come; in the unit of the series.
    """

    model_name: str
    model_reason: str
    forecast: Array
    intervals: dict[float, tuple[Array, Array]]
    backtest: pd.DataFrame
    naive: tuple[Array, dict[float, tuple[Array, Array]]]
    paths: Array
    changes: Array
    past_origins: Index
    past_forecasts: Array
    past_values: Array


def forecast_panel(
    series: list[Array], kind: Kind, bounds: list[tuple[float, float]], special: Index | None = None
) -> list[SeriesForecast]:
    """Forecast evenly spaced series of one kind that end together, and tell how well each forecaster did.

    Args:
        series: arrays of shape (n,), oldest first, NaN where missing, the first value present, three seasons at least.
        kind: DAILY, HOURLY or another.
        bounds: the least and the greatest value that each series can take.
        special: holidays of the steps of the longest series and of the horizon, as in `smoothing.smooth`.
    """
    longest = max(map(len, series))
    scales = [Scale.of(values, limits) for values, limits in zip(series, bounds, strict=True)]
    values = np.full((len(series), longest), np.nan)
    for row, (one, scale) in enumerate(zip(series, scales, strict=True)):
        values[row, longest - len(one) :] = scale.forward(one)
    special = np.zeros(longest + kind.horizon, dtype=int) if special is None else special
    run = _Run(Panel(values, kind.seasons, kind.long, special, kind.horizon), kind)
    return [run.of(row, scale) for row, scale in enumerate(scales)]


class _Run:
    """Every forecaster at every origin of every series."""

    def __init__(self, panel: Panel, kind: Kind) -> None:
        self.panel, self.kind = panel, kind
        self.n, self.period = panel.values.shape[1], kind.seasons[0]
        self.starts = (~np.isnan(panel.values)).argmax(axis=1)
        oldest, usual = (
            int(start) + MIN_SEASONS_TO_FIT * self.period - 1 for start in np.quantile(self.starts, (0, 0.9))
        )
        self.cutoffs = _cutoffs(self.n, kind, oldest, usual)
        self.regressions: dict[str, Array] = {}
        if len(self.cutoffs) > MIN_FOLDS_TO_CHOOSE:
            self._fit()

    def _fit(self) -> None:
        """What the regressions made from every origin from the first fold on, shape (series, origins, horizon)."""
        kind = self.kind
        origins = np.arange(self.n - 1, int(self.starts.min()) + 2 * self.period - 2, -kind.stride)[::-1]
        known = Known.of(self.panel, origins)
        fits = [*self.cutoffs[: -1 : kind.folds_between_fits], self.cutoffs[-1]]
        # Close folds reach back a few weeks only; intervals want the errors of longer.
        early = max(origins[0] + MIN_SEASONS_TO_FIT * self.period, self.n - 1 - kind.folds * kind.fold_steps[0])
        if early < fits[0] - kind.fold_steps[0]:
            fits.insert(0, int(origins[np.searchsorted(origins, early)]))
        edges = [*np.searchsorted(origins, fits), len(origins)]
        for forecaster in (SmoothedRidge(), Boosting(*kind.trees)):
            parts = []
            for cutoff, start, end in zip(fits, edges, edges[1:], strict=False):
                forecaster.fit(known, cutoff)
                parts.append(forecaster.ahead(known, np.arange(start, end)))
            self.regressions[forecaster.name] = np.concatenate(parts, axis=1)
        ridge, boosting = self.regressions[SmoothedRidge.name], self.regressions.pop(Boosting.name)
        self.regressions[MEAN] = (ridge + boosting) / 2
        self.origins, self.changes = origins[edges[0] :], known.changes

    def of(self, row: int, scale: Scale) -> SeriesForecast:
        """Judge, choose, and forecast one series."""
        start = int(self.starts[row])
        values = scale.back(self.panel.values[row, start:])
        paths = self._paths(row)
        judged = [
            {"model_name": name} | one
            for name, path in paths.items()
            for one in self._judge(path, values, start, scale)
        ]
        backtest = pd.DataFrame(judged, columns=["model_name", "cutoff", "horizon_steps", *MEASURES])
        chosen, reason = choose(backtest, self.kind.horizon)
        path, now = paths[chosen], self.n - 1
        backtest = backtest.assign(is_chosen=backtest["model_name"] == chosen, model_version=MODEL_VERSION)
        changes = self.changes[row, start:] if self.regressions else np.zeros(len(values))
        likely = path.ways(now, scale)
        if len(likely) < MIN_PATHS:
            likely = paths[SEASONAL_NAIVE].ways(now, scale)
        made, naive = (one.within(now, scale) for one in (path, paths[SEASONAL_NAIVE]))
        origins, said, came = path.past(now, start, scale)
        return SeriesForecast(chosen, reason, *made, backtest, naive, likely, changes, origins, said, came)

    def _paths(self, row: int) -> dict[str, "_Path"]:
        z, start, horizon = self.panel.values[row], int(self.starts[row]), self.kind.horizon
        filled = fill_gaps(z, self.period)
        everywhere = np.arange(min(start + 2 * self.period - 1, self.n - 1), self.n)
        naive = seasonal_naive(filled, everywhere, horizon, self.period)
        paths = {SEASONAL_NAIVE: _Path(everywhere, naive, z, self.period)}
        if self.regressions and start + MIN_SEASONS_TO_FIT * self.period <= self.cutoffs[-MIN_FOLDS_TO_CHOOSE - 1] + 1:
            paths |= {name: _Path(self.origins, ahead[row], z, self.period) for name, ahead in self.regressions.items()}
        return paths

    def _judge(self, path: "_Path", values: Array, start: int, scale: Scale) -> list[dict[str, Any]]:
        """A row for each fold over the first season ahead, and one over the whole horizon."""
        rows: list[dict[str, Any]] = []
        # From the newest step nothing has come yet.
        for cutoff in self.cutoffs[:-1]:
            if cutoff - start + 1 < 3 * self.period:
                continue
            forecast, ends = path.within(cutoff, scale)
            for steps in sorted({min(self.period, self.kind.horizon), self.kind.horizon}):
                if cutoff + steps < self.n:
                    own = {"cutoff": cutoff - start, "horizon_steps": steps}
                    measured = _measure(values, cutoff - start, forecast[:steps], ends, self.period)
                    rows.append(own | measured)
        return rows


@dataclass(frozen=True)
class _Path:
    """What one forecaster made of one series from each of these origins, on the working scale, (origins, horizon)."""

    origins: Index
    forecasts: Array
    values: Array
    period: int

    def ahead(self, cutoff: int) -> Array:
        """The forecast from this origin, shape (horizon,)."""
        return np.asarray(self.forecasts[np.searchsorted(self.origins, cutoff)])

    def came(self, cutoff: int) -> Array:
        """What came after each earlier origin, NaN where it was not known at the cutoff."""
        earlier = np.searchsorted(self.origins, cutoff)
        steps = self.origins[:earlier, None] + np.arange(1, self.forecasts.shape[1] + 1)
        return np.where(steps <= cutoff, self.values[np.minimum(steps, cutoff)], np.nan)

    def errors(self, cutoff: int) -> Array:
        """What came less what was forecast, from earlier origins, for targets known at the cutoff."""
        came = self.came(cutoff)
        return np.asarray(came - self.forecasts[: len(came)])

    def past(self, cutoff: int, start: int, scale: Scale) -> tuple[Index, Array, Array]:
        """The past of `SeriesForecast`, of a series that begins at this step."""
        came = self.came(cutoff)
        known = ~np.isnan(self.forecasts[: len(came)]).any(axis=1)
        forecasts = self.forecasts[: len(came)][known]
        return self.origins[: len(came)][known] - start, scale.back(forecasts), scale.back(came[known])

    def ways(self, cutoff: int, scale: Scale) -> Array:
        """As `SeriesForecast.paths`."""
        errors = self.errors(cutoff)
        return scale.back(self.ahead(cutoff) + errors[~np.isnan(errors).any(axis=1)])

    def within(self, cutoff: int, scale: Scale) -> tuple[Array, dict[float, tuple[Array, Array]]]:
        """The forecast and its intervals in the unit of the series."""
        centre = self.ahead(cutoff)
        widths = self.half_widths(cutoff).items()
        return scale.back(centre), {level: (scale.back(centre - w), scale.back(centre + w)) for level, w in widths}

    def half_widths(self, cutoff: int) -> dict[float, Array]:
        """Half the width of the interval at each horizon, from errors known at the cutoff."""
        errors = np.abs(self.errors(cutoff))
        seasons = np.arange(self.forecasts.shape[1]) // self.period + 1
        # Errors over few horizons have not seen what the next one brings. An eighth is from drawn sites with 40 to 300
        # days of history, of which the 95 % intervals held 94 % without it.
        first = self.origins[~np.isnan(self.forecasts[:, 0])][:1]
        wider = 1 + 1 / (8 * max((cutoff - int(first.sum())) / self.forecasts.shape[1], 1.0))
        return {level: wider * width for level, width in conformal(errors, seasons, LEVELS).items()}


def _cutoffs(n: int, kind: Kind, oldest: int, usual: int) -> list[int]:
    """Fold ends, oldest first, the newest being the last step itself.

    As wide apart as gives nine tenths of the series enough full folds to choose by; series older than these have more.
    """
    newest = n - 1 - -(-kind.horizon // kind.stride) * kind.stride
    found: list[int] = []
    for step in kind.fold_steps:
        folds = list(range(newest, oldest - 1, -step))[: kind.folds]
        if sum(fold >= usual for fold in folds) >= MIN_FOLDS_TO_CHOOSE:
            return [*folds[::-1], n - 1]
        found = max(found, folds, key=len)
    return [*found[::-1], n - 1]


def _measure(
    values: Array, cutoff: int, forecast: Array, ends: dict[float, tuple[Array, Array]], period: int
) -> dict[str, float]:
    steps = len(forecast)
    actual, history = values[cutoff + 1 : cutoff + 1 + steps], values[: cutoff + 1]
    within = {level: (lower[:steps], upper[:steps]) for level, (lower, upper) in ends.items()}
    is_known = not np.isnan(within[0.95]).any()
    covered = {
        f"coverage_{level * 100:.0f}": evaluation.coverage(actual, *both) if is_known else np.nan
        for level, both in within.items()
    }
    return {
        "mase": evaluation.mase(actual, forecast, history, period),
        "smape": evaluation.smape(actual, forecast),
        **covered,
        "msis": evaluation.msis(actual, *within[0.95], history, period) if is_known else np.nan,
    }


def choose(backtest: pd.DataFrame, horizon: int) -> tuple[str, str]:
    """The best on the folds that all were judged on, the seasonal naive where nothing beats it; and the reason.

    Args:
        backtest: cutoff, horizon_steps, model_name, mase.
        horizon: the rows that count.
    """
    whole = backtest[backtest["horizon_steps"] == horizon]
    by_model = whole.pivot(index="cutoff", columns="model_name", values="mase").dropna()
    if len(by_model.columns) < 2 or len(by_model) < MIN_FOLDS_TO_CHOOSE:
        return SEASONAL_NAIVE, "short_history"
    mean = by_model.mean().sort_index()
    best = str(mean.idxmin())
    return (best, "beats_naive") if mean[best] < mean[SEASONAL_NAIVE] else (SEASONAL_NAIVE, "naive_is_best")
