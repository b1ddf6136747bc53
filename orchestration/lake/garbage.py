"""Removes files of the lake that no manifest lists: what killed processes left, and what was replaced or has expired.

Nothing else deletes Parquet for good. A file is garbage only while nobody reads the lake and nobody changes its export
day: an ingest moves its files into the lake before it lists them, and holds the lock of its day meanwhile.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.lake.layout import (
    RAW_TABLES,
    export_day,
    locked_if_free,
    manifest_path,
    nobody_reading,
    rejects_dir,
    table_dir,
)
from orchestration.lake.manifest import Entry, read_manifest
from orchestration.settings import Settings

# A work folder is there for a moment before its owner holds its lock.
_SETTLED_SECONDS = 60


@dataclass
class GarbageReport:
    """What was removed. `is_complete` is false if a reader or a writer was at work: the rest goes the next time."""

    files: int = 0
    bytes: int = 0
    is_complete: bool = True


def collect_garbage(settings: Settings, raw_tables: Iterable[str] | None = None) -> GarbageReport:
    """Removes the Parquet files that no manifest lists, and the work folders of processes that are gone.

    Never waits: while somebody reads, nothing is removed; while an export day changes, nothing of that day.

    Args:
        settings: The environment.
        raw_tables: Such as `raw_web_vitals.beacons`; all of them without it.
    """
    report = GarbageReport()
    with nobody_reading(settings) as free:
        if not free:
            return GarbageReport(is_complete=False)
        for raw_table in RAW_TABLES if raw_tables is None else raw_tables:
            for day, files in _stored(settings, raw_table).items():
                manifest = manifest_path(settings, raw_table, day)
                if _unlisted(files, manifest):
                    with locked_if_free(manifest.with_suffix(".lock")) as mine:
                        report.is_complete &= mine
                        # Listed meanwhile, perhaps: what was seen before the lock was held does not count.
                        _remove(_unlisted(files, manifest) if mine else [], report)
    for folder in (settings.lake / "_work").glob("*"):
        _remove_left_behind(folder)
    return report


def _stored(settings: Settings, raw_table: str) -> dict[date | None, list[Path]]:
    """Returns the Parquet files of a raw table and its rejects by the export day in their names."""
    found: dict[date | None, list[Path]] = {}
    for path in _parquet(settings, raw_table):
        try:
            found.setdefault(export_day(path.name), []).append(path)
        except ValueError:
            continue  # not ours: we never wrote such a name
    return found


def _parquet(settings: Settings, raw_table: str) -> Iterator[Path]:
    yield from table_dir(settings, raw_table).glob("event_date=*/*.parquet")
    yield from rejects_dir(settings, raw_table).glob("*.parquet")


def _unlisted(files: list[Path], manifest: Path) -> list[Path]:
    listed = {key for entry in read_manifest(manifest) for key in _listed(entry)}
    return [path for path in files if (path.parent.name, path.name) not in listed]


def _listed(entry: Entry) -> Iterator[tuple[str, str]]:
    for day, names in entry.parquet.items():
        yield from ((f"event_date={day}", name) for name in names)
    yield from (("rejects", name) for name in entry.rejects)


def _remove(files: list[Path], report: GarbageReport) -> None:
    for path in files:
        report.files += 1
        report.bytes += path.stat().st_size
        path.unlink()


def _remove_left_behind(folder: Path) -> None:
    try:
        is_settled = time.time() - folder.stat().st_mtime > _SETTLED_SECONDS
    except FileNotFoundError:
        return
    if is_settled:
        with locked_if_free(folder / ".lock") as mine:
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
