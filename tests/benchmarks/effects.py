"""How often the interval of an effect holds what was planted, and how often an effect is claimed where there is none.

Run by hand: `python -m tests.benchmarks.effects [--seeds 1-40] [--out FILE]`; under 20 CPU-s for each seed, saved
after each. Sessions are the simulator's own draws, 56 days of about 6,000 page views, summed by the SQL of
`fct_effect_sums_daily` and judged by `models.effects`. Each seed is drawn twice: with the planted effect of LCP (-0.45
log odds of an order for each doubling, +0.40 of a bounce), and with none, but with devices and countries that differ in
speed and, three times as much as usual, in buying. The truth of the first is the slope, in the same strata, of
the chances that the simulator drew from, over all seeds; that of the gain are the orders that the same chances promise
with an LCP of 2.5 s at most. The naive claim is that of the correlation of LCP with the
outcome over all sessions (p < 0.05). Wanted: at least 35 of 40 intervals hold the truth, and at most 5 of 40 claims
where nothing is planted, while the naive correlation makes one in most.
"""

import argparse
import json
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd

from models.effects import estimate_effects
from orchestration.simulate import site
from orchestration.simulate.plan import DAY_MS, Plan, make_plan
from orchestration.simulate.traffic import buying_chance, draw_day, views_by_day
from orchestration.simulate.truth import PLANTED, Effects
from tests.benchmarks.seeds import seeds

END = date(2026, 11, 22)
DAYS, VIEWS_PER_DAY = 56, 6_000
SCENARIOS = {"planted": PLANTED, "confounded": Effects(conversion=0.0, bounce=0.0, confounding=3.0)}
OUTCOMES = {"conversion": "is_converted", "bounce": "is_bounce"}
GOOD_LCP_MS = 2500
MEASURED = ("first_lcp_ms", "first_inp_ms", "first_cls", "first_ttfb_ms")
PROJECT = Path(__file__).parents[2] / "dbt_project"
OVERLAPS = """
    select exposure, segment, event_date, entry.segment as other_segment, entry.overlap
    from (select *, unnest(bucket_overlaps) as entry from sums where term = 'dose')
"""


def main() -> None:
    """Prints a row for each seed and what the limits are about."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=seeds, default="1-40")
    parser.add_argument("--out", type=Path, default=Path("effects.jsonl"), help="kept, and gone on with")
    arguments = parser.parse_args()
    lines = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    rows = {row["seed"]: row for row in map(json.loads, lines)}
    for seed in arguments.seeds:
        if seed not in rows:
            rows[seed] = judge(seed)
            with arguments.out.open("a") as file:
                file.write(json.dumps(rows[seed]) + "\n")
            print(f"seed {seed}: {rows[seed]['cpu_s']:.0f} CPU-s", flush=True)
    report([rows[seed] for seed in arguments.seeds])


def judge(seed: int) -> dict[str, Any]:
    """What is found at one seed, in both scenarios."""
    started = process_time()
    found: dict[str, Any] = {"seed": seed}
    for name, effects in SCENARIOS.items():
        sessions = pd.concat(drawn(seed, effects), ignore_index=True)
        rows = estimated(sessions)
        told = rows[~rows["is_control"]].set_index(["exposure", "outcome"])
        for outcome in OUTCOMES:
            row = told.loc[("lcp_ms", outcome)]
            found[f"{name}_{outcome}"] = [float(row[key]) for key in ("effect", "effect_lower", "effect_upper")]
            found[f"{name}_{outcome}_gain"] = [float(row[key]) for key in ("gain_month", "gain_lower", "gain_upper")]
            found[f"{name}_{outcome}_claimed"] = bool(row["verdict"] == "associated")
            naive = np.corrcoef(np.log2(sessions["first_lcp_ms"]), sessions[OUTCOMES[outcome]])[0, 1]
            found[f"{name}_{outcome}_naive"] = bool(abs(naive) * np.sqrt(len(sessions)) > 1.96)
        found[f"{name}_other_claims"] = int((told.drop(index="lcp_ms")["verdict"] == "associated").sum())
        found[f"{name}_sessions"] = len(sessions)
        # The sums of revenue are linear in it: they take the chance of an order as well.
        chances = sums(sessions.assign(revenue=sessions["chance"]))
        own = chances.query("exposure == 'lcp_ms' and term == 'effect' and dimension == 'all'")
        found[f"{name}_gain_truth"] = float(sessions["gain"].sum() * 30 / DAYS)
        found[f"{name}_truth"] = [float(own["revenue_covariation"].sum()), float(own["variation"].sum())]
    return found | {"cpu_s": process_time() - started}


def report(rows: list[dict[str, Any]]) -> None:
    """The figures that stand in models/README.md."""
    top, bottom = np.array([row["planted_truth"] for row in rows]).sum(axis=0)
    truth, count = top / bottom, len(rows)
    inside = sum(row["planted_conversion"][1] <= truth <= row["planted_conversion"][2] for row in rows)
    estimates = [row["planted_conversion"][0] for row in rows]
    print(
        f"planted: {truth:.5f} orders per session for a doubling of LCP; estimates {np.mean(estimates):.5f} on average"
    )
    print(f"in the 95 % interval: {inside} of {count}")
    gains = [(row["planted_gain_truth"], row["planted_conversion_gain"]) for row in rows]
    held = sum(lower <= truth <= upper for truth, (_, lower, upper) in gains)
    planted, told = np.mean([gain for gain, _ in gains]), np.mean([gain for _, (gain, _, _) in gains])
    print(f"gain of an LCP of 2.5 s at most: planted {planted:.0f} orders a month, told {told:.0f} on average")
    print(f"in the 95 % interval: {held} of {count}")
    for scenario in SCENARIOS:
        for outcome in OUTCOMES:
            claimed, naive = (sum(row[f"{scenario}_{outcome}_{kind}"] for row in rows) for kind in ("claimed", "naive"))
            print(f"{scenario}, {outcome}: claimed {claimed} of {count}, by the naive correlation {naive} of {count}")
    print(f"CPU-s a seed: {np.mean([row['cpu_s'] for row in rows]):.1f}")


def drawn(seed: int, effects: Effects, days: int = DAYS, views_per_day: int = VIEWS_PER_DAY) -> list[pd.DataFrame]:
    """Sessions of people, a frame for each day, with the columns of fct_sessions that the sums read."""
    plan = make_plan(days, END, seed)
    return [
        _day(plan, plan.start_ms + day * DAY_MS, count, np.random.default_rng([seed, 1, day]), effects)
        for day, count in enumerate(views_by_day(plan, views_per_day, seed))
    ]


def _day(plan: Plan, day_ms: int, count: int, rng: np.random.Generator, effects: Effects) -> pd.DataFrame:
    sessions, views = draw_day(day_ms, count, plan, rng, effects)
    first = np.cumsum(sessions.pages) - sessions.pages
    last = first + sessions.pages - 1
    has_cls = np.array([browser.has_cls for browser in site.BROWSERS])[sessions.browser]
    n = len(sessions)
    chance, fast_chance = (
        buying_chance(vars(sessions), lcp, effects)
        for lcp in (views.lcp_ms[first], np.minimum(views.lcp_ms[first], GOOD_LCP_MS))
    )
    return pd.DataFrame(
        {
            "session_id": [f"{day_ms // DAY_MS}-{nth}" for nth in range(n)],
            "event_date": date(1970, 1, 1) + timedelta(days=day_ms // DAY_MS),
            "started_at": sessions.start_ms.astype("datetime64[ms]"),
            "device": np.array([d.name for d in site.DEVICES])[sessions.device],
            "country": np.array([c.code for c in site.COUNTRIES])[sessions.country],
            "channel": np.array(site.CHANNELS)[sessions.channel],
            "landing_page_group": np.array([g.name for g in site.PAGE_GROUPS])[views.group[first]],
            "is_new_user": sessions.is_new,
            "first_lcp_ms": views.lcp_ms[first],
            "first_inp_ms": np.where(rng.random(n) < 0.4, np.nan, views.inp_ms[first]),
            "first_cls": np.where(has_cls, views.cls[first], np.nan),
            "first_ttfb_ms": views.ttfb_ms[first],
            "first_error_count": 0,
            "is_converted": sessions.is_converted,
            "is_bounce": (sessions.pages == 1) & ~sessions.is_converted,
            "page_view_count": sessions.pages,
            "duration_s": (views.start_ms[last] + views.dwell_ms[last] - sessions.start_ms) / 1000.0,
            "revenue": np.where(sessions.is_converted, np.round(np.exp(rng.normal(np.log(64.0), 0.6, n)), 2), 0.0),
            "chance": chance,
            "gain": fast_chance - chance,
        }
    )[~sessions.is_bot]


def estimated(sessions: pd.DataFrame) -> pd.DataFrame:
    """The pairs as the product tells them."""
    return estimate_effects(*frames(sums(sessions)), END).pairs


def frames(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the estimate reads of the table: sums, and the overlaps of buckets."""
    connection = duckdb.connect()
    connection.register("sums", rows)
    return rows.drop(columns="bucket_overlaps"), connection.execute(OVERLAPS).df()


def sums(sessions: pd.DataFrame, outages: Sequence[tuple[str, str]] = ()) -> pd.DataFrame:
    """What fct_effect_sums_daily makes of sessions and of outages (start and end)."""
    connection = duckdb.connect()
    connection.execute("create schema business; create schema reliability; create schema config")
    connection.execute("create table config.services as select 'shop' as service, true as is_critical")
    connection.execute(
        "create table reliability.fct_outages (service varchar, started_at timestamp, ended_at timestamp)"
    )
    for outage in outages:
        connection.execute("insert into reliability.fct_outages values ('shop', ?, ?)", outage)
    connection.register("drawn", sessions)
    measured = ", ".join(f"if(isnan({name}), null, {name}) as {name}" for name in MEASURED)
    connection.execute(
        f"create table business.fct_sessions as select * replace ({measured}), 1::decimal(18, 6) as weight from drawn"
    )
    return connection.execute(effect_sums_sql()).df()


@cache
def effect_sums_sql() -> str:
    """The SQL of the table, over all that is there."""
    names = {"fct_sessions": "business.fct_sessions", "fct_outages": "reliability.fct_outages"}
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {
        "ref": names.__getitem__,
        "source": lambda schema, table: f"{schema}.{table}",
        "rebuilt": lambda column: "true",
        "history_union": str,
    }
    files = ("macros/effects.sql", "models/marts/business/fct_effect_sums_daily.sql")
    return environment.from_string("".join((PROJECT / file).read_text() for file in files)).render()


if __name__ == "__main__":
    main()
