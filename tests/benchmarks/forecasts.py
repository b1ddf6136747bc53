"""The forecasts of `models.forecasts` on real and simulated series, each beside the seasonal naive of the same run.

Run by hand: `python -m tests.benchmarks.forecasts [--data DIR] [--others DIR] [--seeds 1 2 3] [--origins 8]`; five
minutes, with `--others` fifteen: that installs Prophet and statsforecast into an environment of its own at DIR, once,
and runs them on the daily series too. Stated limits: hourly (M4, 48 steps) the mean of sMAPE and MASE at most 0.85 of
the seasonal naive's at under 150 ms of CPU a series; daily (28 days ahead) MASE at most 0.77 of it and ahead of the
others; 90 % intervals hold 88 to 92 %, 95 % intervals 93 to 97 %, and the MSIS of these is below the seasonal naive's.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import evaluation
from models.backtests import DAILY, HOURLY, LEVELS, SEASONAL_NAIVE, forecast_panel
from models.forecasters import Boosting, Known, Panel, SmoothedRidge
from tests.benchmarks.forecast_series import hourly, simulated, wikipedia

Array = NDArray[np.float64]
OTHERS = ("prophet", "statsforecast")
POSITIVE = (0.0, np.inf)
DATA = Path(__file__).parents[3] / "shared" / "data"
SCORES = ["mase", "smape", *(f"coverage_{level * 100:.0f}" for level in LEVELS), "msis"]


@dataclass
class Case:
    """One series cut off at one origin, and what came."""

    group: str
    history: Array
    actual: Array
    bounds: tuple[float, float]


def main() -> None:
    """Prints a table for hourly and one for daily series."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--others", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--origins", type=int, default=8)
    given = parser.parse_args()
    if (given.data / "m4_hourly").is_dir():
        print_hourly(given.data)
    else:
        print(f"no series of M4 at {given.data}: nothing hourly is measured")
    rows, cases = [], []
    for origin in range(given.origins):
        for group in daily(given.data, given.seeds, origin):
            rows += judge(group)
            cases += group
    if given.others:
        rows += others(given.others, cases)
    table = pd.DataFrame(rows)
    pooled = pd.concat([table, table.assign(group="all")])
    print_table(pooled.groupby(["group", "model"], sort=False)[SCORES].mean())


def daily(data: Path, seeds: list[int], origin: int) -> Iterator[list[Case]]:
    """Yields the groups of series that are forecast together, all cut off 28 days times `origin` + 1 before the end."""
    groups = [[(f"simulated {seed}", *one) for one in simulated(seed)] for seed in seeds]
    if (data / "wikipedia").is_dir():
        groups.append([("wikipedia", *one) for one in wikipedia(data)])
    ahead = DAILY.horizon
    for group in groups:
        yield [
            Case(name.split()[0], values[: len(values) - ahead * (origin + 1)],
                 values[len(values) - ahead * (origin + 1) :][:ahead], bounds)
            for name, values, bounds in group
        ]  # fmt: skip


def judge(cases: list[Case]) -> list[dict[str, object]]:
    """Returns the scores of the chosen model and of the seasonal naive, each with its own conformal intervals."""
    found = forecast_panel([case.history for case in cases], DAILY, [case.bounds for case in cases])
    rows = []
    for case, one in zip(cases, found, strict=True):
        rows.append(scored(case, "chosen", one.forecast, one.intervals))
        rows.append(scored(case, SEASONAL_NAIVE, *one.naive))
    return rows


def scored(case: Case, model: str, forecast: Array, ends: dict[float, tuple[Array, Array]]) -> dict[str, object]:
    """Returns one row of scores."""
    period, measured = 7, {"group": case.group, "model": model}
    measured |= {
        "mase": evaluation.mase(case.actual, forecast, case.history, period),
        "smape": evaluation.smape(case.actual, forecast),
    }
    for level, both in ends.items():
        measured[f"coverage_{level * 100:.0f}"] = evaluation.coverage(case.actual, *both)
    if 0.95 in ends:
        measured["msis"] = evaluation.msis(case.actual, *ends[0.95], case.history, period)
    return measured


def print_hourly(data: Path) -> None:
    """Prints M4: the mean of ridge and boosting as fitted once, and the choice with backtest and intervals."""
    series = hourly(data)
    histories, actuals = zip(*series, strict=True)
    # Its import takes seconds once, however many the series.
    import sklearn.ensemble  # noqa: F401

    started = time.process_time()
    panel = Panel(np.log(np.stack(histories)), HOURLY.seasons, HOURLY.long, np.zeros(748, dtype=int), HOURLY.horizon)
    known = Known.of(panel, np.arange(699, 47, -HOURLY.stride)[::-1])
    parts = []
    for forecaster in (SmoothedRidge(), Boosting(*HOURLY.trees)):
        forecaster.fit(known, 699)
        parts.append(forecaster.ahead(known, np.array([len(known.origins) - 1]))[:, 0])
    once = np.exp(np.mean(parts, axis=0))
    lap = time.process_time()
    chosen = forecast_panel(list(histories), HOURLY, [POSITIVE] * len(series))
    ended = time.process_time()
    ways = {
        SEASONAL_NAIVE: ([one.naive[0] for one in chosen], 0.0),
        "ridge and boosting, fitted once": (list(once), lap - started),
        "chosen by backtest, with intervals": ([one.forecast for one in chosen], ended - lap),
    }
    scores = {
        name: np.mean(
            [(evaluation.smape(y, f), evaluation.mase(y, f, h, 24))
             for h, y, f in zip(histories, actuals, forecasts, strict=True)], axis=0,
        )
        for name, (forecasts, _) in ways.items()
    }  # fmt: skip
    for name, (smape, mase) in scores.items():
        relative = np.mean([smape, mase] / scores[SEASONAL_NAIVE])
        cpu = ways[name][1] / len(series) * 1000
        print(f"M4 hourly, {name}: sMAPE {smape:.2f}, MASE {mase:.3f}, relative {relative:.3f}, {cpu:.0f} ms a series")
    for level in LEVELS:
        held = [evaluation.coverage(y, *one.intervals[level]) for y, one in zip(actuals, chosen, strict=True)]
        print(f"  {level:.0%} intervals hold {np.mean(held):.1%}")


def print_table(table: pd.DataFrame) -> None:
    """Prints the means over series and origins, and each error beside the seasonal naive's of the group."""
    naive = table["mase"].xs(SEASONAL_NAIVE, level="model")
    relative = table["mase"] / table.index.get_level_values("group").map(naive)
    print(table.assign(relative=relative).round(3).to_string())


def others(folder: Path, cases: list[Case]) -> list[dict[str, object]]:
    """Returns the scores of AutoETS and Prophet, run by a process of their own environment."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *OTHERS], check=True)
    sent = json.dumps([[None if np.isnan(v) else v for v in case.history] for case in cases])
    script = Path(__file__).with_name("other_forecasters.py")
    done = subprocess.run([str(python), str(script)], input=sent, capture_output=True, text=True, check=True)
    rows = []
    for case, made in zip(cases, json.loads(done.stdout.splitlines()[-1]), strict=True):
        for name, (forecast, lower, upper) in made.items():
            ends = {0.95: (np.clip(lower, *case.bounds), np.clip(upper, *case.bounds))}
            rows.append(scored(case, name, np.clip(forecast, *case.bounds), ends))
    return rows


if __name__ == "__main__":
    main()
