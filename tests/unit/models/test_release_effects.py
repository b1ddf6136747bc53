"""A release that slows one page group is told by it; what hits all page groups, or nothing, is not."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.release_effects import judge_release_effects

pytestmark = pytest.mark.slow

AS_OF = date(2026, 11, 1)
RELEASED = AS_OF - timedelta(days=5)
KINDS = {"home": True, "product": True, "search": False, "checkout": False}


def days(seed, loss=0.0, common=0.0, length=90):
    """Shares of good LCP: a week, a move of all page groups, and from the release on a loss of product."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(length):
        on = AS_OF - timedelta(days=length - 1 - day)
        moved = rng.normal(0, 0.02) + 0.02 * (on.weekday() == 6) - (common if on >= RELEASED else 0)
        for page_group in KINDS:
            share = 0.8 + moved - (loss if page_group == "product" and on >= RELEASED else 0)
            rows.append((page_group, "good_lcp", on, rng.binomial(600, min(share, 1.0)), 600))
    return pd.DataFrame(rows, columns=["page_group", "outcome", "event_date", "hit_count", "total_count"])


def few(seed, volume=40, share=0.06, span=42):
    """Conversion of a small site, in which nothing but chance moves."""
    rng = np.random.default_rng(seed)
    dates = [AS_OF - timedelta(days=day) for day in range(span)]
    rows = [(g, "conversion", on, rng.binomial(volume, share), volume) for on in dates for g in KINDS]
    return pd.DataFrame(rows, columns=["page_group", "outcome", "event_date", "hit_count", "total_count"])


def releases(controls=True, on=RELEASED):
    return pd.DataFrame(
        [("r2", on, group, touched) for group, touched in KINDS.items() if touched or controls],
        columns=["release", "released_on", "page_group", "is_touched"],
    )


def test_a_loss_of_what_was_touched_is_found_and_a_loss_of_all_is_not():
    found, false = 0, 0
    for seed in range(10):
        told = judge_release_effects(releases(), days(seed, loss=0.08), AS_OF).set_index("page_group")
        found += told.loc["product", "verdict"] == "worse"
        false += told.loc["home", "verdict"] != "not proven"
        false += (judge_release_effects(releases(), days(seed, common=0.1), AS_OF)["verdict"] != "not proven").sum()
    assert found >= 9 and false <= 3  # of 30


def test_on_a_small_site_chance_is_not_taken_for_the_release():
    small = [judge_release_effects(releases(), few(seed), AS_OF) for seed in range(60)]
    told = pd.concat(small)
    assert len(told) > 80 and sum((one["verdict"] != "not proven").any() for one in small) <= 3
    assert ((told["effect_lower"] <= 0) & (told["effect_upper"] >= 0)).mean() >= 0.95


@pytest.mark.parametrize(
    ("rows", "released"),
    [
        (few(1, volume=30, share=0.03), RELEASED),  # too few orders
        (few(1, volume=30, share=0.97), RELEASED),  # too few sessions without one
        (few(1, volume=400), AS_OF - timedelta(days=2)),  # too few days
    ],
)
def test_what_is_too_little_to_judge_by_is_not_judged(rows, released):
    assert judge_release_effects(releases(on=released), rows, AS_OF).empty


def test_without_an_untouched_page_group_it_says_that_it_compared_with_days_before_only():
    told = judge_release_effects(releases(controls=False), days(1, common=0.3), AS_OF)
    assert set(told["comparison"]) == {"before and after only"} and set(told["verdict"]) == {"worse"}


def test_a_release_that_the_next_one_followed_at_once_is_not_judged():
    both = pd.concat([releases(), releases().assign(release="r3", released_on=RELEASED + timedelta(days=1))])
    assert set(judge_release_effects(both, days(1), AS_OF)["release"]) <= {"r3"}
