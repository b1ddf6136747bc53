"""Who may read the home: its owner all of it, everybody else only what is published.

The home itself is 0711: others may pass through it to `published` (a link into `releases/`), and may not list it. All
that the pipeline keeps is 0700 and 0600, whatever the umask says. Landing is the user's and stays as it is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestration.settings import Settings

PASSABLE = 0o711
PRIVATE = ("alerts", "dagster", "dbt", "lake", "metrics", "preview", "quality")
PRIVATE_FILES = ("warehouse.duckdb", "warehouse.duckdb.wal", "warehouse.lock", "user_key")
_OURS = 0o077
_umask_of_the_user: list[int] = []


def keep_private(settings: Settings) -> None:
    """Create from now on only files that their owner reads, and tighten a home that an earlier version made."""
    home = settings.home
    if not home.exists():  # before the umask, which would lock others out of the folders above it too
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(PASSABLE)
    before = os.umask(_OURS)
    if not _umask_of_the_user:
        _umask_of_the_user.append(before)
    _tighten(home, PASSABLE)
    for name in PRIVATE_FILES:
        _tighten(home / name, 0o600)
    for name in PRIVATE:
        _tighten_tree(home / name)


@contextmanager
def as_the_user() -> Iterator[None]:
    """Create files for others as the user's own umask has it, such as exports."""
    before = os.umask(_umask_of_the_user[0]) if _umask_of_the_user else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)


def _tighten_tree(folder: Path) -> None:
    """Tighten a folder and all below it once: the folder itself comes last, and is the mark that it was done."""
    if not folder.is_dir() or not folder.stat().st_mode & _OURS:
        return
    for parent, folders, files in os.walk(folder):
        for name in folders:
            _tighten(Path(parent) / name, 0o700)
        for name in files:
            _tighten(Path(parent) / name, 0o600)
    _tighten(folder, 0o700)


def _tighten(path: Path, most: int) -> None:
    """Take away what is more than `most`; a file that went away, or is another user's, is left."""
    with suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if not path.is_symlink() and mode & 0o777 & ~most:
            path.chmod(mode & most)
