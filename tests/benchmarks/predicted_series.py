"""Sites whose budgets run out and whose targets are missed on days that are known, for `predicted_alerts`.

Drawn are daily amounts and daily KPIs, as the tables have them. The drawing follows no forecaster: rates wander, days
of the week differ, counts have the noise of counting, and what is planted is a change of the rate below all that.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.smoothing import Array
from tests.benchmarks.forecast_series import wander

START = pd.Timestamp("2026-01-01")
DAYS = 220
FIRST_FORECAST, LAST_FORECAST = 149, 188
WINDOW = 28
MONTH = 30
TARGETS = {"lcp_p75_ms": (2500.0, True), "ux_score": (75.0, False), "availability_share": (0.999, False)}
BUDGET_SHAPES = {"burning": 5, "stepped": 2, "steady": 6, "edge": 4, "incidents": 5}
KPI_SHAPES = {"drift": 2, "step": 1, "clear": 2, "stops": 1}


@dataclass(frozen=True)
class Budget:
    """One objective: amounts by day, shape (DAYS,), and the share of bad that it allows."""

    name: str
    shape: str
    bad: Array
    total: Array
    allowed: float

    def since(self, start: int) -> "Budget":
        """The same of a site that is measured from this day on."""
        is_known = np.arange(DAYS) >= start
        return replace(self, bad=self.bad * is_known, total=np.where(is_known, self.total, 1e-9))

    def left(self, is_rolling: bool) -> Array:
        """The share of the budget that is left at the end of each day; NaN before the first window is whole."""
        if is_rolling:
            bad, total = (pd.Series(one).rolling(WINDOW).sum().to_numpy() for one in (self.bad, self.total))
            return np.asarray(1 - bad / (self.allowed * total))
        month = np.arange(DAYS) // MONTH
        spent = pd.Series(self.bad).groupby(month).cumsum().to_numpy()
        whole = pd.Series(self.total).groupby(month).transform("sum").to_numpy()
        return np.asarray(1 - spent / (self.allowed * whole))


@dataclass(frozen=True)
class Kpi:
    """One KPI with a target: values by day, shape (DAYS,). The name ends with that of the KPI."""

    name: str
    shape: str
    values: Array

    @property
    def target(self) -> tuple[float, bool]:
        """The value, and whether it is an upper limit."""
        return TARGETS[self.name.partition(":")[2]]

    def missed(self) -> NDArray[np.bool_]:
        """Whether the mean of the week that ends on each day misses the target."""
        value, is_upper = self.target
        mean = pd.Series(self.values).rolling(7).mean().to_numpy()
        return np.asarray(mean > value if is_upper else mean < value)


@cache
def budgets(seed: int) -> list[Budget]:
    """Returns the objectives of a site."""
    rng = np.random.default_rng([seed, 1])
    found = []
    for shape, count in BUDGET_SHAPES.items():
        for i in range(count):
            allowed = float(np.exp(rng.uniform(np.log(0.001), np.log(0.02))))
            traffic = np.exp(rng.uniform(8.5, 11)) * np.exp(_weekly(rng, 0.15) + wander(rng, DAYS, 0.5, 0.05))
            total = rng.poisson(traffic).astype(float)
            noise = np.exp(_weekly(rng, 0.1) + wander(rng, DAYS, 0.6, rng.uniform(0.1, 0.3)))
            rate = allowed * _used(rng, shape) * noise
            found.append(
                Budget(f"{shape} {i}", shape, rng.binomial(total.astype(int), np.minimum(rate, 1)), total, allowed)
            )
    return found


@cache
def kpis(seed: int) -> list[Kpi]:
    """Returns the KPIs with a target of a site, six of each."""
    rng = np.random.default_rng([seed, 2])
    found = []
    for kpi in TARGETS:
        for shape, count in KPI_SHAPES.items():
            for i in range(count):
                found.append(Kpi(f"{shape} {i}:{kpi}", shape, _values(rng, kpi, _nearness(rng, shape))))
    return found


def _used(rng: np.random.Generator, shape: str) -> Array:
    """The expected bad share in units of the allowed one, by day."""
    if shape == "steady":
        return np.full(DAYS, rng.uniform(0.1, 0.7))
    if shape == "edge":
        return np.full(DAYS, rng.uniform(0.75, 1.1))
    if shape == "incidents":
        mean = rng.uniform(0.1, 0.35)
        is_incident = rng.random(DAYS) < rng.uniform(0.3, 0.8) / mean / WINDOW
        return np.asarray(rng.uniform(0.05, 0.2) + is_incident * rng.exponential(mean * WINDOW, DAYS))
    before, after = rng.uniform(0.2, 0.6), rng.uniform(1.5, 4)
    passed = _passed(rng, is_sudden=shape == "stepped")
    return np.asarray(np.exp(np.log(before) + passed * np.log(after / before)))


def _nearness(rng: np.random.Generator, shape: str) -> Array:
    """0 far from the target, 1 at it, above 1 beyond it, by day, without noise."""
    before = rng.uniform(-0.5, 0.5)
    if shape == "clear":
        return np.full(DAYS, before)
    after = rng.uniform(0.6, 0.85) if shape == "stops" else rng.uniform(1.3, 2)
    passed = _passed(rng, is_sudden=shape == "step")
    return np.asarray(before + passed * (after - before))


def _passed(rng: np.random.Generator, is_sudden: bool) -> Array:
    """How much of a change has happened by each day: all at once, or in 30 to 70 days."""
    if is_sudden:
        return (np.arange(DAYS) >= rng.integers(130, 180)).astype(float)
    return np.clip((np.arange(DAYS) - rng.uniform(105, 160)) / rng.uniform(30, 70), 0, 1)


def _values(rng: np.random.Generator, kpi: str, near: Array) -> Array:
    if kpi == "lcp_p75_ms":
        noise = _weekly(rng, 0.02) + wander(rng, DAYS, 0.4, 0.012) + rng.normal(0, 0.02, DAYS)
        return np.asarray(2500 * np.exp(0.15 * (near - 1) + noise))
    if kpi == "ux_score":
        noise = _weekly(rng, 0.4) + wander(rng, DAYS, 0.4, 0.4) + rng.normal(0, 0.5, DAYS)
        return np.asarray(75 + 6 * (1 - near) + noise)
    noise = np.exp(wander(rng, DAYS, 0.5, 0.2) + rng.normal(0, 0.3, DAYS))
    return np.asarray(1 - 0.001 * np.exp(1.2 * (near - 1)) * noise / np.exp(0.09))


def _weekly(rng: np.random.Generator, size: float) -> Array:
    return np.asarray(rng.normal(0, size, 7)[np.arange(DAYS) % 7])
