"""The false discovery rate, against the worked example of a textbook table and by simulation."""

import numpy as np
import pytest

from models.significance import benjamini_hochberg


def test_q_values_are_p_times_n_over_rank_made_monotone():
    # 0.01·4/1 = 0.04, 0.02·4/2 = 0.04, 0.03·4/3 = 0.04, 0.5·4/4 = 0.5
    assert benjamini_hochberg([0.03, 0.5, 0.01, 0.02]) == pytest.approx([0.04, 0.5, 0.04, 0.04])


def test_a_test_that_was_not_made_counts_for_nothing():
    assert benjamini_hochberg([0.01, np.nan, 0.5])[[0, 2]] == pytest.approx([0.02, 0.5])
    assert np.isnan(benjamini_hochberg([np.nan])).all()
    assert benjamini_hochberg([]).size == 0


def test_the_share_of_false_discoveries_stays_under_the_rate():
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(400):
        p = np.concatenate([rng.uniform(size=80), rng.uniform(size=20) * 1e-4])
        found = benjamini_hochberg(p) <= 0.10
        shares.append(found[:80].sum() / max(found.sum(), 1))
    assert np.mean(shares) == pytest.approx(0.08, abs=0.015)  # q times the share of true nulls
