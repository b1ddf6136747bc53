"""Mixes: what a change of values does, what a change of shares does, and who carries it."""

import numpy as np
import pandas as pd
import pytest

from models.mixes import split_changes, weighted_percentile


def cells(before: dict, since: dict) -> pd.DataFrame:
    """Segments by device as (views, median in ms), log-normal."""
    rng = np.random.default_rng(1)
    frames = []
    for is_since, side in ((False, before), (True, since)):
        for device, (views, median) in side.items():
            values = np.round(median * np.exp(0.5 * rng.normal(size=views)), -1)
            value, weight = np.unique(values, return_counts=True)
            frames.append(
                pd.DataFrame({"device": device, "is_since": is_since, "value": value, "weight": weight.astype(float)})
            )
    return pd.concat(frames).assign(degradation_id="d", country="DE", browser="Chrome")


def split(before: dict, since: dict):
    totals, segments = split_changes(cells(before, since))
    return totals.iloc[0], segments.set_index("device")


def test_slower_phones_are_a_change_within_segments_that_phones_carry():
    total, segments = split(
        {"mobile": (8000, 2000), "desktop": (4000, 900)}, {"mobile": (8000, 2400), "desktop": (4000, 900)}
    )
    assert total["within_change_share"] == pytest.approx(total["total_change_share"], abs=0.01)
    assert total["within_change_share"] > 0.1
    assert abs(total["mix_change_share"]) < 0.01
    assert segments.loc["mobile", "carried_share"] > 0.95
    assert segments.loc["mobile", "since_p75"] == pytest.approx(1.2 * segments.loc["mobile", "before_p75"], rel=0.04)


def test_more_phones_are_a_change_of_mix_that_nobody_carries():
    total, segments = split(
        {"mobile": (4000, 2000), "desktop": (8000, 900)}, {"mobile": (8000, 2000), "desktop": (4000, 900)}
    )
    assert total["total_change_share"] > 0.15
    assert abs(total["within_change_share"]) < 0.02
    assert (1 + total["within_change_share"]) * (1 + total["mix_change_share"]) == pytest.approx(
        1 + total["total_change_share"]
    )
    assert segments["before_share"].sum() == pytest.approx(1)
    assert segments["since_share"].sum() == pytest.approx(1)


def test_segments_with_few_views_are_told_together():
    _, segments = split(
        {"mobile": (8000, 2000), "tablet": (40, 2000), "tv": (30, 2000)}, {"mobile": (8000, 2400), "tablet": (60, 2000)}
    )
    assert sorted(segments.index) == ["mobile", "other"]


def test_a_degradation_whose_views_before_are_gone_is_not_split():
    totals, segments = split_changes(cells({}, {"mobile": (1000, 2000)}))
    assert totals.empty
    assert segments.empty


def test_a_percentile_is_the_smallest_value_that_reaches_it():
    assert weighted_percentile(np.array([3.0, 1.0, 2.0, 4.0]), np.ones(4), 0.75) == 3.0
    assert weighted_percentile(np.array([1.0, 2.0]), np.array([3.0, 1.0]), 0.75) == 1.0
