"""Costs of errors on sessions whose truth is known: how often a cost is found that is there, and one that is not."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.error_costs import COLUMNS, STRATUM, estimate_costs

pytestmark = pytest.mark.slow
AS_OF = date(2026, 11, 20)


def sessions(rng, effect, count=400):
    """Cells of a shop where those who stay longer meet more errors and buy more; an error takes `effect` off."""
    rows = []
    for group, many in (("", 15 * count), ("g", count)):
        mobile = rng.random(many) < 0.6
        # Errors are met late in a session, where people buy more.
        position = np.minimum(7, rng.geometric(0.2 if group else 0.4, many))
        chance = 0.05 + 0.03 * position - 0.03 * mobile - (effect if group else 0)
        rows.append(
            pd.DataFrame(
                {
                    "error_group_id": group,
                    "device": np.where(mobile, "mobile", "desktop"),
                    "country": "DE",
                    "channel": "ads",
                    "is_new_user": False,
                    "page_group": "cart",
                    "position": position,
                    "session_count": 1,
                    "converted_session_count": (rng.random(many) < chance).astype(int),
                }
            )
        )
    return pd.concat(rows).groupby(["error_group_id", *STRATUM]).sum().reset_index()


def test_a_cost_that_is_none_is_called_one_in_at_most_five_percent_of_the_shops():
    found = [estimate_costs(sessions(np.random.default_rng(seed), 0.0), AS_OF).iloc[0] for seed in range(120)]
    assert sum(row["verdict"] == "costs_orders" for row in found) <= 6
    covered = sum(row["effect_lower"] <= 0 <= row["effect_upper"] for row in found)
    assert covered >= 110


def test_a_cost_that_is_there_is_found_and_lies_in_its_interval():
    found = [estimate_costs(sessions(np.random.default_rng(seed), 0.08), AS_OF).iloc[0] for seed in range(60)]
    assert sum(row["verdict"] == "costs_orders" for row in found) >= 54
    assert sum(row["effect_lower"] <= -0.08 <= row["effect_upper"] for row in found) >= 54


def test_few_sessions_prove_nothing_and_sessions_without_a_like_are_left_out():
    cells = sessions(np.random.default_rng(1), 0.15, count=20)
    strange = cells[cells["error_group_id"] == "g"].iloc[:1].assign(country="FR", session_count=5)
    row = estimate_costs(pd.concat([cells, strange]), AS_OF).iloc[0]
    assert (row["verdict"], row["session_count"], row["matched_session_count"]) == ("not_proven", 25, 20)
    assert np.isnan(row["p_value"])


def test_no_errors_and_no_sessions_give_no_rows():
    cells = sessions(np.random.default_rng(1), 0.0, count=20)
    for some in (cells[cells["error_group_id"] == ""], cells[cells["error_group_id"] == "g"], cells.iloc[:0]):
        assert list(estimate_costs(some, AS_OF).columns) == COLUMNS
        assert len(estimate_costs(some, AS_OF)) == 0
