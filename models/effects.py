"""How outcomes of sessions move with speed and failures among like sessions, and what that is in money.

What belongs here: slopes and curves from daily sums, their intervals by a block bootstrap over days, the agreement of
strata and the verdict. Which sessions are alike is decided where they are summed (`fct_effect_sums_daily`).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.day_blocks import BLOCK_DAYS, Array, block_weights, spread
from models.effect_curves import DOSES, MIN_DAYS, MONTH_DAYS, trace_curves
from models.exposures import EXPOSURES, OUTCOMES
from models.missingness import bound_slopes, describe_missing
from models.significance import benjamini_hochberg

MODEL = {"model_name": "slope_in_strata", "model_version": "3"}
KEYS = ["exposure", "term", "dimension", "segment"]
PAIRS = [
    "exposure", "outcome", "is_control", "effect", "effect_lower", "effect_upper", "effect_unit", "outcome_mean",
    "unadjusted_effect", "unadjusted_lower", "unadjusted_upper", "p_value", "q_value", "verdict", "caveat", "shape",
    "confounding_needed", "segment_count", "same_sign_share", "i_squared", "heterogeneity_p", "slow_share",
    "at_risk_month", "gain_month", "gain_lower", "gain_upper", "session_count", "day_count", "missing_share",
    "missing_share_with", "missing_share_without", "bound_lower", "bound_upper", "curve_p_value", "curve_q_value",
]  # fmt: skip
STRATA = ["exposure", "outcome", "dimension", "segment", "effect", "effect_lower", "effect_upper", "session_count"]
# Two bad days decide nothing.
MIN_DAYS_OF_VARIATION = 5
# A segment where hardly anybody did it, or did not, has a spread that cannot be estimated.
MIN_EVENTS, MIN_SESSIONS = 30, 200
# A curve is told of an exposure only where the sessions that lack it did as the others did.
MISSING_P = 0.05
AGREEMENT = "device, country"


@dataclass(frozen=True)
class Effects:
    """Frames with the columns `PAIRS`, `STRATA` and `DOSES`, each with event_date, model_name and model_version."""

    pairs: pd.DataFrame
    strata: pd.DataFrame
    doses: pd.DataFrame


@dataclass(frozen=True)
class _Slopes:
    """One row for each of `keys`, one column for each outcome; NaN where nothing can be said."""

    keys: pd.DataFrame
    slope: Array
    error: Array
    reach: Array
    p_value: Array
    degrees: Array


def estimate_effects(
    sums: pd.DataFrame, overlaps: pd.DataFrame, as_of: date, seed: int = 0, q: float = 0.05
) -> Effects:
    """Estimate how each outcome moves with each exposure inside strata, and say whether chance is excluded.

    The effect is the slope of the outcome on the exposure with a fixed effect of every cell (day and stratum): Σ
    covariation / Σ variation; for a yes-or-no exposure it is the risk difference of Mantel and Haenszel. The 95 %
    interval and the p-value are those of a t distribution with the standard error of a bootstrap over blocks of
    `BLOCK_DAYS` days (moving, round the end); its degrees of freedom are the blocks, or the days that the variation is
    worth. q-values are Benjamini-Hochberg over all pairs, controls apart.

    Args:
        sums: rows of `fct_effect_sums_daily`: exposure, term, dimension, segment, event_date, session_count,
            weight_sum, variation, slow_weight_sum, slow_revenue_sum, excess_sum, and for each of `OUTCOMES` `<o>_sum`
            and `<o>_covariation`. Of term 'missing', x is 1 where the session lacks the exposure, else 0.
        overlaps: of the rows with term 'dose': exposure, segment, event_date, other_segment, overlap.
        as_of: written to event_date; later days are ignored.
        seed: of the bootstrap; the same seed gives the same rows.
        q: the false discovery rate at which a pair is called associated.

    Returns:
        pairs: a row for each exposure and outcome, controls included (is_control). effect is in effect_unit; gain_month
        is the outcome of 30 such days if every session beyond the good limit had done as like ones in the bucket that
        ends at it (without the failure), and at_risk_month the revenue of those sessions. verdict is 'associated' or
        'not proven'; what the sessions without the exposure could turn round is not proven (`missingness`). shape:
        'monotone', 'lowest in the middle', 'highest in the middle' or 'not monotone', where the slope is associated or
        the buckets as a whole differ (curve_q_value, Benjamini-Hochberg over all curves). confounding_needed: the risk
        ratio that an unseen cause must have with both, at the end of the interval that is nearer to none (E-value); 1
        where the interval holds none.
        strata: the same slope in segments of one dimension at a time.
        doses: the outcome by bucket of the exposure, as it is and as it would be with the same strata in each.

    Raises:
        ValueError: an exposure is unknown.

    Sources: Frisch, Waugh, Econometrica 1 (1933); Mantel, Haenszel, JNCI 22 (1959); Künsch, Annals of Statistics 17
        (1989); Cochran, Biometrics 10 (1954); Higgins, Thompson, Statistics in Medicine 21 (2002); VanderWeele, Ding,
        Annals of Internal Medicine 167 (2017).
    """
    if unknown := set(sums["exposure"]) - set(EXPOSURES):
        raise ValueError(f"unknown exposure {sorted(unknown)}; it is one of {sorted(EXPOSURES)}")
    sums = sums[pd.to_datetime(sums["event_date"]) <= pd.Timestamp(as_of)]
    overlaps = overlaps[pd.to_datetime(overlaps["event_date"]) <= pd.Timestamp(as_of)]
    stamp: dict[str, Any] = {"event_date": as_of, **MODEL}
    if sums.empty:
        return Effects(*(pd.DataFrame(columns=[*columns, *stamp]) for columns in (PAIRS, STRATA, DOSES)))
    days = np.sort(sums["event_date"].unique())
    weights = block_weights(len(days), np.random.default_rng(seed))
    slopes = _slopes(sums[~sums["term"].isin(["dose", "missing"])], days, weights)
    doses, curves = trace_curves(sums[sums["term"] == "dose"], overlaps, days, weights)
    pairs = _with_curves(_pairs(slopes, sums, len(days)), curves)
    pairs = pairs.merge(_agreement(slopes), on=["exposure", "outcome"], how="left")
    is_whole = (slopes.keys["term"] == "effect") & (slopes.keys["dimension"] == "all")
    degrees = pd.Series(slopes.degrees[is_whole], index=slopes.keys.loc[is_whole, "exposure"])
    bounds = bound_slopes(sums, days, weights, degrees)
    # A control's exposure is another session's: what is missing of it says nothing.
    bounds = bounds.assign(is_control=False)
    pairs = _judged(pairs.merge(bounds, on=["exposure", "outcome", "is_control"], how="left"), q)
    strata = _long(slopes)
    strata = strata[(strata["term"] == "effect") & (strata["dimension"] != "all")]
    return Effects(pairs[PAIRS].assign(**stamp), strata[STRATA].assign(**stamp), doses[DOSES].assign(**stamp))


def _slopes(sums: pd.DataFrame, days: Array, weights: Array) -> _Slopes:
    """Slopes of all outcomes in all segments at once."""
    from scipy.stats import t as student

    grouped = sums.groupby(KEYS, sort=True)
    number = np.asarray(grouped.ngroup())
    keys = grouped[["session_count", "weight_sum", *(f"{o}_sum" for o in OUTCOMES)]].sum().reset_index()
    day = np.searchsorted(days, sums["event_date"].to_numpy())

    def daily(column: str) -> Array:
        table = np.zeros((len(days), len(keys)))
        np.add.at(table, (day, number), sums[column].to_numpy(dtype=float))
        return table

    bottom = daily("variation")
    total = bottom.sum(axis=0)
    telling = np.divide(total**2, (bottom**2).sum(axis=0), out=np.zeros_like(total), where=total > 0)
    degrees = np.maximum(np.minimum(len(days) / BLOCK_DAYS, telling) - 1, 1)
    is_enough = (telling >= MIN_DAYS_OF_VARIATION) & (len(days) >= MIN_DAYS)
    slope, error = (np.full((len(keys), len(OUTCOMES)), np.nan) for _ in range(2))
    for nth, outcome in enumerate(OUTCOMES):
        top = daily(f"{outcome}_covariation")
        slope[:, nth] = np.divide(top.sum(axis=0), total, out=np.full_like(total, np.nan), where=total > 0)
        strays = spread(np.nan_to_num(top - slope[:, nth] * bottom), weights)
        error[:, nth] = np.divide(strays, total, out=np.full_like(total, np.nan), where=is_enough & (total > 0))
    error[error == 0] = np.nan
    p_value = 2 * student.sf(np.abs(slope) / error, degrees[:, None])
    return _Slopes(keys, slope, error, student.ppf(0.975, degrees)[:, None] * error, p_value, degrees)


def _pairs(slopes: _Slopes, sums: pd.DataFrame, day_count: int) -> pd.DataFrame:
    """Effects and controls over all sessions, with what slowness adds up to."""
    rows = _long(slopes)
    rows = rows[rows["dimension"] == "all"]
    unadjusted = rows[rows["term"] == "unadjusted"].set_index(["exposure", "outcome"])
    rows = rows[rows["term"] != "unadjusted"].assign(is_control=lambda r: r["term"] == "control", day_count=day_count)
    slow = sums[(sums["term"] == "effect") & (sums["dimension"] == "all")]
    slow = slow.groupby("exposure")[["slow_weight_sum", "slow_revenue_sum", "excess_sum"]].sum().astype(float)
    rows = rows.join(slow, on="exposure")
    by_pair = pd.MultiIndex.from_frame(rows[["exposure", "outcome"]])
    for column, source in (("effect", "effect"), ("lower", "effect_lower"), ("upper", "effect_upper")):
        rows[f"unadjusted_{column}"] = unadjusted[source].reindex(by_pair).to_numpy()
    months = day_count / MONTH_DAYS
    is_real = ~rows["is_control"]
    rows["slow_share"] = (rows["slow_weight_sum"] / rows["weight_sum"]).where(is_real)
    rows["at_risk_month"] = (rows["slow_revenue_sum"] / months).where(is_real & (rows["outcome"] == "revenue"))
    for gain, source in (("gain_month", "effect"), ("gain_lower", "effect_upper"), ("gain_upper", "effect_lower")):
        rows[gain] = (-rows[source] * rows["excess_sum"] / months).where(is_real)
    rows["effect_unit"] = [
        f"{OUTCOMES[o].unit} per {EXPOSURES[e].unit}" for e, o in zip(rows["exposure"], rows["outcome"], strict=True)
    ]
    return rows


def _with_curves(pairs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Pairs with the steps of their curves, and gains that follow the curve and not the straight line."""
    pairs = pairs.merge(curves, on=["exposure", "outcome"], how="left", suffixes=("", "_of_curve"))
    has_curve = ~pairs["is_control"] & pairs["exposure"].map(lambda name: EXPOSURES[name].good is not None)
    for gain in ("gain_month", "gain_lower", "gain_upper"):
        pairs[gain] = pairs[gain].where(~has_curve, pairs[f"{gain}_of_curve"])
    return pairs


def _long(slopes: _Slopes) -> pd.DataFrame:
    """A row for each segment and outcome."""
    parts = []
    for nth, outcome in enumerate(OUTCOMES):
        effect, reach = slopes.slope[:, nth], slopes.reach[:, nth]
        parts.append(
            slopes.keys[[*KEYS, "session_count", "weight_sum"]].assign(
                outcome=outcome,
                outcome_sum=slopes.keys[f"{outcome}_sum"].astype(float),
                effect=effect,
                effect_lower=effect - reach,
                effect_upper=effect + reach,
                error=slopes.error[:, nth],
                p_value=slopes.p_value[:, nth],
            )
        )
    rows = pd.concat(parts, ignore_index=True).astype({"weight_sum": float, "session_count": int})
    rows["outcome_mean"] = rows["outcome_sum"] / rows["weight_sum"]
    return rows.sort_values([*KEYS, "outcome"], ignore_index=True)


def _agreement(slopes: _Slopes) -> pd.DataFrame:
    """Cochran's Q and I² over device × country, and how many of them have the sign of all together."""
    from scipy.stats import chi2

    rows = _long(slopes)
    rows = rows[(rows["term"] == "effect") & (rows["dimension"] == AGREEMENT) & rows["error"].notna()]
    # Revenue is as rare as orders are.
    orders = rows[rows["outcome"] == "conversion"].set_index(["exposure", "segment"])["outcome_sum"]
    of_row = orders.reindex(pd.MultiIndex.from_frame(rows[["exposure", "segment"]])).to_numpy()
    events = rows["outcome_sum"].where(rows["outcome"] != "revenue", of_row)
    fewer = np.minimum(events, rows["weight_sum"] - events)
    is_rare = ~(fewer >= MIN_EVENTS) & rows["outcome"].isin(["conversion", "bounce", "revenue"])
    rows = rows[(rows["session_count"] >= MIN_SESSIONS) & ~is_rare]
    found = []
    for (exposure, outcome), segments in rows.groupby(["exposure", "outcome"]):
        weight = 1 / segments["error"].to_numpy() ** 2
        effect = segments["effect"].to_numpy()
        mean = float((weight * effect).sum() / weight.sum())
        cochran = float((weight * (effect - mean) ** 2).sum())
        free = len(segments) - 1
        found.append(
            {
                "exposure": exposure,
                "outcome": outcome,
                "segment_count": len(segments),
                "same_sign_share": float((np.sign(effect) == np.sign(mean)).mean()),
                "i_squared": max(0.0, 1 - free / cochran) if free and cochran > 0 else np.nan,
                "heterogeneity_p": float(chi2.sf(cochran, free)) if free else np.nan,
            }
        )
    names = ["exposure", "outcome", "segment_count", "same_sign_share", "i_squared", "heterogeneity_p"]
    return pd.DataFrame(found, columns=names)


def _judged(pairs: pd.DataFrame, q: float) -> pd.DataFrame:
    """Pairs with q-values, verdict, caveat, shape and E-value."""
    pairs = pairs.copy()
    pairs["q_value"] = pairs["curve_q_value"] = np.nan
    is_curve = ~pairs["is_control"] & pairs["curve_p_value"].notna()
    pairs.loc[is_curve, "curve_q_value"] = benjamini_hochberg(pairs.loc[is_curve, "curve_p_value"])
    for family in (pairs["is_control"], ~pairs["is_control"]):
        pairs.loc[family, "q_value"] = benjamini_hochberg(pairs.loc[family, "p_value"])
    failing = pairs[pairs["is_control"] & (pairs["q_value"] <= q)]
    failed = set(zip(failing["exposure"], failing["outcome"], strict=True))
    pairs["confounding_needed"] = [_confounding_needed(row) for _, row in pairs.iterrows()]
    judged = [_judge(row, failed, q) for _, row in pairs.iterrows()]
    pairs["verdict"], pairs["caveat"], pairs["shape"] = (list(part) for part in zip(*judged, strict=True))
    return pairs


def _judge(row: pd.Series, failed: set[tuple[str, str]], q: float) -> tuple[str, str, str | None]:
    """Verdict, caveat and shape of one row."""
    verdict, about = "associated" if row["q_value"] <= q else "not proven", EXPOSURES[row["exposure"]]
    if row["is_control"]:
        return verdict, "negative control: an association here would condemn the exposure's own", None
    if not np.isfinite(row["effect"]):
        return "not proven", "the exposure did not vary inside any stratum", None
    if row["day_count"] < MIN_DAYS:
        return "not proven", f"{row['day_count']} days of sessions, {MIN_DAYS} are needed for an interval", None
    if np.isnan(row["p_value"]):
        return "not proven", "the exposure varied on too few days for an interval", None
    if (row["exposure"], row["outcome"]) in failed:
        return "not proven", "its negative control is associated as well: something else moves both", None
    size = row["confounding_needed"]
    much = f", if it makes either {size:.2f} times as likely" if size > 1 else ""
    caveat = f"association, not proof: would be overturned by {about.rival}{much}, or by a randomised comparison"
    is_bounded = row["bound_lower"] > 0 or row["bound_upper"] < 0
    if verdict == "associated" and not is_bounded and row["missing_share"] > 0:
        return "not proven", f"{describe_missing(row)}: what they would have had could turn the effect round", None
    is_curve = row["curve_q_value"] <= q and not row["missing_p_value"] <= MISSING_P
    if verdict != "associated":
        return verdict, caveat, row["bend"] if is_curve else None
    goes_back = row["is_rising" if row["effect"] < 0 else "is_falling"] is True
    return verdict, caveat, (row["bend"] if goes_back else "monotone") if isinstance(row["bend"], str) else None


def _confounding_needed(row: pd.Series) -> float:
    """E-value of the end of the interval that is nearer to no effect; NaN for outcomes that are no shares."""
    if not OUTCOMES[row["outcome"]].is_share or np.isnan(row["effect_lower"]) or not 0 < row["outcome_mean"] < 1:
        return float("nan")
    nearer = row["effect_lower"] if row["effect"] > 0 else row["effect_upper"]
    if nearer * row["effect"] <= 0:
        return 1.0
    ratio = max(1 + nearer / row["outcome_mean"], 1e-9)
    ratio = max(ratio, 1 / ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))
