"""What carries a change of a percentile: the segments that became slower, or the mix between them.

What belongs here: taking a percentile of merged histograms apart. Percentiles do not add up, so each part is the
percentile that would have been, had only that part changed.
"""

import numpy as np
import pandas as pd

SEGMENT = ["device", "country", "browser"]
COLUMNS = [
    "degradation_id", *SEGMENT, "before_share", "since_share", "before_p75", "since_p75", "carried_share",
]  # fmt: skip
TOTALS = ["degradation_id", "total_change_share", "within_change_share", "mix_change_share"]
# A segment with fewer views on either side is told as part of the rest.
MIN_VIEWS = 50


def split_changes(cells: pd.DataFrame, probability: float = 0.75) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split changes of a percentile into change within segments and change of the mix between them.

    total = Q(new shares, new values) / Q(old shares, old values) - 1; within = the same with the old shares on both
    sides; mix = (1 + total) / (1 + within) - 1, as in a Kitagawa decomposition (Kitagawa, "Components of a difference
    between two rates", JASA 50, 1955). What a segment carries is the change if its values alone had changed, as a
    share of those of all segments that became slower.

    Args:
        cells: degradation_id, device, country, browser (str), is_since (bool), value (the middle of a histogram
            bucket), weight (page views). One row for each bucket.
        probability: of the percentile.

    Returns:
        TOTALS, a row for each degradation_id with views on both sides; and COLUMNS, a row for each of its segments
        (segments with few views are one, 'other'), largest part first. Shares are of page views, 0 to 1; p75s are in
        the unit of `value`.
    """
    totals, segments = [], []
    for degradation_id, rows in cells.groupby("degradation_id", sort=True):
        if rows["is_since"].nunique() == 2:
            total, parts = _split(rows, probability)
            totals.append({"degradation_id": degradation_id, **total})
            segments.append(parts.assign(degradation_id=degradation_id))
    if not totals:
        return pd.DataFrame(columns=TOTALS), pd.DataFrame(columns=COLUMNS)
    return pd.DataFrame(totals)[TOTALS], pd.concat(segments, ignore_index=True)[COLUMNS]


def _split(rows: pd.DataFrame, probability: float) -> tuple[dict[str, float], pd.DataFrame]:
    rows = _with_other(rows.astype({"value": float, "weight": float}))
    sides = {
        is_since: {key: side for key, side in group.groupby(SEGMENT, sort=True)}
        for is_since, group in rows.groupby("is_since")
    }
    keys = sorted(set(sides[False]) | set(sides[True]))
    weight = {s: {k: float(sides[s][k]["weight"].sum()) if k in sides[s] else 0.0 for k in keys} for s in sides}
    share = {s: {k: weight[s][k] / sum(weight[s].values()) for k in keys} for s in sides}

    def percentile(shares: dict, slower: set) -> float:
        """With these shares, and new values in the segments of `slower`; a segment seen on one side keeps its own."""
        values, weights = [], []
        for key in keys:
            side = (key in slower) if key in sides[False] and key in sides[True] else key in sides[True]
            cell = sides[side][key]
            values.append(cell["value"].to_numpy())
            weights.append(cell["weight"].to_numpy() * (shares[key] / weight[side][key]))
        return weighted_percentile(np.concatenate(values), np.concatenate(weights), probability)

    old = percentile(share[False], set())
    total = percentile(share[True], set(keys)) / old - 1
    within = percentile(share[False], set(keys)) / old - 1
    alone = {key: percentile(share[False], {key}) / old - 1 for key in keys}
    slower = sum(max(change, 0.0) for change in alone.values())
    parts = pd.DataFrame(
        {
            **dict(zip(SEGMENT, key, strict=True)),
            "before_share": share[False][key],
            "since_share": share[True][key],
            "before_p75": _own(sides[False].get(key), probability),
            "since_p75": _own(sides[True].get(key), probability),
            "carried_share": max(alone[key], 0.0) / slower if slower > 0 else 0.0,
        }
        for key in keys
    ).sort_values(["carried_share", *SEGMENT], ascending=[False, True, True, True], ignore_index=True)
    return {
        "total_change_share": total,
        "within_change_share": within,
        "mix_change_share": (1 + total) / (1 + within) - 1,
    }, parts


def weighted_percentile(values: np.ndarray, weights: np.ndarray, probability: float) -> float:
    """The smallest value at which the cumulative weight reaches `probability` of the whole."""
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weights[order])
    position = np.searchsorted(running, probability * running[-1] * (1 - 1e-12))
    return float(values[order][min(position, len(values) - 1)])


def _own(cell: pd.DataFrame | None, probability: float) -> float:
    if cell is None:
        return float("nan")
    return weighted_percentile(cell["value"].to_numpy(), cell["weight"].to_numpy(), probability)


def _with_other(rows: pd.DataFrame) -> pd.DataFrame:
    """Segments with under MIN_VIEWS on either side put together as 'other'."""
    views = rows.pivot_table(index=SEGMENT, columns="is_since", values="weight", aggfunc="sum", fill_value=0.0)
    few = views.index[(views.reindex(columns=[False, True], fill_value=0.0) < MIN_VIEWS).any(axis=1)]
    is_few = pd.MultiIndex.from_frame(rows[SEGMENT]).isin(few)
    return rows.assign(**{name: rows[name].where(~is_few, "other") for name in SEGMENT})
