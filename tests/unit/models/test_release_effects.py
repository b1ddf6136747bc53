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


def days(seed, loss=0.0, common=0.0):
    """Shares of good LCP of 90 days: a week, a move of all page groups, and from the release on a loss of product."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(90):
        on = AS_OF - timedelta(days=89 - day)
        moved = rng.normal(0, 0.02) + 0.02 * (on.weekday() == 6) - (common if on >= RELEASED else 0)
        for page_group in KINDS:
            share = 0.8 + moved - (loss if page_group == "product" and on >= RELEASED else 0)
            rows.append((page_group, "good_lcp", on, rng.binomial(600, min(share, 1.0)), 600))
    return pd.DataFrame(rows, columns=["page_group", "outcome", "event_date", "hit_count", "total_count"])


def releases(controls=True):
    return pd.DataFrame(
        [("r2", RELEASED, group, touched) for group, touched in KINDS.items() if touched or controls],
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


def test_without_an_untouched_page_group_it_says_that_it_compared_with_days_before_only():
    told = judge_release_effects(releases(controls=False), days(1, common=0.3), AS_OF)
    assert set(told["comparison"]) == {"before and after only"} and set(told["verdict"]) == {"worse"}


def test_a_release_that_the_next_one_followed_at_once_is_not_judged():
    both = pd.concat([releases(), releases().assign(release="r3", released_on=RELEASED + timedelta(days=1))])
    assert set(judge_release_effects(both, days(1), AS_OF)["release"]) <= {"r3"}
