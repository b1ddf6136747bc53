"""The forecasts of `models.forecasts` on real and simulated series, each beside the seasonal naive of the same run.

Run by hand: `python -m tests.benchmarks.forecasts [--only hourly|daily|short] [--data DIR] [--others DIR]
[--seeds 1 2 3] [--origins 8]`; five minutes, with `--others` fifteen: that installs Prophet and statsforecast into an
environment of its own at DIR, once, and runs them on the daily series too. Stated limits: hourly (M4, 48 steps) the
mean of sMAPE and MASE at most 0.85 of the seasonal naive's at under 40 ms of CPU a series; daily (28 days ahead) MASE
at most 0.77 of it and ahead of the others; 90 % intervals hold 88 to 92 %, 95 % intervals 93 to 97 %, and the MSIS of
these is below the seasonal naive's.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
Forecasts = dict[str, list[tuple[Array, dict[float, tuple[Array, Array]]]]]
SHORT_HISTORIES = (40, 60, 90, 120, 200)
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
    parser.add_argument("--only", choices=["hourly", "daily", "short"])
    given = parser.parse_args()
    if given.only in (None, "hourly"):
        print_hourly(given.data, given.origins)
    if given.only in (None, "daily"):
        print_daily(given)
    if given.only in (None, "short"):
        print_short(given.seeds)


def print_daily(given: argparse.Namespace) -> None:
    """Prints drawn KPIs and Wikipedia, forecast by what is chosen and, where wanted, by the others."""
    rows, cases = [], []
    for origin in range(given.origins):
        for group in daily(given.data, given.seeds, origin):
            rows += judge(group)
            cases += group
    if given.others:
        rows += others(given.others, cases)
    print_table([*rows, *({**row, "group": "all"} for row in rows)], ["mase"])


def print_short(seeds: list[int]) -> None:
    """Prints drawn KPIs of which little is known yet."""
    rows = []
    for seed in seeds:
        for days in SHORT_HISTORIES:
            rows += judge(
                [Case(f"{days} days", values[-days - DAILY.horizon : -DAILY.horizon], values[-DAILY.horizon :], bounds)
                 for values, bounds in simulated(seed)]
            )  # fmt: skip
    print_table(rows, ["mase"])


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


def scored(
    case: Case, model: str, forecast: Array, ends: dict[float, tuple[Array, Array]], period: int = 7
) -> dict[str, object]:
    """Returns one row of scores."""
    measured: dict[str, object] = {
        "group": case.group,
        "model": model,
        "mase": evaluation.mase(case.actual, forecast, case.history, period),
        "smape": evaluation.smape(case.actual, forecast),
    }
    for level, both in ends.items():
        measured[f"coverage_{level * 100:.0f}"] = evaluation.coverage(case.actual, *both)
    if 0.95 in ends:
        measured["msis"] = evaluation.msis(case.actual, *ends[0.95], case.history, period)
    return measured


def print_hourly(data: Path, origins: int) -> None:
    """Prints M4 as the competition cut it off, and on average over earlier origins 48 hours apart."""
    if not (data / "m4_hourly").is_dir():
        print(f"no series of M4 at {data}: nothing hourly is measured")
        return
    whole = [np.concatenate(both) for both in hourly(data)]
    # Its import takes seconds once, however many the series.
    import sklearn.ensemble  # noqa: F401

    rows = judge_hours(whole, 0, fit_once)
    for origin in range(origins):
        rows += judge_hours(whole, origin, choose_each)
    print_table(rows, ["mase", "smape"])


def judge_hours(whole: list[Array], origin: int, way: Callable[[list[Array]], Forecasts]) -> list[dict[str, object]]:
    """Returns scores and CPU time of what this way makes of all series cut off 48 hours times `origin` + 1 early."""
    group = "M4 hourly, earlier origins" if origin else "M4 hourly, as held out"
    ahead = HOURLY.horizon
    cut = [len(values) - ahead * (origin + 1) for values in whole]
    cases = [Case(group, values[:n], values[n : n + ahead], POSITIVE) for values, n in zip(whole, cut, strict=True)]
    started = time.process_time()
    made = way([case.history for case in cases])
    cpu = (time.process_time() - started) / len(cases) * 1000
    rows = []
    for model, found in made.items():
        for case, (forecast, ends) in zip(cases, found, strict=True):
            row = scored(case, model, forecast, ends, HOURLY.seasons[0])
            rows.append(row | {"cpu_ms": np.nan if model == SEASONAL_NAIVE else cpu})
    return rows


def fit_once(histories: list[Array]) -> Forecasts:
    """Returns the mean of ridge and boosting without backtest, choice and intervals."""
    logs = np.log(np.stack(histories))
    n = logs.shape[1]
    panel = Panel(logs, HOURLY.seasons, HOURLY.long, np.zeros(n + HOURLY.horizon, dtype=int), HOURLY.horizon)
    known = Known.of(panel, np.arange(n - 1, 47, -HOURLY.stride)[::-1])
    parts = []
    for forecaster in (SmoothedRidge(), Boosting(*HOURLY.trees)):
        forecaster.fit(known, n - 1)
        parts.append(forecaster.ahead(known, np.array([len(known.origins) - 1]))[:, 0])
    return {"fitted once": [(forecast, {}) for forecast in np.exp(np.mean(parts, axis=0))]}


def choose_each(histories: list[Array]) -> Forecasts:
    """Returns the model chosen by backtest and the seasonal naive, with intervals."""
    found = forecast_panel(histories, HOURLY, [POSITIVE] * len(histories))
    return {"chosen": [(one.forecast, one.intervals) for one in found], SEASONAL_NAIVE: [one.naive for one in found]}


def print_table(rows: list[dict[str, object]], errors: list[str]) -> None:
    """Prints the means over series and origins, and these errors beside the seasonal naive's of the group."""
    table = pd.DataFrame(rows).groupby(["group", "model"], sort=False).mean()
    naive = table.xs(SEASONAL_NAIVE, level="model")[errors].reindex(table.index.get_level_values("group"))
    relative = (table[errors] / naive.to_numpy()).mean(axis=1)
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
