"""From landing into the lake, exactly once: what is new or changed is read, and a new manifest makes it visible.

An export day is locked while it changes, so that processes may work side by side. For readers a file that no manifest
lists does not exist: a crash before the manifest is replaced leaves garbage, and the same command does the work again.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby

from orchestration.lake.landing import Landed, at_hand, landed_files
from orchestration.lake.layout import ledger_name, locked, manifest_path
from orchestration.lake.listing import fingerprint, holds_the_same, is_pending, is_read_otherwise, sources_of
from orchestration.lake.manifest import Entry, read_manifest, write_manifest
from orchestration.lake.parts import Counted, Moved
from orchestration.lake.replacing import replace_entries, without_readers
from orchestration.lake.writing import Shape, Writer, writing
from orchestration.settings import Settings
from orchestration.sources import FORMATS, Feed, csv_table, ndjson
from orchestration.sources.contents import Reading
from orchestration.sources.segments import first_lines, read_segments

Progress = Callable[[int, int, str], None]
# Small days share their statements, because one costs as much as reading 10 000 rows; a large day is split, so that a
# crash loses little.
_ROUND_DAYS, _BATCH_FILES, _BATCH_BYTES = 31, 5000, 256 << 20


@dataclass(frozen=True)
class FileReport:
    """What one source file gave; `skipped` if it was in the lake already with the same content."""

    path: str
    export_date: date
    rows_read: int
    rows_kept: int
    rows_rejected: int
    rows_after_close: int
    bytes: int
    skipped: bool
    event_dates: dict[date, int]
    bad_fields: dict[str, int]
    reject_counts: list[tuple[str, str, int]] = field(default_factory=list)
    misdated: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, entry: Entry, skipped: bool) -> "FileReport":
        """Returns the report of an entry in the ledger."""
        return cls(
            entry.path,
            entry.export_date,
            entry.rows_read,
            entry.rows_kept,
            entry.rows_rejected,
            entry.rows_after_close,
            entry.bytes,
            skipped,
            entry.event_dates,
            entry.bad_fields,
            entry.reject_counts,
            entry.misdated,
        )


@dataclass
class IngestReport:
    """What one ingest did: every file it met, and the event dates on which rows came or went."""

    raw_table: str
    files: list[FileReport] = field(default_factory=list)
    touched_dates: set[date] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def read(self) -> list[FileReport]:
        """The files that were read in this run."""
        return [file for file in self.files if not file.skipped]

    def total(self, measure: str) -> int:
        """Returns the sum of a measure such as `rows_kept` over the files that were read."""
        return sum(getattr(file, measure) for file in self.read)


def ingest(
    settings: Settings,
    raw_table: str,
    days: Iterable[date] | None = None,
    progress: Progress | None = None,
    leave_out: Collection[str] = (),
) -> IngestReport:
    """Brings the delivered files of a raw table into the lake; files that are in it with the same content are skipped.

    Args:
        settings: The environment.
        raw_table: Such as `raw_web_vitals.beacons`.
        days: Export days; every delivered one without it. Undated snapshots are looked at in any case.
        progress: Called with (files done, files in all, what is being done).
        leave_out: Names of files that are left for another time.

    Raises:
        KeyError: There is no such raw table.
    """
    began = time.perf_counter()
    wanted = None if days is None else sorted(set(days))
    landed = [file for source in sources_of(settings, raw_table) for file in landed_files(settings, source, wanted)]
    landed = [file for file in landed if file.name not in leave_out]
    landed.sort(key=lambda file: (file.day or date.min, file.name))
    round_ = _Run(settings, raw_table, IngestReport(raw_table), _Progress(progress, len(landed)))
    for files in _rounds(landed):
        round_.ingest(files)
    round_.report.seconds = time.perf_counter() - began
    return round_.report


def _rounds(landed: list[Landed]) -> Iterator[list[Landed]]:
    """Groups the files of whole days, so that small days are read together."""
    together: list[Landed] = []
    days = 0
    for _, group in groupby(landed, key=lambda file: file.day):
        files = list(group)
        size = sum(file.size for file in [*together, *files])
        if together and (days >= _ROUND_DAYS or len(together) + len(files) > _BATCH_FILES or size > _BATCH_BYTES):
            yield together
            together, days = [], 0
        together += files
        days += 1
    if together:
        yield together


@dataclass
class _Run:
    """One call of `ingest`: what it works on, and what it has to report."""

    settings: Settings
    raw_table: str
    report: IngestReport
    say: "_Progress"

    def ingest(self, files: list[Landed]) -> None:
        """Ingests the files of some days under their locks, taken in order so that nobody waits in a circle."""
        with ExitStack() as stack:
            ledgers: dict[date | None, dict[str, Entry]] = {}
            for day, _ in groupby(files, key=lambda file: file.day):
                path = manifest_path(self.settings, self.raw_table, day)
                stack.enter_context(
                    locked(path.with_suffix(".lock"), lambda: self.say(0, "waiting for another ingest"))
                )
                ledgers[day] = {entry.path: entry for entry in read_manifest(path)}
            pending = self._pending(files, ledgers)
            if pending:
                writer = stack.enter_context(writing(self.settings, self.raw_table))
                for batch in _batches(pending):
                    self._ingest_batch(writer, batch, ledgers)

    def _pending(self, files: list[Landed], ledgers: dict[date | None, dict[str, Entry]]) -> list[Landed]:
        """Returns the files to read; notes the new time of those that were only touched."""
        pending, touched = [], set()
        for file in files:
            entry = ledgers[file.day].get(file.name)
            if entry is None or (is_pending(self.settings, file, entry) and not self._is_same(file, entry)):
                pending.append(file)
                continue
            if (entry.mtime_ns, entry.etag) != (file.mtime_ns, file.etag):
                entry.mtime_ns, entry.etag = file.mtime_ns, file.etag
                touched.add(file.day)
            self.report.files.append(FileReport.of(entry, skipped=True))
            self.say(1, file.name)
        for day in touched:
            write_manifest(self.settings, self.raw_table, day, ledgers[day])
        return pending

    def _is_same(self, file: Landed, entry: Entry) -> bool:
        """Tells whether a file whose time changed holds what it held, so that nothing needs to be read."""
        return not is_read_otherwise(self.settings, file.source, entry) and holds_the_same(file, entry)

    def _ingest_batch(self, writer: Writer, batch: list[Landed], ledgers: dict[date | None, dict[str, Entry]]) -> None:
        if batch[0].stored:
            self.say(0, f"fetching {len(batch)} objects")
        with at_hand(batch, writer.folder / "spool") as files:
            readings = read_batch(writer, files, self.say)
        counts, moved = writer.counts(), writer.move()
        for day, group in groupby(zip(batch, readings, strict=True), key=lambda pair: pair[0].day):
            new = [
                _entry(
                    self.settings,
                    landed,
                    reading,
                    counts.get(landed.name, Counted()),
                    moved.get(landed.ledger, Moved()),
                )
                for landed, reading in group
            ]
            replaced = replace_entries(writer, ledger_name(day), ledgers[day], new)
            write_manifest(self.settings, self.raw_table, day, ledgers[day])
            without_readers(self.settings, replaced.files)
            self.report.files += [FileReport.of(entry, skipped=False) for entry in new]
            self.report.touched_dates |= replaced.dates.union(*(entry.event_dates for entry in new))
            self.say(len(new), new[-1].path)


def _batches(files: list[Landed]) -> Iterator[list[Landed]]:
    batch: list[Landed] = []
    for file in files:
        batch.append(file)
        if sum(landed.size for landed in batch) >= _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def read_batch(
    writer: Writer, batch: list[Landed], say: Callable[[int, str], None] | None = None, most: int = 0
) -> list[Reading]:
    """Writes the rows of a batch, files of one layout together.

    Args:
        writer: Where they go.
        batch: The files, on this machine.
        say: Told which file is being read.
        most: About how many rows of each file are read; all without it.

    Returns:
        What was found out about each file.
    """
    readings: list[Reading] = []
    alike: dict[Shape, list[Reading]] = {}
    for index, landed in enumerate(batch):
        shape, header_line = _shape(writer.feed, landed)
        is_json = shape.is_ndjson and (writer.feed.is_ndjson_only or not writer.feed.objects)
        width = len(shape.header)
        reading = Reading(index, landed.path, header_line, is_json, shape.delimiter, width, most)
        readings.append(reading)
        alike.setdefault(shape, []).append(reading)
    for shape, together in alike.items():
        head = ndjson.head(writer.feed) if shape.is_ndjson and not writer.feed.objects else b""
        work = writer.folder / "segment.txt"
        aside = None if shape.system else writer.aside
        for segment in read_segments(together, work, head, aside):
            if say:
                say(0, batch[segment.slices[-1].file].name)
            writer.write(segment, batch, shape)
        writer.write_aside(batch, shape)
    return readings


def _shape(feed: Feed, landed: Landed) -> tuple[Shape, int]:
    """Returns the layout of a file, and the line on which its header ends (0: none)."""
    source = landed.source
    is_snapshot = source.delivery == "snapshot"
    if source.system in FORMATS:
        return Shape(True, source.timezone, is_snapshot, system=source.system), 0
    if feed.is_ndjson_only or feed.objects or _is_json(landed):
        return Shape(True, source.timezone, is_snapshot), 0
    header_line, delimiter, header = csv_table.header_of(landed.path, feed)
    return Shape(False, source.timezone, is_snapshot, delimiter, header), header_line


def _is_json(landed: Landed) -> bool:
    return any(text.lstrip().startswith(("{", "[")) for _, text in first_lines(landed.path))


def _entry(settings: Settings, landed: Landed, reading: Reading, counted: Counted, moved: Moved) -> Entry:
    kept = sum(counted.event_dates.values())
    return Entry(
        path=landed.name,
        content_hash=reading.content_hash,
        size=landed.size,
        mtime_ns=landed.mtime_ns,
        etag=landed.etag,
        export_date=landed.export_date,
        bytes=reading.bytes,
        rows_read=kept + counted.rejected + counted.after_close,
        rows_kept=kept,
        rows_rejected=counted.rejected,
        rows_after_close=counted.after_close,
        bad_fields=counted.bad_fields,
        reject_counts=counted.reject_counts,
        misdated=counted.misdated,
        event_dates=counted.event_dates,
        parquet={day: list(moved.parquet[day]) for day in sorted(counted.event_dates)},
        rejects=list(moved.rejects) if counted.rejected else [],
        reading=fingerprint(settings, landed.source),
        ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


class _Progress:
    def __init__(self, call: Progress | None, total: int):
        self._call, self._total, self._done = call, total, 0

    def __call__(self, done: int, message: str) -> None:
        self._done += done
        if self._call:
            self._call(self._done, self._total, message)
