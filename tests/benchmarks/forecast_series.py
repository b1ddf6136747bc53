"""The series on which forecasts are measured: M4 hourly and Wikipedia daily from a folder, and KPIs that are drawn.

The drawn ones follow no forecaster: levels that wander, a week, a year, campaigns, releases that shift a level for
good, counts with the noise of counting, shares of few events, errors that burst, outages.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
POSITIVE, SHARE, SCORE = (0.0, np.inf), (0.0, 1.0), (0.0, 100.0)
DAYS = 550
WEEK = np.log([1.04, 1.0, 0.98, 1.0, 0.97, 0.92, 1.09])


def hourly(data: Path) -> list[tuple[Array, Array]]:
    """Returns history and the 48 held-out hours of the M4 series H1 to H30."""
    train, test = (pd.read_csv(data / "m4_hourly" / f"{part}_H1_to_H30.csv") for part in ("train", "test"))
    held_out = {name: rows["value"].to_numpy(dtype=float) for name, rows in test.groupby("series")}
    return [(rows["value"].to_numpy(dtype=float), held_out[name]) for name, rows in train.groupby("series")]


def wikipedia(data: Path) -> list[tuple[Array, tuple[float, float]]]:
    """Returns daily page views of ten articles, and the last 900 days of an eleventh, with gaps."""
    pages = pd.read_csv(data / "wikipedia" / "wikipedia_traffic_daily.csv", parse_dates=["date"])
    found = [rows.set_index("date")["value"].asfreq("D").to_numpy(dtype=float) for _, rows in pages.groupby("Page")]
    logs = pd.read_csv(data / "wikipedia" / "daily_peyton_manning.csv", parse_dates=["ts"]).set_index("ts")["y"]
    found.append(np.exp(logs.asfreq("D").to_numpy(dtype=float)[-900:]))
    return [(values, POSITIVE) for values in found]


def simulated(seed: int, days: int = DAYS) -> list[tuple[Array, tuple[float, float]]]:
    """Returns the daily KPIs of one drawn site: nine series with the limits of their values."""
    rng = np.random.default_rng(seed)
    step = np.arange(days)
    week = WEEK[(step + seed) % 7] * rng.uniform(0.5, 3)
    year = rng.uniform(0.05, 0.25) * np.sin(2 * np.pi * (step + rng.integers(365)) / 365.25)
    trend = rng.normal(0, 0.0006) * step + np.cumsum(rng.normal(0, 0.006, days))
    level = np.exp(rng.uniform(6, 9) + week + year + trend + wander(rng, days, 0.6, 0.04))
    for start in rng.integers(0, days, 4):
        level[start : start + 3] *= rng.uniform(1.2, 2.5)
    views = rng.poisson(level).astype(float)
    sessions = rng.poisson(views / 3.1)
    odds = -3.2 + 0.3 * week + wander(rng, days, 0.5, 0.05) + np.cumsum(rng.normal(0, 0.004, days))
    orders = rng.binomial(sessions, 1 / (1 + np.exp(-odds))).astype(float)
    revenue = orders * np.exp(rng.normal(4, 0.5 / np.sqrt(np.maximum(orders, 1))))
    release = np.zeros(days)
    for start in rng.integers(0, days, 3):
        release[start:] += rng.normal(0, 0.08)
    slow = wander(rng, days, 0.4, 0.012)
    lcp = np.exp(7.7 + release + 0.1 * week + slow + rng.normal(0, 0.9 / np.sqrt(views), days))
    inp = np.exp(5.1 + 0.5 * release + rng.normal(0, 0.03, days) + wander(rng, days, 0.4, 0.02))
    cls = np.exp(-2.4 + 0.7 * release + rng.normal(0, 0.04, days))
    score = np.clip(97 - 12 * (np.log(lcp) - 7.5) - 4 * (np.log(inp) - 5) + rng.normal(0, 0.4, days), 0, 100)
    rate = np.clip(0.012 * np.exp(wander(rng, days, 0.6, 0.2) + release), 0, 1)
    errors = rng.binomial(views.astype(int), rate) / views
    errors[rng.integers(0, days, 5)] += rng.uniform(0.01, 0.1, 5)
    up = 1 - np.where(rng.random(days) < 0.08, rng.exponential(0.01, days), 0.0)
    return [
        (views, POSITIVE), (orders / sessions, SHARE), (revenue, POSITIVE), (lcp, POSITIVE), (inp, POSITIVE),
        (cls, POSITIVE), (score, SCORE), (errors, SHARE), (np.clip(up, 0, 1), SHARE),
    ]  # fmt: skip


def wander(rng: np.random.Generator, days: int, memory: float, size: float) -> Array:
    """An autoregression of the first order."""
    shocks, found = rng.normal(0, size, days), np.zeros(days)
    for day in range(1, days):
        found[day] = memory * found[day - 1] + shocks[day]
    return found
