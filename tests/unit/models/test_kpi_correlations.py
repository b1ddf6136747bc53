"""KPIs that move together are found with their lag; series that only look alike by their weeks and memory are not."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.kpi_correlations import correlate_kpis

AS_OF = date(2026, 11, 1)


def series(seed, days=120, count=8):
    """Independent series, each with a weekly pattern, a trend and a memory of 0.8."""
    rng = np.random.default_rng(seed)
    week = np.tile(rng.normal(0, 3, 7), days // 7 + 1)[:days]
    table = np.empty((days, count))
    for nth in range(count):
        noise, level = rng.normal(0, 1, days), 0.0
        for day in range(days):
            level = 0.8 * level + noise[day]
            table[day, nth] = level + week[day] + 0.02 * day
    return table


def frame(table):
    days = [AS_OF - timedelta(days=n) for n in reversed(range(len(table)))]
    return pd.DataFrame(
        [(f"kpi_{nth}", day, table[at, nth]) for nth in range(table.shape[1]) for at, day in enumerate(days)],
        columns=["kpi", "event_date", "value"],
    )


@pytest.mark.slow
def test_what_follows_three_days_later_is_found_and_common_weeks_are_not():
    false = 0
    for seed in range(5):
        table = series(seed)
        plain = np.corrcoef(table.T)[np.triu_indices(8, 1)]
        assert (np.abs(plain) > 0.18).mean() > 0.5  # what a plain correlation would claim at 5 %
        false += (correlate_kpis(frame(table), AS_OF)["verdict"] == "associated").sum()
        shock = np.random.default_rng([seed, 1]).normal(0, 1.5, len(table))
        table[:, 0] += shock
        table[3:, 1] += shock[:-3]
        found = correlate_kpis(frame(table), AS_OF)
        row = found[(found["kpi"] == "kpi_0") & (found["other_kpi"] == "kpi_1")].iloc[0]
        assert (row["verdict"], row["lag_days"]) == ("associated", 3) and row["correlation"] > 0.3
    assert false <= 2  # of 140 pairs


def test_short_constant_and_gappy_series_are_left_out():
    table = series(1, 60, 3)
    table[:, 1] = 7
    table[::3, 2] = np.nan
    assert correlate_kpis(frame(table), AS_OF).empty
    assert correlate_kpis(frame(series(1, 30, 3)), AS_OF).empty
