"""Raw tables as a run sees them: views over the Parquet files of the days it reads, and entities as tables.

Event tables are views, so that ingest never needs the warehouse. Entities (orders, incidents, releases, maintenance) are
copied by day into tables here, because their newest version can lie on any day: the copy finds it without opening the
files of every day. What lies where in the lake is `orchestration.lake`'s knowledge, not this module's.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

from orchestration.settings import Settings

_BOOKKEEPING = {"_extra": "VARCHAR", "_source_file": "VARCHAR", "_source_line": "BIGINT", "_export_date": "DATE"}


def _columns(varchar: str, **others: str) -> dict[str, str]:
    return dict.fromkeys(varchar.split(), "VARCHAR") | others | {"event_date": "DATE"} | _BOOKKEEPING


RAW_COLUMNS: dict[str, dict[str, str]] = {
    "raw_web_vitals.beacons": _columns(
        "name id page_view_id session_id user_id key_id url navigation_url navigation_id navigation_type rating attribution"
        " time_zone device country region browser os connection ua release referrer channel",
        value="DOUBLE",
        delta="DOUBLE",
        navigation_start_ms="DOUBLE",
        weight="DOUBLE",
        is_new_user="BOOLEAN",
        received_at="TIMESTAMP",
    ),
    "raw_web_errors.errors": _columns(
        "message type stack url page_view_id session_id user_id key_id release browser country fingerprint tags",
        handled="BOOLEAN",
        occurred_at="TIMESTAMP",
    ),
    "raw_probes.checks": _columns(
        "service status location message",
        status_code="INTEGER",
        response_ms="DOUBLE",
        interval_s="DOUBLE",
        checked_at="TIMESTAMP",
    ),
    "raw_maintenance.windows": _columns("service note", starts_at="TIMESTAMP", ends_at="TIMESTAMP"),
    "raw_incidents.incidents": _columns(
        "incident_id severity title url cause",
        services="VARCHAR[]",
        started_at="TIMESTAMP",
        detected_at="TIMESTAMP",
        acknowledged_at="TIMESTAMP",
        restored_at="TIMESTAMP",
        resolved_at="TIMESTAMP",
    ),
    "raw_orders.orders": _columns(
        "order_id session_id user_id key_id currency status",
        revenue="DECIMAL(18,4)",
        refund="DECIMAL(18,4)",
        ordered_at="TIMESTAMP",
    ),
    "raw_sessions.sessions": _columns(
        "session_id landing_url channel device country",
        page_views="INTEGER",
        is_new_user="BOOLEAN",
        started_at="TIMESTAMP",
        ended_at="TIMESTAMP",
    ),
    "raw_requests.requests": _columns(
        "service",
        requests="BIGINT",
        errors="BIGINT",
        p50_ms="DOUBLE",
        p95_ms="DOUBLE",
        p99_ms="DOUBLE",
        minute="TIMESTAMP",
    ),
    "raw_releases.releases": _columns("release service commit", is_rollback="BOOLEAN", deployed_at="TIMESTAMP"),
}
REJECT_COLUMNS = dict.fromkeys(["reason", "field", "raw_text", "feed"], "VARCHAR") | {
    "_source_file": "VARCHAR",
    "_source_line": "BIGINT",
    "_export_date": "DATE",
}
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
