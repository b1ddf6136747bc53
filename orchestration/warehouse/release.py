"""Copies of the marts for people: one DuckDB file that older clients open too, and one Parquet file a mart.

Only whole schemas that are meant for readers are copied. Where a release lives and how it is swapped in is publishing's
business.
"""

from pathlib import Path

import duckdb

from orchestration.settings import Settings
from orchestration.warehouse.connection import connect

PUBLISHED_SCHEMAS = (
    "dimensions",
    "experience",
    "reliability",
    "errors",
    "business",
    "executive",
    "alerts",
    "operations",
    "predictions",
    "reports",
)

# Files of this version open in every DuckDB client from 1.2 on; the writer's own version would not.
_STORAGE_VERSION = "v1.2.0"
_MACROS = Path(__file__).with_name("macros.sql")


def snapshot(settings: Settings, target_path: Path) -> None:
    """Copy every published table, with its description, into a new DuckDB file at `target_path`, with the macros.

    Row order is that of the warehouse, which is the order of days.
    """
    target_path.parent.mkdir(parents=True, exist_ok=True)
    target_path.unlink(missing_ok=True)
    with connect(settings) as connection:
        ((home,),) = connection.execute("select current_database()").fetchall()
        connection.execute(f"attach {_quoted(target_path)} as release (storage_version '{_STORAGE_VERSION}')")
        try:
            tables = _tables(connection)
            for schema, table, comment in tables:
                connection.execute(f"create schema if not exists release.{schema}")
                connection.execute(f"create table release.{schema}.{table} as from {schema}.{table}")
                if comment:
                    text = comment.replace("'", "''")
                    connection.execute(f"comment on table release.{schema}.{table} is '{text}'")
            if any(table == "fct_vitals_roll_ups_daily" for _, table, _ in tables):
                connection.execute("use release")
                connection.execute(_MACROS.read_text(encoding="utf-8"))
        finally:
            connection.execute(f"use {home}")
            connection.execute("detach release")


def export(settings: Settings, directory: Path) -> list[Path]:
    """Write every published table to `directory/<table>.parquet`; returns the files."""
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    with connect(settings) as connection:
        for schema, table, _ in _tables(connection):
            files.append(directory / f"{table}.parquet")
            connection.execute(
                f"copy (from {schema}.{table}) to {_quoted(files[-1])} (format parquet, compression zstd)"
            )
    return files


def published_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table meant for readers, as `schema.table`."""
    return [f"{schema}.{table}" for schema, table, _ in _tables(connection)]


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str | None]]:
    return connection.execute(
        """
        select schema_name, table_name, comment
        from duckdb_tables()
        where list_contains($schemas, schema_name)
            and not regexp_matches(table_name, '__dbt_(tmp|backup)')
            and database_name = current_database()
        order by 1, 2
        """,
        {"schemas": list(PUBLISHED_SCHEMAS)},
    ).fetchall()


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
