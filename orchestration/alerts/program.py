"""The SQL of dbt's tables as a program: compiled once for a state of the project, then run in any DuckDB in memory.

A dbt start costs seconds, and an alert has none to spare. What the tables mean stands in `dbt_project/` and nowhere
else; which rows they are run over is the caller's business.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration import database, dbt
from orchestration.lake.layout import locked, replace_file
from orchestration.settings import Settings
from orchestration.warehouse.configuration import write_configuration
from orchestration.warehouse.ledger import create_ledger
from orchestration.warehouse.predictions import create_declared_tables
from orchestration.warehouse.raw import RAW_COLUMNS, create_view

DATABASE = "warehouse"  # what compiled SQL calls the database that it runs in
SELECTION = ("+tag:fast", "+tag:replay")
COMPILE = """
import sys
from pathlib import Path
from dbt.cli.main import dbtRunner
from orchestration import dbt

done = dbtRunner(manifest=dbt.read_parsed(Path(sys.argv[1]))).invoke(sys.argv[2:])
sys.exit(0 if done.success else f"{done.exception or ''}")
"""
_VERSION = 1


class ProgramError(RuntimeError):
    """The project does not compile; the message is dbt's."""


@dataclass(frozen=True)
class Table:
    """One table: `sql` is its compiled query, `columns` its names and types, `parents` the tables that it reads."""

    relation: str
    sql: str
    is_view: bool
    tags: list[str]
    parents: list[str]
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """Compiled tables in an order in which each stands after those that it reads; `state` is what they come from."""

    state: str
    tables: list[Table]

    def create(
        self, connection: duckdb.DuckDBPyConnection, tags: Collection[str], wanted: Collection[str] = ()
    ) -> list[str]:
        """Create every table with one of the `tags` that is not there yet; returns the names of those created.

        Only those `wanted`, as `schema.table`, and what they are made of, if any are named. What they read must be
        there: raw tables, configuration, `pipeline.run` (see `prepare`). A parent that has none of the tags and is not
        there either is created empty, with the right columns.
        """
        there = _existing(connection)
        chosen = [table for table in self.tables if set(tags) & set(table.tags) and table.relation not in there]
        if wanted:
            needed = self._made_of(chosen, wanted)
            chosen = [table for table in chosen if table.relation in needed]
        names = {table.relation for table in chosen}
        read = {parent for table in chosen for parent in table.parents}
        for table in self.tables:
            if table.relation in names:
                _create(connection, table)
            elif table.relation in read and table.relation not in there:
                _create_empty(connection, table)
        return [table.relation for table in chosen]

    @staticmethod
    def _made_of(tables: list[Table], wanted: Collection[str]) -> set[str]:
        needed = set(wanted)
        for table in reversed(tables):
            if table.relation in needed:
                needed.update(table.parents)
        return needed


def load(settings: Settings) -> Program:
    """The program of the project as it is now; compiles it, for some seconds, if the project has changed.

    Raises:
        ProgramError: The project does not compile.
    """
    state = f"{_VERSION} {duckdb.__version__} {dbt.project_state()}"
    path = dbt.target_dir(settings) / "program" / "program.json"
    with locked(path.with_suffix(".lock")):
        if not path.exists() or _read(path, path.stat().st_mtime_ns).state != state:
            tables = _with_columns(_ordered(_compile(path.parent, dbt.parsed(settings))), settings)
            replace_file(path, json.dumps({"state": state, "tables": [asdict(table) for table in tables]}))
    return _read(path, path.stat().st_mtime_ns)


def memory() -> duckdb.DuckDBPyConnection:
    """A database in memory that has the name which compiled SQL expects; instants are UTC."""
    connection = database.connect()
    connection.execute(f"attach ':memory:' as {DATABASE}; use {DATABASE}")
    connection.execute("set preserve_insertion_order = false")
    return connection


def prepare(connection: duckdb.DuckDBPyConnection, settings: Settings, files: dict[str, list[Path]]) -> None:
    """Create what tables read besides each other: the configuration, and raw tables over `files` (none: empty)."""
    write_configuration(connection, settings)
    create_ledger(connection)
    create_declared_tables(connection)
    for table, columns in RAW_COLUMNS.items():
        create_view(connection, table, columns, files.get(table, []))


def _compile(folder: Path, parsed: Path) -> dict[str, Any]:
    """The manifest with compiled SQL, made in a process of its own: dbt leaves its marks on the one it runs in."""
    command = [sys.executable, "-c", COMPILE, str(parsed), "--quiet", "compile", "--no-introspect"]
    where = ["--project-dir", str(dbt.PROJECT_DIR), "--profiles-dir", str(dbt.PROJECT_DIR), "--target", "program"]
    target = ["--no-populate-cache", "--target-path", str(folder), "--log-path", str(folder)]
    done = subprocess.run(  # noqa: S603 - our own interpreter with fixed arguments
        [*command, *where, *target, "--select", *SELECTION],
        env=os.environ | {"PYTHONPATH": str(dbt.PROJECT_DIR.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProgramError(f"The dbt project does not compile for alerts:\n{done.stdout}{done.stderr}")
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


def _ordered(manifest: dict[str, Any]) -> list[Table]:
    nodes = manifest["nodes"]
    made: dict[str, Table | None] = {}

    def visit(key: str) -> None:
        node = nodes.get(key)
        if node is None or key in made:
            return
        made[key] = None  # an ephemeral table stands inside the SQL of those that read it
        for parent in node["depends_on"].get("nodes", []):
            visit(parent)
        if node["relation_name"]:
            del made[key]
            made[key] = _table(nodes, key)

    for key, node in nodes.items():
        if node["resource_type"] == "model" and node.get("compiled_code"):
            visit(key)
    return [table for table in made.values() if table]


def _table(nodes: dict[str, Any], key: str) -> Table:
    node = nodes[key]
    relation = f"{node['schema']}.{node['name']}"
    if node["resource_type"] == "seed":
        path = str(dbt.PROJECT_DIR / node["original_file_path"]).replace("'", "''")
        types = json.dumps(node["config"]["column_types"]).replace("'", "''").replace('"', "'")
        sql = f"select * from read_csv('{path}', header = true, types = {types})"  # noqa: S608 - a file of ours
        return Table(relation, sql, False, ["fast", "replay"], [])
    return Table(
        relation, node["compiled_code"], node["config"]["materialized"] == "view", node["tags"], _parents(nodes, key)
    )


def _parents(nodes: dict[str, Any], key: str) -> list[str]:
    """The tables that are read, through ephemeral ones too."""
    found: list[str] = []
    for parent in nodes[key]["depends_on"].get("nodes", []):
        if parent in nodes:
            node = nodes[parent]
            found += [f"{node['schema']}.{node['name']}"] if node["relation_name"] else _parents(nodes, parent)
    return sorted(set(found))


def _with_columns(tables: list[Table], settings: Settings) -> list[Table]:
    """Each table with its columns, found out by running all of them over nothing."""
    with memory() as connection:
        prepare(connection, settings, {})
        for table in tables:
            _create(connection, table)
        described = {table.relation: connection.execute(f"describe {table.relation}").fetchall() for table in tables}
    return [
        Table(**asdict(table) | {"columns": {name: kind for name, kind, *_ in described[table.relation]}})
        for table in tables
    ]


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.execute(f"create schema if not exists {table.relation.split('.')[0]}")
    connection.execute(f"create {'view' if table.is_view else 'table'} {table.relation} as ({table.sql}\n)")


def _create_empty(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    columns = ", ".join(f'"{name}" {kind}' for name, kind in table.columns.items())
    connection.execute(f"create schema if not exists {table.relation.split('.')[0]}")
    connection.execute(f"create table {table.relation} ({columns})")


def _existing(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables where table_catalog = ?", [DATABASE]
    )
    return {row[0] for row in rows.fetchall()}


@lru_cache(maxsize=1)
def _read(path: Path, _mtime_ns: int) -> Program:
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Program(kept["state"], [Table(**table) for table in kept["tables"]])
