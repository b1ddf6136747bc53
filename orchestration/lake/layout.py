"""Where things lie in the lake, its locks, and how a file is replaced in one step.

    lake/<schema>/<table>/event_date=<day>/<export day>-<id>.parquet
    lake/<schema>/<table>/_manifest/<export day>.json      what readers may see; snapshot.json for undated deliveries
    lake/<schema>/<table>/_manifest/closed.json            the days through which rows have expired, and none are taken
    lake/<schema>/rejects/<export day>-<id>.parquet
    lake/_work/<id>/                                       of a running ingest; leftovers of a killed one are removed

What the files hold, and which of them count, belongs to the modules beside this one.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

from orchestration.settings import Settings
from orchestration.sources import FEEDS, Feed

RAW_TABLES: dict[str, Feed] = FEEDS
SNAPSHOT = "snapshot"


def joined(raw_table: str) -> tuple[str, ...]:
    """Returns the raw tables with whose days those of a raw table are rebuilt, sealed and kept: mostly itself."""
    return RAW_TABLES[raw_table].joins or (raw_table,)


def joining(raw_table: str) -> list[str]:
    """Returns the raw tables whose days are rebuilt, sealed and kept with those of a raw table, itself the first."""
    return [raw_table, *(name for name, feed in RAW_TABLES.items() if raw_table in feed.joins)]


def retention_days(settings: Settings, raw_table: str) -> int | None:
    """Returns for how many days rows of a raw table are kept: as long as any that it joins; None for entities."""
    days = [settings.retention_days(RAW_TABLES[name].name) for name in joined(raw_table)]
    return max((kept for kept in days if kept is not None), default=None)


def table_dir(settings: Settings, raw_table: str) -> Path:
    """Returns the folder of a raw table."""
    feed = RAW_TABLES[raw_table]
    return settings.lake / feed.schema / feed.table


def rejects_dir(settings: Settings, raw_table: str) -> Path:
    """Returns the folder of the rejects of a raw table."""
    return settings.lake / RAW_TABLES[raw_table].schema / "rejects"


def ledger_name(day: date | None) -> str:
    """Returns the name of the manifest of an export day, or of the undated snapshots."""
    return day.isoformat() if day else SNAPSHOT


def manifest_path(settings: Settings, raw_table: str, day: date | None) -> Path:
    """Returns the manifest of an export day, or of the undated snapshots."""
    return table_dir(settings, raw_table) / "_manifest" / f"{ledger_name(day)}.json"


def parquet_path(settings: Settings, raw_table: str, day: date, name: str) -> Path:
    """Returns where a Parquet file of an event date lies."""
    return table_dir(settings, raw_table) / f"event_date={day.isoformat()}" / name


def new_name(ledger: str) -> str:
    """Returns a name that no file has, for a Parquet file that a manifest will list; it begins with that manifest's."""
    return f"{ledger}-{uuid4().hex}.parquet"


@contextmanager
def locked(path: Path, wait_message: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds an exclusive lock on `path`; the kernel releases it when the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if wait_message:
                wait_message()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextmanager
def reading(settings: Settings) -> Iterator[None]:
    """Keeps files that were listed from being removed as garbage for as long as somebody reads them."""
    path = settings.lake / ".readers.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        yield


@contextmanager
def nobody_reading(settings: Settings) -> Iterator[bool]:
    """Tells whether nobody reads the lake, and keeps readers waiting while it is so."""
    with locked_if_free(settings.lake / ".readers.lock") as free:
        yield free


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Holds an exclusive lock on `path` if nobody else has one, and tells whether it does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def export_day(name: str) -> date | None:
    """Returns the export day in the name of a Parquet file of the lake, None for a file of undated snapshots."""
    return None if name.startswith(SNAPSHOT) else date.fromisoformat(name[:10])


def replace_file(path: Path, text: str) -> None:
    """Writes a file so that others see the old one or the new one, whole, even if the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with new.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
