"""How one series is carried forward: each forecast uses nothing that its origin could not know."""

import numpy as np
import pytest

from models.forecasters import fill_gaps, ridge, seasonal_naive


def a_series(days: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    step = np.arange(days)
    return 10 + 2 * np.sin(2 * np.pi * step / 7) + 0.01 * step + rng.normal(0, 0.3, days)


def test_a_gap_is_filled_with_the_same_weekday_of_the_week_before():
    values = np.arange(21.0)
    values[[10, 17]] = np.nan
    filled = fill_gaps(values, 7)
    assert filled[10] == 3.0
    assert filled[17] == 3.0


def test_a_gap_before_any_week_is_filled_with_the_day_before():
    assert fill_gaps(np.array([5.0, np.nan, 7.0]), 7).tolist() == [5.0, 5.0, 7.0]


def test_the_seasonal_naive_repeats_the_last_week():
    series = np.arange(20.0)
    forecast = seasonal_naive(series, np.array([19]), 10, 7)
    assert forecast[0].tolist() == [13, 14, 15, 16, 17, 18, 19, 13, 14, 15]


@pytest.mark.slow
def test_no_forecast_sees_a_value_after_its_origin():
    series = a_series(160)
    cutoffs = [100, 120, 140]
    changed = series.copy()
    changed[131:] += 50
    before = ridge(series, series, cutoffs, 28, 7)
    after = ridge(changed, changed, cutoffs, 28, 7)
    assert np.array_equal(before[: 131 - 100], after[: 131 - 100])
    assert not np.allclose(before[131 - 100 :], after[131 - 100 :])


@pytest.mark.parametrize(("days", "seeds"), [(130, 30), (410, 6)])
def test_the_ridge_finds_a_week_in_noise_better_than_the_seasonal_naive(days, seeds):
    ratios = []
    for seed in range(seeds):
        series, held_out = a_series(days + 28, seed)[:days], a_series(days + 28, seed)[days:]
        error = np.abs(ridge(series, series, [days - 1], 28, 7)[0] - held_out).mean()
        naive = np.abs(seasonal_naive(series, np.array([days - 1]), 28, 7)[0] - held_out).mean()
        ratios.append(error / naive)
    assert np.mean(ratios) < 0.95
