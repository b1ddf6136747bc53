"""The DuckDB session of an ingest: its limits, and what it knows, as variables and relations, of settings and origins.

What is asked of it belongs to `writing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

import duckdb

from orchestration import database
from orchestration.settings import Settings
from orchestration.sources.columns import Placing
from orchestration.sources.feed import FIRST_YEAR, Feed
from orchestration.sources.literals import literal
from orchestration.sources.problems import EARLY_DAYS, LATE_DAYS, PLANNED_DAYS
from orchestration.sources.segment import Segment
from orchestration.sources.times import ClockChange, clock_changes, variables

# What does not fit is spilled. With what DuckDB does not count, and Python, an ingest stays under 256 MB.
_MEMORY = 200_000_000
# Rows that a partitioned write holds back: at DuckDB's own 524 288 it spends more time on memory than on Parquet.
_FLUSH_ROWS = 5_000
_ORIGINS = """
create or replace temp table origins as
select number, line, is_open, files.* exclude (file)
from lines inner join files on lines.file = files.file"""


@dataclass(frozen=True)
class Shape:
    """What the files of a segment have in common: NDJSON, or CSV with these columns, and what their source declares.

    `system` names the tool if the lines are in its words and not in those of the feed.
    """

    is_ndjson: bool
    timezone: str
    is_snapshot: bool
    delimiter: str = ","
    header: tuple[str, ...] = ()
    system: str = ""


class SourceFile(Protocol):
    """A file as the lake names it."""

    @property
    def name(self) -> str:
        """Its path in the ledger."""

    @property
    def export_date(self) -> date:
        """The day that delivered it."""

    @property
    def ledger(self) -> str:
        """The name of the manifest that will list it."""


def connect(settings: Settings, folder: Path, sealed_through: date | None) -> duckdb.DuckDBPyConnection:
    """Returns a new session whose work files lie in a folder, and for which days through a date are closed."""
    connection = database.connect(
        config={
            # Lines are numbered in order, which one thread does; a second one only cost 6 % more.
            "threads": "1",
            "temp_directory": str(folder / "spill"),
            "partitioned_write_flush_threshold": str(_FLUSH_ROWS),
            "autoinstall_known_extensions": "false",
        },
        memory_limit=_MEMORY,
    )
    site, key = settings.config.site, settings.user_key()
    set_variables(
        connection,
        user_key=key.key,
        key_id=key.key_id,
        parameters_kept=list(site.url_parameters_kept),
        currencies=[site.currency, *site.exchange_rates],
        closed_through=sealed_through,
    )
    return connection


def place(
    connection: duckdb.DuckDBPyConnection,
    feed: Feed,
    segment: Segment,
    files: Sequence[SourceFile],
    shape: Shape,
    keeps_parameters: bool,
) -> Placing:
    """Tells the session where the lines of a segment come from, and returns where their rows may lie."""
    first = segment.slices[0]
    is_one_file = segment.is_consecutive
    set_variables(
        connection,
        export_date=files[first.file].export_date,
        source_file=files[first.file].name,
        first_line=first.line,
        open_line=first.open_line,
        header=list(shape.header),
    )
    # A time zone cannot be a parameter; the configuration has checked that it is a known one.
    connection.execute(f"set TimeZone = {literal(shape.timezone)}")
    if not is_one_file:
        place_lines(connection, segment, files)
    days = [files[part.file].export_date for part in segment.slices]
    changes = _changes_near(feed, shape, min(days), max(days))
    set_variables(connection, **variables(changes))
    return Placing(
        is_snapshot=shape.is_snapshot,
        is_one_file=is_one_file,
        keeps_parameters=keeps_parameters,
        has_clock_changes=bool(changes),
    )


def _changes_near(feed: Feed, shape: Shape, first: date, last: date) -> tuple[ClockChange, ...]:
    """Returns the clock changes that rows exported from `first` to `last` may lie beside."""
    is_any_past = shape.is_snapshot or feed.is_entity
    begin = date(FIRST_YEAR, 1, 1) if is_any_past else first - timedelta(days=LATE_DAYS)
    return clock_changes(shape.timezone, begin, last + timedelta(days=PLANNED_DAYS if feed.is_planned else EARLY_DAYS))


def place_lines(connection: duckdb.DuckDBPyConnection, segment: Segment, files: Sequence[SourceFile]) -> None:
    """Makes the relation `origins`, which tells of each line of a segment where it came from."""
    used = sorted({part.file for part in segment.slices})
    mine = [files[file] for file in used]
    columns = {
        "file": used,
        "source_file": [file.name for file in mine],
        "export_date": [file.export_date for file in mine],
        "ledger": [file.ledger for file in mine],
    }
    unnested = ", ".join(f"unnest(${name}) as {name}" for name in columns)
    connection.execute(f"create or replace temp table files as select {unnested}", columns)
    connection.register("lines", segment.origins())
    connection.execute(_ORIGINS)
    connection.unregister("lines")


def set_variables(connection: duckdb.DuckDBPyConnection, **variables: object) -> None:
    """Sets session variables; what strangers wrote reaches SQL in no other way."""
    for variable, value in variables.items():
        connection.execute(f"set variable {variable} = ?", [value])
