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

from orchestration import lake
from orchestration.settings import Settings
from orchestration.warehouse.connection import connect
from orchestration.warehouse.ledger import unread_dates


def close_days(settings: Settings, raw_table: str, through: date) -> dict[str, list[date]] | None:
    """Keep the daily rows that need raw rows up to `through`, before these expire; returns the days written by mart.

    Each mart says in `meta.closes` how many days after the last expired one cannot be rebuilt either, because what they
    read is gone: those are kept too. A row that reaches into such a day could be applied in part only. So each of the
    mart's raw tables is sealed first, through the last day that reaches into it: from then on an ingest counts what
    comes for those days as after close. Days that were closed before are left alone: closed is closed.

    Returns None if rows of those days came in that the marts have not seen. They are in the lake: the next run applies
    them and closes the days then. Until it does, nothing may expire.
    """
    with connect(settings) as connection:
        marts = list(_marts_that_close(settings, raw_table))
        last = _last_reaching_in(marts, through)
        for table, day in ((name, day) for joined, day in last.items() for name in lake.joining(joined)):
            sealed = day if lake.RAW_TABLES[table].is_entity else lake.seal(settings, table, day)
            if any(unread <= sealed for unread in unread_dates(connection, settings, table)):
                return None
        if not connection.execute("select count(*) from pipeline.fingerprint").fetchall()[0][0]:
            return None  # a rebuild did not end: what the marts hold is not all
        return {
            mart["name"]: list(_close(connection, settings, mart, through))
            for mart in marts
            if mart["meta"].get("history")
        }


def write_history_index(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Tell the SQL where the closed days of each mart lie."""
    connection.execute("delete from pipeline.history")
    for folder in sorted((settings.lake / "history").glob("*")):
        if any(folder.glob("*.parquet")):
            pattern = str(folder / "*.parquet").replace("'", "''")
            connection.execute("insert into pipeline.history values (?, ?)", [folder.name, f"'{pattern}'"])


def _marts_that_close(settings: Settings, raw_table: str) -> Iterator[dict[str, Any]]:
    from orchestration import dbt  # which needs the warehouse's lock, hence not at the top

    nodes = json.loads(dbt.manifest(settings).read_text())["nodes"].values()
    for node in nodes:
        meta = node["config"].get("meta", {})
        if "closes" in meta and not meta["reach"].keys().isdisjoint(lake.joined(raw_table)):
            yield {"name": node["name"], "schema": node["schema"], "meta": meta}


def _last_reaching_in(marts: list[dict[str, Any]], through: date) -> dict[str, date]:
    """For each raw table of the marts, the last day whose rows reach back into a day that these close."""
    last: dict[str, date] = {}
    for mart in marts:
        for table, reach in mart["meta"]["reach"].items():
            day = through + timedelta(days=mart["meta"]["closes"] + reach.get("back", 0))
            last[table] = max(day, last.get(table, day))
    return last


def _close(
    connection: duckdb.DuckDBPyConnection, settings: Settings, mart: dict[str, Any], through: date
) -> Iterator[date]:
    folder = settings.lake / "history" / mart["name"]
    table = f"{mart['schema']}.{mart['name']}"
    last = through + timedelta(days=mart["meta"]["closes"])
    closed = _closed_through(settings, mart)
    rows = connection.execute(f"select distinct event_date from {table} where event_date <= ? order by 1", [last])  # noqa: S608 - names come from our own manifest
    for (day,) in rows.fetchall():
        path = folder / f"{day}.parquet"
        # A day that was written and never closed, because the process died between, may have changed since.
        if day > closed or not path.exists():
            _write_atomically(connection, f"select * from {table} where event_date = date '{day}' order by all", path)  # noqa: S608
            yield day


def _closed_through(settings: Settings, mart: dict[str, Any]) -> date:
    """The last day that the mart takes from history, as `closed_through()` in the dbt project says it to the SQL."""
    expired = [lake.closed_through(settings, lake.RAW_TABLES[table].name) for table in mart["meta"]["reach"]]
    return max((day for day in expired if day), default=date.min) + timedelta(days=mart["meta"]["closes"])


def _write_atomically(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    quoted = str(part).replace("'", "''")
    connection.execute(f"copy ({query}) to '{quoted}' (format parquet, compression zstd)")
    with part.open("rb") as handle:
        os.fsync(handle.fileno())
    part.replace(path)
