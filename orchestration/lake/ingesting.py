"""From landing into the lake, exactly once: what is new or changed is read, and one new manifest makes it visible.

A day is locked while it changes, so that processes may work side by side. Files that no manifest lists do not exist
for readers: a crash before the manifest is replaced leaves only garbage, and the same command again does the work again.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from uuid import uuid4

from orchestration.lake.landing import Landed, landed_files
from orchestration.lake.layout import manifest_path, nobody_reading, parquet_path, rejects_dir, locked
from orchestration.lake.listing import fingerprint, is_pending, sources_of
from orchestration.lake.manifest import Entry, read_manifest, write_manifest
from orchestration.lake.writing import Shape, Writer, writing
from orchestration.settings import Settings
from orchestration.sources import Feed, csv_table, ndjson
from orchestration.sources.segments import Reading, first_line, read_segments

Progress = Callable[[int, int, str], None]


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
    bad_fields: dict[str, int] = field(default_factory=dict)


@dataclass
class IngestReport:
    """What one ingest did. The totals count the files that were read, not those that were skipped."""

    raw_table: str
    files: list[FileReport] = field(default_factory=list)
    touched_dates: set[date] = field(default_factory=set)
    seconds: float = 0.0

    def total(self, measure: str) -> int:
        """Returns the sum of a measure such as `rows_kept` over the files that were read."""
        return sum(getattr(file, measure) for file in self.files if not file.skipped)

    @property
    def read(self) -> list[FileReport]:
        """The files that were read in this run."""
        return [file for file in self.files if not file.skipped]


def ingest(
    settings: Settings, raw_table: str, days: Iterable[date] | None = None, progress: Progress | None = None
) -> IngestReport:
    """Brings the delivered files of a raw table into the lake; files that are in it with the same content are skipped.

    Args:
        settings: The environment.
        raw_table: Such as `raw_web_vitals.beacons`.
        days: Export days; every delivered one without it. Undated snapshots are looked at in any case.
        progress: Called with (files done, files in all, what is being done).
    """
    began = time.perf_counter()
    report = IngestReport(raw_table)
    wanted = None if days is None else sorted(set(days))
    landed = [file for source in sources_of(settings, raw_table) for file in landed_files(settings, source, wanted)]
    landed.sort(key=lambda file: (file.day or date.min, file.name))
    say = _Progress(progress, len(landed))
    for day, files in groupby(landed, key=lambda file: file.day):
        manifest = manifest_path(settings, raw_table, day)
        with locked(manifest.with_suffix(".lock"), lambda: say(0, "waiting for another ingest of the same day")):
            _ingest_day(settings, raw_table, day, list(files), report, say)
    report.seconds = time.perf_counter() - began
    return report


def _ingest_day(
    settings: Settings, raw_table: str, day: date | None, files: list[Landed], report: IngestReport, say: "_Progress"
) -> None:
    entries = {entry.path: entry for entry in read_manifest(manifest_path(settings, raw_table, day))}
    pending = []
    for landed in files:
        entry = entries.get(landed.name)
        if is_pending(settings, landed, entry) and not _is_touched_only(settings, landed, entry):
            pending.append(landed)
        else:
            report.files.append(_reported(entries[landed.name], skipped=True))
            say(1, landed.name)
    if any(entries[file.name].mtime_ns != file.mtime_ns for file in files if file not in pending):
        for file in files:
            if file not in pending:
                entries[file.name].mtime_ns = file.mtime_ns
        write_manifest(settings, raw_table, day, entries)
    if not pending:
        return
    with writing(settings, raw_table) as writer:
        for batch in _batches(pending):
            new = _ingest_batch(writer, batch, say)
            replaced = _replace(writer, entries, new)
            write_manifest(settings, raw_table, day, entries)
            report.files += [_reported(entry, skipped=False) for entry in new]
            report.touched_dates |= {when for entry in new for when in entry.event_dates} | replaced.dates
            _remove(settings, replaced.files)


def _is_touched_only(settings: Settings, landed: Landed, entry: Entry | None) -> bool:
    """Tells whether a file whose time changed holds what it held, so that nothing needs to be read."""
    if entry is None or entry.size != landed.size:
        return False
    if entry.state == "live" and entry.reading != fingerprint(settings, landed.source):
        return False
    with landed.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == entry.content_hash


def _batches(files: list[Landed], size: int = 256 << 20, count: int = 5000) -> Iterator[list[Landed]]:
    """Groups files so that the manifest is written for many small ones at once, and a crash loses little."""
    batch: list[Landed] = []
    total = 0
    for file in files:
        batch.append(file)
        total += file.size
        if total >= size or len(batch) >= count:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def _ingest_batch(writer: Writer, batch: list[Landed], say: "_Progress") -> list[Entry]:
    shapes = [_shape(writer.feed, landed) for landed in batch]
    readings = [Reading(index, landed.path, shapes[index][1]) for index, landed in enumerate(batch)]
    alike: dict[Shape, list[Reading]] = {}
    for reading in readings:
        alike.setdefault(shapes[reading.index][0], []).append(reading)
    for shape, together in alike.items():
        head = ndjson.head(writer.feed) if shape.is_ndjson else b""
        for segment in read_segments(together, writer.folder / "segment.txt", head, not shape.is_ndjson):
            say(0, batch[segment.slices[-1].file].name)
            writer.write(segment, batch, shape)
    counts = writer.counts()
    first = batch[0].day.isoformat() if batch[0].day else "snapshot"
    parquet, rejects = writer.move(f"{first}-{uuid4().hex}")
    entries = []
    for landed, reading in zip(batch, readings, strict=True):
        counted = counts.get(landed.name)
        entry = Entry(
            path=landed.name,
            content_hash=reading.content_hash,
            size=landed.size,
            mtime_ns=landed.mtime_ns,
            export_date=landed.export_date,
            bytes=reading.bytes,
            reading=fingerprint(writer.settings, landed.source),
            ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        if counted:
            entry.event_dates = counted.event_dates
            entry.rows_kept = sum(counted.event_dates.values())
            entry.rows_rejected = counted.rejected
            entry.rows_after_close = counted.after_close
            entry.rows_read = entry.rows_kept + entry.rows_rejected + entry.rows_after_close
            entry.bad_fields, entry.reject_counts = counted.bad_fields, counted.reject_counts
            entry.parquet = {when: parquet[when] for when in sorted(counted.event_dates)}
            entry.rejects = rejects if counted.rejected else []
        entries.append(entry)
        say(1, landed.name)
    return entries


def _shape(feed: Feed, landed: Landed) -> tuple[Shape, int]:
    """Returns the layout of a file, and the line of its header (0: none)."""
    source = landed.source
    is_snapshot = source.delivery == "snapshot"
    if feed.is_ndjson_only:
        return Shape(True, source.timezone, is_snapshot), 0
    line, number = first_line(landed.path)
    if line.lstrip().startswith("{"):
        return Shape(True, source.timezone, is_snapshot), 0
    delimiter, header = csv_table.split_header(line, feed)
    return Shape(False, source.timezone, is_snapshot, delimiter, header), number if header else 0


@dataclass
class _Replaced:
    dates: set[date]
    files: set[Path]


def _replace(writer: Writer, entries: dict[str, Entry], new: list[Entry]) -> _Replaced:
    """Puts new entries in the place of old ones; rows of old ones in files shared with others are left out of a new file."""
    old = {entry.path: entries[entry.path] for entry in new if entry.path in entries}
    entries.update({entry.path: entry for entry in new})
    replaced = _Replaced({when for entry in old.values() for when in entry.parquet}, set())
    gone: dict[tuple[date | None, str], set[str]] = {}
    for entry in old.values():
        for when, names in entry.parquet.items():
            for name in names:
                gone.setdefault((when, name), set()).add(entry.path)
        for name in entry.rejects:
            gone.setdefault((None, name), set()).add(entry.path)
    for (when, name), dropped in gone.items():
        if when:
            path = parquet_path(writer.settings, writer.raw_table, when.isoformat(), name)
        else:
            path = rejects_dir(writer.settings, writer.raw_table) / name
        sharing = [entry for entry in entries.values() if name in (entry.parquet.get(when, []) if when else entry.rejects)]
        if sharing:
            target = path.with_name(f"{name[:10]}-{uuid4().hex}.parquet")
            writer.rewrite([path], target, dropped)
            for entry in sharing:
                names = entry.parquet[when] if when else entry.rejects
                names[names.index(name)] = target.name
        replaced.files.add(path)
    return replaced


def _remove(settings: Settings, files: set[Path]) -> None:
    """Removes files that no manifest lists any more; while somebody reads they stay for the sweep."""
    if files:
        with nobody_reading(settings) as free:
            if free:
                for file in files:
                    file.unlink(missing_ok=True)


def _reported(entry: Entry, skipped: bool) -> FileReport:
    return FileReport(
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
    )


class _Progress:
    def __init__(self, call: Progress | None, total: int):
        self._call, self._total, self._done = call, total, 0

    def __call__(self, done: int, message: str) -> None:
        self._done += done
        if self._call:
            self._call(self._done, self._total, message)
