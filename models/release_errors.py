"""Whether a release brought errors: the share of page views with one against that of the release before.

Like is held against like: the same page group in the same browser. Which days are compared is decided by who calls.
"""

from datetime import date

import numpy as np
import pandas as pd

from models.significance import Z_95, benjamini_hochberg, two_sided

MODEL = {"model_name": "mantel_haenszel_errors", "model_version": "1"}
FALSE_DISCOVERY_RATE = 0.05
COLUMNS = [
    "release", "previous_release", "verdict", "page_view_count", "previous_page_view_count", "error_page_view_count",
    "previous_error_page_view_count", "error_share", "previous_error_share", "ratio", "ratio_lower", "ratio_upper",
    "p_value", "q_value", "event_date", "model_name", "model_version",
]  # fmt: skip


def judge_releases(cells: pd.DataFrame, as_of: date, smallest_change_share: float = 0.1) -> pd.DataFrame:
    """Ratio of the shares of page views with an error, release by release.

    Pooled over page groups and browsers by Mantel and Haenszel; the variance of its logarithm by Greenland and Robins,
    times the page views of a session, because what fails once in a session fails again. *Worse* and *better* need a
    q-value of 0.05 over all releases and a ratio that is off 1 by more than `smallest_change_share`.

    Args:
        cells: release, previous_release, page_group, browser, is_previous (whose page views they are),
            page_view_count, error_page_view_count, session_count.
        as_of: the day that the rows are stamped with.
        smallest_change_share: the smallest relative change that matters.

    Returns:
        A row for each release that has page views beside those of the release before, `COLUMNS`.

    Source: Greenland, Robins, "Estimation of a common effect parameter from sparse follow-up data",
    Biometrics 41 (1985).
    """
    counts = ["page_view_count", "error_page_view_count", "session_count"]
    keys = ["release", "previous_release", "page_group", "browser"]
    now, before = (
        cells[cells["is_previous"] == is_previous].groupby(keys)[counts].sum().reset_index()
        for is_previous in (False, True)
    )
    paired = now.merge(before, on=keys, suffixes=("", "_before"))
    rows = [
        {"release": release, "previous_release": previous, **_pooled(mine)}
        for (release, previous), mine in paired.groupby(["release", "previous_release"])
    ]
    found = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in ("q_value", "verdict")])
    found["q_value"] = benjamini_hochberg(found["p_value"].astype(float))
    is_proven = found["q_value"] <= FALSE_DISCOVERY_RATE
    worse = is_proven & (found["ratio"] >= 1 + smallest_change_share)
    better = is_proven & (found["ratio"] <= 1 / (1 + smallest_change_share))
    found["verdict"] = np.select([worse, better], ["worse", "better"], "not_proven")
    return found.assign(event_date=as_of, **MODEL)[COLUMNS].sort_values("release", ignore_index=True)


def _pooled(mine: pd.DataFrame) -> dict[str, object]:
    n1, a = mine["page_view_count"].to_numpy(float), mine["error_page_view_count"].to_numpy(float)
    n0, b = mine["page_view_count_before"].to_numpy(float), mine["error_page_view_count_before"].to_numpy(float)
    total = n1 + n0
    r, s = (a * n0 / total).sum(), (b * n1 / total).sum()
    numbers: dict[str, object] = {
        "page_view_count": int(n1.sum()),
        "previous_page_view_count": int(n0.sum()),
        "error_page_view_count": int(a.sum()),
        "previous_error_page_view_count": int(b.sum()),
        "error_share": a.sum() / n1.sum(),
        "previous_error_share": s / (n1 * n0 / total).sum(),
        **dict.fromkeys(("ratio", "ratio_lower", "ratio_upper", "p_value"), np.nan),
    }
    if r <= 0 or s <= 0:
        return numbers
    views = float(total.sum()) / float((mine["session_count"] + mine["session_count_before"]).sum())
    variance = ((n1 * n0 * (a + b) - a * b * total) / total**2).sum() / (r * s) * max(views, 1.0)
    log_ratio, error = np.log(r / s), np.sqrt(variance)
    return numbers | {
        "ratio": r / s,
        "ratio_lower": float(np.exp(log_ratio - Z_95 * error)),
        "ratio_upper": float(np.exp(log_ratio + Z_95 * error)),
        "p_value": two_sided(log_ratio / error),
    }
