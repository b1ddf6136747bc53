"""How often alerts are right, on simulated shops whose outages, slow releases and silences are known.

Run by hand: `python -m tests.benchmarks.alert_accuracy [--seeds 1-20] [--views 2000] [--days 90] [--keep DIR]`; a
minute or two for each seed. With `--keep` alerts and outages of a shop are written as soon as they are known, and a
shop that is there already is not run again. Each shop goes through the real ingest, the real tables and the real
derivation of alerts; then every alert is held against what was planted. It is true if something planted that it could
be about went on while it was met, or within the (short) window that it had looked back over when it opened. Stated
limits: of all alerts together the one-sided 95 % upper bound of the false ones is under 5 %, and every planted outage
of more than 15 minutes is found. Rules were tuned on seeds 101 to 104, never on those of the table; how fast the shop
is and how often its services are asked was settled after a look at seeds 1 to 3.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

from models.degradations import find_degradations
from orchestration import dbt, lake, warehouse
from orchestration.alerts import ledger
from orchestration.alerts.ledger import Judgements
from orchestration.defs.infer import predictions
from orchestration.settings import Settings, load_settings
from orchestration.simulate import simulate
from tests.benchmarks.seeds import seeds

END = date(2026, 11, 22)
TABLES = ["+fct_rule_evaluations", "+fct_vitals_roll_ups_daily"]
RULES = "tag:after_checks"
SLACK = pd.Timedelta(minutes=15)  # how finely an alert's grid and people's clocks tell times apart
ALERTS = """
    select rule, kind, subject, alerts.service, indicator, severity, opened_at, last_met_at, resolved_at, is_silenced,
        cascade_id, coalesce((inputs ->> 'reaches_back_s')::bigint, 0) as reaches_back_s
    from ledger.alerts
    left join config.objectives on alerts.subject = objectives.objective
    where resolution is distinct from 'withdrawn'
    order by opened_at, rule, subject
"""
SERVICE_KINDS = {"burn_rate", "outage", "health_critical", "request_error_rate"}


@dataclass(frozen=True)
class Planted:
    """Something that went wrong, from when to when (UTC), and what it is about: a service, a place, a country."""

    kind: str
    about: str
    started_at: pd.Timestamp
    ended_at: pd.Timestamp


def main() -> None:
    """Prints the tables, and whether the stated limits hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=seeds, default="1-20", help="such as 1-20 or 101,105")
    parser.add_argument("--views", type=int, default=2000, help="page views a day")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--jobs", type=int, default=2, help="shops at a time")
    parser.add_argument("--keep", type=Path, help="a folder for every alert with its verdict, and every outage")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = arguments.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        shops = [Shop(seed, arguments.days, arguments.views, kept) for seed in arguments.seeds]
        with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
            for told in pool.map(one_shop, [shop for shop in shops if not shop.file("outages").exists()]):
                print(told, flush=True)
        report(*(pd.concat(pd.read_parquet(shop.file(kind)) for shop in shops) for kind in ("alerts", "outages")))


@dataclass(frozen=True)
class Shop:
    """A simulated shop, and the folder in which what was found in it is kept."""

    seed: int
    days: int
    views: int
    kept: Path

    def file(self, kind: str) -> Path:
        """Where its `alerts` or `outages` are kept; the outages come last."""
        return self.kept / f"seed-{self.seed}-{self.days}-days-{self.views}-views-{kind}.parquet"


def one_shop(shop: Shop) -> str:
    """Keep the alerts and the outages of one simulated shop; returns what it came to."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DBT_TARGET_PATH"] = f"{tempfile.gettempdir()}/alert-accuracy-dbt-{os.getpid()}"
        alerts, planted = run(Path(folder) / "home", shop.seed, shop.days, shop.views)
    outages = pd.DataFrame(found_outages(alerts, planted))
    for kind, found in (("alerts", alerts), ("outages", outages)):
        partial = shop.file(kind).with_suffix(".partial")
        found.assign(seed=shop.seed).to_parquet(partial, index=False)
        partial.replace(shop.file(kind))
    false, seconds = int((~alerts["is_true"]).sum()), time.perf_counter() - began
    missed = int(outages.loc[outages["seconds"] > 900, "any"].isna().sum())
    return f"seed {shop.seed}: {len(alerts)} alerts, {false} false, {missed} long outages missed, {seconds:.0f} s"


def run(home: Path, seed: int, days: int, views: int) -> tuple[pd.DataFrame, list[Planted]]:
    """The alerts of one simulated shop, each with `is_true`, and what was planted in it."""
    settings = replace(load_settings(), home=home)
    simulate(settings.landing, days, END, seed, views)
    for table in lake.RAW_TABLES:
        lake.ingest(settings, table, None)
    dates = [END - timedelta(days=back) for back in range(days)][::-1]
    with warehouse.writing(settings):
        warehouse.prepare(settings, END, full_refresh=True)
        dbt.build(settings, TABLES, [RULES, "resource_type:test"], full_refresh=True)
        degradations(settings, dates)
        dbt.build(settings, [RULES], ["resource_type:test"], full_refresh=True)
    alerts = derived(settings, dates)
    planted = list(read_truth(settings.landing / "truth.json"))
    alerts["is_true"] = [any(explains(event, alert) for event in planted) for alert in alerts.itertuples()]
    return alerts, planted


def degradations(settings: Settings, dates: list[date]) -> None:
    """Degradations of web vitals, as the daily runs find them, of every day at once."""
    size = settings.config.experience.degradation
    with warehouse.connect(settings) as connection:
        daily = connection.execute(predictions._VITALS, [dates[0], dates[-1]]).df()
    found = find_degradations(daily, dates, min_change_share=size.smallest_change_share, q=size.false_discovery_rate)
    warehouse.write_predictions(settings, "predictions.vitals_degradations", found, {"event_date": dates})
    predictions._tell_degradations(settings, dates[0], dates[-1])


def derived(settings: Settings, dates: list[date]) -> pd.DataFrame:
    """The alerts that the ledger makes of the judgements; those of subjects that were never over are left out."""
    with warehouse.connect(settings) as connection:
        rows = connection.sql(
            "select * from alerts.fct_rule_evaluations semi join (select distinct rule, subject"
            " from alerts.fct_rule_evaluations where is_met) as met using (rule, subject)"
        ).to_arrow_table()
    ledger.merge(settings, Judgements(rows, dates, ledger.utc_now()), "accuracy", "batch")
    with warehouse.connect(settings) as connection, ledger.attached(settings, connection):
        return connection.execute(ALERTS).df()


def read_truth(file: Path) -> Iterator[Planted]:
    """What was planted, from `truth.json`."""
    truth = json.loads(file.read_text())

    def planted(kind: str, about: str, began: Any, ended: Any) -> Planted:
        return Planted(kind, about, *(pd.Timestamp(at).tz_localize(None) for at in (began, ended)))

    for one in truth["outages"]:
        yield planted("outage", one["service"], one["started_at"], one["ended_at"])
    for kind, key in (("silence", "silences"), ("late", "late_hours"), ("slow country", "country_slowness")):
        for one in truth[key]:
            yield planted(kind, one["of"], one["started_at"], one["ended_at"])
    for one in truth["error_bursts"]:
        yield planted("errors", one["page_group"], one["started_at"], one["ended_at"])
    releases = [*truth["releases"], {"deployed_at": truth["end_at"]}]
    for one, following in pairwise(releases):
        if one["slow_page_group"]:
            yield planted("slow release", one["slow_page_group"], one["deployed_at"], following["deployed_at"])


def explains(event: Planted, alert: Any) -> bool:
    """Whether a planted event is one that the alert could be about, and went on when the alert looked."""
    began = alert.opened_at - pd.Timedelta(seconds=alert.reaches_back_s) - SLACK
    if event.kind == "late":  # its rows came up to three days later
        return alert.kind in ("missing_data", "data_quality") and event.started_at <= alert.last_met_at
    if alert.kind == "vitals_degradation" or alert.kind.startswith("error_"):  # a day at a time
        began = alert.opened_at - pd.Timedelta(days=1)
    if not (event.started_at < alert.last_met_at and event.ended_at > began):
        return False
    if event.kind == "outage":
        return alert.kind in SERVICE_KINDS and alert.service == event.about and alert.indicator not in PAGES
    if event.kind == "silence":
        return alert.kind == "missing_data" and alert.subject == event.about
    if event.kind == "errors":
        return alert.indicator == "error_free_sessions" or alert.kind.startswith("error_")
    if alert.kind.startswith("error_"):
        return False
    metrics = ("LCP",) if event.kind == "slow release" else ("LCP", "FCP", "TTFB")
    return alert.indicator in ("good_lcp", "order_success") or alert.subject.split()[0] in metrics


PAGES = {"good_lcp", "good_inp", "good_cls", "error_free_sessions"}


def found_outages(alerts: pd.DataFrame, planted: list[Planted]) -> Iterator[dict[str, Any]]:
    """For each planted outage how long it lasted, and by rule and by any how long after its start an alert opened."""
    for event in planted:
        if event.kind != "outage":
            continue
        mine = alerts[
            (alerts["service"] == event.about)
            & alerts["kind"].isin(SERVICE_KINDS)
            & ~alerts["is_silenced"]
            & (alerts["opened_at"] > event.started_at)
            & (alerts["opened_at"] <= event.ended_at + SLACK)
        ]
        delays = (mine["opened_at"] - event.started_at).dt.total_seconds().groupby(mine["rule"]).min().to_dict()
        yield {
            "service": event.about,
            "started_at": event.started_at,
            "seconds": (event.ended_at - event.started_at).total_seconds(),
            "any": min(delays.values(), default=np.nan),
            **{str(rule): delay for rule, delay in delays.items()},
        }


def report(alerts: pd.DataFrame, outages: pd.DataFrame) -> None:
    """The table by rule and of all, and of the outages."""
    long = outages[outages["seconds"] > 900]
    lines = []
    for rule in [*sorted(alerts["rule"].unique()), "all"]:
        mine = alerts if rule == "all" else alerts[alerts["rule"] == rule]
        delays = long.get("any" if rule == "all" else rule, pd.Series(dtype=float)).dropna() / 60
        false = int((~mine["is_true"]).sum())
        lines.append({
            "rule": rule, "alerts": len(mine), "stories": mine.groupby("seed")["cascade_id"].nunique().sum(),
            "false": false, "upper bound": f"{upper_bound(false, len(mine)):.2%}",
            "outages found": f"{len(delays)} of {len(long)}",
            "delay median, min": f"{delays.median():.1f}" if len(delays) else "",
            "delay p90, min": f"{delays.quantile(0.9, 'lower'):.1f}" if len(delays) else "",
        })  # fmt: skip
    print(pd.DataFrame(lines).to_markdown(index=False))
    missed = long[long["any"].isna()]
    print(missed.to_string() if len(missed) else "Every outage of more than 15 minutes was found.")


def upper_bound(false: int, total: int) -> float:
    """One-sided 95 % upper bound of a share (Clopper and Pearson 1934)."""
    return float(beta.ppf(0.95, false + 1, total - false)) if false < total else 1.0


if __name__ == "__main__":
    main()
