"""Tables of the release as files: CSV, Parquet, JSON or XLSX, of any rows and columns, here or in object storage.

DuckDB streams what it writes, on a connection that can write that one file and read nothing but the marts. A file is
there whole or not at all. When the exports of the configuration are due is said here; who calls is not.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path, PurePath
from typing import Any, Literal, get_args

from orchestration.lake import object_storage
from orchestration.reports.cells import neutral
from orchestration.selecting import Wanted, answer, explained, harmless, select
from orchestration.settings import Settings
from orchestration.settings.exporting import Export, Format
from orchestration.tables import TableError, json_value, plain, published, quoted, rows_of, write_csv, write_json

XLSX_ROWS = 1_048_575  # a sheet's, without the header
TERMINAL = "-"
_COPIED: dict[str, str] = {
    "csv": "format csv, header",
    "json": "format json, array true",
    "parquet": "format parquet, compression zstd",
}


def export(settings: Settings, wanted: Wanted, format_: Format | None = None, out: str = "") -> str | None:
    """Write rows of the release to a file, `<table>.<format>` unless named; `-` is the terminal.

    Args:
        settings: where the release is.
        wanted: which rows of what.
        format_: by default what the end of the file's name says, else CSV.
        out: a path, or an address in object storage (`s3://…`, `gs://…`, `az://…`).

    Returns:
        Where the file is; None for the terminal.

    Raises:
        TableError: There is no such table or column, SQL is wrong, it does not fit into the format, or the file's name
            ends as no format does.
        object_storage.StorageError: The storage does not take it.
    """
    format_ = format_ or _format_of(out)
    target = out or f"{wanted.table.rpartition('.')[2] or 'query'}.{format_}"
    if target == TERMINAL:
        _print(settings, wanted, format_)
        return None
    with _beside(settings, target) as part:
        _write(settings, wanted, format_, part)
    return target


def _format_of(out: str) -> Format:
    """The format that the end of a file's name says; CSV where it says none."""
    suffix = PurePath(out).suffix.lower()
    if suffix and suffix[1:] not in get_args(Format):
        raise TableError(
            f"{suffix} is no format of an export: end it with .{', .'.join(get_args(Format))}, or --format."
        )
    return next((known for known in get_args(Format) if known == suffix[1:]), "csv")


def run_scheduled(settings: Settings, as_of: date) -> tuple[list[str], list[str]]:
    """Write the exports that the configuration declares and that are due; one that fails does not stop the others.

    Returns:
        Where files were written, and a sentence about each export that failed.
    """
    written, failed = [], []
    for declared in settings.config.exports:
        last = last_day(declared.when, as_of)
        out = declared.to.replace("{date}", last.isoformat())
        try:
            if not object_storage.is_remote(out):
                out = str(_own_folder(settings, out, last))
            # The file of a week that is over is written once.
            if declared.when != "daily" and _exists(out):
                continue
            export(settings, _wanted(declared, last), declared.format, out)
            written.append(out)
        except (TableError, OSError) as error:
            failed.append(f"export {declared.name}: {error}")
    return written, failed


def last_day(when: Literal["daily", "weekly", "monthly"], as_of: date) -> date:
    """The last day of the newest period that is over: the day itself, a Sunday, or the end of a month."""
    if when == "weekly":
        return as_of - timedelta(days=as_of.isoweekday() % 7)
    if when == "monthly":
        following = as_of + timedelta(days=1)
        return following.replace(day=1) - timedelta(days=1)
    return as_of


def _wanted(declared: Export, as_of: date) -> Wanted:
    return Wanted(declared.table, tuple(declared.columns), declared.where, as_of=as_of)


def _own_folder(settings: Settings, out: str, last: date) -> Path:
    """A path whose folder is made below the home, and from the first part on that has the date.

    Another folder elsewhere may be mistyped, and is not made.
    """
    path = settings.home / out
    ours = path.is_relative_to(settings.home)
    dated = [folder for folder in path.parents if last.isoformat() in str(folder)]
    if ours or (dated and dated[-1].parent.is_dir()):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _exists(out: str) -> bool:
    return object_storage.exists(out) if object_storage.is_remote(out) else Path(out).exists()


@contextmanager
def _beside(settings: Settings, target: str) -> Iterator[Path]:
    """A file to write, which becomes the target when the block has ended well; no half of it is ever there."""
    if object_storage.is_remote(target):
        with tempfile.TemporaryDirectory(prefix="beaconmart-export-") as folder:
            part = Path(folder) / "part"
            yield part
            object_storage.upload(part, target)
        return
    path = Path(target)
    if path.resolve().is_relative_to(settings.landing.resolve()):
        raise TableError(f"{path} lies in landing, which is only read: name another folder.")
    part = path.resolve().with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise TableError(f"Cannot write {path}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _print(settings: Settings, wanted: Wanted, format_: Format) -> None:
    if format_ in {"parquet", "xlsx"}:
        raise TableError(f"{format_} is not text: name a file with --out.")
    with published(settings) as connection, explained():
        found = answer(connection, select(connection, wanted), wanted)
        columns = [column[0] for column in found.description or []]
        write = write_csv if format_ == "csv" else write_json
        write(columns, rows_of(found), sys.stdout)


def _write(settings: Settings, wanted: Wanted, format_: Format, part: Path) -> None:
    if not part.parent.is_dir():
        raise TableError(f"Cannot write {part.with_suffix('')}: there is no folder {part.parent}")
    with published(settings, writes=part) as connection, explained():
        sql = select(connection, wanted)
        if format_ == "xlsx":
            (count,) = answer(connection, f"from ({sql}) select count(*)", wanted).fetchone() or (0,)
            if count > XLSX_ROWS:
                raise TableError(
                    f"A sheet holds {XLSX_ROWS:,} rows and these are {count:,}: keep fewer with --where, or use"
                    " --format parquet or csv."
                )
            found = answer(connection, sql, wanted)
            _write_xlsx([column[0] for column in found.description or []], rows_of(found), str(part))
            return
        if format_ != "parquet":
            sql = harmless(connection, sql, wanted, format_)
        answer(connection, f"copy ({sql}) to {quoted(part)} ({_COPIED[format_]})", wanted)


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
        sheet.write_row(0, 0, [neutral(column) for column in columns])
        for number, row in enumerate(rows, 1):
            _write_xlsx_row(sheet, number, row, day)


def _write_xlsx_row(sheet: Any, number: int, row: tuple[Any, ...], day: Any) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, column, neutral(cell)[:32_767])
        elif type(cell).__name__ == "date":
            sheet.write_datetime(number, column, cell, day)
        elif json_value(cell) is not None:
            sheet.write(number, column, plain(cell))
