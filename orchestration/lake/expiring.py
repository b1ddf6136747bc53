"""Seals days, and removes raw rows past their retention: whole Parquet files, for they lie by event date; counts stay.

Keeping the aggregates of the closed days first is `orchestration.warehouse`'s job. Landing is never touched.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration.lake.garbage import collect_garbage
from orchestration.lake.layout import (
    RAW_TABLES,
    export_day,
    locked,
    manifest_path,
    parquet_path,
    rejects_dir,
    table_dir,
)
from orchestration.lake.manifest import Entry, read_manifest, record_closed, record_sealed, write_manifest
from orchestration.settings import Settings


@dataclass
class ExpireReport:
    """What one expiry removed: Parquet files (of rejects too), their bytes, rows and rejects, and the event dates."""

    raw_table: str
    closed_through: date
    files: int = 0
    rows: int = 0
    rejects: int = 0
    bytes: int = 0
    days: list[date] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Tells whether anything was removed."""
        return bool(self.files)

    def __str__(self) -> str:
        """Says it in one line."""
        if not self.files:
            return f"nothing to remove; closed through {self.closed_through}"
        days = f" of {self.days[0]} to {self.days[-1]}" if self.days else ""
        removed = f"{self.rows} rows{days} and {self.rejects} rejects removed"
        return f"{removed} ({self.files} files, {self.bytes / 1e6:.1f} MB); closed through {self.closed_through}"


def seal(settings: Settings, raw_table: str, through: date) -> date:
    """Lets no more rows of event dates up to `through` into the lake; entities are never sealed.

    Once it returns, the rows of these days are what they will be: every later ingest counts its own as
    `rows_after_close`. Returns the sealed day, which never moves back.

    Raises:
        ValueError: The raw table holds entities, which take rows of any day.
    """
    _refuse_entities(raw_table)
    through = record_sealed(settings, raw_table, through)
    _wait_for_running_ingests(settings, raw_table)
    return through


def expire(settings: Settings, raw_table: str, through: date) -> ExpireReport:
    """Removes the rows of event dates up to `through`, and the rejects of export days up to it.

    From the first step on every ingest counts rows of these days as `rows_after_close`. The next steps only remove what
    is closed already, so that after a crash the same call ends what was begun. The recorded day never moves back.

    Args:
        settings: The environment.
        raw_table: Such as `raw_web_vitals.beacons`.
        through: The last day to remove.

    Raises:
        ValueError: The raw table holds entities, which never expire.
    """
    _refuse_entities(raw_table)
    through = record_closed(settings, raw_table, through)
    report = ExpireReport(raw_table, through)
    _wait_for_running_ingests(settings, raw_table)
    removed: set[date] = set()
    for day in _affected_days(settings, raw_table, through):
        with locked(manifest_path(settings, raw_table, day).with_suffix(".lock")):
            removed |= _expire_day(settings, raw_table, day, through, report)
    report.days = sorted(removed)
    collect_garbage(settings, [raw_table])
    for folder in _closed_folders(settings, raw_table, through):
        with suppress(OSError):  # files that somebody still reads stay until the next time
            folder.rmdir()
    return report


def _refuse_entities(raw_table: str) -> None:
    if RAW_TABLES[raw_table].is_entity:
        raise ValueError(f"{raw_table} holds entities such as orders or incidents, which never expire.")


def _wait_for_running_ingests(settings: Settings, raw_table: str) -> None:
    """Waits for those that began before the day was recorded: they may still list rows of it."""
    for lock in (table_dir(settings, raw_table) / "_manifest").glob("*.lock"):
        with locked(lock):
            pass


def _affected_days(settings: Settings, raw_table: str, through: date) -> list[date | None]:
    """Returns the export days that may have something to remove, by file names: few manifests need to be read."""
    files = [path for folder in _closed_folders(settings, raw_table, through) for path in folder.glob("*.parquet")]
    found = {export_day(path.name) for path in files}
    for path in rejects_dir(settings, raw_table).glob("*.parquet"):
        day = export_day(path.name)
        if day is None or day <= through:
            found.add(day)
    return sorted(found, key=lambda day: day or date.min)


def _closed_folders(settings: Settings, raw_table: str, through: date) -> list[Path]:
    folders = table_dir(settings, raw_table).glob("event_date=????-??-??")
    return [folder for folder in folders if folder.name.removeprefix("event_date=") <= through.isoformat()]


def _expire_day(settings: Settings, raw_table: str, day: date | None, through: date, report: ExpireReport) -> set[date]:
    entries = {entry.path: entry for entry in read_manifest(manifest_path(settings, raw_table, day))}
    files: set[Path] = set()
    dates: set[date] = set()
    is_changed = False
    for entry in entries.values():
        gone = {when: names for when, names in entry.parquet.items() if when <= through}
        for when, names in gone.items():
            files |= {parquet_path(settings, raw_table, when, name) for name in names}
            report.rows += entry.event_dates[when]
            del entry.parquet[when]
        if entry.export_date <= through and entry.rejects:
            files |= {rejects_dir(settings, raw_table) / name for name in entry.rejects}
            report.rejects += entry.rows_rejected
            entry.rejects = []
            is_changed = True
        dates |= gone.keys()
        is_changed |= bool(gone) or _is_over(entry, through)
    if is_changed:
        for entry in entries.values():
            entry.state = "expired" if _is_over(entry, through) else entry.state
        report.files += len(files)
        report.bytes += _size(files)
        write_manifest(settings, raw_table, day, entries)
    return dates


def _is_over(entry: Entry, through: date) -> bool:
    """Tells whether a file has just lost all that it had."""
    was_due = bool(entry.event_dates) or entry.export_date <= through
    return entry.state == "live" and was_due and not entry.parquet and not entry.rejects


def _size(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files if path.exists())
