"""Which rows of the release somebody wants, as one query that can do nothing else.

Tables and columns are names that are there, a condition is one, and what a person wrote runs only on the guarded
connection of `tables`. Writing the rows to a file belongs to `exports`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

import duckdb

from orchestration.reports.cells import FORMULA, neutral
from orchestration.tables import TableError, quoted

_NESTED = ("STRUCT", "MAP", "UNION", "JSON")


@dataclass(frozen=True)
class Wanted:
    """The rows to write: those of a published table, or of a query in its place, that a condition keeps.

    Attributes:
        table: `schema.table`, or the name alone where there is one of it.
        columns: all of them where none is named.
        where: a condition in SQL, or nothing.
        sql: a query in place of the table.
        as_of: what `$as_of` stands for in SQL.
    """

    table: str = ""
    columns: tuple[str, ...] = ()
    where: str = ""
    sql: str = ""
    as_of: date | None = None


@contextmanager
def explained() -> Iterator[None]:
    """Say DuckDB's errors as a `TableError`."""
    try:
        yield
    except duckdb.IOException as error:
        raise TableError(f"The file cannot be written: {error}") from error
    except duckdb.Error as error:
        raise TableError(str(error)) from error


def select(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> str:
    """The query of what is wanted, each part of which is a single query on its own."""
    source = f"({_query(connection, wanted.sql)})" if wanted.sql else _resolve(connection, wanted.table)
    columns = "*"
    if wanted.columns:
        known = [name for name, _ in _described(connection, f"from {source}", wanted)]
        columns = ", ".join(_identifier(_known(name, known, "column")) for name in wanted.columns)
    sql = f"select {columns} from {source}"  # noqa: S608 - quoted names, or a query that is one
    return f"{sql} where ({_condition(connection, wanted.where)}\n)" if wanted.where.strip() else sql


def _query(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise TableError("That is not one query. Try: select * from executive.fct_kpi_daily")
    return sql.strip().rstrip(";") + "\n"


def _condition(connection: duckdb.DuckDBPyConnection, where: str) -> str:
    """The condition, if it is one: it must not close the bracket around it and go on."""
    try:
        connection.extract_statements(f"select {where}\n")
        connection.extract_statements(f"select 1 where ({where}\n)")
    except duckdb.Error as error:
        raise TableError(f"{where!r} is not a condition: {error}") from error
    return where


def harmless(connection: duckdb.DuckDBPyConnection, sql: str, wanted: Wanted, format_: str) -> str:
    """The query with cells as text formats need them: nothing that a spreadsheet runs, no number that is none."""
    parts = []
    for name, type_ in _described(connection, sql, wanted):
        column, alias = _identifier(name), _identifier(str(neutral(name)) if format_ == "csv" else name)
        if type_ in ("DOUBLE", "FLOAT"):
            column = f"case when isfinite({column}) then {column} end"
        elif format_ == "csv" and (type_.startswith(_NESTED) or type_.endswith("]")):
            column = f"to_json({column})::varchar"
        elif format_ == "csv" and type_.startswith(("VARCHAR", "ENUM")):
            column = f"case when regexp_matches({column}::varchar, {quoted(FORMULA)}) then '''' else '' end || {column}"
        parts.append(f"{column} as {alias}")
    return f"select {', '.join(parts)} from ({sql})"  # noqa: S608 - made of our own parts


def _described(connection: duckdb.DuckDBPyConnection, sql: str, wanted: Wanted) -> list[tuple[str, str]]:
    return [(name, type_) for name, type_, *_ in answer(connection, f"describe {sql}", wanted).fetchall()]


def answer(connection: duckdb.DuckDBPyConnection, sql: str, wanted: Wanted) -> duckdb.DuckDBPyConnection:
    """Run SQL, with `$as_of` where it is used."""
    used = set().union(*(statement.named_parameters for statement in connection.extract_statements(sql)))
    return connection.execute(sql, {"as_of": wanted.as_of} if used == {"as_of"} and wanted.as_of else {})


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _resolve(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The quoted name of a published table, given as `schema.table` or by its name alone."""
    rows = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
    names = {f"{schema}.{name}": f"{_identifier(schema)}.{_identifier(name)}" for schema, name in rows}
    found = [full for full in names if full == table or full.partition(".")[2] == table]
    if len(found) == 1:
        return names[found[0]]
    if found:
        raise TableError(f"There is more than one published table {table!r}. Did you mean {' or '.join(found)}?")
    return names[_known(table, [*names, *(full.partition(".")[2] for full in names)], "published table")]


def _known(name: str, known: list[str], what: str) -> str:
    if name in known:
        return name
    close = get_close_matches(name, known, n=3)
    listed = "`beaconmart query 'show all tables'` lists them." if "table" in what else f"There are {', '.join(known)}."
    raise TableError(f"There is no {what} {name!r}. " + (f"Did you mean {' or '.join(close)}?" if close else listed))
