"""Who may open the warehouse, and when: one writer at a time on this machine.

DuckDB refuses a second process outright while one writes. A lock of our own in front of it lets the second one wait,
and say for whom. The kernel drops the lock when its holder dies, so a killed run never leaves a stale one. What is done
through a connection does not belong here.
"""

import fcntl
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import duckdb

from orchestration import database, lake
from orchestration.settings import Settings

_held: dict[Path, tuple[int, int]] = {}
_guard = threading.RLock()


@contextmanager
def connect(settings: Settings, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse behind the writer lock; instants are read and shown in UTC.

    Readers take the lock too: DuckDB keeps every other process out while one writes.
    """
    with writing(settings):
        connection = database.connect(settings.warehouse, read_only and settings.warehouse.exists())
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def writing(settings: Settings, say: Callable[[str], None] | None = None, reads_lake: bool = True) -> Iterator[None]:
    """Hold the warehouse for this process; may be nested, also from several threads.

    Hold it around preparation, transform and `finish`, so that no other run steps in between. Waits for the holder and
    says who that is, on standard error unless told where. While it `reads_lake`, no file of the lake is removed: a
    whole run holds the warehouse without that, or its own expiry could remove nothing.
    """
    path = settings.home / "warehouse.lock"
    with _guard:
        descriptor, depth = _held.get(path, (-1, 0))
        if not depth:
            descriptor = _lock(path, say or _say)
        _held[path] = (descriptor, depth + 1)
    try:
        with (
            lake.reading(settings) if reads_lake else nullcontext()
        ):  # the views read Parquet files, which a compaction must not remove meanwhile
            yield
    finally:
        with _guard:
            descriptor, depth = _held.pop(path)
            if depth > 1:
                _held[path] = (descriptor, depth - 1)
            else:
                os.close(descriptor)


@contextmanager
def kept_open(settings: Settings) -> Iterator[None]:
    """Keep the warehouse open between the connections of this process, which share it; hold `writing` meanwhile.

    To open it anew for each costs two seconds of a run. Memory for its blocks is kept too, up to a quarter of what
    DuckDB may use: giving it back after every query is a tenth of the large ones, and more where two threads do so.
    """
    connection = database.connect(settings.warehouse)
    try:
        connection.execute("set block_allocator_memory = '25%'")
        yield
    finally:
        connection.close()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _lock(path: Path, say: Callable[[str], None]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with suppress(OSError, UnicodeDecodeError):
            holder = os.pread(descriptor, 64, 0).decode().strip() or "unknown"
            say(f"Waiting for another run (process {holder}) to release {path.parent / 'warehouse.duckdb'} …")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor
