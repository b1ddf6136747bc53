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
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration import database, lake, memory
from orchestration.settings import Settings
from orchestration.spill import spill_folder


@dataclass
class _Held:
    """A lock of this process: how often it was asked for, and what is open until it is given back."""

    spill: Path
    stack: ExitStack
    depth: int = 1


_held: dict[Path, _Held] = {}
_guard = threading.RLock()


@contextmanager
def connect(settings: Settings, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse behind the writer lock; instants are read and shown in UTC.

    Readers take the lock too: DuckDB keeps every other process out while one writes.
    """
    with writing(settings):
        connection = _opened(settings, read_only and settings.warehouse.exists())
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
        if path in _held:
            _held[path].depth += 1
        else:
            _held[path] = _hold(path, say or _say)
    try:
        with (
            lake.reading(settings) if reads_lake else nullcontext()
        ):  # the views read Parquet files, which a compaction must not remove meanwhile
            yield
    finally:
        with _guard:
            _held[path].depth -= 1
            if not _held[path].depth:
                _held.pop(path).stack.close()


@contextmanager
def kept_open(settings: Settings) -> Iterator[None]:
    """Keep the warehouse open between the connections of this process, which share it; hold `writing` meanwhile.

    To open it anew for each costs two seconds of a run. Memory for its blocks is kept too, up to a quarter of what
    DuckDB may use: giving it back after every query is a tenth of the large ones, and more where two threads do so.
    """
    connection = _opened(settings)
    try:
        connection.execute("set block_allocator_memory = '25%'")
        yield
    finally:
        connection.close()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _opened(settings: Settings, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection with the limits that hold for the file as long as this process has it open, dbt's connections too.

    What does not fit into memory goes below the home, for the system's folder of temporary files may itself be memory.
    """
    connection = database.connect(settings.warehouse, read_only, memory_limit=memory.limit(settings))
    spill = str(_held[settings.home / "warehouse.lock"].spill / "duckdb")
    # Once something is there it cannot be set again, not even to the same.
    if connection.execute("select current_setting('temp_directory')").fetchall() != [(spill,)]:
        connection.execute("set temp_directory = '{}'".format(spill.replace("'", "''")))
    return connection


def _hold(path: Path, say: Callable[[str], None]) -> _Held:
    with ExitStack() as stack:
        stack.callback(os.close, _lock(path, say))
        spill = stack.enter_context(spill_folder(path.parent))
        return _Held(spill, stack.pop_all())


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
