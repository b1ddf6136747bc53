"""The whole daily run (ingest, dbt, forecasts, checks, pages, publishing, in Dagster) against a bare DuckDB script.

Run by hand: `python -m tests.benchmarks.daily_run [--beacons 2000000]`. Both start from the same export files and end
with the same raw tables and dbt tables, all of them; CPU seconds of child processes. The bare script reads each export
with a typed `read_json` or `read_csv`, loses what cannot be read, and runs the SQL that dbt compiled, in its order; it
makes no lake, predictions, alerts, pages or copies. Before both, a small run leaves behind what a
first run makes and later ones find: Python's bytecode and the parsed dbt project. Stated limit: 2.
"""

import argparse
import csv
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Container
from pathlib import Path
from typing import Any

import duckdb

from orchestration.settings import load_settings
from orchestration.sources import FEEDS
from orchestration.sources.feed import Field

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
    """Makes the tables of a finished run once more, from its export files, with nothing but DuckDB."""
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
        connection.execute(f"create table {table} as {_exports(home, table)}")
    for schema, name, is_view, sql in _compiled(manifest):
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create {'view' if is_view else 'table'} {schema}.{name} as ({sql})")
    connection.close()


def _made_elsewhere(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Schema and name of the tables that dbt's SQL reads and does not make: configuration, bookkeeping, predictions."""
    sources = [(source["schema"], source["name"]) for source in manifest["sources"].values()]
    seeds = [(node["schema"], node["name"]) for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    return [(schema, name) for schema, name in sources if not schema.startswith("raw_")] + seeds


def _exports(home: Path, table: str) -> str:
    """A typed read of a feed's export files into the columns of the raw table; what has another type is lost."""
    feed, settings = FEEDS[table], load_settings()
    patterns = [
        source.path.replace("{date}", "*") for source in settings.config.sources if source.system == feed.system
    ]
    files = [str(file) for pattern in patterns for file in sorted((home / "landing").glob(pattern))]
    if not files:
        return "select " + ", ".join(f'null::{kind} as "{name}"' for name, kind in feed.columns.items()) + " limit 0"
    if feed.is_ndjson_only:
        types = {key: "VARCHAR" for key in feed.keys} | {f.key: "DOUBLE" for f in feed.fields if f.kind == "number"}
        reader, options = "read_json", "format = 'newline_delimited'"
    else:
        with (gzip.open if files[0].endswith(".gz") else open)(files[0], "rt") as stream:
            types = dict.fromkeys(next(csv.reader(stream)), "VARCHAR")
        reader, options = "read_csv", "header = true, auto_detect = false, quote = '\"'"
    columns = json.dumps(types).replace('"', "'")
    source = f"{reader}({files}, columns = {columns}, {options}, ignore_errors = true, filename = true)"
    given = {field.name: _typed(field, types) for field in feed.fields}
    given |= {
        field.name: f"coalesce({given[field.name]}, {given[field.or_else]})" for field in feed.fields if field.or_else
    }
    others = {
        "event_date": f"{given[feed.time]}::date",
        "_source_file": "filename",
        "_source_line": "row_number() over (partition by filename)",
        "_export_date": "regexp_extract(filename, '[0-9]{4}-[0-9]{2}-[0-9]{2}')::date",
    }
    expressions = {name: given.get(name) or others.get(name, "null") for name in feed.columns}
    columns = ", ".join(f'try_cast({expressions[name]} as {kind}) as "{name}"' for name, kind in feed.columns.items())
    required = " and ".join(
        f"{given[field.name]} is not null" for field in feed.fields if field.required and not field.required_unless
    )
    return f"select {columns} from {source} where {required}"


def _typed(field: Field, found: Container[str]) -> str:
    """What an export gives for a field, of the right type or one that casts to it."""
    key = f'"{field.key}"'
    if field.key not in found:
        return "null"
    if field.kind == "time":
        return f"coalesce(make_timestamp(try_cast({key} as bigint) * 1000), try_cast({key} as timestamp))"
    by_kind = {
        "url": f"regexp_replace({key}, '[?#].*$', '')",
        "user": f"sha256({key})",
        "list": f"string_split({key}, ',')",
    }
    return by_kind.get(field.kind, key)


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
        if kind != "ephemeral":
            found.append((node["schema"], node["name"], kind == "view", path.read_text()))
    return found


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
