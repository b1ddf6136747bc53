"""Which KPIs move together from day to day, at once or some days apart.

What belongs here: taking out of each series what it says of itself (week, trend, its own past), the correlation of what
is left, and its p-value by permutation. Sessions are compared in `effects`; a day is a weak witness beside them.
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.significance import benjamini_hochberg

Array = NDArray[np.float64]
MODEL = {"model_name": "prewhitened_ranks", "model_version": "2"}
COLUMNS = [
    "kpi", "other_kpi", "verdict", "lag_days", "correlation", "correlation_same_day", "p_value", "q_value",
    "is_same_source", "day_count", "event_date", "model_name", "model_version",
]  # fmt: skip
MAX_LAG, MAX_OWN_LAG = 7, 7
MIN_DAYS, MIN_KNOWN_SHARE = 42, 0.8
# Pairs of different sources that none of the first ones reaches are drawn again, so that a p-value can be as small as
# many pairs ask for.
PERMUTATIONS, MORE_PERMUTATIONS = 999, 19_999
# KPIs of one line are made of the same numbers: that they move together says nothing about the site.
SAME_SOURCE = [
    {"lcp_p75_ms", "good_lcp_share", "core_web_vitals_pass_share", "ux_score", "fcp_p75_ms", "ttfb_p75_ms"},
    {"inp_p75_ms", "good_inp_share", "core_web_vitals_pass_share", "ux_score"},
    {"cls_p75", "good_cls_share", "core_web_vitals_pass_share", "ux_score"},
    {"page_view_count", "session_count", "throughput_per_minute", "order_count", "revenue_net"},
    {"conversion_share", "order_count", "revenue_net"},
    {"availability_share", "outage_count", "downtime_s", "incident_count", "mttr_restore_s"},
    {"error_page_view_share", "request_error_share"},
]


def correlate_kpis(daily: pd.DataFrame, as_of: date, seed: int = 0, q: float = 0.05) -> pd.DataFrame:
    """Correlate every KPI with every other one, day by day, at lags of up to a week.

    Of each series the weekday, a straight trend and its own past (an autoregression of up to 7 days, by AIC) are taken
    out; what is left becomes normal scores of its ranks. The statistic of a pair is its largest correlation over all
    lags, the p-value the share of permutations of the days of one series, week and trend taken out again, that reach it
    (999, or 20,000 where none of these does), so that looking at 15 lags is paid for. q-values are Benjamini-Hochberg
    over all pairs, those of the same source apart.

    Args:
        daily: kpi, event_date, value; a row for each KPI and day. Days without a row are not known.
        as_of: the day that rows are stamped with; later days are ignored.
        seed: of the permutations.
        q: the false discovery rate at which a pair is called associated.

    Returns:
        COLUMNS, a row for each pair (kpi < other_kpi) with at least 42 days and values on 80 % of them. A positive
        lag_days says that other_kpi follows. is_same_source: both are made of the same numbers.

    Sources: Haugh, JASA 71 (1976), for residuals of both series; Conover, "Practical Nonparametric Statistics" (1999),
        for normal scores; Westfall, Young, "Resampling-Based Multiple Testing" (1993), for the largest over lags.
    """
    daily = daily[pd.to_datetime(daily["event_date"]) <= pd.Timestamp(as_of)]
    names, left, fixed = _whitened(daily)
    if len(names) < 2:
        return pd.DataFrame(columns=COLUMNS)
    lagged = _lagged(left)
    told = lagged @ left
    best = np.abs(told).argmax(axis=1)
    reached = np.abs(told).max(axis=1)
    rng = np.random.default_rng(seed)
    p_value = _p_values(lagged, left, fixed, reached, PERMUTATIONS, rng)
    same = np.array([[any({one, other} <= family for family in SAME_SOURCE) for other in names] for one in names])
    for i, j in zip(*np.nonzero(np.triu((p_value <= 1 / (PERMUTATIONS + 1)) & ~same, 1)), strict=True):
        own, others = slice(i, i + 1), slice(j, j + 1)
        p_value[own, others] = _p_values(
            lagged[own], left[:, others], fixed, reached[own, others], MORE_PERMUTATIONS, rng
        )
    rows: list[dict[str, Any]] = []
    for i, kpi in enumerate(names):
        for j in range(i + 1, len(names)):
            rows.append(
                {
                    "kpi": kpi,
                    "other_kpi": names[j],
                    "lag_days": int(best[i, j]) - MAX_LAG,
                    "correlation": float(told[i, best[i, j], j]),
                    "correlation_same_day": float(told[i, MAX_LAG, j]),
                    "p_value": float(p_value[i, j]),
                    "is_same_source": bool(same[i, j]),
                }
            )
    frame = pd.DataFrame(rows)
    # Pairs that must move together would buy room for false discoveries among the others.
    frame["q_value"] = np.nan
    for family in (frame["is_same_source"], ~frame["is_same_source"]):
        frame.loc[family, "q_value"] = benjamini_hochberg(frame.loc[family, "p_value"])
    frame["verdict"] = np.where(frame["q_value"] <= q, "associated", "not proven")
    return frame.assign(day_count=len(left), event_date=as_of, **MODEL)[COLUMNS]


def _whitened(daily: pd.DataFrame) -> tuple[list[str], Array, Array]:
    """What is left of the KPIs when their week and trend and past are taken out.

    Returns:
        Names in alphabetical order; (days, KPIs) of what is left: mean 0, sum of squares 1, 0 if unknown; and
        (days, 8) of what every day has fixed, its weekday and its place on the trend.
    """
    table = daily.assign(event_date=pd.to_datetime(daily["event_date"])).pivot_table(
        index="event_date", columns="kpi", values="value", aggfunc="last"
    )
    if table.empty:
        return [], np.empty((0, 0)), np.empty((0, 0))
    dates = pd.date_range(table.index.min(), table.index.max())
    table = table.reindex(dates)
    known = table.notna().mean() >= MIN_KNOWN_SHARE
    table = table.loc[:, known & (table.nunique() > 2)].astype(float)
    if len(table) < MIN_DAYS:
        return [], np.empty((0, 0)), np.empty((0, 0))
    weekday = pd.get_dummies(dates.day_of_week).to_numpy(dtype=float)
    fixed = np.column_stack([weekday, np.linspace(-1, 1, len(table))])
    scores = [_scores(_innovations(table[name].to_numpy(), fixed)) for name in table.columns]
    return list(table.columns), np.column_stack(scores) if scores else np.empty((len(table), 0)), fixed


def _innovations(values: Array, fixed: Array) -> Array:
    """What the series does not say itself: residuals of week, trend and its own past; NaN where it is not known."""
    known = ~np.isnan(values)
    fitted = fixed @ np.linalg.lstsq(fixed[known], values[known], rcond=None)[0]
    rest = np.where(known, values - fitted, 0.0)
    best, chosen = np.inf, rest
    for own in range(MAX_OWN_LAG + 1):
        past = np.column_stack([np.roll(rest, lag) for lag in range(1, own + 1)] or [np.zeros(len(rest))])
        # All orders are judged on the same days.
        target, past_used = rest[MAX_OWN_LAG:], past[MAX_OWN_LAG:]
        left = rest - past @ np.linalg.lstsq(past_used, target, rcond=None)[0]
        squares = float((left[MAX_OWN_LAG:] ** 2).sum())
        criterion = len(target) * np.log(max(squares, 1e-300) / len(target)) + 2 * own
        if criterion < best:
            best, chosen = criterion, left
    chosen = np.where(known, chosen, np.nan)
    chosen[:MAX_OWN_LAG] = np.nan
    return chosen


def _scores(values: Array) -> Array:
    """Normal scores of ranks, of length 1; ties share theirs."""
    from scipy.stats import norm, rankdata

    known = ~np.isnan(values)
    scores = np.zeros(len(values))
    scores[known] = norm.ppf(rankdata(values[known]) / (known.sum() + 1))
    scores[known] -= scores[known].mean()
    length = float(np.sqrt((scores**2).sum()))
    return scores / length if length > 0 else scores


def _lagged(scores: Array) -> Array:
    """Shape (KPIs, lags from -MAX_LAG, days): times another KPI's scores it is the correlation with that one later."""
    days, count = scores.shape
    shifted = np.zeros((count, 2 * MAX_LAG + 1, days))
    for nth, lag in enumerate(range(-MAX_LAG, MAX_LAG + 1)):
        early = scores[: days - lag] if lag >= 0 else scores[-lag:]
        shifted[:, nth, max(lag, 0) : days + min(lag, 0)] = early.T
    return shifted


def _p_values(lagged: Array, other: Array, fixed: Array, reached: Array, count: int, rng: np.random.Generator) -> Array:
    """How often permuted days of each column of `other` reach what each of `lagged` reached, for each of both.

    The first days, of which no past is known, stay out. Week and trend are taken out of what was permuted too: else it
    would vary in more directions than what was observed, and p-values would be too small.
    """
    lagged, other = lagged[..., MAX_OWN_LAG:], other[MAX_OWN_LAG:]
    basis = np.linalg.qr(fixed[MAX_OWN_LAG:])[0]
    orders = rng.permuted(np.tile(np.arange(len(other)), (count, 1)), axis=1).T
    hits = np.ones(reached.shape)
    for j in range(other.shape[1]):
        drawn = other[:, j][orders]
        drawn -= basis @ (basis.T @ drawn)
        drawn /= np.maximum(np.linalg.norm(drawn, axis=0), 1e-12)
        found = np.abs(lagged @ drawn).max(axis=1)
        hits[:, j] += (found >= reached[:, j : j + 1]).sum(axis=1)
    return hits / (count + 1)
