"""Curves of an outcome over an exposure with like sessions in every bucket, and what reaching the good limit gains.

What belongs here: the buckets' normal equations and what follows from their solution. Slopes, strata and verdicts are
in `effects`.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.day_blocks import BLOCK_DAYS, Array, spread
from models.exposures import EXPOSURES, OUTCOMES

DOSES = [
    "exposure", "outcome", "bucket", "value_from", "value_to", "outcome_mean", "adjusted_mean", "adjusted_lower",
    "adjusted_upper", "session_count",
]  # fmt: skip
# Fewer days give an interval of which nobody knows how wide it should be.
MIN_DAYS = 14
MONTH_DAYS = 30
# In a bucket with a few sessions of a few days, none of which bought, the spread is nothing, and so would the error be.
MIN_DAYS_OF_BUCKET, MIN_EVENTS_OF_BUCKET = 5, 30


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
        doses with the columns `DOSES`; and exposure, outcome, curve_p_value (of the hypothesis that no bucket differs
        from another one with the same strata), is_rising and is_falling (whether a bucket is proven to be above, or
        below, a faster one), bend ('monotone', 'lowest in the middle', 'highest in the middle' or 'not monotone': what
        the proven differences look like), gain_month, gain_lower, gain_upper.

    Source: Frisch, Waugh, Econometrica 1 (1933).
    """
    names_found = [
        "exposure", "outcome", "curve_p_value", "is_rising", "is_falling", "bend", "gain_month", "gain_lower",
        "gain_upper",
    ]  # fmt: skip
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
            curve, spreads, gain, reach = _curve(normal, told, share, moved, weights)
            shape = _shape(normal, told, _is_enough(normal, sizes, outcome), weights)
            gain, reach = gain * MONTH_DAYS / len(days), reach * MONTH_DAYS / len(days)
            mean = sizes[f"{outcome}_sum"].sum() / sizes["weight_sum"].sum()
            found.append((exposure, outcome, *shape, gain, gain - reach, gain + reach))
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


def _is_enough(normal: Array, sizes: pd.DataFrame, outcome: str) -> NDArray[np.bool_]:
    """Which buckets have days and events enough for a standard error that can be trusted."""
    size = sizes["weight_sum"].to_numpy()
    own = normal.diagonal(axis1=1, axis2=2)
    telling = np.divide(own.sum(axis=0) ** 2, (own**2).sum(axis=0), out=np.zeros(len(size)), where=own.any(axis=0))
    # Revenue is as rare as orders are.
    events = "conversion" if outcome == "revenue" else outcome
    expected = size
    if OUTCOMES[events].is_share:
        mean = sizes[f"{events}_sum"].sum() / size.sum()
        expected = size * min(mean, 1 - mean)
    is_enough: NDArray[np.bool_] = (telling >= MIN_DAYS_OF_BUCKET) & (expected >= MIN_EVENTS_OF_BUCKET)
    return is_enough


def _shape(
    normal: Array, told: Array, is_enough: NDArray[np.bool_], weights: Array
) -> tuple[float, bool, bool, str | None]:
    """An omnibus test of the buckets, whether a slower one is proven to be above or below a faster one, and the bend.

    Every bucket is held against every other one (t distribution); the p-value is the smallest of them times their
    number (Bonferroni), and so is what is proven.
    """
    from scipy.stats import t as student

    places = np.flatnonzero(is_enough)
    faster, slower = np.triu_indices(len(places), 1)
    if len(told) < MIN_DAYS or not len(faster):
        return np.nan, False, False, None
    inverse = np.linalg.pinv(normal.sum(axis=0), rcond=1e-9, hermitian=True)
    fitted = inverse @ told.sum(axis=0)
    unit = np.eye(normal.shape[1])
    pairs = unit[:, places[slower]] - unit[:, places[faster]]
    sizes, errors = fitted @ pairs, spread((told - normal @ fitted) @ inverse @ pairs, weights)
    free = max(len(told) / BLOCK_DAYS - 1, 1)
    p_values = 2 * student.sf(np.abs(sizes) / np.where(errors > 0, errors, np.inf), free)
    proven = np.where(p_values * len(sizes) <= 0.05, np.sign(sizes), 0.0)
    before, after = (
        np.array([[(proven[side == nth] == sign).any() for nth in range(len(places))] for sign in (-1, 1)])
        for side in (slower, faster)
    )
    is_low, is_high = bool((before[0] & after[1]).any()), bool((before[1] & after[0]).any())
    is_rising, is_falling = bool((proven > 0).any()), bool((proven < 0).any())
    bend = {(True, False): "lowest in the middle", (False, True): "highest in the middle"}.get((is_low, is_high))
    if bend is None:
        bend = "not monotone" if is_rising and is_falling else "monotone"
    return min(1.0, float(np.nanmin(p_values)) * len(sizes)), is_rising, is_falling, bend


def _curve(normal: Array, told: Array, share: Array, moved: Array, weights: Array) -> tuple[Array, Array, float, float]:
    """Deviation of each bucket from the mean, half its 95 % interval, gain and half its.

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
    spreads, gain_spread = (reach * spread(influence @ change, weights) for change in (centre, moved[:, None]))
    return fitted @ centre, spreads, float(fitted @ moved), float(gain_spread[0])
