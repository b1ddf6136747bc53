"""Whether an effect is claimed the right way round where sessions leave before the exposure is measured.

Run by hand: `python -m tests.benchmarks.survivorship [--seeds 1-20]`; 12 CPU-s a seed. Sessions of 42 days, 500 a day,
from lognormal LCPs that differ by device and country, in six worlds:

- complete: four points more bounces for each second, nothing missing;
- few, many: the same, and the slower the page, the likelier a bounce leaves before its LCP (under 2 %, 20 to 90 % of
  the bounces);
- random: the same, and 30 % of all sessions lack the LCP by chance;
- middle: bounces are rarest at an LCP in the middle, and no straight line fits;
- nothing: bounces do not depend on the LCP.

The baseline is the slope of the measured sessions alone. Wanted: a wrong sign in none; the shape of `middle` told in 18
of 20, and none told of `nothing` in more than 2.
"""

import argparse
from datetime import date

import numpy as np
import pandas as pd

from models.effects import estimate_effects
from tests.benchmarks.effects import frames, sums
from tests.benchmarks.seeds import seeds

END, DAYS, SESSIONS = date(2026, 11, 29), 42, 500
WORLDS = ("complete", "few", "many", "random", "middle", "nothing")


def main() -> None:
    """Prints what is claimed in each world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=seeds, default="1-20")
    arguments = parser.parse_args()
    print("world      right sign  wrong sign  measured alone: right  wrong  shape told  held by bounds", flush=True)
    for world in WORLDS:
        rows = pd.DataFrame([judge(world, seed) for seed in arguments.seeds])
        told = rows[["right", "wrong", "naive_right", "naive_wrong", "bent", "held"]].sum()
        print(f"{world:10} " + "  ".join(f"{count:9}" for count in told), flush=True)


def judge(world: str, seed: int) -> dict[str, bool]:
    """What is claimed of bounces by LCP in a world where it rises (or, in `middle` and `nothing`, does not)."""
    drawn = sessions(world, seed)
    pairs = estimate_effects(*frames(sums(drawn)), END).pairs
    row = pairs[(pairs["exposure"] == "lcp_ms") & (pairs["outcome"] == "bounce") & ~pairs["is_control"]].iloc[0]
    whole = drawn.assign(first_lcp_ms=drawn["true_lcp_ms"])
    known = sums(whole).query("exposure == 'lcp_ms' and term == 'effect' and dimension == 'all'")
    truth = float(known["bounce_covariation"].sum() / known["variation"].sum())
    is_claimed, is_naive = row["verdict"] == "associated", row["q_value"] <= 0.05
    return {
        "right": is_claimed and row["effect"] > 0,
        "wrong": is_claimed and row["effect"] < 0,
        "naive_right": is_naive and row["effect"] > 0,
        "naive_wrong": is_naive and row["effect"] < 0,
        "bent": isinstance(row["shape"], str) and row["shape"] != "monotone",
        "held": row["bound_lower"] <= truth <= row["bound_upper"],
    }


def sessions(world: str, seed: int, days: int = DAYS, count: int = SESSIONS) -> pd.DataFrame:
    """Sessions with the columns of fct_sessions that the sums read, and the LCP that each had, measured or not."""
    rng = np.random.default_rng([seed, WORLDS.index(world)])
    n = days * count
    device = rng.choice(["mobile", "desktop"], n, p=[0.6, 0.4])
    country = rng.choice(["DE", "US", "IN"], n, p=[0.5, 0.3, 0.2])
    centre = np.where(device == "mobile", np.log(2.6), np.log(1.5)) + np.select(
        [country == "DE", country == "US"], [0, 0.1], 0.5
    )
    lcp_s = np.exp(centre + rng.normal(0, 0.6, n))
    converted = rng.random(n) < 0.04
    chance = 0.30 + 0.04 * (lcp_s - 2)
    if world == "middle":
        chance = 0.25 + 0.12 * np.square(np.log(lcp_s) - np.log(2.3))
    elif world == "nothing":
        chance = np.full(n, 0.4)
    bounced = ~converted & (rng.random(n) < np.clip(chance, 0.02, 0.95))
    leaving = {"few": rng.uniform(0.002, 0.015), "many": rng.uniform(0.1, 0.8)}.get(world, 0.0)
    is_missing = bounced & (rng.random(n) < np.clip(leaving * lcp_s, 0, 0.95))
    if world == "random":
        is_missing = rng.random(n) < 0.3
    pages = np.where(bounced, 1, 2 + rng.poisson(2, n))
    start = np.datetime64(END) - np.timedelta64(days - 1, "D") + np.repeat(np.arange(days), count)
    return pd.DataFrame(
        {
            "session_id": [f"s{number}" for number in range(n)],
            "event_date": start.astype("datetime64[D]").astype(object),
            "started_at": start.astype("datetime64[ms]") + rng.integers(0, 86_400_000, n).astype("timedelta64[ms]"),
            "device": device,
            "country": country,
            "channel": "search",
            "landing_page_group": "home",
            "is_new_user": rng.random(n) < 0.6,
            "first_lcp_ms": np.where(is_missing, np.nan, lcp_s * 1000),
            "first_inp_ms": np.nan,
            "first_cls": np.abs(rng.normal(0, 0.1, n)),
            "first_ttfb_ms": np.exp(np.log(500) + rng.normal(0, 0.5, n)),
            "first_error_count": 0,
            "is_converted": converted,
            "is_bounce": bounced,
            "page_view_count": pages,
            "duration_s": pages * rng.exponential(40, n),
            "revenue": np.where(converted, 50.0, 0.0),
            "true_lcp_ms": lcp_s * 1000,
        }
    )


if __name__ == "__main__":
    main()
