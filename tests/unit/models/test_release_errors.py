"""Releases whose errors are known, with sessions in which what fails once fails again."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.release_errors import COLUMNS, judge_releases

pytestmark = pytest.mark.slow
AS_OF = date(2026, 11, 20)


def cells(rng, factor, sessions=600):
    """Two releases on two page groups whose mix differs; the later one has `factor` times the errors."""
    rows = []
    for is_previous in (True, False):
        for page_group, base, share in (("home", 0.02, 0.8), ("cart", 0.10, 0.2)):
            many = int(sessions * (share if is_previous else 1 - share))
            views = rng.integers(1, 6, many)
            # A session fails as a whole or not at all: the worst case.
            fails = rng.random(many) < base * (1 if is_previous else factor)
            rows.append(("r2", "r1", page_group, "b", is_previous, views.sum(), (views * fails).sum(), many))
    columns = ["release", "previous_release", "page_group", "browser", "is_previous", "page_view_count"]
    return pd.DataFrame(rows, columns=[*columns, "error_page_view_count", "session_count"])


@pytest.mark.parametrize(("factor", "verdict", "fewest"), [(1.0, "not_proven", 112), (3.0, "worse", 114)])
def test_a_release_is_called_worse_when_it_is_and_hardly_ever_when_only_its_pages_differ(factor, verdict, fewest):
    found = [judge_releases(cells(np.random.default_rng(seed), factor), AS_OF).iloc[0] for seed in range(120)]
    assert sum(row["verdict"] == verdict for row in found) >= fewest
    assert sum(row["ratio_lower"] <= factor <= row["ratio_upper"] for row in found) >= 112


def test_a_release_with_fewer_errors_is_better():
    row = judge_releases(cells(np.random.default_rng(3), 0.2, sessions=4000), AS_OF).iloc[0]
    assert (row["verdict"], row["previous_release"]) == ("better", "r1")


def test_without_errors_or_without_a_release_before_nothing_is_claimed():
    none = cells(np.random.default_rng(1), 1.0).assign(error_page_view_count=0)
    assert judge_releases(none, AS_OF).iloc[0]["verdict"] == "not_proven"
    alone = none[~none["is_previous"]]
    assert list(judge_releases(alone, AS_OF).columns) == COLUMNS
    assert len(judge_releases(alone, AS_OF)) == 0
