"""The DuckDB connection of an ingest: segments in, Parquet by event date out, rejects beside them.

What is written lies in a work folder until it is complete; moving it into the lake and listing it belongs to `ingest`.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa

from orchestration.lake.layout import RAW_TABLES, locked, parquet_path, rejects_dir
from orchestration.lake.manifest import closed_date
from orchestration.settings import Settings
from orchestration.sources import REJECT_COLUMNS, csv_table, ndjson, privacy
from orchestration.sources.columns import AFTER_CLOSE, REJECTED, typed_relation
from orchestration.sources.feed import Feed
from orchestration.sources.lines import literal
from orchestration.sources.segments import Segment

# 400 MB cost nothing in time and keep the process under 512 MB.
_MEMORY = "360MB"
# Rows that a partitioned write holds back: at DuckDB's own 524 288 it spends more time on memory than on Parquet.
_FLUSH_ROWS = 20_000


@dataclass(frozen=True)
class Shape:
    """How the files of one segment are laid out: NDJSON, or CSV with these columns."""

    is_ndjson: bool
    delimiter: str = ","
    header: tuple[str, ...] = ()


@dataclass
class Counted:
    """What one source file gave."""

    event_dates: dict[date, int] = field(default_factory=dict)
    rejected: int = 0
    after_close: int = 0
    bad_fields: dict[str, int] = field(default_factory=dict)
    reject_counts: list[tuple[str, str, int]] = field(default_factory=list)


class Writer:
    """Writes the rows of one raw table into a work folder; made by `writing`."""

    def __init__(self, settings: Settings, raw_table: str, folder: Path):
        self.settings = settings
        self.raw_table = raw_table
        self.feed: Feed = RAW_TABLES[raw_table]
        self.folder = folder
        self.connection = _connection(settings, raw_table, folder)
        self.parts: list[tuple[str, Path]] = []
        self._segments = 0

    def describe(self, files: list[tuple[int, str, date, int]]) -> None:
        """Makes known the files that segments refer to: index, source path, export date, line of the header."""
        names = ["index", "source_file", "export_date", "header_line"]
        columns = list(zip(*files, strict=True))
        self._files = pa.table([pa.array(column) for column in columns], names=names)
        self.connection.register("files", self._files)

    def write(self, segment: Segment, shape: Shape, timezone: str, is_snapshot: bool) -> None:
        """Writes the rows of a segment as Parquet by event date, with rejects and rows of closed days apart."""
        self._origins = segment.origins()
        self.connection.register("origins", self._origins)
        self.connection.execute("set TimeZone = ?", [timezone]) if False else self.connection.execute(
            f"set TimeZone = {literal(timezone)}"
        )
        folder = self.folder / f"{self._segments}"
        self._segments += 1
        query = self._query(segment, shape, is_snapshot)
        self.connection.execute(
            f"copy ({query}) to {literal(str(folder))} (format parquet, partition_by (_part), compression snappy)"
        )
        for path in folder.glob("_part=*/*.parquet"):
            self.parts.append((path.parent.name.removeprefix("_part="), path))

    def counts(self) -> dict[str, Counted]:
        """Returns for each source path what its rows became; paths without rows are not in it."""
        found: dict[str, Counted] = {}
        for part in sorted({part for part, _ in self.parts}):
            listed = _listed(path for other, path in self.parts if other == part)
            query = f"select _source_file, count(*) from read_parquet({listed}, hive_partitioning = false) group by all"
            for name, rows in self.connection.execute(query).fetchall():
                counted = found.setdefault(name, Counted())
                if part == REJECTED:
                    counted.rejected += rows
                elif part == AFTER_CLOSE:
                    counted.after_close += rows
                else:
                    counted.event_dates[date.fromisoformat(part)] = rows
        kept = [path for part, path in self.parts if part != REJECTED]
        if kept:
            for name, key, rows in self.connection.execute(
                "select _source_file, key, count(*) from (select _source_file, unnest(json_keys(_extra)) as key "
                f"from read_parquet({_listed(kept)}, hive_partitioning = false) where _extra is not null) "
                f"where list_contains({list(self.feed.keys)!r}, key) group by all order by all"
            ).fetchall():
                found[name].bad_fields[key] = rows
        rejected = [path for part, path in self.parts if part == REJECTED]
        if rejected:
            for name, reason, wrong, rows in self.connection.execute(
                "select _source_file, reason, coalesce(field, ''), count(*) "
                f"from ({_rejects(self.feed, rejected)}) group by all order by all"
            ).fetchall():
                found[name].reject_counts.append((reason, wrong, rows))
        return found

    def move(self, name: str) -> tuple[dict[date, list[str]], list[str]]:
        """Moves what was written into the lake under names that start with `name`.

        Returns:
            The file names for each event date, and those of the rejects. No manifest lists them yet.
        """
        parquet: dict[date, list[str]] = {}
        for index, (part, path) in enumerate(self.parts):
            if part not in (REJECTED, AFTER_CLOSE):
                target = parquet_path(self.settings, self.raw_table, part, f"{name}-{index}.parquet")
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
                parquet.setdefault(date.fromisoformat(part), []).append(target.name)
        rejected = [path for part, path in self.parts if part == REJECTED]
        rejects = []
        if rejected:
            target = rejects_dir(self.settings, self.raw_table) / f"{name}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            new = self.folder / target.name
            self.connection.execute(
                f"copy ({_rejects(self.feed, rejected)}) to {literal(str(new))} (format parquet)"
            )
            new.replace(target)
            rejects.append(target.name)
        self.parts = []
        return parquet, rejects

    def rewrite(self, files: list[Path], target: Path, dropped: Iterable[str] = ()) -> int:
        """Writes the rows of `files` into one new file, without those of the `dropped` source paths; returns how many."""
        new = self.folder / target.name
        self.connection.execute("set variable dropped = ?", [list(dropped)])
        query = (
            f"select * from read_parquet({_listed(files)}, hive_partitioning = false) "
            "where not list_contains(getvariable('dropped')::varchar[], _source_file)"
        )
        (rows,) = self.connection.execute(f"copy ({query}) to {literal(str(new))} (format parquet)").fetchall()[0]
        if rows:
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)
        return int(rows)

    def _query(self, segment: Segment, shape: Shape, is_snapshot: bool) -> str:
        path = str(segment.path)
        if shape.is_ndjson:
            given, extra, raw = ndjson.given_relation(self.feed, path), ndjson.extra_expression(self.feed), "_text"
        else:
            is_open = self.connection.execute(csv_table.has_open_quotes(path)).fetchall()[0][0]
            self.connection.execute("set variable header = ?", [list(shape.header)])
            given = csv_table.given_relation(self.feed, path, shape.delimiter, shape.header, is_open)
            extra = csv_table.extra_expression(self.feed)
            raw = csv_table.raw_expression(self.feed, shape.delimiter, shape.header)
        return typed_relation(self.feed, given, extra, raw, is_snapshot)


@contextmanager
def writing(settings: Settings, raw_table: str) -> Iterator[Writer]:
    """Yields a writer in a work folder of its own, which goes away with it; a killed process leaves it to the sweep."""
    folder = settings.lake / "_work" / uuid4().hex
    folder.mkdir(parents=True)
    with locked(folder / ".lock"):
        try:
            yield Writer(settings, raw_table, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _connection(settings: Settings, raw_table: str, folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "threads": str(min(4, os.cpu_count() or 1)),
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / "spill"),
            "partitioned_write_flush_threshold": str(_FLUSH_ROWS),
            "autoinstall_known_extensions": "false",
        }
    )
    site = settings.config.site
    privacy.define_macros(connection, list(site.url_parameters_kept))
    key = settings.user_key()
    for name, value in {
        "user_key": key.key,
        "key_id": key.key_id,
        "closed_through": closed_date(settings, raw_table),
        "currencies": [site.currency, *site.exchange_rates],
    }.items():
        connection.execute(f"set variable {name} = ?", [value])
    return connection


def _rejects(feed: Feed, files: list[Path]) -> str:
    columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in REJECT_COLUMNS.items())
    return (
        f"select {columns} from (select *, {literal(feed.name)} as feed, "
        "_extra ->> '$.reason' as reason, _extra ->> '$.field' as field, _extra ->> '$.raw_text' as raw_text "
        f"from read_parquet({_listed(files)}, hive_partitioning = false)) order by _source_file, _source_line"
    )


def _listed(files: Iterable[Path]) -> str:
    return "[" + ", ".join(literal(str(file)) for file in files) + "]"
