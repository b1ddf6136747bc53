"""What changed in the lake since the last finished run: the ledger of ingested files and the queue of touched days.

The queue is filled from the manifests that changed and emptied only when a run has finished, so that a crash repeats the
same days. Which table rebuilds which of them is SQL's business (`dbt_project/macros/rebuilt_days.sql`).
"""

from datetime import date

import duckdb

from orchestration import lake
from orchestration.settings import Settings
from orchestration.warehouse.raw import RAW_COLUMNS

_TABLES = """
create schema if not exists pipeline;
create table if not exists pipeline.ingested_files (
    raw_table varchar, source_file varchar, content_hash varchar, state varchar, rows_read bigint, rows_kept bigint,
    rows_rejected bigint, rows_after_close bigint, bytes bigint, export_date date, manifest varchar,
    event_dates date[]
);
create table if not exists pipeline.manifests (raw_table varchar, manifest varchar, mtime_ns bigint, bytes bigint);
create table if not exists pipeline.touched_dates (raw_table varchar, event_date date);
create table if not exists pipeline.closed_days (raw_table varchar, closed_through date);
create table if not exists pipeline.history (mart varchar, history_files varchar);
create table if not exists pipeline.fingerprint (project_hash varchar, config_hash varchar);
create table if not exists pipeline.run (
    as_of_date date, previous_as_of_date date, first_date date, is_full_refresh boolean
);
"""


def create_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of schema `pipeline` where they are missing."""
    connection.execute(_TABLES)


def sync_ledger(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Read the manifests that changed, and queue the old and the new event dates of every file that did."""
    for table in RAW_COLUMNS:
        known = {
            row[0]: row[1:]
            for row in connection.execute(
                "select manifest, mtime_ns, bytes from pipeline.manifests where raw_table = ?", [table]
            ).fetchall()
        }
        for path in lake.manifests(settings, table):
            stat = path.stat()
            if known.get(path.name) == (stat.st_mtime_ns, stat.st_size):
                continue
            entries = lake.read_manifest(path)
            connection.begin()
            _sync_manifest(connection, table, path.name, entries)
            connection.execute("delete from pipeline.manifests where raw_table = ? and manifest = ?", [table, path.name])
            connection.execute(
                "insert into pipeline.manifests values (?, ?, ?, ?)", [table, path.name, stat.st_mtime_ns, stat.st_size]
            )
            connection.commit()


def touched_dates(connection: duckdb.DuckDBPyConnection, table: str) -> set[date]:
    """The queued days of a raw table."""
    rows = connection.execute("select event_date from pipeline.touched_dates where raw_table = ?", [table]).fetchall()
    return {row[0] for row in rows}


def queue(connection: duckdb.DuckDBPyConnection, table: str, dates: set[date]) -> None:
    """Add days to the queue; those already in it stay once."""
    missing = sorted(dates - touched_dates(connection, table))
    connection.execute(
        "insert into pipeline.touched_dates select ?, unnest(cast(? as date[]))", [table, missing]
    )


def _sync_manifest(connection: duckdb.DuckDBPyConnection, table: str, name: str, entries: list[lake.Entry]) -> None:
    old = dict(
        connection.execute(
            "select source_file, {'hash': content_hash, 'state': state, 'dates': event_dates}"
            " from pipeline.ingested_files where raw_table = ? and manifest = ?",
            [table, name],
        ).fetchall()
    )
    touched: set[date] = set()
    for entry in entries:
        was = old.pop(entry.path, None)
        if was is None or was["hash"] != entry.content_hash:
            touched |= set(entry.event_dates) | set(was["dates"] if was else [])
    for was in old.values():
        touched |= set(was["dates"])
    queue(connection, table, touched)
    connection.execute("delete from pipeline.ingested_files where raw_table = ? and manifest = ?", [table, name])
    if entries:
        connection.executemany(
            "insert into pipeline.ingested_files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_ledger_row(table, name, entry) for entry in entries],
        )


def _ledger_row(table: str, name: str, entry: lake.Entry) -> tuple[object, ...]:
    return (
        table,
        entry.path,
        entry.content_hash,
        entry.state,
        entry.rows_read,
        entry.rows_kept,
        entry.rows_rejected,
        entry.rows_after_close,
        entry.bytes,
        entry.export_date,
        name,
        sorted(entry.event_dates),
    )
