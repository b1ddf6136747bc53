"""Puts the small Parquet files of a finished export day together: one for each event date, in the order of event time.

No row changes. Readers see the small files until the day's manifest names the large ones, and `collect_garbage` removes
the small ones once nobody reads them. Replacing a source file whose rows share a file with others is `ingest`'s job.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

from orchestration.lake.garbage import collect_garbage
from orchestration.lake.layout import export_day, locked, manifest_path, parquet_path, rejects_dir, table_dir
from orchestration.lake.manifest import Entry, read_manifest, write_manifest
from orchestration.lake.writing import Writer, writing
from orchestration.settings import Settings
from orchestration.sources.literals import literal, literals

# A larger file holds a row group or more and is read at full speed as it is. To write it again for a few late or odd
# lines beside it cost as much as a third of reading its export.
_LARGE_BYTES = 1 << 20

_Names = dict[date | None, list[str]]  # by event date; None: of the rejects


@dataclass
class CompactReport:
    """What one compaction did: the export days that changed, and their files before and after. False if nothing did."""

    raw_table: str
    days: list[date] = field(default_factory=list)
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    seconds: float = 0.0

    def __bool__(self) -> bool:
        """Tells whether anything was put together."""
        return bool(self.days)

    def __str__(self) -> str:
        """Says it in one line."""
        if not self.days:
            return "nothing to put together"
        sizes = f"{self.bytes_before / 1e6:.1f} to {self.bytes_after / 1e6:.1f} MB"
        return f"{len(self.days)} export days: {self.files_before} files became {self.files_after}, {sizes}"


def compact(
    settings: Settings,
    raw_table: str,
    days: Iterable[date] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> CompactReport:
    """Puts the small files of export days together, one for each event date; an ingest of the same day waits.

    Args:
        settings: The environment.
        raw_table: Such as `raw_web_vitals.beacons`.
        days: Export days; without it those before the newest delivered one, which are taken to be finished. A day that
            changes later is put together again by the next call.
        progress: Called with (days done, days in all, the day).
    """
    began = time.perf_counter()
    report = CompactReport(raw_table)
    scattered = _scattered_days(settings, raw_table)
    wanted = sorted(scattered if days is None else scattered & set(days))
    if days is None and wanted:
        newest = max(path.stem for path in (table_dir(settings, raw_table) / "_manifest").glob("[0-9]*.json"))
        wanted = [day for day in wanted if day.isoformat() < newest]
    for done, day in enumerate(wanted):
        if progress:
            progress(done, len(wanted), f"{raw_table} of {day}")
        with locked(manifest_path(settings, raw_table, day).with_suffix(".lock")):
            _compact_day(settings, raw_table, day, report)
    collect_garbage(settings, [raw_table])
    report.seconds = time.perf_counter() - began
    return report


def _scattered_days(settings: Settings, raw_table: str) -> set[date]:
    """Returns the export days with several files for one event date, by file names: no manifest needs to be read."""
    files: Counter[tuple[str, date]] = Counter()
    folders = [*table_dir(settings, raw_table).glob("event_date=*"), rejects_dir(settings, raw_table)]
    for folder in folders:
        for path in folder.glob("[0-9]*.parquet"):
            if day := export_day(path.name):
                files[folder.name, day] += 1
    return {day for (_, day), count in files.items() if count > 1}


def _compact_day(settings: Settings, raw_table: str, day: date, report: CompactReport) -> None:
    entries = {entry.path: entry for entry in read_manifest(manifest_path(settings, raw_table, day))}
    small = _small_files(settings, raw_table, entries.values())
    if not small:
        return
    with writing(settings, raw_table) as writer:
        merged = {when: _merged(writer, when, names, f"{day}-{uuid4().hex}.parquet") for when, names in small.items()}
    for entry in entries.values():
        for when, names in entry.parquet.items():
            if when in small:
                entry.parquet[when] = _renamed(names, small[when], merged[when].name)
        if None in small:
            entry.rejects = _renamed(entry.rejects, small[None], merged[None].name)
    before = [_path(settings, raw_table, when, name) for when, names in small.items() for name in names]
    report.files_before += len(before)
    report.files_after += len(merged)
    report.bytes_before += sum(path.stat().st_size for path in before)
    report.bytes_after += sum(path.stat().st_size for path in merged.values())
    report.days.append(day)
    write_manifest(settings, raw_table, day, entries)


def _small_files(settings: Settings, raw_table: str, entries: Iterable[Entry]) -> _Names:
    """Returns the files worth putting together; several entries may name the same one."""
    found: dict[date | None, set[str]] = {}
    for entry in entries:
        for when, names in [*entry.parquet.items(), (None, entry.rejects)]:
            found.setdefault(when, set()).update(names)
    small = {
        when: [name for name in sorted(names) if _path(settings, raw_table, when, name).stat().st_size < _LARGE_BYTES]
        for when, names in found.items()
    }
    return {when: names for when, names in small.items() if len(names) > 1}


def _merged(writer: Writer, when: date | None, names: list[str], name: str) -> Path:
    """Writes the rows of some files into a new one, which nobody lists yet."""
    paths = [str(_path(writer.settings, writer.raw_table, when, name)) for name in names]
    order = "_source_file, _source_line" if when is None else f"{writer.feed.time}, _source_file, _source_line"
    new = writer.folder / name
    query = f"select * from read_parquet({literals(paths)}, hive_partitioning = false) order by {order}"  # noqa: S608 - quoted
    writer.connection.execute(f"copy ({query}) to {literal(str(new))} (format parquet)")
    with new.open("rb") as stream:
        # The small files go when this one is listed: it must be on the disk by then.
        os.fsync(stream.fileno())
    target = _path(writer.settings, writer.raw_table, when, name)
    new.replace(target)
    return target


def _renamed(names: list[str], old: list[str], new: str) -> list[str]:
    return list(dict.fromkeys(new if name in old else name for name in names))


def _path(settings: Settings, raw_table: str, when: date | None, name: str) -> Path:
    if when is None:
        return rejects_dir(settings, raw_table) / name
    return parquet_path(settings, raw_table, when, name)
