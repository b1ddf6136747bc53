"""Raw tables as a run sees them: views over the Parquet files of the days it reads, and entities as tables.

Event tables are views, so that ingest never needs the warehouse. Entities (orders, incidents, releases, maintenance) are
copied by day into tables here, because their newest version can lie on any day: the copy finds it without opening the
files of every day. What lies where in the lake is `orchestration.lake`'s knowledge, not this module's.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

from orchestration.sources import FEEDS

RAW_COLUMNS: dict[str, dict[str, str]] = {table: feed.columns for table, feed in FEEDS.items()}
ENTITY_KEYS: dict[str, list[str]] = {
    "raw_orders.orders": ["order_id"],
    "raw_incidents.incidents": ["incident_id"],
    "raw_releases.releases": ["release", "service"],
    "raw_maintenance.windows": ["service", "starts_at"],
}


def create_view(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], files: list[Path]) -> None:
    """Replace `table` by a view over `files`, typed as declared; without files it is an empty typed view."""
    if files:
        selected = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns.items())
        source = f"read_parquet({_literal([str(file) for file in files])}, hive_partitioning = false)"
        query = f"select {selected} from {source}"  # noqa: S608 - names are ours, paths are quoted
    else:
        query = "select " + ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items()) + " where false"
    connection.execute(f"create schema if not exists {table.split('.')[0]}")
    connection.execute(f"create or replace view {table} as {query}")


def sync_entities(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    files: list[Path],
    dates: Iterable[date] | None,
) -> set[date]:
    """Copy the days in `dates` (None: all) of an entity from the lake; return every day whose winners may have changed.

    An entity whose time moved has versions on several days, and the newest export wins: a change on one day can bring
    back or push out its version on another.
    """
    columns = RAW_COLUMNS[table]
    schema = table.split(".")[0]
    connection.execute(f"create schema if not exists {schema}")
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"create table if not exists {table} ({declared})")
    chosen = None if dates is None else sorted(set(dates))
    where = "" if chosen is None else " where list_contains($dates, event_date)"
    parameters = {} if chosen is None else {"dates": chosen}
    key = ", ".join(ENTITY_KEYS[table])
    connection.execute(f"create or replace temp table touched_keys as select distinct {key} from {table}{where}", parameters)  # noqa: S608
    connection.execute(f"delete from {table}{where}", parameters)  # noqa: S608
    if files:
        listed = ", ".join(f'"{name}"' for name in columns)
        source = f"read_parquet({_literal([str(file) for file in files])}, hive_partitioning = false)"
        connection.execute(f"insert into {table} ({listed}) select {listed} from {source}{where}", parameters)  # noqa: S608
    connection.execute(f"insert into touched_keys select distinct {key} from {table}{where}", parameters)  # noqa: S608
    found = connection.execute(
        f"select distinct event_date from {table} where ({key}) in (select ({key}) from touched_keys)"  # noqa: S608
    ).fetchall()
    return {row[0] for row in found} | set(chosen or [])


def _literal(texts: list[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"
