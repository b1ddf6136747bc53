"""mPulse's Conversion Impact Score, for those who know it: which page groups cost the most orders by being slow.

Only that score belongs here. It compares sessions as they are; what is left of it among like ones says `effects`.
"""

import numpy as np
import pandas as pd

KEYS = ["exposure", "outcome", "dimension", "segment"]
COLUMNS = [*KEYS, "request_share", "rank_correlation", "impact_score"]


def score_impacts(speeds: pd.DataFrame) -> pd.DataFrame:
    """Share of sessions × Spearman rank correlation of a metric with converting, for each page group.

    Ranks are those of buckets of the metric, ties sharing the mean rank, so that the correlation is exact for bucketed
    values. Between -1 and 1; the lower, the more slowness there goes along with lost orders.

    Args:
        speeds: exposure, segment (page group of the first page view), value_from (lower end of the bucket),
            session_count, converted_session_count: a row for each bucket.

    Returns:
        COLUMNS, a row for each exposure and page group; NaN where all sessions did the same or were in one bucket.

    Sources: the score of Akamai mPulse, there over all requests of a page group; Spearman, American Journal of
        Psychology 15 (1904).
    """
    rows = []
    for exposure, metric in speeds.groupby("exposure", sort=True):
        whole = float(metric["session_count"].sum())
        for segment, buckets in metric.sort_values("value_from").groupby("segment", sort=True):
            count = buckets["session_count"].to_numpy(dtype=float)
            correlation = _rank_correlation(count, buckets["converted_session_count"].to_numpy(dtype=float))
            share = float(count.sum()) / whole
            rows.append((exposure, "conversion", "page_group", segment, share, correlation, share * correlation))
    return pd.DataFrame(rows, columns=COLUMNS)


def _rank_correlation(count: np.ndarray, converted: np.ndarray) -> float:
    """Spearman of the bucket's place with a yes-or-no outcome, each of which is known by its counts."""
    n, yes = count.sum(), converted.sum()
    rank = np.cumsum(count) - (count - 1) / 2
    deviation = rank - (n + 1) / 2
    spread = (count * deviation**2).sum() * yes * (n - yes) / n
    # The rank of a yes-or-no outcome is a shift and a stretch of the outcome itself.
    return float((converted * deviation).sum() / np.sqrt(spread)) if spread > 0 else float("nan")
