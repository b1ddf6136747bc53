"""The Conversion Impact Score from counts of buckets, against the rank correlation of the sessions themselves."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from models.impact_scores import score_impacts


def test_the_score_is_the_share_of_sessions_times_their_rank_correlation():
    rng = np.random.default_rng(1)
    bucket = rng.integers(0, 6, 900)
    frame = pd.DataFrame(
        {"segment": np.where(rng.random(900) < 0.3, "home", "cart"), "value_from": bucket * 500.0, "session_count": 1,
         "converted_session_count": (rng.random(900) < 0.4 - 0.05 * bucket).astype(int)}
    )  # fmt: skip
    counts = frame.groupby(["segment", "value_from"]).sum().reset_index().assign(exposure="lcp_ms")
    for row in score_impacts(counts).itertuples():
        own = frame[frame["segment"] == row.segment]
        exact = spearmanr(own["value_from"], own["converted_session_count"]).statistic
        assert row.rank_correlation == pytest.approx(exact)
        assert row.impact_score == pytest.approx(exact * len(own) / 900)


def test_a_page_group_where_nobody_orders_has_no_score():
    counts = pd.DataFrame({"exposure": "lcp_ms", "segment": "home", "value_from": [0.0, 500.0], "session_count": 5,
                           "converted_session_count": 0})  # fmt: skip
    assert score_impacts(counts)["impact_score"].isna().all()
