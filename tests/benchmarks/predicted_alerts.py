"""How often the alerts of a predicted exhaustion and of a predicted breach are right, and how early.

Run by hand: `python -m tests.benchmarks.predicted_alerts [--seeds 1-40] [--keep FOLDER]`; 60 CPU seconds for each
seed, most of them forecasts, which the folder keeps: again it is 10. A seed is a site of 22 budgets and 18 KPIs
with a target (`predicted_series`), forecast on every third day of six weeks, once with 150 days of history and more,
once as a young site of 24 days and more. Probabilities are held against what came, beside the base rate of the same
run; alerts, by the thresholds and windows of the rules as they come, beside a straight line: of budgets the mean of
the last week goes on, of KPIs the trend of the last four weeks. What the models are was chosen on seeds 101 to 116.
"""

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.backtests import SeriesForecast
from models.exhaustions import exhaust_budgets, predict_breaches
from models.forecasts import forecast_kpis
from models.smoothing import Array
from orchestration.settings.alerting import AlertRule, Alerts
from tests.benchmarks import predicted_series as drawn
from tests.benchmarks.seeds import seeds

STEP = 3
HORIZON = 28
AGES = {"grown": 0, "young": drawn.FIRST_FORECAST - 23}
BINS = (0.0, 0.05, 0.2, 0.5, 0.8, 1.0)
Made = dict[str, SeriesForecast]


def main() -> None:
    """Prints calibration, dates and alerts of budgets, then those of targets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=seeds, default="1-40")
    parser.add_argument("--keep", type=Path, help="a folder for the forecasts of each site")
    given = parser.parse_args()
    rules = {rule.kind: rule for rule in Alerts().effective_rules()}
    exhaustions: list[dict[str, Any]] = []
    breaches: list[dict[str, Any]] = []
    for seed in given.seeds:
        for age, start in AGES.items():
            for step, made in forecasts(seed, age, start, given.keep):
                exhaustions += [{"seed": seed, "age": age} | row for row in of_budgets(seed, start, step, made)]
                breaches += [{"seed": seed, "age": age} | row for row in of_kpis(seed, start, step, made)]
        print(f"\rseed {seed} of {given.seeds[0]} to {given.seeds[-1]}", end="", flush=True)
    print()
    for title, rows in {"exhaustion": exhaustions, "breach": breaches}.items():
        table = pd.DataFrame(rows)
        for keys, part in table.groupby(["age", "window"]):
            print(f"\n== {title}, {', '.join(map(str, keys))}: {part['is_told'].mean():.0%} of {len(part)} are told ==")
            print_calibration(part[part["is_told"]])
            print_alerts(part, rules[f"predicted_{title}"])


def forecasts(seed: int, age: str, start: int, kept_in: Path | None) -> Iterator[tuple[int, Made]]:
    """Yields what `forecast_kpis` makes of a site whose history begins with day `start`, for each day of a forecast."""
    if kept_in:
        kept_in.mkdir(parents=True, exist_ok=True)
    path = kept_in / f"{seed}_{age}.pickle" if kept_in else None
    if path and path.exists():
        yield from pickle.loads(path.read_bytes())
        return
    series = {f"bad_share:{one.name}": one.bad / one.total for one in drawn.budgets(seed)}
    series |= {one.name: one.values for one in drawn.kpis(seed)}
    daily = pd.concat(
        [pd.DataFrame({"kpi": name, "event_date": dates(), "value": values}) for name, values in series.items()]
    )
    found = []
    for step in range(drawn.FIRST_FORECAST, drawn.LAST_FORECAST + 1, STEP):
        made = forecast_kpis(daily[daily["event_date"] >= dates()[start]], dates()[step].date()).series
        found.append((step, {name: replace(one, backtest=pd.DataFrame()) for name, one in made.items()}))
    if path:
        path.write_bytes(pickle.dumps(found))
    yield from found


def of_budgets(seed: int, start: int, step: int, made: Made) -> Iterator[dict[str, Any]]:
    """What is told of each budget that is not spent at the end of this day, and what came."""
    sites = [one.since(start) for one in drawn.budgets(seed)]
    month = step // drawn.MONTH * drawn.MONTH
    kinds = {"rolling": (drawn.WINDOW, step + 1 - drawn.WINDOW), "calendar": (drawn.MONTH, month)}
    since = {one.name: slice(start, step + 1) for one in sites}
    days = pd.concat(
        [
            pd.DataFrame({"objective": one.name, "event_date": dates()[since[one.name]],
                          "bad_amount": one.bad[since[one.name]], "total_amount": one.total[since[one.name]]})
            for one in sites
        ]
    )  # fmt: skip
    series = {name.partition(":")[2]: one for name, one in made.items()}
    for kind, (length, first) in kinds.items():
        objectives = pd.DataFrame(
            [
                {"objective": one.name, "target_share": 1 - one.allowed, "window_kind": kind, "window_days": length,
                 "window_starts_on": dates()[first].date()}
                for one in sites
            ]
        )  # fmt: skip
        told, _ = exhaust_budgets(days, objectives, series, dates()[step].date())
        by_name = dict(list(told.groupby("objective")))
        ahead = HORIZON if kind == "rolling" else min(HORIZON, month + drawn.MONTH - step - 1)
        for one in sites:
            left = one.left(kind == "rolling")
            if left[step] <= 0 or not ahead:
                continue
            came = _first(left[step + 1 : step + 1 + ahead] < 0)
            line = _first(straight_budget(one, kind, step)[:ahead] < 0)
            rows = by_name.get(one.name)
            yield {
                "window": kind, "name": one.name, "shape": one.shape, "step": step, "came": came, "line": line,
                "is_told": rows is not None, "model": "" if rows is None else rows["model_name"].iloc[0],
                "told": np.zeros(ahead) if rows is None else rows["probability"].to_numpy(),
            }  # fmt: skip


def of_kpis(seed: int, start: int, step: int, made: Made) -> Iterator[dict[str, Any]]:
    """What is told of each target that the last week met, and what came."""
    for one in drawn.kpis(seed):
        missed = one.missed()
        if missed[step]:
            continue
        value, is_upper = one.target
        target = pd.DataFrame([(one.name, value, is_upper)], columns=["kpi", "target_value", "is_upper_limit"])
        past = {one.name: one.values[start : step + 1]}
        rows = predict_breaches(past, target, made, dates()[step].date())
        yield {
            "window": "week", "name": one.name, "shape": one.shape, "step": step, "is_told": len(rows) > 0,
            "came": _first(missed[step + 1 : step + 1 + HORIZON]),
            "line": _first(straight_kpi(one, step, start)),
            "model": rows["model_name"].iloc[0] if len(rows) else "",
            "told": np.r_[np.zeros(6), rows["probability"]] if len(rows) else np.zeros(HORIZON),
        }  # fmt: skip


def straight_budget(one: drawn.Budget, kind: str, step: int) -> Array:
    """What is left of a budget if each coming day is like the mean of the last seven."""
    coming = slice(step + 1, step + 1 + HORIZON)
    bad, total = one.bad.astype(float), one.total.copy()
    bad[coming], total[coming] = bad[step - 6 : step + 1].mean(), total[step - 6 : step + 1].mean()
    if kind == "calendar":
        total[step + 1 :] = total[step]
    return replace(one, bad=bad, total=total).left(kind == "rolling")[coming]


def straight_kpi(one: drawn.Kpi, step: int, start: int) -> Array:
    """Whether the week that ends on each coming day misses the target on the line through the last four weeks."""
    past = np.arange(max(start, step - 27), step + 1)
    slope, level = np.polyfit(past, one.values[past], 1)
    values = one.values.copy()
    values[step + 1 :] = level + slope * np.arange(step + 1, len(values))
    return replace(one, values=values).missed()[step + 1 : step + 1 + HORIZON]


def print_calibration(table: pd.DataFrame) -> None:
    """Prints Brier scores, what was told against what came, and how often the date fell into its interval."""
    for days in (7, 14, HORIZON):
        told = np.array([row[:days].max() for row in table["told"]])
        came, line = ((table[key] <= days).to_numpy(dtype=float) for key in ("came", "line"))
        base = came.mean()
        scores = [np.mean((forecast - came) ** 2) for forecast in (told, np.full(len(came), base), line)]
        skill = 1 - scores[0] / max(scores[1], 1e-12)
        print(f"within {days:2} days: Brier {scores[0]:.4f}, base rate ({base:.1%}) {scores[1]:.4f}, straight line "
              f"{scores[2]:.4f}; skill {skill:.2f}")  # fmt: skip
        group = np.clip(np.searchsorted(BINS, told, side="right") - 1, 0, len(BINS) - 2)
        parts = [
            f"{BINS[i]:.0%}-{BINS[i + 1]:.0%}: told {told[group == i].mean():.0%} came {came[group == i].mean():.0%} "
            f"of {np.sum(group == i)}"
            for i in range(len(BINS) - 1) if (group == i).any()
        ]  # fmt: skip
        print("   " + "; ".join(parts))
    inside = [_inside(row.told, row.came) for row in table.itertuples()]
    mass, held = np.array([one for one in inside if one is not None]).T.reshape(2, -1)
    print(f"80 % intervals of the date: {held.mean():.1%} held of {len(held)}; their ways held {mass.mean():.1%}")


def _inside(told: Array, came: float) -> tuple[float, bool] | None:
    """The probability told for the interval from the 10 % to the 90 % date, and whether the date was in it."""
    if told.max() < 0.1:
        return None
    early = int(np.argmax(told >= 0.1))
    late = int(np.argmax(told >= 0.9)) if told.max() >= 0.9 else len(told)
    before = told[early - 1] if early else 0.0
    until = told[late] if late < len(told) else 1.0
    return until - before, early + 1 <= came <= (late + 1 if late < len(told) else np.inf)


def print_alerts(table: pd.DataFrame, rule: AlertRule) -> None:
    """Prints how many alerts were right, how many of what came was told before, and how early, for model and line."""
    assert rule.threshold is not None and rule.window_s is not None
    days = rule.window_s // 86400
    months = table.groupby(["seed", "name"]).size().sum() * STEP / 30
    for who in ("model", "straight line"):
        met = [
            row.told[:days].max() >= rule.threshold if who == "model" else row.line <= days
            for row in table.itertuples()
        ]
        ways = [episodes(rows, days) for _, rows in table.assign(met=met).groupby(["seed", "name"])]
        right, later, false = np.sum([one[0] for one in ways], axis=0)
        leads = [lead for one in ways for lead in one[1]]
        told = [lead for lead in leads if lead is not None]
        median, tenth = np.quantile(told, (0.5, 0.1)) if told else (np.nan, np.nan)
        print(
            f"alerts of the {who}: {right + later + false}, {right} right, {later} came later, within four weeks, "
            f"{false} false ({false / months:.3f} a month of a budget or target); {len(told)} of {len(leads)} that "
            f"came were told before ({len(told) / max(len(leads), 1):.0%}), {median:.0f} days before (median; a tenth "
            f"{tenth:.0f} or fewer)"
        )


def episodes(rows: pd.DataFrame, days: int) -> tuple[tuple[int, int, int], list[float | None]]:
    """Alerts that were right, came later and were false; and how many days before each event the alert began."""
    right = later = false = 0
    leads: list[float | None] = []
    began, last = None, None
    for row in rows.itertuples():
        if last is not None and row.step > last + STEP:
            began = None
        if row.met and began is None:
            began = row.step
            right += row.came <= days
            later += days < row.came < np.inf
            false += row.came == np.inf
        elif not row.met:
            began = None
        if row.came <= STEP:
            leads.append(row.step + row.came - began if began is not None else None)
        last = row.step
    return (right, later, false), leads


def dates() -> pd.DatetimeIndex:
    """All drawn days."""
    return pd.date_range(drawn.START, periods=drawn.DAYS)


def _first(is_so: Array) -> float:
    """In how many days it is so at first; infinite if it is not."""
    return float(np.argmax(is_so)) + 1 if np.any(is_so) else np.inf


if __name__ == "__main__":
    main()
