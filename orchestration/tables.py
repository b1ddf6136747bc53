"""Reading what was published: any SQL, without reach beyond the file and what it may write.

Only `published/marts.duckdb` is opened, read-only; the pipeline's own warehouse is never touched. Cells that a
spreadsheet would run are made harmless. Files of rows belong to `exports`, how a release is made to `publish`.
"""

import csv
import json
import math
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import duckdb

from orchestration import database, memory
from orchestration.reports.cells import neutral
from orchestration.settings import Settings
from orchestration.spill import spill_folder

ROWS_AT_ONCE = 10_000
# Of a question, and of a file that is written: it reads each block of the marts once, and would keep them all.
ASKING_MEMORY, WRITING_MEMORY, SPILLED = 2_000_000_000, 500_000_000, "20GB"


LISTINGS = {"show all tables", "show tables"}
TABLES = r"""
    select
        schema_name || '.' || table_name as "table", estimated_size as "rows",
        coalesce(nullif(regexp_extract(comment, '^(.*?[.])(\s|$)', 1, 's'), ''), comment, '') as holds
    from duckdb_tables() where not internal order by 1
"""


class TableError(Exception):
    """The question cannot be answered; the message says why and what could be asked instead."""


@contextmanager
def published(settings: Settings, writes: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published marts as `guarded` does.

    Raises:
        TableError: Nothing has been published yet.
    """
    path = settings.published / "marts.duckdb"
    if not path.exists():
        raise TableError(f"Nothing has been published yet: {path} does not exist. Run `beaconmart run` first.")
    with guarded(path.resolve(), writes) as connection:
        yield connection


@contextmanager
def guarded(file: Path, writes: Path | None = None, threads: int = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file of marts so that SQL changes nothing, and reaches no setting and no other file but that it `writes`.

    With one of `threads`, what SQL leaves open (rows without an order, sums of floats) comes out the same every time.
    """
    # Beside the file, as DuckDB would have it, is the release, which nobody writes to.
    limit = min(WRITING_MEMORY if writes else ASKING_MEMORY, memory.half())
    with spill_folder() as spill, closing(database.connect(file, True, memory_limit=limit)) as connection:
        connection.execute(f"set temp_directory = {quoted(spill / 'duckdb')}")
        connection.execute(f"set max_temp_directory_size = '{SPILLED}'")
        if threads:
            connection.execute(f"set threads = {threads:d}")
        if writes:
            connection.execute(f"set allowed_paths = [{quoted(writes)}]")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        yield connection


def quoted(text: object) -> str:
    """A text as SQL has it."""
    return "'" + str(text).replace("'", "''") + "'"


@contextmanager
def ask(settings: Settings, sql: str, timeout_s: float = 0) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The column names and rows of a query; `show all tables` gives the published tables with what they hold.

    Args:
        settings: The environment.
        sql: A query.
        timeout_s: The query is stopped after so many seconds; 0 is no limit.

    Raises:
        TableError: The SQL is wrong, reads what is not in the file, takes too long, or gives no rows at all (such as an
            empty string).
    """
    is_listing = " ".join(sql.lower().rstrip("; \n").split()) in LISTINGS
    with published(settings) as connection:
        timer = threading.Timer(timeout_s, connection.interrupt)
        timer.daemon = True
        if timeout_s:
            timer.start()
        try:
            answer = connection.execute(TABLES if is_listing else sql)
            if answer is None or answer.description is None:
                raise TableError("That is not a query. Try: select * from executive.fct_kpi_daily limit 10")
            yield [column[0] for column in answer.description], rows_of(answer)
        except duckdb.InterruptException as error:
            raise TableError(
                f"The query was stopped after {timeout_s:g} s. Ask for fewer days"
                " (where event_date >= date '…'), or give it more time: --timeout 600; 0 is no limit."
            ) from error
        except duckdb.Error as error:
            raise TableError(str(error)) from error
        finally:
            timer.cancel()


def write_csv(columns: list[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    """CSV with a header line, text that a spreadsheet would run made harmless."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([neutral(column) for column in columns])
    writer.writerows([neutral(plain(cell)) for cell in row] for row in rows)


def write_json(columns: list[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    """One JSON array with an object on each line."""
    out.write("[")
    for count, row in enumerate(rows):
        out.write(",\n" if count else "\n")
        record = {column: json_value(cell) for column, cell in zip(columns, row, strict=True)}
        out.write(json.dumps(record, ensure_ascii=False, allow_nan=False))
    out.write("\n]\n")


def rows_of(answer: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows of an answer, of which only a batch is in memory."""
    while batch := answer.fetchmany(ROWS_AT_ONCE):
        yield from batch


def plain(cell: Any) -> Any:
    """A cell as a file of text has it: nested values are JSON."""
    return json.dumps(json_value(cell), ensure_ascii=False) if isinstance(cell, list | dict) else cell


def json_value(cell: Any) -> Any:
    """What JSON has for a value of DuckDB: a number for a decimal, nothing for infinity, text for all that is else."""
    if isinstance(cell, list | tuple):
        return [json_value(part) for part in cell]
    if isinstance(cell, dict):
        return {str(key): json_value(part) for key, part in cell.items()}
    if isinstance(cell, Decimal):
        cell = float(cell)
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    return cell if isinstance(cell, bool | int | str | None) else str(cell)
