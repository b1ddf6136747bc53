"""What an ingest writes: segments in, Parquet by event date out, rejects beside them.

What is written lies in a work folder until it is complete; moving it into the lake and listing it belongs to `ingest`.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from orchestration.lake.layout import RAW_TABLES, locked, parquet_path, rejects_dir
from orchestration.lake.manifest import sealed_date
from orchestration.lake.parts import Counted, Moved, Part, count_rows, parquet_relation, rejects_query
from orchestration.lake.session import Shape, SourceFile, connect, place, place_lines, set_variables
from orchestration.settings import Settings
from orchestration.sources import FORMATS, csv_table, ndjson, nested
from orchestration.sources.aside import Aside
from orchestration.sources.columns import AFTER_CLOSE, IN_REPEATED_HOUR, REJECTED, Placing, typed_relation
from orchestration.sources.feed import Feed
from orchestration.sources.literals import literal
from orchestration.sources.segment import Segment
from orchestration.sources.values import Given

# Version 2 encodes ids without a dictionary and compresses better; nobody looks rows up by a single value, which is
# what bloom filters are for; row groups of this size stay in the processor's cache, and columns with more values than
# that are mostly ids. Together a third of the writing.
_PARQUET = (
    "format parquet, parquet_version v2, write_bloom_filter false, row_group_size 20480, dictionary_size_limit 500"
)
# A typed read may stumble this often in a segment, and leave this share of its lines to be looked at one by one; so
# many may name keys that the feed does not know. Setting one aside costs four times what it costs to read it carefully.
_STUMBLES, _LEFT_SHARE, _FOREIGN_SHARE = 3, 0.05, 0.2
# Each of these is looked for in every segment to come.
_MOST_FOREIGN_KEYS = 10


class Writer:
    """Writes the rows of one raw table into a work folder; made by `writing`."""

    def __init__(self, settings: Settings, raw_table: str, folder: Path):
        self.settings = settings
        self.raw_table = raw_table
        self.feed: Feed = RAW_TABLES[raw_table]
        self.folder = folder
        self.sealed_through = sealed_date(settings, raw_table)
        self.connection = connect(settings, folder, self.sealed_through)
        self.parts: list[Part] = []
        self._copies = 0
        is_typed = self.feed.is_ndjson_only and not self.feed.objects
        self.aside = Aside(folder / "aside.txt", ndjson.head(self.feed)) if is_typed else None
        # What the next segment is hoped to be, because the one before it was: see `_written_strictly`.
        self._is_typed = self._is_public = self._is_one_date = True
        self._expected: date | None = None
        self._ledger = ""
        self._foreign_keys: list[bytes] = []

    def write(self, segment: Segment, files: Sequence[SourceFile], shape: Shape) -> None:
        """Writes the rows of a segment as Parquet by event date, with rejects and rows of closed days apart.

        Args:
            segment: The lines.
            files: The source files, by the index that the segment knows.
            shape: How the lines are laid out, the same for all files of the segment.
        """
        placing = self._placing(segment, files, shape)
        if shape.system:
            self._copy(self._given(segment, shape), placing)
            return
        is_hopeful = self.aside and not segment.is_odd
        if not (is_hopeful and self.aside and self._written_strictly(segment, files, placing, self.aside)):
            self._copy(self._given(segment, shape), placing)
        if self.aside and self.aside.is_full:
            self.write_aside(files, shape)

    def write_aside(self, files: Sequence[SourceFile], shape: Shape) -> None:
        """Writes the rows of the lines that were set aside since the last time; arguments as for `write`."""
        segment = self.aside.taken() if self.aside else None
        if segment:
            self._copy(self._given(segment, shape), self._placing(segment, files, shape))

    def _placing(self, segment: Segment, files: Sequence[SourceFile], shape: Shape) -> Placing:
        first = files[segment.slices[0].file]
        self._expected = self._expected or first.export_date
        self._ledger = first.ledger
        keeps_parameters = bool(self.settings.config.site.url_parameters_kept)
        return place(self.connection, self.feed, segment, files, shape, keeps_parameters)

    def counts(self) -> dict[str, Counted]:
        """Returns for each source path what its rows became; paths without rows are not in it."""
        return count_rows(self.connection, self.feed, self.parts)

    def move(self) -> dict[str, Moved]:
        """Moves what was written into the lake, under new names that begin with the name of the manifest to be.

        Returns:
            By manifest, the names of the files. No manifest lists them yet.
        """
        moved: dict[str, Moved] = {}
        for ledger in sorted({part.ledger for part in self.parts}):
            names = moved[ledger] = Moved()
            unique = f"{ledger}-{uuid4().hex}"
            mine = [part for part in self.parts if part.ledger == ledger]
            for index, part in enumerate(mine):
                if part.day not in (REJECTED, AFTER_CLOSE):
                    name = f"{unique}-{index}.parquet"
                    _move(part.path, parquet_path(self.settings, self.raw_table, part.day, name))
                    names.parquet.setdefault(part.day, []).append(name)
            if rejected := [part.path for part in mine if part.day == REJECTED]:
                name = f"{unique}.parquet"
                new = self.folder / name
                self._fetched(f"copy ({rejects_query(self.feed, rejected)}) to {literal(str(new))} (format parquet)")
                _move(new, rejects_dir(self.settings, self.raw_table) / name)
                names.rejects.append(name)
        self.parts = []
        self._is_typed = True
        return moved

    def rewrite(self, files: list[Path], target: Path, dropped: Iterable[str] = ()) -> int:
        """Writes the rows of `files` into a new file, without those of the `dropped` source paths; returns how many."""
        new = self.folder / target.name
        set_variables(self.connection, dropped=list(dropped))
        kept = "not list_contains(getvariable('dropped')::varchar[], _source_file)"
        query = f"select * from {parquet_relation(files)} where {kept}"
        ((rows,),) = self._fetched(f"copy ({query}) to {literal(str(new))} ({_PARQUET})")
        if rows:
            _move(new, target)
        return int(rows)

    def close(self) -> None:
        """Closes the session and the work files."""
        self.connection.close()
        if self.aside:
            self.aside.close()

    def _written_strictly(self, segment: Segment, files: Sequence[SourceFile], placing: Placing, aside: Aside) -> bool:
        """Tries a typed read and sets aside the few lines that it does not take; where they are many, it is given up.

        A way that was in vain is not tried again for the next segments of a batch, which will hardly differ.
        """
        given = ndjson.strict_relation(self.feed, str(segment.path))
        stumbles = 0
        for key in self._foreign_keys if self._is_typed else ():
            self._is_typed &= self._without(segment, aside, aside.lines_with(segment, key))
        while self._is_typed:
            hopeful = replace(placing, is_public=self._is_public, is_one_date=self._is_one_date)
            try:
                written, rows = self._copied(given, hopeful)
            except duckdb.Error as error:
                stumbles += 1
                lines = self._stumbling_blocks(segment, aside, str(error))
                self._is_typed = bool(lines) and stumbles <= _STUMBLES and self._without(segment, aside, lines)
                continue
            left = segment.line_count - segment.blanks - rows
            # Rows that were left out are told by the numbers of their lines, which those of a batch share.
            if left <= (0 if segment.has_batches else segment.line_count * _LEFT_SHARE):
                if left:
                    aside.take_out(segment, self._left_out(segment, files, written))
                self.parts += written
                self._note_dates({part.day for part in written})
                return True
            self._is_typed = self._is_public or self._is_one_date
            self._is_public = self._is_one_date = False
        return False

    def _stumbling_blocks(self, segment: Segment, aside: Aside, message: str) -> list[int]:
        """Returns the lines that an error is about: where it is about an unknown key, all that name it."""
        key = ndjson.unknown_key(message)
        is_new = key and key not in self._foreign_keys and len(self._foreign_keys) < _MOST_FOREIGN_KEYS
        if key and is_new and (lines := aside.lines_with(segment, key)):
            self._foreign_keys.append(key)
            return lines
        return ndjson.stumbled_over(message)

    def _without(self, segment: Segment, aside: Aside, lines: list[int]) -> bool:
        """Sets lines aside, unless they are so many that reading all carefully costs less; returns whether it did."""
        if len(lines) > segment.line_count * _FOREIGN_SHARE:
            return False
        if lines:
            aside.take_out(segment, lines)
        return True

    def _note_dates(self, dates: set[date]) -> None:
        self._is_one_date = len(dates) == 1
        self._expected = max(dates, default=self._expected)

    def _left_out(self, segment: Segment, files: Sequence[SourceFile], written: list[Part]) -> list[int]:
        """Returns the lines of a segment whose rows were not written."""
        place_lines(self.connection, segment, files)
        rows = f"(select _source_file, _source_line from {parquet_relation(part.path for part in written)})"
        missing = f"from origins anti join {rows} on source_file = _source_file and line = _source_line"
        return [number for (number,) in self._fetched(f"select number {missing if written else 'from origins'}")]

    def _given(self, segment: Segment, shape: Shape) -> Given:
        if shape.system:
            return ndjson.given_relation(self.feed, segment, FORMATS[shape.system].rows)
        if self.feed.objects:
            return nested.given_relation(self.feed, segment)
        if shape.is_ndjson:
            return ndjson.given_relation(self.feed, segment)
        return csv_table.given_relation(self.feed, segment, shape.delimiter, shape.header)

    def _copy(self, given: Given, placing: Placing) -> None:
        parts, _ = self._copied(given, placing)
        if any(part.day == IN_REPEATED_HOUR for part in parts):
            parts, _ = self._copied(given, replace(placing, finds_passes=True))
        self.parts += parts

    def _copied(self, given: Given, placing: Placing) -> tuple[list[Part], int]:
        """Writes the rows of a relation; returns the files and the number of rows."""
        self._copies += 1
        folder = self.folder / f"{self._copies}"
        query = typed_relation(self.feed, given, placing)
        if placing.is_one_date:
            set_variables(self.connection, expected_date=self._expected)
        if placing.partition:
            target, options = folder, f"{_PARQUET}, partition_by ({', '.join(placing.partition)})"
        else:
            folder.mkdir()
            target, options = folder / "rows.parquet", _PARQUET
        ((rows,),) = self._fetched(f"copy ({query}) to {literal(str(target))} ({options})")
        paths = sorted(folder.rglob("*.parquet")) if rows else []
        return [self._part(folder, path) for path in paths], rows

    def _part(self, folder: Path, path: Path) -> Part:
        """Reads ledger and date from the folders that a partitioned write made."""
        keys = dict(name.split("=", 1) for name in path.relative_to(folder).parts[:-1])
        day = date.fromisoformat(keys["_part"]) if "_part" in keys else self._expected
        return Part(keys.get("_ledger", self._ledger), day or date.min, path)

    def _fetched(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


@contextmanager
def writing(settings: Settings, raw_table: str) -> Iterator[Writer]:
    """Yields a writer in a work folder of its own, which goes away with it; a killed process leaves it to the sweep."""
    folder = settings.lake / "_work" / uuid4().hex
    folder.mkdir(parents=True)
    with locked(folder / ".lock"):
        writer = Writer(settings, raw_table, folder)
        try:
            yield writer
        finally:
            writer.close()
            shutil.rmtree(folder, ignore_errors=True)


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
