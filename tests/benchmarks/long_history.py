"""What five years of checks of twelve services with 475 incidents cost: memory and CPU of ingest and transform.

Run by hand: `python -m tests.benchmarks.long_history [--years 5] [--interval 3600] [--objectives 0]`. The exports are
CSV files of checks and of incidents, as somebody brings them who comes from another tool, and an order of 2016. Each
stage runs in a process of its own, whose user and system time and largest resident memory are printed, and with
`--tables` the slowest tables. Stated limits: 3 GB and 120 CPU-s in all, without objectives: burn rates every five
minutes cost more than all else. When every day was cut into slices, the transform alone took 12.3 GB.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from ruamel.yaml import YAML

from orchestration import database, dbt, lake, warehouse
from orchestration.settings import load_settings
from tests.integration.reliability_worlds import objective

SERVICES, INCIDENTS, LAST_DAY = 12, 475, "2026-11-20"
MEMORY_LIMIT_MB, CPU_LIMIT_S = 3000, 120

# Incidents begin at even distances, in an order that a prime mixes, and last up to seven hours.
_INCIDENTS = """
create table incidents as
select
    'INC-' || i as incident_id,
    'service-' || i % {services} as service,
    timestamp '{last}' + interval 1 day - to_minutes(({days} * 1440 * ((i * 7919) % {incidents} + 1)) // {incidents})
        as started_at,
    started_at + to_minutes(3 + (i * 37) % 420) as restored_at,
    ['minor', 'major', 'critical'][1 + i % 3] as severity
from range({incidents}) as incidents (i)
"""
# Nine in ten of the checks inside of an incident are not up.
_CHECKS = """
copy (
    select
        'service-' || number as service,
        'frankfurt' as location,
        strftime(moment, '%Y-%m-%dT%H:%M:%SZ') as checked_at,
        case
            when coalesce(moment >= incidents.restored_at, true) or hash(number, moment) % 10 = 0 then 'up'
            when incidents.severity = 'minor' then 'degraded'
            else 'down'
        end as status,
        50 + hash(number, moment) % 200 as response_ms
    from range({services}) as services (number)
    cross join range(
        timestamp '{last}' - interval {days} day, timestamp '{last}' + interval 1 day, to_seconds({interval})
    ) as checks (moment)
    asof left join incidents on 'service-' || number = incidents.service and moment >= incidents.started_at
) to '{folder}/probes.csv' (header)
"""


def main() -> None:
    """Prints memory and CPU of each stage, and in all, beside the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=float, default=5)
    parser.add_argument("--interval", type=int, default=3600, help="seconds between two checks")
    parser.add_argument("--objectives", type=int, default=0, help="of how many services 99.9 % are promised")
    parser.add_argument("--tables", type=int, default=0, help="how many of the slowest tables to print")
    parser.add_argument("--home", help="a folder to keep; a temporary one by default")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        measured(arguments.stage, arguments.tables)
        return
    with tempfile.TemporaryDirectory(prefix="long-history-") as folder:
        home = Path(arguments.home or folder)
        make_site(home, round(arguments.years * 365.25), arguments.interval, arguments.objectives)
        environment = {"BEACONMART_HOME": str(home), "BEACONMART_CONFIG": str(home / "config")}
        os.environ |= environment | {"DBT_TARGET_PATH": str(home / "dbt")}
        cpu, peak = 0.0, 0.0
        for stage in STAGES:
            used = run(stage, arguments.tables)
            print(f"{stage:<10} {used[0]:6.1f} CPU-s {used[1]:6.0f} MB", flush=True)
            cpu, peak = cpu + used[0], max(peak, used[1])
    print(
        f"in all     {cpu:6.1f} CPU-s {peak:6.0f} MB: {cpu / CPU_LIMIT_S:.2f} of the limit of CPU,"
        f" {peak / MEMORY_LIMIT_MB:.2f} of that of memory"
    )


def make_site(home: Path, days: int, interval: int, objectives: int) -> None:
    """Writes the configuration and the exports."""
    (home / "config" / "slos").mkdir(parents=True)
    (home / "landing").mkdir()
    names = [f"service-{number}" for number in range(SERVICES)]
    sources = [
        {"name": name, "system": name, "path": f"{name}.csv", "delivery": "snapshot", "timezone": "UTC"}
        for name in ("probes", "incidents", "orders")
    ]
    config = {"site": {"name": "Long", "timezone": "UTC", "currency": "EUR"}, "sources": sources}
    YAML().dump(config, home / "config" / "beaconmart.yml")
    for name in names[:objectives]:
        promise = objective(f"{name}-up", name, "up", "known", 0.999)
        YAML().dump(promise, home / "config" / "slos" / f"{name}.yml")
    values = {"days": days, "interval": interval, "services": SERVICES, "incidents": INCIDENTS, "last": LAST_DAY}
    with database.connect() as connection:
        connection.execute(_INCIDENTS.format(**values))
        connection.execute(_CHECKS.format(folder=home / "landing", **values))
        (home / "landing" / "orders.csv").write_text("order_id,ordered_at,revenue\nold,2016-01-01T10:00:00Z,1\n")
        connection.execute(f"copy incidents to '{home}/landing/incidents.csv' (header)")


def run(stage: str, tables: int) -> tuple[float, float]:
    """CPU-seconds and peak memory (MB) of a stage in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.long_history", "--stage", stage, "--tables", str(tables)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    *told, measured = done.stdout.splitlines()
    print("".join(f"{line}\n" for line in told), end="")
    cpu, peak = json.loads(measured)
    return cpu, peak


def ingest(tables: int) -> None:
    """Brings the exports into the lake."""
    for table in ("raw_probes.checks", "raw_incidents.incidents", "raw_orders.orders"):
        lake.ingest(load_settings(), table)


def transform(tables: int) -> None:
    """Builds every table but the reports; prints the slowest."""
    settings = load_settings()
    nodes: list[dbt.NodeResult] = []
    reports = ["fqn:beaconmart.reports"]
    with warehouse.writing(settings):
        prepared = warehouse.prepare(settings, date.fromisoformat(LAST_DAY))
        dbt.build(settings, exclude=reports, full_refresh=prepared.full_refresh, on_node=nodes.append)
        warehouse.finish(settings)
    for node in sorted(nodes, key=lambda node: -node.seconds)[:tables]:
        print(f"  {node.unique_id.split('.')[2]:<40} {node.seconds:6.1f} s")


STAGES = {"ingest": ingest, "transform": transform}


def measured(stage: str, tables: int) -> None:
    """Runs a stage in this process and prints what it took."""
    STAGES[stage](tables)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))


if __name__ == "__main__":
    main()
