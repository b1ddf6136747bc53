"""The whole daily run (ingest, dbt, forecasts, checks, pages, publishing, in Dagster) against a bare DuckDB script.

Run by hand: `python -m tests.benchmarks.daily_run [--beacons 2000000]`. Both start from the same export files and end
with the same raw tables and marts, all of them; CPU seconds of child processes. The bare script reads beacons with a
typed `read_json`, loses what cannot be read, takes the small feeds from the lake, and runs the SQL that dbt compiled,
in its order; it makes no lake, predictions, reports, pages or copies. Before both, a small run leaves behind what a
first run makes and later ones find: Python's bytecode and the parsed dbt project. Stated limit: 2.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from orchestration.sources import FEEDS

END = "2026-11-22"
_DAYS = 35
# A simulated page view sends this many reports.
_REPORTS_PER_VIEW = 5.7


def main() -> None:
    """Prints the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--beacons", type=int, default=2_000_000)
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        bare_script(arguments.bare)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        os.environ |= {"DBT_TARGET_PATH": f"{folder}/dbt", "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        first = _daily_run(Path(folder, "small"), page_views=50)
        whole = _daily_run(home, round(arguments.beacons / _REPORTS_PER_VIEW / _DAYS))
        bare = _cpu([sys.executable, "-m", "tests.benchmarks.daily_run", "--bare", str(home)])
    print(f"daily run {whole:.1f} CPU-s; bare script {bare:.1f} CPU-s; ratio {whole / bare:.2f}")
    print(f"before them, a first run on {50 * _DAYS} page views: {first:.1f} CPU-s")


def _daily_run(home: Path, page_views: int) -> float:
    """CPU seconds of the daily run on a site's exports, which are simulated first."""
    os.environ["BEACONMART_HOME"] = str(home)
    beaconmart = str(Path(sys.executable).with_name("beaconmart"))
    simulate = ["simulate", "--out", str(home / "landing"), "--days", str(_DAYS), "--end", END, "--seed", "1"]
    _cpu([beaconmart, *simulate, "--page-views-per-day", str(page_views)])
    return _cpu([beaconmart, "run"])


def bare_script(home: Path) -> None:
    """Makes the marts of a finished run once more, from its export files, with nothing but DuckDB."""
    target = home / "bare"
    target.mkdir()
    connection = duckdb.connect(target / "warehouse.duckdb")
    connection.execute(f"set TimeZone = 'UTC'; attach '{home / 'warehouse.duckdb'}' as finished (read_only)")
    manifest = json.loads((Path(os.environ["DBT_TARGET_PATH"]) / "manifest.json").read_text())
    for schema, table in _made_elsewhere(manifest):
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create table {schema}.{table} as from finished.{schema}.{table}")
    for table, feed in FEEDS.items():
        connection.execute(f"create schema if not exists {feed.schema}")
        if table == "raw_web_vitals.beacons":
            connection.execute(f"create table {table} as {_beacons(home)}")
        else:
            files = list((home / "lake" / feed.schema / feed.table).glob("event_date=*/*.parquet"))
            connection.execute(f"create table {table} as from read_parquet({[str(file) for file in files]})")
    for schema, name, is_view, sql in _compiled(manifest):
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create {'view' if is_view else 'table'} {schema}.{name} as ({sql})")
    connection.close()


def _made_elsewhere(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Schema and name of the tables that dbt's SQL reads and does not make: configuration, bookkeeping, predictions."""
    sources = [(source["schema"], source["name"]) for source in manifest["sources"].values()]
    seeds = [(node["schema"], node["name"]) for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    return [(schema, name) for schema, name in sources if not schema.startswith("raw_")] + seeds


def _beacons(home: Path) -> str:
    """A typed read of the export files into the columns of the raw table; what has another type is lost."""
    feed = FEEDS["raw_web_vitals.beacons"]
    given = {key: "VARCHAR" for key in feed.keys} | {"value": "DOUBLE", "delta": "DOUBLE", "weight": "DOUBLE"}
    kept = {name: kind for name, kind in feed.columns.items() if name in given}
    others = {
        "url": "regexp_replace(coalesce(url, navigationURL), '[?#].*$', '')",
        "navigation_url": "regexp_replace(navigationURL, '[?#].*$', '')",
        "navigation_id": "navigationId",
        "navigation_type": "navigationType",
        "navigation_start_ms": "navigationStartTime",
        "user_id": "sha256(user_id)",
        "received_at": "coalesce(make_timestamp(try_cast(ts as bigint) * 1000), try_cast(ts as timestamp))",
        "event_date": "received_at::date",
        "_source_file": "filename",
        "_source_line": "row_number() over (partition by filename)",
        "_export_date": "regexp_extract(filename, '[0-9]{4}-[0-9]{2}-[0-9]{2}')::date",
    }
    expressions = {name: others.get(name, name if name in kept else "null") for name in feed.columns}
    columns = ", ".join(f'try_cast({expressions[name]} as {kind}) as "{name}"' for name, kind in feed.columns.items())
    source = (
        f"read_json('{home}/landing/*/beacons*', format = 'newline_delimited', ignore_errors = true, filename = true"
    )
    return (
        f"select {columns} from {source}, columns = {json.dumps(given).replace(chr(34), chr(39))}) where id is not null"
    )


def _compiled(manifest: dict[str, Any]) -> list[tuple[str, str, bool, str]]:
    """Schema, name, whether a view, and compiled SQL of every table, each after those that it reads."""
    target = Path(os.environ["DBT_TARGET_PATH"])
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    ordered: list[str] = []

    def visit(key: str) -> None:
        if key in nodes and key not in ordered:
            for parent in nodes[key]["depends_on"]["nodes"]:
                visit(parent)
            ordered.append(key)

    for key in nodes:
        visit(key)
    found = []
    for node in (nodes[key] for key in ordered):
        kind = node["config"]["materialized"]
        path = target / "compiled" / node["package_name"] / node["original_file_path"]
        if kind != "ephemeral" and not node["name"].startswith("rpt_"):
            found.append((node["schema"], node["name"], kind == "view", path.read_text()))
    return found


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
