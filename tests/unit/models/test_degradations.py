"""Degradations: planted slowdowns are found, healthy days are left alone, and the future does not matter."""

import time
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.degradations import COLUMNS, find_degradations

pytestmark = pytest.mark.slow

FIRST = date(2026, 1, 1)


def vitals(
    seed: int, series: int = 40, days: int = 120, views: tuple[int, int] = (300, 3000), day_to_day: float = 0.02
):
    """Daily p75s of healthy log-normal LCPs: a week, `day_to_day` movement, and the sampling error that views bring."""
    rng = np.random.default_rng(seed)
    count = rng.integers(*views, size=series)[:, None] * np.exp(rng.normal(0, 0.1, (series, days)))
    # Standard error of the log of a p75: √(0.75·0.25/n) over the density there, 0.3178/σ for a normal with σ = 0.6.
    error = np.sqrt(0.1875 / count) * 0.6 / 0.3178
    week = rng.normal(0, 0.04, (series, 7))[:, np.arange(days) % 7]
    level = np.log(rng.uniform(800, 4000, series))[:, None]
    logs = level + week + rng.normal(0, day_to_day, (series, days)) + rng.normal(size=(series, days)) * error
    return pd.DataFrame(
        {
            "metric": "LCP",
            "page_group": np.repeat([f"group {i:02}" for i in range(series)], days),
            "device": "mobile",
            "country": "all",
            "browser": "all",
            "event_date": [FIRST + timedelta(days=i) for i in range(days)] * series,
            "value": np.exp(logs).ravel(),
            "sample_count": count.astype(int).ravel(),
            "lower": np.exp(logs - 1.96 * error).ravel(),
            "upper": np.exp(logs + 1.96 * error).ravel(),
        }
    )


def slowed(daily: pd.DataFrame, groups: int, share: float, since: date) -> pd.DataFrame:
    hit = daily["page_group"].isin([f"group {i:02}" for i in range(groups)]) & (daily["event_date"] >= since)
    worse = daily.copy()
    worse.loc[hit, ["value", "lower", "upper"]] *= 1 + share
    return worse


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_a_slowdown_of_half_is_found_and_measured():
    found = find_degradations(slowed(vitals(1), 1, 0.5, day(99)), [day(99)])
    assert list(found.columns) == COLUMNS
    assert found.loc[found["is_degraded"], "page_group"].tolist() == ["group 00"]
    row = found.iloc[0]
    assert row["change_share"] == pytest.approx(0.5, abs=0.15)
    assert row["baseline_lower"] < row["baseline_forecast"] < row["baseline_upper"] < row["value"]
    assert row["q_value"] >= row["p_value"]


def test_a_faster_day_is_no_degradation():
    found = find_degradations(slowed(vitals(1), 1, -0.5, day(99)), [day(99)])
    assert not found["is_degraded"].any()
    assert found.iloc[0]["p_value"] > 0.99


GOOD_FRIDAY = date(2026, 4, 3)


def on(daily: pd.DataFrame, event_date: date, share: float) -> pd.DataFrame:
    hit = daily["event_date"] == event_date
    worse = daily.copy()
    worse.loc[hit, ["value", "lower", "upper"]] *= 1 + share
    return worse


@pytest.mark.parametrize("seed", range(5))
def test_a_holiday_that_slows_all_series_a_little_is_no_degradation_and_a_fault_on_it_is_found(seed):
    steady, name = vitals(seed, day_to_day=0.01), "site's own day"
    for event_date, named in ((GOOD_FRIDAY, None), (day(99), {name: [day(99)]})):
        told = find_degradations(on(steady, event_date, 0.08), [event_date], holidays=named)
        assert not told["is_degraded"].any()
        faulty = slowed(on(steady, event_date, 0.08), 1, 0.5, event_date)
        told = find_degradations(faulty, [event_date], holidays=named)
        assert told.loc[told["is_degraded"], "page_group"].tolist() == ["group 00"]
        # What slows every page by a quarter is more than a holiday.
        told = find_degradations(on(steady, event_date, 0.25), [event_date], holidays=named)
        assert told["is_degraded"].mean() > 0.5
    assert find_degradations(on(steady, day(99), 0.08), [day(99)])["is_degraded"].any()


def test_a_change_smaller_than_the_size_that_matters_is_not_called():
    daily = slowed(vitals(2, views=(200_000, 300_000), day_to_day=0.002), 1, 0.08, day(99))
    assert find_degradations(daily, [day(99)])["is_degraded"].sum() == 1
    assert find_degradations(daily, [day(99)], min_change_share=0.10)["is_degraded"].sum() == 0


def test_days_after_the_tested_one_change_nothing():
    daily = vitals(3)
    past = daily[daily["event_date"] <= day(90)]
    pd.testing.assert_frame_equal(
        find_degradations(slowed(daily, 40, 5.0, day(91)), [day(90)]), find_degradations(past, [day(90)])
    )


@pytest.mark.slow
def test_a_backfill_gives_each_date_what_its_own_run_gave():
    daily = slowed(vitals(4, series=12, days=120), 3, 0.3, day(110))
    dates = [day(n) for n in range(105, 120)]
    alone = pd.concat([find_degradations(daily[daily["event_date"] <= d], [d]) for d in dates], ignore_index=True)
    pd.testing.assert_frame_equal(find_degradations(daily, dates), alone)


def test_the_weekday_of_a_quiet_sunday_is_not_compared_with_monday():
    # Sundays are twice as slow: a Sunday is nothing new, a Monday like a Sunday is.
    daily = vitals(5)
    sunday = pd.to_datetime(daily["event_date"]).dt.day_of_week == 6
    daily.loc[sunday, ["value", "lower", "upper"]] *= 2
    last_sunday = max(daily.loc[sunday, "event_date"])
    assert not find_degradations(daily, [last_sunday])["is_degraded"].any()
    monday = last_sunday + timedelta(days=1)
    assert monday <= day(119)
    assert find_degradations(slowed(daily, 40, 1.0, monday), [monday])["is_degraded"].all()


def test_a_series_is_tested_once_it_has_a_baseline_and_past_errors():
    tested = {n: len(find_degradations(vitals(6, series=5), [day(n)])) for n in (10, 20, 30)}
    assert tested == {10: 0, 20: 0, 30: 5}


def test_a_day_with_few_views_is_not_tested():
    daily = vitals(7, series=2)
    daily.loc[(daily["event_date"] == day(99)) & (daily["page_group"] == "group 00"), "sample_count"] = 49
    assert find_degradations(daily, [day(99)])["page_group"].tolist() == ["group 01"]


def test_a_day_with_few_views_needs_a_larger_change():
    p_value = {}
    for views in (60, 20_000):
        daily = slowed(vitals(8, series=1, views=(views, views + 1)), 1, 0.12, day(99))
        p_value[views] = find_degradations(daily, [day(99)])["p_value"].iloc[0]
    assert p_value[20_000] < 0.001 < p_value[60]


def test_a_layout_shift_from_nothing_to_nothing_visible_is_no_degradation():
    daily = vitals(9, series=1).assign(metric="CLS", value=0.0, lower=0.0, upper=0.0)
    daily.loc[daily["event_date"] == day(99), ["value", "lower", "upper"]] = 0.009
    assert not find_degradations(daily, [day(99)])["is_degraded"].any()
    daily.loc[daily["event_date"] == day(99), ["value", "lower", "upper"]] = 0.2
    assert find_degradations(daily, [day(99)])["is_degraded"].all()


def test_gaps_and_missing_intervals_are_no_obstacle():
    daily = slowed(vitals(10, series=6), 1, 0.5, day(99)).assign(lower=np.nan, upper=np.nan)
    daily = daily[~daily["event_date"].isin([day(n) for n in (60, 61, 80, 92)])]
    found = find_degradations(daily, [day(99)])
    assert found.loc[found["is_degraded"], "page_group"].tolist() == ["group 00"]


def test_nothing_to_test_gives_no_rows():
    daily = vitals(11, series=2)
    for frame in (find_degradations(daily, []), find_degradations(daily.head(0), [day(99)])):
        assert list(frame.columns) == COLUMNS
        assert frame.empty


def test_two_rows_for_a_day_are_refused_with_the_series_and_the_day():
    daily = vitals(12, series=1)
    with pytest.raises(ValueError, match="LCP/group 00/mobile/all/all has two rows for 2026-01-05"):
        find_degradations(pd.concat([daily, daily.iloc[[4]]]), [day(99)])


@pytest.mark.slow
def test_where_nothing_is_wrong_p_values_are_not_too_small_and_discoveries_rare():
    dates = [day(n) for n in range(110, 150)]
    found = pd.concat([find_degradations(vitals(seed, days=150), dates, min_change_share=0.0) for seed in range(5)])
    share = {limit: np.mean(found["p_value"] < limit) for limit in (0.05, 0.01, 0.001)}
    assert 0.01 <= share[0.05] <= 0.06
    assert share[0.01] <= 0.012
    assert share[0.001] <= 0.0015
    assert found.loc[found["is_degraded"], "event_date"].nunique() / len(dates) / 5 <= 0.02


@pytest.mark.slow
def test_planted_slowdowns_of_15_per_cent_are_found_and_few_others():
    false_share, found_share = [], []
    for seed in range(12):
        found = find_degradations(slowed(vitals(seed, views=(1000, 6000)), 5, 0.15, day(99)), [day(99)])
        planted = found["page_group"].isin([f"group {i:02}" for i in range(5)])
        false_share.append((found["is_degraded"] & ~planted).sum() / max(found["is_degraded"].sum(), 1))
        found_share.append(found.loc[planted, "is_degraded"].mean())
    assert np.mean(false_share) <= 0.02
    assert np.mean(found_share) >= 0.80


@pytest.mark.slow
def test_three_months_of_1200_series_take_seconds():
    daily = vitals(1, series=1200, days=174)
    started = time.process_time()
    found = find_degradations(daily, [day(n) for n in range(84, 174)])
    assert time.process_time() - started < 20  # about 3 s of CPU on an idle machine
    assert len(found) == 1200 * 90


def test_a_change_that_one_day_does_not_prove_is_proven_by_two():
    daily = slowed(vitals(14, views=(3000, 5000)), 1, 0.06, day(98))
    found = find_degradations(daily, [day(98), day(99)])
    first, second = (
        found[(found["event_date"] == day(n)) & (found["page_group"] == "group 00")].iloc[0] for n in (98, 99)
    )
    assert not first["is_degraded"]
    assert second["is_degraded"]
    assert second["test"] == "two_days"


def test_a_slow_drift_is_found_and_called_one():
    daily = vitals(14, days=140, views=(2000, 4000))
    days = np.array([(d - day(95)).days for d in daily["event_date"]])
    drift = np.where(daily["page_group"] == "group 00", 1.004 ** np.clip(days, 0, None), 1.0)
    for column in ("value", "lower", "upper"):
        daily[column] *= drift
    found = find_degradations(daily, [day(n) for n in range(95, 140)])
    hits = found[found["is_degraded"]]
    assert set(hits["page_group"]) == {"group 00"}
    assert hits["test"].mode()[0] == "drift"
    assert min(hits["event_date"]) <= day(125)


def test_more_phones_are_no_degradation_of_a_page_group():
    daily = vitals(15, series=2, days=120, views=(4000, 4001), day_to_day=0.005)
    daily["device"] = np.where(daily["page_group"] == "group 00", "mobile", "desktop")
    daily["page_group"] = "product"
    phone, desktop = daily[daily["device"] == "mobile"], daily[daily["device"] == "desktop"]
    is_new = np.array([d >= day(110) for d in phone["event_date"]])
    share = np.where(is_new, 0.9, 0.5)
    whole = phone.assign(device="all")
    for column in ("value", "lower", "upper"):
        # As if the p75 of all lay between those of the devices by their shares; phones twice as slow.
        slow = phone[column].to_numpy() / phone["value"].mean() * 3000
        fast = desktop[column].to_numpy() / desktop["value"].mean() * 1500
        daily.loc[phone.index, column], daily.loc[desktop.index, column] = slow, fast
        whole[column] = share * slow + (1 - share) * fast
    daily.loc[phone.index, "sample_count"] = (8000 * share).astype(int)
    daily.loc[desktop.index, "sample_count"] = (8000 * (1 - share)).astype(int)
    found = find_degradations(pd.concat([daily, whole.assign(sample_count=8000)]), [day(110), day(111)])
    rows = found[found["device"] == "all"]
    assert (rows["change_share"] > 0.2).all()
    assert (rows["within_change_share"].abs() < 0.05).all()
    assert not found["is_degraded"].any()


def test_past_faults_neither_hide_a_new_one_nor_become_usual():
    daily = vitals(16, views=(3000, 5000))
    for since in (70, 80, 90):
        hit = (daily["page_group"] == "group 00") & daily["event_date"].isin([day(since + n) for n in range(4)])
        daily.loc[hit, ["value", "lower", "upper"]] *= 1.3
    found = find_degradations(slowed(daily, 1, 0.12, day(104)), [day(105)])
    assert found.loc[found["is_degraded"], "page_group"].tolist() == ["group 00"]
