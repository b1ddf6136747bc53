"""Associations of speed and availability with business outcomes, within strata, with what would overturn them.

What belongs here: the estimate inside strata, its interval by a block bootstrap over days, and the verdict. Which
exposures and outcomes there are, and the sums that are all this module needs of the sessions, is `exposures`' business.
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.exposures import EXPOSURES, OUTCOMES, STRATA, SUMS, Array, Index
from models.significance import benjamini_hochberg

MODEL_NAME = "stratified_slope"
MODEL_VERSION = "1"
COLUMNS = [
    "exposure", "outcome", "stratum_count", "session_count", "day_count", "effect", "effect_lower", "effect_upper",
    "effect_unit", "p_value", "q_value", "verdict", "caveat", "model_name", "model_version", "event_date",
]  # fmt: skip

RESAMPLES = 1000
WITHIN_DAY_OVERTURNED = (
    "a cause of both inside a device, country and day (campaign, cache, page, network), or by a randomised or "
    "before/after release comparison that shows none"
)
BETWEEN_DAYS_OVERTURNED = (
    "whatever else happened on the days of low availability (campaign, holiday, release), or by an outage that left "
    "the outcome unchanged"
)
# Fewer days give an interval of which nobody knows how wide it should be.
MIN_DAYS = 14
# Two bad days decide nothing, whatever a formula says of them.
MIN_DAYS_OF_VARIATION = 5
# Days next to each other share campaigns and weather; inside a day, sessions of a stratum are compared with each other
# only.
BETWEEN_DAY_BLOCK = 7
# Between days, a day is compared with the same weekday within four weeks, so that neither the week nor the season is an
# effect.
SEASON_DAYS = 28


def associate(cells: pd.DataFrame, as_of: date, seed: int = 0, q: float = 0.05) -> pd.DataFrame:
    """Estimate how each outcome moves with each exposure inside strata, and say whether chance is excluded.

    The effect is the slope of the outcome on the exposure, pooled over strata with the Mantel-Haenszel weight (for a
    yes-or-no exposure it is the Mantel-Haenszel risk difference). Speed is compared inside one day and stratum;
    availability, the same for all sessions of a day, inside one stratum, weekday and four weeks. The 95 % interval and
    the p-value are those of a t distribution with the standard error of a bootstrap over whole days (single ones for
    speed, blocks of 7 for availability). q-values are Benjamini-Hochberg over all pairs, negative controls apart.

    Args:
        cells: one row for each exposure, outcome, event_date (UTC date), device and country: session_count; weight_sum
            = Σw; x_sum = Σwx and xx_sum = Σwx² of the scaled exposure (`EXPOSURES`); y_sum = Σwy and xy_sum = Σwxy of
            the limited outcome (`OUTCOMES`). Sessions without the exposure or the outcome are left out of both sums.
        as_of: written to event_date; cells of later days are ignored.
        seed: of the bootstrap; the same seed gives the same rows.
        q: the false discovery rate at which a pair is called associated.

    Returns:
        COLUMNS, a row for each pair in `cells`, controls included (exposure 'shuffled_…', 'next_day_…'). effect is in
        effect_unit; NaN where the exposure did not vary. verdict is 'associated' or 'not proven': associated needs
        q_value <= q, MIN_DAYS days, and a negative control that finds nothing.

    Raises:
        ValueError: a column is missing, or an exposure or outcome is unknown.

    Sources: Mantel, Haenszel, JNCI 22 (1959); Greenland, Robins, Biometrics 41 (1985); Künsch, Annals of Statistics 17
        (1989).
    """
    _check(cells)
    cells = cells.assign(event_date=pd.to_datetime(cells["event_date"]))
    cells = cells[(cells["event_date"] <= pd.Timestamp(as_of)) & (cells["weight_sum"] > 0)]
    rows = [
        _estimate(pair, str(exposure), str(outcome), np.random.default_rng([seed, *f"{exposure}/{outcome}".encode()]))
        for (exposure, outcome), pair in cells.groupby(["exposure", "outcome"], sort=True)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS[:10])
    is_control = frame["exposure"].map(lambda name: EXPOSURES[name].control_of is not None).astype(bool)
    frame["q_value"] = np.nan
    for family in (is_control, ~is_control):
        frame.loc[family, "q_value"] = benjamini_hochberg(frame.loc[family, "p_value"])
    failed = set(
        zip(*(frame.loc[is_control & (frame["q_value"] <= q), key] for key in ("exposure", "outcome")), strict=True)
    )
    failed = {(EXPOSURES[exposure].control_of, outcome) for exposure, outcome in failed}
    judged = [_judge(row, failed, q) for _, row in frame.iterrows()]
    frame["verdict"], frame["caveat"] = [verdict for verdict, _ in judged], [caveat for _, caveat in judged]
    return frame.assign(model_name=MODEL_NAME, model_version=MODEL_VERSION, event_date=as_of)[COLUMNS]


def _estimate(pair: pd.DataFrame, exposure: str, outcome: str, rng: np.random.Generator) -> dict[str, Any]:
    """One row of the result, without q-value and verdict."""
    from scipy.stats import t as student

    spec = EXPOSURES[exposure]
    day = (pair["event_date"] - pair["event_date"].min()).dt.days.to_numpy()
    days, nth_day = np.unique(day, return_inverse=True)
    stratum = np.asarray(pair.groupby(STRATA, dropna=False).ngroup())
    period = day // SEASON_DAYS * 7 + day % 7 if spec.is_between_days else day
    group = np.unique(stratum * (period.max() + 1) + period, return_inverse=True)[1]
    top, bottom = _centred(pair[SUMS[1:]].to_numpy(dtype=float), group)
    per_day = np.column_stack([np.bincount(nth_day, part) for part in (top, bottom)]).astype(float)
    block = BETWEEN_DAY_BLOCK if spec.is_between_days else 1
    effect, error = _slope(per_day, block, rng)
    if spec.is_between_days:
        # A mean over m days takes a share 1/m of each day's own deviation away.
        error *= np.sqrt(len(group) / max(len(group) - group.max() - 1, 1))
    telling_days = _effective_days(per_day[:, 1])
    degrees = max(min(len(days) // block, telling_days) - 1, 1)
    has_interval = error > 0 and telling_days >= MIN_DAYS_OF_VARIATION and len(days) >= MIN_DAYS
    reach = student.ppf(0.975, degrees) * error if has_interval else np.nan
    return {
        "exposure": exposure,
        "outcome": outcome,
        "stratum_count": int(np.unique(stratum).size),
        "session_count": int(pair["session_count"].sum()),
        "day_count": len(days),
        "effect": effect,
        "effect_lower": effect - reach,
        "effect_upper": effect + reach,
        "effect_unit": f"{outcome} per {spec.unit}",
        "p_value": 2 * student.sf(abs(effect) / error, degrees) if has_interval else np.nan,
    }


def _centred(sums: Array, group: Index) -> tuple[Array, Array]:
    """Sums of w(x - x̄)(y - ȳ) and of w(x - x̄)² of each cell, the means being those of its group.

    Args:
        sums: (cells, 5): Σw, Σwx, Σwx², Σwy, Σwxy.
        group: (cells,) numbers from 0: cells of one group are compared with each other.
    """
    w, x, xx, y, xy = sums.T
    weight = np.bincount(group, w)
    x_mean, y_mean = ((np.bincount(group, part) / weight)[group] for part in (x, y))
    top = xy - x_mean * y - y_mean * x + x_mean * y_mean * w
    bottom = xx - 2 * x_mean * x + x_mean**2 * w
    # What rounding leaves where the exposure is the same for all is not a variation.
    varies = bottom > 1e-9 * xx
    return np.where(varies, top, 0.0), np.where(varies, bottom, 0.0)


def _slope(per_day: Array, block: int, rng: np.random.Generator) -> tuple[float, float]:
    """Slope Σ top / Σ bottom and its bootstrap standard error; NaN where nothing varies. `per_day` is (days, 2)."""
    top, bottom = per_day.sum(axis=0)
    if bottom <= 0:
        return float("nan"), float("nan")
    slope = top / bottom
    # The linear part of the ratio: a resample without a day of low availability would divide by next to nothing.
    deviations = _block_weights(len(per_day), block, rng) @ (per_day[:, 0] - slope * per_day[:, 1])
    # Drawing from d days, and not from all there could be, makes them look alike by (d - 1) / d.
    inflation = np.sqrt(len(per_day) / max(len(per_day) - 1, 1))
    return float(slope), float(np.std(deviations, ddof=1) / bottom * inflation)


def _effective_days(variation: Array) -> float:
    """How many equally telling days the variation of the exposure is worth (Kish): (Σv)² / Σv²."""
    squares = float((variation**2).sum())
    return float(variation.sum() ** 2 / squares) if squares > 0 else 0.0


def _block_weights(days: int, block: int, rng: np.random.Generator) -> Array:
    """How often each day is drawn when blocks of neighbouring days (round the end) are drawn with replacement."""
    count = -(-days // block)
    starts = rng.integers(0, days, size=(RESAMPLES, count))
    drawn = (starts[:, :, None] + np.arange(block)) % days
    drawn = drawn.reshape(RESAMPLES, -1)[:, :days]
    return np.stack([np.bincount(row, minlength=days) for row in drawn]).astype(float)


def _judge(row: pd.Series, failed: set[tuple[str | None, str]], q: float) -> tuple[str, str]:
    """Verdict and caveat of one row."""
    exposure = EXPOSURES[row["exposure"]]
    verdict = "associated" if row["q_value"] <= q else "not proven"
    overturned = BETWEEN_DAYS_OVERTURNED if exposure.is_between_days else WITHIN_DAY_OVERTURNED
    if exposure.control_of is not None:
        return verdict, f"negative control of {exposure.control_of}: an association here would condemn that one"
    if not np.isfinite(row["effect"]):
        return "not proven", "the exposure did not vary inside any stratum"
    if row["day_count"] < MIN_DAYS:
        return "not proven", f"{row['day_count']} days of sessions, {MIN_DAYS} are needed for an interval"
    if np.isnan(row["p_value"]):
        return "not proven", "the exposure varied on too few days for an interval"
    if (row["exposure"], row["outcome"]) in failed:
        return "not proven", "its negative control is associated as well: something else moves both"
    return verdict, f"association, not proof: would be overturned by {overturned}"


def _check(cells: pd.DataFrame) -> None:
    needed = {"exposure", "outcome", "event_date", *STRATA, *SUMS}
    if missing := needed - set(cells.columns):
        raise ValueError(f"the frame of cells lacks {sorted(missing)}; it needs {sorted(needed)}")
    for column, known in (("exposure", EXPOSURES), ("outcome", OUTCOMES)):
        if unknown := set(cells[column]) - set(known):
            raise ValueError(f"unknown {column} {sorted(unknown)}; it is one of {sorted(known)}")
