"""Closed days in the lake: daily marts of days whose raw rows are about to expire, one Parquet file a mart and day.

A full refresh reads them back (`history_union` in the dbt project). Expiring raw rows is `orchestration.lake`'s job.
"""

import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.settings import Settings
from orchestration.warehouse.connection import connect


def close_days(settings: Settings, raw_table: str, through: date) -> dict[str, list[date]]:
    """Keep the daily rows that need raw rows up to `through`, before these expire; returns the days written by mart.

    Each mart says in `meta.closes` how many days after the last expired one cannot be rebuilt either, because what they
    read is gone: those are kept too. Days already kept are left alone: closed is closed.
    """
    written: dict[str, list[date]] = {}
    with connect(settings) as connection:
        for mart in _marts_with_history(settings, raw_table):
            last = through + timedelta(days=mart["meta"]["closes"])
            written[mart["name"]] = list(_close(connection, settings, mart, last))
    return written


def write_history_index(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Tell the SQL where the closed days of each mart lie."""
    connection.execute("delete from pipeline.history")
    for folder in sorted((settings.lake / "history").glob("*")):
        if any(folder.glob("*.parquet")):
            pattern = str(folder / "*.parquet").replace("'", "''")
            connection.execute("insert into pipeline.history values (?, ?)", [folder.name, f"'{pattern}'"])


def _marts_with_history(settings: Settings, raw_table: str) -> Iterator[dict[str, Any]]:
    from orchestration import dbt  # which needs the warehouse's lock, hence not at the top

    nodes = json.loads(dbt.manifest(settings).read_text())["nodes"].values()
    for node in nodes:
        meta = node["config"].get("meta", {})
        if meta.get("history") and raw_table in meta.get("reach", {}):
            yield {"name": node["name"], "schema": node["schema"], "meta": meta}


def _close(
    connection: duckdb.DuckDBPyConnection, settings: Settings, mart: dict[str, Any], last: date
) -> Iterator[date]:
    folder = settings.lake / "history" / mart["name"]
    table = f"{mart['schema']}.{mart['name']}"
    rows = connection.execute(f"select distinct event_date from {table} where event_date <= ? order by 1", [last])  # noqa: S608 - names come from our own manifest
    for (day,) in rows.fetchall():
        path = folder / f"{day}.parquet"
        if not path.exists():
            _write_atomically(connection, f"select * from {table} where event_date = date '{day}' order by all", path)  # noqa: S608
            yield day


def _write_atomically(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    quoted = str(part).replace("'", "''")
    connection.execute(f"copy ({query}) to '{quoted}' (format parquet, compression zstd)")
    with part.open("rb") as handle:
        os.fsync(handle.fileno())
    part.replace(path)
