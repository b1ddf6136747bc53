"""Sites that consist of probes, incidents and errors only, and the runs that turn their exports into marts."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from ruamel.yaml import YAML

from orchestration import dbt, lake, warehouse
from orchestration.settings import Settings
from orchestration.settings.check import read_config

FIRST_DAY, LAST_DAY, DAYS, DAY = date(2026, 11, 1), date(2026, 11, 4), 4, 86400
START = datetime(2026, 11, 1, tzinfo=UTC)
SELECT = "+fct_availability_daily +fct_outages +fct_incidents +fct_mttr_monthly +fct_checks_daily +fct_error_groups"
RAW_TABLES = ("raw_probes.checks", "raw_maintenance.windows", "raw_incidents.incidents", "raw_web_errors.errors")
SOURCES = [
    {"name": "probes", "system": "probes", "path": "{date}/probes*.ndjson"},
    {"name": "maintenance", "system": "maintenance", "path": "{date}/maintenance*.csv"},
    {"name": "incidents", "system": "incidents", "path": "incidents.ndjson", "delivery": "snapshot"},
    {"name": "errors", "system": "web_errors", "path": "{date}/errors*.ndjson"},
]


def site(
    folder: Path, services: dict[str, int], method: str = "default", slos: Iterable[dict] = (), **more: Any
) -> Settings:
    """A configuration for `services` (name: probe interval in seconds), with OpenSLO documents, and an empty home."""
    config = {
        "site": {"name": "Test", "currency": "EUR", "timezone": "UTC"},
        "sources": [source | {"timezone": "UTC"} for source in SOURCES],
        "page_groups": [{"name": "home", "pattern": "^/$"}],
        "services": [
            {"name": name, "probe_interval_s": interval, "locations": ["default"]}
            for name, interval in services.items()
        ],
        "accounting": {"method": method},
        **more,
    }
    (folder / "config" / "slos").mkdir(parents=True)
    for slo in slos:
        with (folder / "config" / "slos" / f"{slo['metadata']['name']}.yml").open("w") as file:
            YAML().dump(slo, file)
    with (folder / "config" / "beaconmart.yml").open("w") as file:
        YAML().dump(config, file)
    read = read_config(folder / "config")
    assert read.config and not read.mistakes, [str(mistake) for mistake in read.mistakes]
    return Settings(folder / "home", folder / "config", read.config, read.objectives)


def objective(name: str, service: str, good: str, total: str, target: float, **spec: Any) -> dict:
    """An OpenSLO document with one ratio objective over 30 rolling days, unless `spec` says otherwise."""
    ratio = {side: {"metricSource": {"type": "beaconmart", "spec": {"measure": measure}}}
             for side, measure in (("good", good), ("total", total))}  # fmt: skip
    usual = {
        "service": service,
        "indicator": {"metadata": {"name": name}, "spec": {"ratioMetric": {"counter": True, **ratio}}},
        "timeWindow": [{"duration": "30d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": target}],
    }
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": name}, "spec": usual | spec}


def deliver(settings: Settings, path: str, rows: list[dict]) -> None:
    """Writes the rows as an export file, NDJSON or CSV by its name."""
    target = settings.landing / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.endswith(".csv"):
        header = list(rows[0]) if rows else ["service", "starts_at", "ends_at"]
        lines = [",".join(header), *(",".join(str(row[name]) for name in header) for row in rows)]
    else:
        lines = [json.dumps(row) for row in rows]
    target.write_text("".join(line + "\n" for line in lines))


def build(settings: Settings, as_of: date, select: str, full_refresh: bool = False) -> warehouse.Prepared:
    """Ingests what landed and builds the selected tables."""
    for table in RAW_TABLES:
        lake.ingest(settings, table, None)
    with warehouse.writing(settings):
        prepared = warehouse.prepare(settings, as_of, full_refresh)
        dbt.build(settings, select=select.split(), full_refresh=prepared.full_refresh)
        warehouse.finish(settings)
    return prepared


def rows(settings: Settings, sql: str) -> list[tuple]:
    """The answer of the warehouse, instants as naive UTC."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@dataclass(frozen=True)
class Service:
    """A probed service: seconds since START and status of each check by location, and its maintenance."""

    interval: int
    checks: dict[str, dict[int, str]]
    windows: list[tuple[int, int]]


def random_service(rng: random.Random) -> Service:
    """Checks that fail in runs, go missing, are pending or in maintenance, at up to three locations."""
    interval = rng.choice((300, 600, 1800, 3600, 21600))
    outage = sorted(rng.sample(range(DAYS * DAY), 6))
    checks = {}
    for location in ("rome", "oslo", "lima")[: rng.randint(1, 3)]:
        found, at = {}, rng.randint(0, interval)
        while at < DAYS * DAY - interval:
            inside = any(
                begin <= at < min(end, begin + 12 * interval)
                for begin, end in zip(outage[::2], outage[1::2], strict=True)
            )
            chances = (5, 1, 90, 4, 1) if inside else (88, 4, 4, 3, 1)
            found[at] = rng.choices(("up", "degraded", "down", "pending", "maintenance"), chances)[0]
            at += int(interval * rng.choice((1, 1, 1, 1, 1, 1.02, 0.9, 2, 2.01, 3.5)))
        checks[location] = found
    windows = [(begin, begin + rng.randint(60, 3 * 3600)) for begin in rng.sample(range(DAYS * DAY), rng.randint(0, 2))]
    return Service(interval, checks, windows)


def exports(services: dict[str, Service], rng: random.Random) -> dict[str, list[dict]]:
    """Export files of all services, some rows a day or two late; windows by the day on which they were announced."""
    files = defaultdict(list)
    for name, service in services.items():
        for location, checks in service.checks.items():
            for at, status in checks.items():
                moment = START + timedelta(seconds=at)
                day = min(moment.date() + timedelta(days=rng.choice((0,) * 30 + (1, 2))), LAST_DAY)
                row = {"service": name, "location": location, "status": status, "checked_at": moment.isoformat()}
                files[f"{day}/probes.ndjson"].append(row)
        for begin, end in service.windows:
            starts, ends = START + timedelta(seconds=begin), START + timedelta(seconds=end)
            announced = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
            row = {"service": name, "starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
            files[f"{announced}/maintenance.csv"].append(row)
    return files
