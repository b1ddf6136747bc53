"""Folders of releases: built aside, moved into place in one step, pruned. Safe against a kill at any point.

`home/published` is a symbolic link to `home/releases/<id>`, so that pages, marts and exports are always of one
generation and an open file of an older one stays readable. What a release contains does not belong here.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.settings import Settings

KEPT = 3
BUILDING, LINKING = ".building-", ".published-"


class PublishError(RuntimeError):
    """Nothing could be published; the message says what is in the way and what to do."""


@dataclass(frozen=True)
class Release:
    """A whole release that is the published one, or was."""

    id: str
    path: Path


def current(settings: Settings) -> Release | None:
    """Return the release that `published` points to, or None before the first."""
    link = settings.published
    if not link.is_symlink() or not link.exists():
        return None
    path = link.resolve()
    return Release(path.name, path)


@contextmanager
def building(settings: Settings, as_of: date, generated_at: datetime) -> Iterator[tuple[Path, list[Release]]]:
    """Yield an empty folder to fill, and a list that holds the release once the block has ended well.

    One process at a time; leftovers of a killed one are removed first. After the block the folder is made read-only,
    renamed, and becomes what `published` points to. When the block raises, nothing that people see has changed.

    Raises:
        PublishError: something else than the link stands where `published` belongs.
    """
    releases = settings.home / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    releases.chmod(0o711)  # others pass through it to what is published
    with (releases / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _clear_leftovers(settings)
        name = _free_name(releases, f"{generated_at.astimezone(UTC):%Y%m%dT%H%M%SZ}_{as_of}")
        folder = releases / f"{BUILDING}{name}"
        folder.mkdir()
        made: list[Release] = []
        try:
            yield folder, made
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        seal(folder)
        folder.rename(releases / name)
        _point(settings, releases / name)
        made.append(Release(name, releases / name))
        _prune(settings)


def link_tree(source: Path, target: Path) -> None:
    """Make `target` the same files as `source`, without copying them: hard links, or copies where there can be none."""
    for folder, _, names in os.walk(source):
        below = target / Path(folder).relative_to(source)
        below.mkdir(exist_ok=True)
        for name in names:
            try:
                os.link(Path(folder) / name, below / name)
            except OSError:  # a file system without hard links
                shutil.copyfile(Path(folder) / name, below / name)


def replace_text(path: Path, text: str) -> None:
    """Write a file anew, never through a hard link that another release shares."""
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def seal(folder: Path) -> None:
    """Let everybody read the folder and all below it, and nobody write its files, whatever the umask is."""
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in names:
            (Path(parent) / name).chmod(0o444)


def _point(settings: Settings, release: Path) -> None:
    link = settings.home / f"{LINKING}{os.getpid()}"
    link.symlink_to(os.path.relpath(release, settings.home))
    # Renaming a link over a link is one step for everybody who looks.
    link.replace(settings.published)


def _clear_leftovers(settings: Settings) -> None:
    if settings.published.exists() and not settings.published.is_symlink():
        raise PublishError(
            f"{settings.published} is a file or folder, but belongs to publishing, which keeps a link to a "
            "release there. Move it away and run again."
        )
    for leftover in (settings.home / "releases").glob(f"{BUILDING}*"):
        shutil.rmtree(leftover)
    for link in settings.home.glob(f"{LINKING}*"):
        link.unlink()


def _free_name(releases: Path, name: str) -> str:
    number, free = 1, name
    while (releases / free).exists():
        number += 1
        free = f"{name}-{number}"
    return free


def _prune(settings: Settings) -> None:
    """Keep the newest releases, and whatever `published` points to."""
    shown = current(settings)
    folders = [
        path for path in (settings.home / "releases").iterdir() if path.is_dir() and not path.name.startswith(".")
    ]
    for path in sorted(folders, key=lambda path: (path.stat().st_mtime_ns, path.name))[:-KEPT]:
        if shown is None or path != shown.path:
            shutil.rmtree(path)
