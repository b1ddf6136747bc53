"""How one series is carried forward: each forecast uses nothing that its origin could not know."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from models.forecasters import (
    RIDGE_PENALTY_PER_ROW,
    TARGET_CLIP,
    Boosting,
    Known,
    Panel,
    SmoothedRidge,
    fill_gaps,
    seasonal_naive,
)
from models.holidays import holiday_numbers
from models.smoothing import smooth

ORDINARY = np.zeros(1000, dtype=int)


def a_series(days: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    step = np.arange(days)
    return 10 + 2 * np.sin(2 * np.pi * step / 7) + 0.01 * step + rng.normal(0, 0.3, days)


def ahead(values: np.ndarray, origin: int, special: np.ndarray = ORDINARY) -> np.ndarray:
    """The four smoothings of one series from one origin, shape (28, rates)."""
    return smooth(values[None], np.array([origin]), 28, (7,), special[: len(values) + 28]).ahead[0, 0]


def test_a_gap_is_filled_with_the_same_weekday_of_the_week_before():
    values = np.arange(21.0)
    values[[10, 17]] = np.nan
    filled = fill_gaps(values, 7)
    assert filled[10] == 3.0
    assert filled[17] == 3.0


def test_a_gap_before_any_week_is_filled_with_the_day_before():
    assert fill_gaps(np.array([5.0, np.nan, 7.0]), 7).tolist() == [5.0, 5.0, 7.0]


def test_the_seasonal_naive_repeats_the_last_week():
    forecast = seasonal_naive(np.arange(20.0), np.array([19]), 10, 7)
    assert forecast[0].tolist() == [13, 14, 15, 16, 17, 18, 19, 13, 14, 15]


@pytest.mark.parametrize(("seasons", "long", "n"), [((7,), 364, 400), ((24, 168), 168, 700)])
def test_no_forecast_sees_a_value_after_its_origin(seasons, long, n):
    values = np.stack([a_series(n), a_series(n, 1)])
    changed = values.copy()
    changed[:, n - 100 :] += 50
    origins = np.arange(n - 150, n - 50, 10)
    before, after = (Known.of(Panel(z, seasons, long, ORDINARY[: n + 28], 28), origins) for z in (values, changed))
    seen = origins < n - 100
    for one, other in ((before.linear, after.linear), (before.more, after.more), (before.anchor, after.anchor)):
        np.testing.assert_array_equal(one[:, seen], other[:, seen])
        assert not np.array_equal(one[:, ~seen], other[:, ~seen])


@pytest.mark.parametrize("forecaster", [SmoothedRidge(), Boosting(1000, 15)])
def test_a_fit_sees_no_target_after_its_cutoff(forecaster):
    values = np.stack([a_series(200), a_series(200, 1)])
    changed = values.copy()
    changed[:, 151:] += 50
    origins, made = np.arange(40, 200, 3), []
    for z in (values, changed):
        known = Known.of(Panel(z, (7,), 364, ORDINARY[:228], 28), origins)
        forecaster.fit(known, 150)
        made.append(forecaster.ahead(known, np.arange(30)))
    np.testing.assert_array_equal(*made)


def test_the_ridges_of_all_series_are_those_of_each_alone():
    values = np.stack([a_series(200), a_series(200, 1)])
    values[1, :80] = np.nan
    values[0, [120, 121, 150]] = np.nan
    known = Known.of(Panel(values, (7,), 364, ORDINARY[:228], 28), np.arange(40, 200, 3))
    ridge = SmoothedRidge()
    ridge.fit(known, 180)
    for i in range(2):
        rows = (known.steps <= 180) & ~np.isnan(known.target[i])
        x = ridge._features(known, np.arange(len(known.origins)))[i][rows]
        y = np.clip(known.target[i][rows], -TARGET_CLIP, TARGET_CLIP)
        size = np.sqrt((x**2).mean(axis=0))
        size[size == 0] = 1.0
        alone = Ridge(alpha=RIDGE_PENALTY_PER_ROW * len(y), fit_intercept=False).fit(x / size, y)
        np.testing.assert_allclose(ridge.weights[i], alone.coef_ / size, rtol=1e-6, atol=1e-9)


def test_one_day_of_an_outage_hardly_moves_the_forecast_and_a_week_of_a_new_level_does():
    outage, moved, values = (np.full(100, 7.0) + 0.01 * np.sin(np.arange(100)) for _ in range(3))
    outage[95] = 1.0
    moved[93:] = 9.0
    assert np.abs(ahead(outage, 99) - ahead(values, 99)).max() < 0.05
    np.testing.assert_allclose(ahead(moved, 99), 9.0, atol=0.05)
    found = smooth(moved[None], np.array([99]), 28, (7,), ORDINARY[:128]).changes[0]
    assert np.flatnonzero(found).tolist() == [99]
    assert found[99] == pytest.approx(2.0, abs=0.05)


def test_missing_days_change_no_level():
    values = np.tile(np.arange(7.0), 12)
    holes = values.copy()
    holes[[50, 51, 70]] = np.nan
    np.testing.assert_allclose(ahead(holes, 83), ahead(values, 83), atol=1e-9)


def test_a_holiday_is_learnt_by_half_at_first_and_moves_no_level():
    values, special = np.full(400, 5.0), ORDINARY.copy()
    values[30], special[[30, 395 + 5]] = 3.0, 1
    made = ahead(values, 396, special)
    np.testing.assert_allclose(made[[0, 1, 2, 4, 5]], 5.0)
    np.testing.assert_allclose(made[3], 4.0)


def test_holidays_have_the_same_number_every_year():
    days = pd.date_range("2024-11-01", "2026-12-31")
    numbers = pd.Series(holiday_numbers(days, {"Opening": [date(2025, 3, 3), date(2026, 3, 2)]}), days)
    assert numbers["2024-11-29"] == numbers["2025-11-28"] == numbers["2026-11-27"] > 0
    assert numbers["2025-04-21"] == numbers["2026-04-06"] > 0
    assert numbers["2025-03-03"] == numbers["2026-03-02"] > 0
    assert numbers["2025-03-04"] == 0
