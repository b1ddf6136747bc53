"""Curves of an outcome over an exposure with like sessions in every bucket, and what reaching the good limit gains.

What belongs here: the buckets' normal equations and what follows from their solution. Slopes, strata and verdicts are
in `effects`.
"""

import numpy as np
import pandas as pd

from models.day_blocks import BLOCK_DAYS, Array, spread
from models.exposures import EXPOSURES, OUTCOMES

DOSES = [
    "exposure", "outcome", "bucket", "value_from", "value_to", "outcome_mean", "adjusted_mean", "adjusted_lower",
    "adjusted_upper", "session_count",
]  # fmt: skip
# Fewer days give an interval of which nobody knows how wide it should be.
MIN_DAYS = 14
MONTH_DAYS = 30


def trace_curves(
    sums: pd.DataFrame, overlaps: pd.DataFrame, days: Array, weights: Array
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcome by bucket with the same strata in each, the steps of each curve, and what a move to the good limit gains.

    Buckets are compared inside cells: the normal equations of one yes-or-no variable for each bucket, with the fixed
    effects of the cells taken out of both sides.

    Args:
        sums: rows of term 'dose', as `effects.estimate_effects` describes them.
        overlaps: of these rows, as described there.
        days: (days,) in order, all that there are.
        weights: of the bootstrap over these days.

    Returns:
        doses with the columns `DOSES`; and exposure, outcome, steps (an array of -1, 0 or 1 between neighbouring
        buckets, 0 where no step is proven), gain_month, gain_lower, gain_upper.

    Source: Frisch, Waugh, Econometrica 1 (1933).
    """
    names_found = ["exposure", "outcome", "steps", "gain_month", "gain_lower", "gain_upper"]
    doses, found = [], []
    for exposure, mine in sums.groupby("exposure", sort=True):
        names = sorted(mine["segment"].unique(), key=float)
        order = {name: nth for nth, name in enumerate(names)}
        day, place = np.searchsorted(days, mine["event_date"].to_numpy()), mine["segment"].map(order).to_numpy()
        own = overlaps[overlaps["exposure"] == exposure]
        normal = np.zeros((len(days), len(names), len(names)))
        at = np.searchsorted(days, own["event_date"].to_numpy())
        normal[at, own["segment"].map(order), own["other_segment"].map(order)] = own["overlap"].to_numpy(dtype=float)
        sizes = mine.groupby("segment")[["session_count", "weight_sum", *(f"{o}_sum" for o in OUTCOMES)]].sum()
        sizes = sizes.reindex(names).astype(float)
        share = (sizes["weight_sum"] / sizes["weight_sum"].sum()).to_numpy()
        moved = _moved(sizes["weight_sum"].to_numpy(), names, EXPOSURES[str(exposure)].good)
        for outcome in OUTCOMES:
            told = np.zeros((len(days), len(names)))
            told[day, place] = mine[f"{outcome}_covariation"].to_numpy(dtype=float)
            curve, spreads, steps, gain, reach = _curve(normal, told, share, moved, weights)
            gain, reach = gain * MONTH_DAYS / len(days), reach * MONTH_DAYS / len(days)
            mean = sizes[f"{outcome}_sum"].sum() / sizes["weight_sum"].sum()
            found.append((exposure, outcome, steps, gain, gain - reach, gain + reach))
            # A straight line does not know that a share ends at 0 and 1.
            ends = (0.0, 1.0) if OUTCOMES[outcome].is_share else (-np.inf, np.inf)
            doses.append(
                pd.DataFrame(
                    {
                        "exposure": exposure,
                        "outcome": outcome,
                        "bucket": range(len(names)),
                        "value_from": [float(name) for name in names],
                        "value_to": [*(float(name) for name in names[1:]), np.nan],
                        "outcome_mean": (sizes[f"{outcome}_sum"] / sizes["weight_sum"]).to_numpy(),
                        "adjusted_mean": np.clip(mean + curve, *ends),
                        "adjusted_lower": np.clip(mean + curve - spreads, *ends),
                        "adjusted_upper": np.clip(mean + curve + spreads, *ends),
                        "session_count": sizes["session_count"].to_numpy().astype(int),
                    }
                )
            )
    if not doses:
        return pd.DataFrame(columns=DOSES), pd.DataFrame(columns=names_found)
    return pd.concat(doses, ignore_index=True), pd.DataFrame(found, columns=names_found)


def _moved(size: Array, names: list[str], good: float | None) -> Array:
    """How many sessions each bucket loses or wins if those beyond the good limit move to the bucket that ends at it."""
    starts = np.array([float(name) for name in names])
    slow = starts >= good if good is not None else np.zeros(len(starts), bool)
    if not slow.any() or slow.all():
        return np.zeros(len(starts))
    moved = np.where(slow, -size, 0.0)
    moved[np.flatnonzero(~slow)[-1]] += size[slow].sum()
    return moved


def _curve(
    normal: Array, told: Array, share: Array, moved: Array, weights: Array
) -> tuple[Array, Array, Array, float, float]:
    """Deviation of each bucket from the mean, half its 95 % interval, the proven steps (-1, 0 or 1), gain and half its.

    Args:
        normal: (days, buckets, buckets), the normal equations.
        told: (days, buckets), their right side.
        share: (buckets,) of the sessions.
        moved: (buckets,) sessions that each bucket would win.
        weights: (resamples, days) of the bootstrap.
    """
    from scipy.stats import t as student

    inverse = np.linalg.pinv(normal.sum(axis=0), rcond=1e-9, hermitian=True)
    fitted = inverse @ told.sum(axis=0)
    influence = (told - normal @ fitted) @ inverse
    centre = np.eye(len(share)) - share[:, None]
    free = max(len(told) / BLOCK_DAYS - 1, 1)
    reach = student.ppf(0.975, free) if len(told) >= MIN_DAYS else np.nan
    steps = np.diff(np.eye(len(share)), axis=1)
    sizes, errors = fitted @ steps, spread(influence @ steps, weights)
    # All steps together are one question.
    limit = student.ppf(1 - 0.025 / max(len(share) - 1, 1), free) * errors
    spreads, gain_spread = (reach * spread(influence @ change, weights) for change in (centre, moved[:, None]))
    proven = np.sign(sizes) * (np.abs(sizes) > limit)
    return fitted @ centre, spreads, proven, float(fitted @ moved), float(gain_spread[0])
