"""A full disk in one line: what is full, how much is free, what to do.

It shows as an error of the system, of DuckDB, of SQLite, or as text in what dbt or Dagster wrapped around one of them.
"""

import errno
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from orchestration.settings import Settings

_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_WORDS = re.compile(
    r"no space left on device|disk quota exceeded|database or disk is full|file too large|disk is full"
    r"|max_temp_directory_size|failed to offload data block",
    re.IGNORECASE,
)


def causes(error: BaseException | str | None) -> Iterator[BaseException | str]:
    """An error, or the words of one, and then each error that it wraps."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = None if isinstance(error, str) else error.__cause__ or error.__context__


def is_full(error: BaseException | str | None) -> bool:
    """Whether an error, one that it wraps, or the words of one, are about a full disk."""
    return any((isinstance(one, OSError) and one.errno in _NUMBERS) or _WORDS.search(str(one)) for one in causes(error))


def message(settings: Settings) -> str:
    """Say what is full, how much is free and what to do: of the home and the temporary folder, the fuller one."""
    folders = {settings.home: "BEACONMART_HOME", Path(tempfile.gettempdir()): "temporary files"}
    existing = {_existing(folder): name for folder, name in folders.items()}
    folder = min(existing, key=lambda path: shutil.disk_usage(path).free)
    usage = shutil.disk_usage(folder)
    return (
        f"The disk is full: {folder} ({existing[folder]}) has {_size(usage.free)} of {_size(usage.total)} free."
        " Free some space, or move the home to a larger disk; then run the same command again, it goes on where it"
        " stopped."
    )


def _existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _size(count: int) -> str:
    for factor, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= factor:
            return f"{count / factor:,.1f} {unit}"
    return f"{count} bytes"
