"""Raw tables as a run sees them: views over the Parquet files of the days it reads, and entities as tables.

Event tables are views, so that ingest never needs the warehouse. Entities (orders, incidents, releases, maintenance,
reviews) are copied by day into tables here, because their newest version can lie on any day: the copy finds it without
opening the files of every day. What lies where in the lake is `orchestration.lake`'s knowledge, not this module's.
"""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.sources import FEEDS

RAW_COLUMNS: dict[str, dict[str, str]] = {table: feed.columns for table, feed in FEEDS.items()}
ENTITY_KEYS: dict[str, list[str]] = {
    "raw_orders.orders": ["order_id"],
    "raw_incidents.incidents": ["incident_id"],
    "raw_releases.releases": ["release"],
    "raw_maintenance.windows": ["service", "starts_at"],
    "raw_alert_reviews.reviews": ["alert_id"],
}
# Entities that last, and until when: they touch every day that they cover, not only the one on which they begin.
_ENDS: dict[str, str] = {"raw_maintenance.windows": "ends_at"}


def create_view(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], files: list[Path]) -> None:
    """Replace `table` by a view over `files`, typed as declared; without files it is an empty typed view."""
    if files:
        selected = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns.items())
        source = f"read_parquet({_literal(files)}, hive_partitioning = false)"
        query = f"select {selected} from {source}"  # noqa: S608 - names are ours, paths are quoted
    else:
        nothing = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items())
        query = f"select {nothing} where false"
    connection.execute(f"create schema if not exists {table.split('.')[0]}")
    connection.execute(f"create or replace view {table} as {query}")


def sync_entities(
    connection: duckdb.DuckDBPyConnection, table: str, files: list[Path], dates: set[date] | None
) -> set[date]:
    """Copy the days in `dates` (None: all) of an entity from the lake; return every day whose winners may have changed.

    An entity whose time moved has versions on several days, and the newest export wins: a change on one day can bring
    back or push out its version on another. Call it in a transaction with what is done about the returned days.
    """
    columns = ", ".join(f'"{name}"' for name in RAW_COLUMNS[table])
    declared = ", ".join(f'"{name}" {kind}' for name, kind in RAW_COLUMNS[table].items())
    key = ", ".join(ENTITY_KEYS[table])
    days = {"days": None if dates is None else sorted(dates)}
    chosen = "where $days is null or list_contains($days, event_date)"
    source = f"read_parquet({_literal(files)}, hive_partitioning = false)"
    connection.execute(f"create schema if not exists {table.split('.')[0]}")
    connection.execute(f"create table if not exists {table} ({declared})")
    changed = f"select distinct {key} from {table} {chosen}"  # noqa: S608 - names are ours
    covered = f"select distinct {_covered_days(table)} from {table}"  # noqa: S608 - names are ours
    connection.execute(f"create or replace temp table changed_keys as {changed}", days)
    before = connection.execute(f"{covered} {chosen}", days).fetchall()
    connection.execute(f"delete from {table} {chosen}", days)  # noqa: S608 - names are ours
    if files:
        connection.execute(f"insert into {table} ({columns}) select {columns} from {source} {chosen}", days)  # noqa: S608
    connection.execute(f"insert into changed_keys {changed}", days)
    after = connection.execute(f"{covered} semi join changed_keys using ({key})").fetchall()
    return {row[0] for row in before + after} | (dates or set())


def _covered_days(table: str) -> str:
    if table not in _ENDS:
        return "event_date"
    # What comes after as_of is rebuilt when as_of gets there.
    last = f"least({_ENDS[table]}, (select as_of_date + 1 from pipeline.run))"  # noqa: S608 - names are ours
    return f"unnest([event_date] || range(event_date + 1, {last}::timestamp, interval 1 day)::date[])"


def _literal(paths: list[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
