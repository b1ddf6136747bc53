"""What an error costs: conversion of the sessions that met it against like ones that met none.

Only the comparison belongs here; which sessions are alike is decided where they are counted
(`int_error_exposures_counted` in the dbt project). It is an association: what makes sessions fail may keep them from
buying too.
"""

from datetime import date

import numpy as np
import pandas as pd

from models.significance import Z_95, benjamini_hochberg, two_sided

MODEL = {"model_name": "matched_conversion", "model_version": "1"}
STRATUM = ["device", "country", "channel", "is_new_user", "page_group", "position"]
FEWEST_MATCHED = 30
FEWEST_EXPECTED_ORDERS = 5.0
FALSE_DISCOVERY_RATE = 0.05
COLUMNS = [
    "error_group_id", "verdict", "session_count", "matched_session_count", "control_session_count", "stratum_count",
    "conversion_share", "matched_conversion_share", "effect", "effect_lower", "effect_upper", "p_value", "q_value",
    "lost_order_count", "lost_order_lower", "lost_order_upper", "event_date", "model_name", "model_version",
]  # fmt: skip


def estimate_costs(cells: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Conversion of affected sessions minus that of matched ones, group by group.

    Strata are weighted by their affected sessions, so that the figure is about those who met the error. The variance is
    binomial with the share of both arms together, since most strata have one affected session or two; p-values are two
    sided. *Costs orders* needs a q-value of 0.05 over all groups and at least 30 matched sessions that would have led
    to 5 orders; else it is not proven.

    Args:
        cells: `STRATUM`, error_group_id ("" for sessions without any error), session_count, converted_session_count.
        as_of: the day that the rows are stamped with.

    Returns:
        A row for each group, `COLUMNS`. Shares and effect 0 to 1; lost orders are those of the matched sessions.

    Source: direct standardisation to the exposed, Rothman, Greenland, Lash, "Modern Epidemiology" (2008), chapter 15.
    """
    counts = ["session_count", "converted_session_count"]
    summed = cells.groupby(["error_group_id", *STRATUM], dropna=False)[counts].sum().reset_index()
    is_control = summed["error_group_id"] == ""
    controls = summed[is_control].drop(columns="error_group_id")
    affected = summed[~is_control]
    paired = affected.merge(controls, on=STRATUM, suffixes=("", "_control"))
    sessions = affected.groupby("error_group_id")["session_count"].sum()
    rows = [_row(str(group), mine, int(sessions[group])) for group, mine in paired.groupby("error_group_id")]
    found = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in ("q_value", "verdict")])
    found["q_value"] = benjamini_hochberg(found["p_value"].astype(float))
    proven = (found["q_value"] <= FALSE_DISCOVERY_RATE) & (found["effect_upper"] < 0)
    found["verdict"] = np.where(proven, "costs_orders", "not_proven")
    return found.assign(event_date=as_of, **MODEL)[COLUMNS].sort_values("error_group_id", ignore_index=True)


def _row(group: str, mine: pd.DataFrame, session_count: int) -> dict[str, object]:
    n1, c1 = (mine[c].to_numpy(float) for c in ("session_count", "converted_session_count"))
    n0, c0 = (mine[f"{c}_control"].to_numpy(float) for c in ("session_count", "converted_session_count"))
    matched = n1.sum()
    expected = (n1 * c0 / n0).sum()
    share = (c1 + c0) / (n1 + n0)
    effect = (c1.sum() - expected) / matched
    error = float(np.sqrt((n1 * (1 + n1 / n0) * share * (1 - share)).sum())) / matched
    lower, upper = effect - Z_95 * error, effect + Z_95 * error
    is_enough = matched >= FEWEST_MATCHED and expected >= FEWEST_EXPECTED_ORDERS and error > 0
    return {
        "error_group_id": group,
        "session_count": session_count,
        "matched_session_count": int(matched),
        "control_session_count": int(n0.sum()),
        "stratum_count": len(mine),
        "conversion_share": c1.sum() / matched,
        "matched_conversion_share": expected / matched,
        "effect": effect,
        "effect_lower": max(lower, -1.0),
        "effect_upper": min(upper, 1.0),
        "p_value": two_sided(effect / error) if is_enough else np.nan,
        "lost_order_count": -effect * matched,
        "lost_order_lower": -upper * matched,
        "lost_order_upper": -lower * matched,
    }
