"""Bounds of an effect where the sessions that lack the exposure may differ from those that have it.

What belongs here: how often the exposure is missing by outcome, and between which limits the slope lies for all that
the missing values may be. Visitors who leave before the largest element is painted have no LCP: the slow bounces are
missing, and the measured sessions alone can turn the sign round.
"""

import numpy as np
import pandas as pd
from scipy.stats import t as student

from models.day_blocks import Array, spread
from models.exposures import OUTCOMES

COLUMNS = [
    "exposure", "outcome", "missing_share", "missing_share_with", "missing_share_without", "bound_lower",
    "bound_upper", "missing_p_value",
]  # fmt: skip
# Sessions without the exposure may be, on average, this many standard deviations (inside cells) faster or slower than
# like ones that have it. Of what is cut off at any point, the mean lies within three.
MOST_DEVIATIONS = 3.0
GRID = np.linspace(-MOST_DEVIATIONS, MOST_DEVIATIONS, 25)


def bound_slopes(sums: pd.DataFrame, days: Array, weights: Array, degrees: pd.Series) -> pd.DataFrame:
    """Between which limits the slope of each outcome lies, whatever the exposure of the sessions that lack it.

    With M = 1 where the exposure x is missing, and missing values that lie d away from the mean of their cell, the
    sums over all sessions are Σ(x - x̄)(y - ȳ) + d Σ(M - M̄)(y - ȳ) and Σ(x - x̄)² + d² Σ(M - M̄)². So only what is
    missing more often for one outcome than for the other moves the slope, and the bounds are the ends of the 95 %
    intervals over all d of `GRID`. What would escape them: sessions missing as often for both outcomes, but fast ones
    of one and slow ones of the other.

    Args:
        sums: rows of dimension 'all' with term 'effect', and with term 'missing', of which x is M, as
            `effects.estimate_effects` describes them. Days without the latter lack nothing.
        days: (days,) in order, all that there are.
        weights: of the bootstrap over these days.
        degrees: of freedom of the slope of each exposure.

    Returns:
        `COLUMNS`, a row for each exposure and outcome: the share of sessions without the exposure, that among sessions
        with the outcome and without it (NaN for outcomes that are no shares), the bounds, and the p-value of the
        hypothesis that missing has nothing to do with the outcome.

    Source: Horowitz, Manski, Journal of the American Statistical Association 95 (2000), on bounds of what is missing.
    """
    rows = sums[(sums["dimension"] == "all") & sums["term"].isin(["effect", "missing"])]
    found = []
    for exposure, free in degrees.items():
        own = rows[rows["exposure"] == exposure]
        measured, missing = (own[own["term"] == term] for term in ("effect", "missing"))
        # A day whose sums name no missing ones has none.
        whole = measured[~measured["event_date"].isin(missing["event_date"])]
        total = pd.concat([missing, whole])
        size, known = float(total["weight_sum"].sum()), float(measured["weight_sum"].sum())
        variation, scatter = _daily(measured, "variation", days), _daily(missing, "variation", days)
        shifts = GRID * np.sqrt(variation.sum() / known) if known else np.zeros(1)
        bottom = variation[:, None] + shifts**2 * scatter[:, None]
        for outcome, about in OUTCOMES.items():
            excess = _daily(missing, f"{outcome}_covariation", days)
            top = _daily(measured, f"{outcome}_covariation", days)[:, None] + shifts * excess[:, None]
            slope, error = _slope(top, bottom, weights)
            reach = student.ppf(0.975, free) * error
            lean, lean_error = _slope(excess[:, None], scatter[:, None], weights)
            hits = float(total[f"{outcome}_sum"].sum())
            seen = float(measured[f"{outcome}_sum"].sum())
            is_share = about.is_share and 0 < hits < size
            found.append(
                (
                    exposure,
                    outcome,
                    1 - known / size if size else np.nan,
                    1 - seen / hits if is_share else np.nan,
                    1 - (known - seen) / (size - hits) if is_share else np.nan,
                    np.min(slope - reach),
                    np.max(slope + reach),
                    2 * student.sf(abs(lean[0]) / lean_error[0], free) if scatter.sum() > 0 else np.nan,
                )
            )
    return pd.DataFrame(found, columns=COLUMNS)


def describe_missing(row: pd.Series) -> str:
    """Say how many sessions lack the exposure, by outcome where that is a share."""
    if np.isnan(row["missing_share_with"]):
        return f"{row['missing_share']:.1%} of the sessions lack it, and their {row['outcome']} differs"
    return (
        f"{row['missing_share_with']:.1%} of the sessions with {OUTCOMES[row['outcome']].unit.split(' per ')[0]}"
        f" lack it, {row['missing_share_without']:.1%} of the others"
    )


def _daily(rows: pd.DataFrame, column: str, days: Array) -> Array:
    """(days,) of a column."""
    at = np.searchsorted(days, rows["event_date"].to_numpy())
    return np.bincount(at, rows[column].to_numpy(dtype=float), len(days)).astype(float)


def _slope(top: Array, bottom: Array, weights: Array) -> tuple[Array, Array]:
    """Slopes of sums over days, (days, n) each, and their standard errors."""
    total = bottom.sum(axis=0)
    total = np.where(total > 0, total, np.nan)
    slope = top.sum(axis=0) / total
    error = spread(np.nan_to_num(top - slope * bottom), weights) / total
    return slope, np.where(error > 0, error, np.nan)
