"""What changed in the lake since the last finished run: the ledger of ingested files and the queue of touched days.

The queue is filled from the manifests that changed and emptied only when a run has finished, so that a crash repeats
the same days. Which table rebuilds which of them is SQL's business (`dbt_project/macros/rebuilt_days.sql`).
"""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration import lake
from orchestration.lake.layout import parquet_path, rejects_dir
from orchestration.settings import Settings
from orchestration.warehouse.connection import connect

_TABLES = """
create schema if not exists pipeline;
create table if not exists pipeline.ingested_files (
    raw_table varchar, manifest varchar, source_file varchar, content_hash varchar, state varchar, rows_read bigint,
    rows_kept bigint, rows_rejected bigint, rows_after_close bigint, bytes bigint, export_date date, event_dates date[]
);
create table if not exists pipeline.ingested_rejects (
    raw_table varchar, manifest varchar, source_file varchar, reason varchar, field varchar, reject_count bigint,
    export_date date
);
create table if not exists pipeline.intake (
    raw_table varchar, file_count bigint, rows_read bigint, rows_kept bigint, rows_rejected bigint,
    rows_after_close bigint, export_date date, reason varchar, field varchar, reason_count bigint, cause varchar,
    alarm varchar
);
create table if not exists pipeline.raw_files (raw_table varchar, manifest varchar, path varchar, event_date date);
create table if not exists pipeline.manifests (raw_table varchar, manifest varchar, mtime_ns bigint, bytes bigint);
create table if not exists pipeline.touched_dates (raw_table varchar, event_date date);
create table if not exists pipeline.rejudged_dates (event_date date);
create table if not exists pipeline.closed_days (raw_table varchar, closed_through date);
create table if not exists pipeline.history (mart varchar, history_files varchar);
create table if not exists pipeline.fingerprint (project_hash varchar, config_hash varchar);
create table if not exists pipeline.run (
    as_of_date date, previous_as_of_date date, first_date date, is_full_refresh boolean
);
"""

# Manifests that are not as the ledger knows them: by name their mtime_ns, their size and their entries.
_Manifests = dict[str, tuple[int, int, list[lake.Entry]]]


def create_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of schema `pipeline` where they are missing."""
    connection.execute(_TABLES)


def sync_ledger(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Read the manifests that changed, and queue the old and the new event dates of every file that did."""
    for table in lake.RAW_TABLES:
        changed = _changed_manifests(connection, settings, table)
        if changed:
            connection.begin()
            _sync_table(connection, settings, table, changed)
            connection.commit()
    connection.execute("delete from pipeline.intake")
    _insert(connection, "pipeline.intake", [(*astuple(found), found.alarm) for found in lake.newest_intake(settings)])


def unread_dates(connection: duckdb.DuckDBPyConnection, settings: Settings, table: str) -> set[date]:
    """The days of a raw table that changed since the marts were built: those still queued, and those not queued yet."""
    changed = _changed_manifests(connection, settings, table)
    queued = set().union(*(touched_dates(connection, joined) for joined in lake.joined(table)))
    return queued | _touched(changed, _known_files(connection, table, changed))


def raw_files(
    connection: duckdb.DuckDBPyConnection, settings: Settings, table: str, dates: set[date] | None
) -> list[Path]:
    """The Parquet files of a raw table that hold rows of `dates` (None: of any day).

    From the ledger, because opening the manifest of every export day would cost more with each day of history.
    """
    rows = connection.execute(
        "select distinct path from pipeline.raw_files"
        " where raw_table = $table and ($dates is null or list_contains($dates, event_date)) order by path",
        {"table": table, "dates": None if dates is None else sorted(dates)},
    )
    return [settings.lake / row[0] for row in rows.fetchall()]


def touched_dates(connection: duckdb.DuckDBPyConnection, table: str) -> set[date]:
    """The queued days of a raw table."""
    rows = connection.execute("select event_date from pipeline.touched_dates where raw_table = ?", [table]).fetchall()
    return {row[0] for row in rows}


def rebuilding(settings: Settings) -> tuple[str, list[str]]:
    """Returns, as words, the days that the unfinished run rebuilds, and the newest files with rows of them, a few."""
    with connect(settings) as connection:
        create_ledger(connection)
        everything = connection.execute("from pipeline.run where is_full_refresh").fetchone()
        first, last = connection.execute(
            "select min(event_date), max(event_date) from pipeline.touched_dates"
        ).fetchall()[0]
        files = connection.execute(
            """
            select source_file from pipeline.ingested_files as files
            where rows_kept > 0 and exists(
                select 1 from pipeline.touched_dates as days
                where days.raw_table = files.raw_table and list_contains(files.event_dates, days.event_date)
            )
            order by export_date desc, source_file
            limit 5
            """
        ).fetchall()
    days = "every day" if everything or not first else f"{first} to {last}" if first < last else str(first)
    return days, [file for (file,) in files]


def queue(connection: duckdb.DuckDBPyConnection, table: str, dates: set[date]) -> None:
    """Add days to the queue; those already in it stay once."""
    _insert(
        connection, "pipeline.touched_dates", [(table, day) for day in sorted(dates - touched_dates(connection, table))]
    )


def _changed_manifests(connection: duckdb.DuckDBPyConnection, settings: Settings, table: str) -> _Manifests:
    rows = connection.execute("select manifest, mtime_ns, bytes from pipeline.manifests where raw_table = ?", [table])
    known = {row[0]: row[1:] for row in rows.fetchall()}
    changed = {}
    for path in lake.manifests(settings, table):
        stat = path.stat()
        if known.get(path.name) != (stat.st_mtime_ns, stat.st_size):
            changed[path.name] = (stat.st_mtime_ns, stat.st_size, lake.read_manifest(path))
    return changed


def _known_files(connection: duckdb.DuckDBPyConnection, table: str, manifests: _Manifests) -> dict[str, Any]:
    rows = connection.execute(
        "select manifest || ' ' || source_file, {'hash': content_hash, 'dates': event_dates}"
        " from pipeline.ingested_files where raw_table = ? and list_contains(?, manifest)",
        [table, list(manifests)],
    )
    return dict(rows.fetchall())


def _sync_table(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: str,
    changed: _Manifests,
) -> None:
    names, rejects_of = list(changed), f"{table.split('.')[0]}.rejects"
    touched = _touched(changed, _known_files(connection, table, changed))
    for joined in lake.joined(table):
        queue(connection, joined, touched)
    for target in ("ingested_files", "ingested_rejects", "raw_files", "manifests"):
        connection.execute(
            f"delete from pipeline.{target} where list_contains(?, raw_table) and list_contains(?, manifest)",  # noqa: S608 - our names
            [[table, rejects_of], names],
        )
    entries = [(name, entry) for name, (_, _, listed) in changed.items() for entry in listed]
    _insert(connection, "pipeline.manifests", [(table, name, *changed[name][:2]) for name in names])
    _insert(connection, "pipeline.ingested_files", [_file_row(table, name, entry) for name, entry in entries])
    rejects = [
        (table, name, entry.path, *counted, entry.export_date)
        for name, entry in entries
        for counted in entry.reject_counts
    ]
    _insert(connection, "pipeline.ingested_rejects", rejects)
    files = {
        (table, name, str(parquet_path(settings, table, day, file).relative_to(settings.lake)), day)
        for name, entry in entries
        for day, parquet in entry.parquet.items()
        for file in parquet
    }
    refused = {
        (rejects_of, name, str((rejects_dir(settings, table) / file).relative_to(settings.lake)), entry.export_date)
        for name, entry in entries
        for file in entry.rejects
    }
    _insert(connection, "pipeline.raw_files", sorted(files | refused))


def _touched(changed: _Manifests, old: dict[str, dict[str, Any]]) -> set[date]:
    """Old and new event dates of files that are new, read differently, or gone."""
    touched: set[date] = set()
    for name, (_, _, entries) in changed.items():
        for entry in entries:
            was = old.pop(f"{name} {entry.path}", None)
            if was is None or was["hash"] != _hash(entry):
                touched |= set(entry.event_dates) | set(was["dates"] if was else [])
    return touched.union(*(was["dates"] for was in old.values()))


def _file_row(table: str, name: str, entry: lake.Entry) -> tuple[Any, ...]:
    counts = (entry.rows_read, entry.rows_kept, entry.rows_rejected, entry.rows_after_close, entry.bytes)
    return (table, name, entry.path, _hash(entry), entry.state, *counts, entry.export_date, sorted(entry.event_dates))


def _hash(entry: lake.Entry) -> str:
    """What a file's rows follow from: its content and the way it is read, unless it is forgotten."""
    return f"{entry.content_hash} {'forgotten' if entry.state == 'forgotten' else entry.reading}"


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for all rows: `executemany` costs a millisecond a row."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        unnested = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"insert into {table} select {unnested}", columns)
