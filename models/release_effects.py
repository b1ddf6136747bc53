"""What releases did, as before/after comparisons against page groups that they did not touch.

Only the comparison belongs here (difference in differences); which page groups a release touches follows from the
services that journeys name, and is decided by who calls.
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.significance import benjamini_hochberg

MODEL = {"model_name": "difference_in_differences", "model_version": "2"}
COLUMNS = [
    "release", "page_group", "outcome", "comparison", "verdict", "before_share", "after_share", "control_before_share",
    "control_after_share", "effect", "effect_lower", "effect_upper", "p_value", "q_value", "day_count", "released_on",
    "event_date", "model_name", "model_version",
]  # fmt: skip
# Outcome → whether more of it is better.
OUTCOMES = {"good_lcp": True, "conversion": True, "bounce": False}
# The week after without the day of the release, which is half of either: six days with the same weekdays before.
AFTER_DAYS, HISTORY_DAYS, MIN_HISTORY, MIN_DAYS = 6, 56, 14, 3
# A day with fewer tells more of chance than of the release.
MIN_PER_DAY = 10
# Hits and misses that either side must lead one to expect: with fewer, a difference of shares is far from normal.
MIN_EXPECTED = 10
# What a day of history is worth for the spread. A median absolute deviation has 37 % of the efficiency of a standard
# deviation, and differences to the week before share a day with those of the next week (correlation -1/2), which
# makes 1 + 2 / 4 days as good as one.
FREEDOM_PER_DAY = 0.37 / 1.5


def judge_release_effects(releases: pd.DataFrame, days: pd.DataFrame, as_of: date, q: float = 0.05) -> pd.DataFrame:
    """Change of each outcome of the page groups that a release touched, less that of those that it did not.

    Each of the up to six days after the release, until the next one, is held against the same weekday of the week
    before; the effect is the mean of (touched after - before) - (untouched after - before). How far that strays by
    itself is known from the same difference on the days of the eight weeks before the release (median absolute
    deviation, so that earlier releases do not count), but is never taken as less than what chance alone does to shares
    of so few; the interval is that of a t distribution.

    Args:
        releases: release, released_on, page_group, is_touched: a row for each release and page group of a known kind.
            A release without a row that is not touched is compared with nothing but the days before it.
        days: page_group, outcome (`OUTCOMES`), event_date, hit_count, total_count.
        as_of: the day that rows are stamped with; later days are ignored.
        q: the false discovery rate at which a change is called better or worse.

    Returns:
        COLUMNS, a row for each release, touched page group and outcome with at least three days on both sides, and ten
        hits and misses to be expected of each side, touched and untouched. Shares and effect 0 to 1. comparison is
        'against untouched page groups' or 'before and after only'.

    Source: Card, Krueger, American Economic Review 84 (1994), for the design; Rousseeuw, Croux, Journal of the
    American Statistical Association 88 (1993), for the efficiency of the median absolute deviation.
    """
    days = days.assign(event_date=pd.to_datetime(days["event_date"]))
    days = days[days["event_date"] <= pd.Timestamp(as_of)]
    releases = releases.assign(released_on=pd.to_datetime(releases["released_on"]))
    begun = sorted(pd.Timestamp(day) for day in releases["released_on"].unique())
    rows: list[dict[str, Any]] = []
    for release, touched in releases.groupby("release"):
        released = pd.Timestamp(touched["released_on"].iloc[0])
        after = _days_after(released, begun, as_of)
        controls = list(touched.loc[~touched["is_touched"], "page_group"])
        for outcome in OUTCOMES:
            own = days[days["outcome"] == outcome]
            control = _shares(own[own["page_group"].isin(controls)])
            for page_group in sorted(touched.loc[touched["is_touched"], "page_group"]):
                row = _compared(_shares(own[own["page_group"] == page_group]), control, after, released)
                if row:
                    comparison = "against untouched page groups" if len(control) else "before and after only"
                    rows.append(
                        {"release": release, "released_on": released.date(), "page_group": page_group}
                        | {"outcome": outcome, "comparison": comparison, **row}
                    )
    if not rows:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.DataFrame(rows)
    frame["q_value"] = benjamini_hochberg(frame["p_value"])
    is_good = (frame["effect"] > 0) == frame["outcome"].map(OUTCOMES)
    frame["verdict"] = np.select([frame["q_value"] > q, is_good], ["not proven", "better"], "worse")
    return frame.assign(event_date=as_of, **MODEL)[COLUMNS]


def _days_after(released: pd.Timestamp, begun: list[pd.Timestamp], as_of: date) -> list[pd.Timestamp]:
    """Days until the next release whose weekday a week earlier came after the one before."""
    following = min((day for day in begun if day > released), default=pd.Timestamp(as_of) + pd.Timedelta(days=1))
    before = max((day for day in begun if day < released), default=pd.Timestamp(0))
    days = [released + pd.Timedelta(days=n) for n in range(1, AFTER_DAYS + 1)]
    return [day for day in days if day < following and day - pd.Timedelta(days=7) > before]


def _shares(days: pd.DataFrame) -> pd.DataFrame:
    """Hits, total and share of each day that has enough to tell."""
    summed = days.groupby("event_date")[["hit_count", "total_count"]].sum().astype(float)
    summed = summed[summed["total_count"] >= MIN_PER_DAY]
    return summed.assign(share=summed["hit_count"] / summed["total_count"])


def _compared(
    own: pd.DataFrame, control: pd.DataFrame, after: list[pd.Timestamp], released: pd.Timestamp
) -> dict[str, Any] | None:
    """Effect and interval of one page group; None where too little is known."""
    from scipy.stats import t as student

    week = pd.Timedelta(days=7)
    sides = [own, control] if len(control) else [own]
    net = own["share"] - control["share"] if len(control) else own["share"]
    change = (net - net.shift(freq=week).reindex(net.index)).dropna()
    now = change.reindex(after).dropna()
    past = change[(change.index < released) & (change.index >= released - pd.Timedelta(days=HISTORY_DAYS))]
    if len(now) < MIN_DAYS or len(past) < MIN_HISTORY:
        return None
    earlier = [day - week for day in now.index]
    variances = [_sampling_variance(side.loc[earlier], side.loc[now.index]) for side in sides]
    if np.isnan(variances).any():
        return None
    spread = 1.4826 * float((past - past.median()).abs().median())
    effect, error = float(now.mean()), max(spread / np.sqrt(len(now)), float(np.sqrt(sum(variances))))
    freedom = FREEDOM_PER_DAY * len(past)
    reach = float(student.ppf(0.975, freedom)) * error
    shares = {name: frame["share"] for name, frame in (("", own), ("control_", control))}
    return {
        **{f"{name}before_share": float(share.reindex(earlier).mean()) for name, share in shares.items()},
        **{f"{name}after_share": float(share.reindex(now.index).mean()) for name, share in shares.items()},
        "effect": effect,
        "effect_lower": effect - reach,
        "effect_upper": effect + reach,
        "p_value": float(2 * student.sf(abs(effect) / error, freedom)),
        "day_count": len(now),
    }


def _sampling_variance(before: pd.DataFrame, after: pd.DataFrame) -> float:
    """Variance of the mean difference of daily shares by chance alone; NaN where hits or misses are too few."""
    totals = before["total_count"].sum(), after["total_count"].sum()
    share = (before["hit_count"].sum() + after["hit_count"].sum()) / sum(totals)
    if min(totals) * min(share, 1 - share) < MIN_EXPECTED:
        return np.nan
    days = pd.concat([before, after])
    return float(share * (1 - share) * (1 / days["total_count"]).sum() / len(after) ** 2)
