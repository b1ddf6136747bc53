"""Parquet files that one ingest wrote: what they are, and what the rows in them add up to for each source file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from orchestration.sources import REJECT_COLUMNS, Feed
from orchestration.sources.columns import AFTER_CLOSE, REJECTED
from orchestration.sources.literals import literal, literals


@dataclass(frozen=True)
class Part:
    """A Parquet file that was written: the manifest that will list it, the event date of its rows, and its place."""

    ledger: str
    day: date
    path: Path


@dataclass
class Moved:
    """Names of the files that were moved into the lake for one manifest: by event date, and those of rejects."""

    parquet: dict[date, list[str]] = field(default_factory=dict)
    rejects: list[str] = field(default_factory=list)


@dataclass
class Counted:
    """What one source file gave."""

    event_dates: dict[date, int] = field(default_factory=dict)
    rejected: int = 0
    after_close: int = 0
    bad_fields: dict[str, int] = field(default_factory=dict)
    reject_counts: list[tuple[str, str, int]] = field(default_factory=list)
    misdated: list[str] = field(default_factory=list)


def count_rows(connection: duckdb.DuckDBPyConnection, feed: Feed, parts: list[Part]) -> dict[str, Counted]:
    """Returns for each source path what its rows became; paths without rows are not in it."""
    found: dict[str, Counted] = {}
    for day in sorted({part.day for part in parts}):
        files = [part.path for part in parts if part.day == day]
        query = f"select _source_file, count(*) from {parquet_relation(files)} group by all"
        for name, rows in connection.execute(query).fetchall():
            counted = found.setdefault(name, Counted())
            if day == REJECTED:
                counted.rejected = rows
            elif day == AFTER_CLOSE:
                counted.after_close = rows
            else:
                counted.event_dates[day] = rows
    if kept := [part.path for part in parts if part.day != REJECTED]:
        query = (
            "select _source_file, key, count(*) from (select _source_file, unnest(json_keys(_extra)) as key "
            f"from {parquet_relation(kept)} where _extra is not null) "
            f"where list_contains({literals(feed.keys)}, key) group by all order by all"
        )
        for name, key, rows in connection.execute(query).fetchall():
            found[name].bad_fields[key] = rows
    if rejected := [part.path for part in parts if part.day == REJECTED]:
        query = (
            "select _source_file, reason, coalesce(field, ''), count(*) "
            f"from ({rejects_query(feed, rejected)}) group by all order by all"
        )
        for name, reason, wrong, rows in connection.execute(query).fetchall():
            found[name].reject_counts.append((reason, wrong, rows))
        query = (
            "select _source_file, min(event_date)::varchar, max(event_date)::varchar "
            f"from {parquet_relation(rejected)} where event_date is not null "
            "and _extra ->> '$.reason' = 'time_out_of_range' group by all"
        )
        for name, first, last in connection.execute(query).fetchall():
            found[name].misdated = [first, last]
    return found


def rejects_query(feed: Feed, files: list[Path]) -> str:
    """Returns SQL for the rejects in files of rows, unpacked from `_extra`."""
    columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in REJECT_COLUMNS.items())
    return (
        f"select {columns} from (select *, {literal(feed.name)} as feed, "
        "_extra ->> '$.reason' as reason, _extra ->> '$.field' as field, _extra ->> '$.raw_text' as raw_text "
        f"from {parquet_relation(files)}) order by _source_file, _source_line"
    )


def parquet_relation(files: Iterable[Path]) -> str:
    """Returns SQL for the rows of Parquet files of ours."""
    return f"read_parquet({literals(str(file) for file in files)}, hive_partitioning = false)"
