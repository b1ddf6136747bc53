"""Reading what was published: any SQL without reach beyond the file, and any table as a file.

Only `published/marts.duckdb` is opened, read-only; the pipeline's own warehouse is never touched. Cells that a
spreadsheet would run are made harmless. How a release is made does not belong here.
"""

import csv
import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TextIO

import duckdb

from orchestration.reports.cells import neutral
from orchestration.settings import Settings

Format = Literal["csv", "parquet", "json", "xlsx"]
ROWS_AT_ONCE = 10_000
XLSX_ROWS = 1_048_575  # a sheet's, without the header


class TableError(Exception):
    """The question cannot be answered; the message says why and what could be asked instead."""


@contextmanager
def published(settings: Settings, locked: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published marts; `locked` means that SQL reaches no other file and no setting.

    Raises:
        TableError: Nothing has been published yet.
    """
    path = settings.published / "marts.duckdb"
    if not path.exists():
        raise TableError(f"Nothing has been published yet: {path} does not exist. Run `beaconmart run` first.")
    connection = duckdb.connect(path.resolve(), read_only=True)
    try:
        connection.execute("set TimeZone = 'UTC'")
        if locked:
            connection.execute("set enable_external_access = false; set lock_configuration = true")
        yield connection
    finally:
        connection.close()


@contextmanager
def ask(settings: Settings, sql: str) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The column names and rows of a query.

    Raises:
        TableError: The SQL is wrong, reads what is not in the file, or gives no rows at all (such as an empty string).
    """
    with published(settings) as connection:
        try:
            answer = connection.execute(sql)
            if answer is None or answer.description is None:
                raise TableError("That is not a query. Try: select * from executive.fct_kpi_daily limit 10")
            yield [column[0] for column in answer.description], _rows(answer)
        except duckdb.Error as error:
            raise TableError(str(error)) from error


def write_csv(columns: list[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    """CSV with a header line, text that a spreadsheet would run made harmless."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([neutral(column) for column in columns])
    writer.writerows([neutral(_plain(cell)) for cell in row] for row in rows)


def write_json(columns: list[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    """One JSON array with an object on each line."""
    out.write("[")
    for count, row in enumerate(rows):
        out.write(",\n" if count else "\n")
        plain = {column: _json_value(cell) for column, cell in zip(columns, row, strict=True)}
        out.write(json.dumps(plain, ensure_ascii=False, allow_nan=False))
    out.write("\n]\n")


def export(settings: Settings, table: str, format_: Format, out: Path | None) -> Path | None:
    """Write a published table to a file, `<table>.<format>` unless named; `-` is the terminal. Returns the file.

    Raises:
        TableError: There is no such table, or it does not fit into the format.
    """
    if out == Path("-") and format_ in {"parquet", "xlsx"}:
        raise TableError(f"{format_} is not text: name a file with --out.")
    with published(settings, locked=False) as connection:
        name = _resolve(connection, table)
        path = out or Path(f"{table.rpartition('.')[2]}.{format_}")
        if path == Path("-"):
            _write(connection, name, format_, sys.stdout)
            return None
        part = path.with_name(path.name + ".part")
        try:
            _write(connection, name, format_, part)
            part.replace(path)
        except OSError as error:
            raise TableError(f"Cannot write {path}: {error.strerror or error}") from error
        finally:
            part.unlink(missing_ok=True)
        return path


def _write(connection: duckdb.DuckDBPyConnection, name: str, format_: Format, out: Path | TextIO) -> None:
    if format_ == "parquet":
        target = str(out).replace("'", "''")
        connection.execute(f"copy (from {name}) to '{target}' (format parquet, compression zstd)")
        return
    answer = connection.execute(f"from {name}")
    columns = [column[0] for column in answer.description or []]
    if format_ == "xlsx":
        _write_xlsx(columns, _rows(answer), str(out))
        return
    write = write_csv if format_ == "csv" else write_json
    if isinstance(out, Path):
        with out.open("w", encoding="utf-8", newline="") as file:
            write(columns, _rows(answer), file)
    else:
        write(columns, _rows(answer), out)


def _write_xlsx(columns: list[str], rows: Iterator[tuple[Any, ...]], path: str) -> None:
    import xlsxwriter

    # Text stays text: no formula, no link, no number is made of it.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(
        path, {**options, "default_date_format": "yyyy-mm-dd hh:mm:ss", "remove_timezone": True}
    ) as book:
        sheet = book.add_worksheet("data")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, columns)
        for number, row in enumerate(rows, 1):
            if number > XLSX_ROWS:
                raise TableError(
                    f"A sheet holds {XLSX_ROWS:,} rows and this table has more: use --format parquet or csv."
                )
            _write_xlsx_row(sheet, number, row, day)


def _write_xlsx_row(sheet: Any, number: int, row: tuple[Any, ...], day: Any) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, column, neutral(cell)[:32_767])
        elif type(cell).__name__ == "date":
            sheet.write_datetime(number, column, cell, day)
        elif _json_value(cell) is not None:
            sheet.write(number, column, _plain(cell))


def _rows(answer: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := answer.fetchmany(ROWS_AT_ONCE):
        yield from batch


def _plain(cell: Any) -> Any:
    return json.dumps(_json_value(cell), ensure_ascii=False) if isinstance(cell, list | dict) else cell


def _json_value(cell: Any) -> Any:
    """What JSON has for a value of DuckDB: a number for a decimal, nothing for infinity, text for all that is else."""
    if isinstance(cell, list | tuple):
        return [_json_value(part) for part in cell]
    if isinstance(cell, dict):
        return {str(key): _json_value(part) for key, part in cell.items()}
    if isinstance(cell, Decimal):
        cell = float(cell)
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    return cell if isinstance(cell, bool | int | str | None) else str(cell)


def _resolve(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The quoted name of a published table, given as `schema.table` or by its name alone."""
    rows = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
    names = {f"{schema}.{name}": f'"{schema}"."{name}"' for schema, name in rows}
    found = [full for full in names if full == table or full.partition(".")[2] == table]
    if len(found) == 1:
        return names[found[0]]
    close = get_close_matches(table, [*names, *(full.partition(".")[2] for full in names)], n=3)
    hint = (
        f"Did you mean {' or '.join(found or close)}?"
        if found or close
        else "`beaconmart query 'show all tables'` lists them."
    )
    raise TableError(f"There is {'more than one' if found else 'no'} published table {table!r}. {hint}")
