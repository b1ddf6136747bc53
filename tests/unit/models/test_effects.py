"""Effects on business: what is planted among like sessions is found, and what only goes along with it is not."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.effects import MIN_DAYS, estimate_effects
from models.exposures import OUTCOMES
from orchestration.simulate.truth import PLANTED, Effects
from tests.benchmarks import survivorship
from tests.benchmarks.effects import END, drawn, frames, sums

DAY = pd.Timestamp("2026-11-01")
NO_OVERLAPS = pd.DataFrame(columns=["exposure", "segment", "event_date", "other_segment", "overlap"])


def sessions(count, **columns):
    """Like sessions of one day and stratum."""
    base = {
        "session_id": [f"s{n:04}" for n in range(count)], "event_date": DAY.date(), "started_at": DAY,
        "device": "mobile",
        "country": "DE", "channel": "paid", "landing_page_group": "home", "is_new_user": True, "first_lcp_ms": 2000.0,
        "first_inp_ms": np.nan, "first_cls": 0.0, "first_ttfb_ms": 400.0, "first_error_count": 0, "is_converted": False,
        "is_bounce": False, "page_view_count": 2, "duration_s": 60.0, "revenue": 0.0,
    }  # fmt: skip
    return pd.DataFrame(base | columns)


def row_of(rows, exposure="lcp_ms", term="effect", dimension="all", segment="all"):
    keys = {"exposure": exposure, "term": term, "dimension": dimension, "segment": segment}
    return rows[np.logical_and.reduce([rows[key] == value for key, value in keys.items()])].iloc[0]


def daily_sums(days=30, slope=lambda day: 0.02, variation=10.0, **keys):
    """Sums of days of which each has its own slope of conversion."""
    base = {"exposure": "lcp_ms", "term": "effect", "dimension": "all", "segment": "all", "session_count": 100}
    base |= {"weight_sum": 100.0, "slow_weight_sum": 20.0, "slow_revenue_sum": 50.0, "excess_sum": 10.0}
    base |= {f"{o}_sum": 40.0 for o in OUTCOMES} | keys
    rows = []
    for day in range(days):
        spread = variation(day) if callable(variation) else variation
        told = {f"{o}_covariation": slope(day) * spread for o in OUTCOMES}
        rows.append(base | told | {"variation": spread, "event_date": DAY + timedelta(days=day)})
    return pd.DataFrame(rows)


def conversion(found, is_control=False):
    pairs = found.pairs
    return pairs[(pairs["outcome"] == "conversion") & (pairs["is_control"] == is_control)].iloc[0]


def test_sessions_are_compared_in_the_finest_stratum_that_has_four():
    alike = sessions(4, first_lcp_ms=[1000, 2000, 4000, 8000], is_converted=[True, True, False, False])
    lonely = sessions(1, session_id=["x"], channel="email", first_lcp_ms=1000)
    row = row_of(sums(pd.concat([alike, lonely])))
    # The lonely one is compared with nobody; x = -1.5, -0.5, 0.5, 1.5 around its mean: Σx² = 5, Σxy = -2.
    assert float(row["variation"]) == pytest.approx(5, abs=1e-5)
    assert float(row["conversion_covariation"]) == pytest.approx(-2, abs=1e-5)
    assert row["session_count"] == 5


def test_what_was_not_measured_is_left_out():
    rows = sums(sessions(4, first_lcp_ms=[1000, 2000, np.nan, 9e9]))
    assert row_of(rows)["session_count"] == 3 and set(rows.loc[rows["exposure"] == "inp_ms", "term"]) == {"missing"}
    assert float(row_of(rows, term="dose", dimension="bucket", segment="6000")["weight_sum"]) == 1


def test_sessions_that_lack_the_exposure_are_summed_against_their_outcome():
    hits = [True, True, True, False, False]
    row = row_of(sums(sessions(5, first_lcp_ms=[np.nan, np.nan, 2000, 1000, 2000], is_bounce=hits)), term="missing")
    # M = 1, 1, 0, 0, 0 and y = 1, 1, 1, 0, 0: Σ(M - 0.4)² = 1.2, Σ(M - 0.4)(y - 0.6) = 2 - 2 × 3 / 5.
    assert float(row["variation"]) == pytest.approx(1.2) and float(row["bounce_covariation"]) == pytest.approx(0.8)
    assert float(row["slow_weight_sum"]) == 2 and row["session_count"] == 5


@pytest.mark.parametrize("excess", [0.0, 1.0, 6.0])
def test_an_effect_that_the_missing_sessions_could_turn_round_is_not_proven(excess):
    wobble = np.random.default_rng(3).normal(0, 0.002, 30)
    keys = {"bounce_sum": 40.0, "weight_sum": 100.0}
    measured = daily_sums(30, lambda day: 0.08 + wobble[day], lambda day: 81.0, **keys)
    # 12 of 112 sessions lack it; a session that lacks it may lie 3 × √(81 / 100) = 2.7 off.
    keys = {"bounce_sum": 52.0, "weight_sum": 112.0}
    lacking = daily_sums(30, lambda day: excess / 10, lambda day: 10.0, term="missing", **keys)
    pairs = estimate_effects(pd.concat([measured, lacking]), NO_OVERLAPS, date(2026, 12, 31)).pairs
    row = pairs[pairs["outcome"] == "bounce"].iloc[0]
    assert row["missing_share"] == pytest.approx(12 / 112)
    assert row["missing_share_with"] == pytest.approx(12 / 52) and row["missing_share_without"] == 0
    shifts = np.linspace(-2.7, 2.7, 200)
    lowest = ((0.08 * 81 + shifts * excess) / (81 + shifts**2 * 10)).min()
    assert row["bound_lower"] == pytest.approx(lowest, abs=0.003)
    assert (row["verdict"] == "associated") == (excess < 2)
    if excess > 2:
        assert row["caveat"].startswith("23.1% of the sessions with bounces lack it, 0.0% of the others")


@pytest.mark.slow
def test_who_leaves_before_lcp_turns_no_sign_and_an_optimum_in_the_middle_is_told():
    assert not any(survivorship.judge("many", seed)["wrong"] for seed in (1, 2))
    middle = survivorship.sessions("middle", 1)
    pairs = estimate_effects(*frames(sums(middle)), survivorship.END).pairs
    row = pairs[(pairs["exposure"] == "lcp_ms") & (pairs["outcome"] == "bounce") & ~pairs["is_control"]].iloc[0]
    assert row["shape"] == "lowest in the middle" and row["curve_q_value"] < 0.01


def test_a_control_has_the_exposures_of_its_cell_in_another_order():
    rng = np.random.default_rng(1)
    rows = sums(sessions(400, first_lcp_ms=np.exp(rng.normal(7.6, 0.5, 400)), is_converted=rng.random(400) < 0.3))
    real, control = row_of(rows), row_of(rows, term="control")
    assert real["variation"] == control["variation"]
    assert real["conversion_covariation"] != control["conversion_covariation"]


def test_an_outage_counts_for_who_came_while_it_lasted_and_tomorrows_is_the_control():
    hours = [DAY + timedelta(hours=h) for h in (9, 10, 11, 12)]
    found = sums(
        sessions(4, started_at=hours),
        [("2026-11-01 10:00", "2026-11-01 11:00"), ("2026-11-02 11:30", "2026-11-02 13:00")],
    )
    assert float(row_of(found, "outage")["slow_weight_sum"]) == 1
    assert float(row_of(found, "outage", "control")["slow_weight_sum"]) == 1


def test_the_slope_of_days_is_weighted_by_what_each_tells():
    found = estimate_effects(
        daily_sums(2, lambda day: (1.0, 2.0)[day], lambda day: (0.5, 2.0)[day]), NO_OVERLAPS, date(2026, 12, 31)
    )
    row = conversion(found)
    assert row["effect"] == pytest.approx((1.0 * 0.5 + 2.0 * 2.0) / 2.5)
    assert row["verdict"] == "not proven" and row["caveat"].startswith(f"2 days of sessions, {MIN_DAYS} are needed")


def test_money_and_the_cause_that_would_overturn_it():
    wobble = np.random.default_rng(3).normal(0, 0.001, 30)
    rows = daily_sums(30, lambda day: 0.4 + wobble[day], exposure="error")
    row = conversion(estimate_effects(rows, NO_OVERLAPS, date(2026, 12, 31)))
    assert row["verdict"] == "associated"
    assert row["gain_month"] == pytest.approx(-0.4 * 10 * 30, rel=0.01)  # 10 of them a day
    assert row["slow_share"] == pytest.approx(0.2)
    # A mean of 0.4 and an effect of 0.4 is a risk ratio of 2: 2 + √2.
    assert row["confounding_needed"] == pytest.approx(2 + np.sqrt(2), abs=0.02)
    assert "would be overturned by what makes pages fail for some, if it makes either 3.4" in row["caveat"]


def test_a_pair_whose_control_is_associated_is_not_proven():
    wobble = np.random.default_rng(3).normal(0, 0.001, 30)
    both = pd.concat([daily_sums(30, lambda day: 0.4 + wobble[day], term=term) for term in ("effect", "control")])
    row = conversion(estimate_effects(both, NO_OVERLAPS, date(2026, 12, 31)))
    assert row["q_value"] < 0.001 and row["verdict"] == "not proven" and "negative control" in row["caveat"]


def test_one_bad_day_proves_nothing():
    once = daily_sums(30, lambda day: 0.4, lambda day: 10.0 if day == 7 else 0.0)
    row = conversion(estimate_effects(once, NO_OVERLAPS, date(2026, 12, 31)))
    assert np.isnan(row["effect_lower"]) and row["caveat"] == "the exposure varied on too few days for an interval"


def test_days_after_the_date_change_nothing_and_no_days_give_no_rows():
    rng = np.random.default_rng(5)
    rows = daily_sums(40, lambda day: 0.02 + 0.001 * rng.normal())
    until = (DAY + timedelta(days=29)).date()
    early = rows[rows["event_date"] <= pd.Timestamp(until)]
    one, other = estimate_effects(rows, NO_OVERLAPS, until), estimate_effects(early, NO_OVERLAPS, until)
    pd.testing.assert_frame_equal(one.pairs, other.pairs)
    assert estimate_effects(rows, NO_OVERLAPS, date(2020, 1, 1)).pairs.empty


def test_an_unknown_exposure_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown exposure \['lcp_s'\]; it is one of .*lcp_ms"):
        estimate_effects(daily_sums(2, exposure="lcp_s"), NO_OVERLAPS, END)


@pytest.mark.slow
def test_what_is_planted_is_found_with_its_shape_and_confounding_is_not_taken_for_it():
    planted = estimate_effects(*frames(sums(pd.concat(drawn(1, PLANTED, 21, 3000)))), END)
    row = conversion(found_for(planted))
    # The slope of the planted chances is -0.018 orders per session for a doubling.
    assert row["effect"] == pytest.approx(-0.018, abs=0.007) and row["effect_upper"] < 0
    assert row["verdict"] == "associated"
    assert row["unadjusted_effect"] < 1.2 * row["effect"] and row["same_sign_share"] > 0.9
    curve = planted.doses[(planted.doses["exposure"] == "lcp_ms") & (planted.doses["outcome"] == "bounce")]
    assert curve["adjusted_mean"].head(6).is_monotonic_increasing and row["shape"] == "monotone"
    nothing = Effects(conversion=0.0, bounce=0.0, confounding=3.0)
    sold = pd.concat(drawn(1, nothing, 21, 3000))
    row = conversion(found_for(estimate_effects(*frames(sums(sold)), END)))
    assert row["unadjusted_upper"] < -0.02 and row["verdict"] == "not proven"


def found_for(found, exposure="lcp_ms"):
    return type(found)(found.pairs[found.pairs["exposure"] == exposure], found.strata, found.doses)
