"""Where DuckDB puts what does not fit into memory: a folder for each process, which goes away with it.

A process that was killed leaves its folder; the next one removes it. The kernel tells which is left: it drops the lock
of a process that has ended. How much may be spilled is said by whoever opens a database.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "beaconmart-spill-"
# A folder is made a moment before it is locked; a young one is left alone.
YOUNG_SECONDS = 60.0


@contextmanager
def spill_folder(parent: Path | None = None) -> Iterator[Path]:
    """Yield a new folder that only this user can read, below `parent` or the system's folder for such files."""
    above = parent or Path(tempfile.gettempdir())
    _remove_orphans(above)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
    try:
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_orphans(above: Path) -> None:
    for folder in above.glob(f"{PREFIX}*"):
        # Another process may remove it at the same moment, and in a shared folder it may be another user's.
        with suppress(OSError):
            status = folder.lstat()
            if status.st_uid != os.getuid() or time.time() - status.st_mtime < YOUNG_SECONDS:
                continue
            with (folder / ".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
