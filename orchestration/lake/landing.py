"""What has landed: which files belong to which source and export day. Read, never written.

A path in the configuration is a glob with `{date}`, on this machine or in object storage. Names of files are strangers'
text: they are matched, hashed and written to the ledger, and never become part of SQL or of a path of ours.
"""

import fnmatch
import glob
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import BufferedReader
from pathlib import Path

from orchestration.lake import object_storage
from orchestration.lake.layout import ledger_name
from orchestration.lake.object_storage import StoredObject
from orchestration.settings import Settings
from orchestration.settings.model import Source

_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


@dataclass(frozen=True)
class Landed:
    """One file in landing. `day` is its export day by its path, None for an undated snapshot.

    `stored` is the object of which `path` is a copy, which is there only while it is `at_hand`; None for a local file.
    `etag` tells versions of an object apart that are of one size and were written in one second.
    """

    source: Source
    path: Path
    name: str
    day: date | None
    size: int
    mtime_ns: int
    etag: str = ""
    stored: StoredObject | None = None

    def open(self) -> AbstractContextManager[BufferedReader]:
        """Opens the file for reading; it need not be at hand."""
        return object_storage.opened(self.stored.url) if self.stored else self.path.open("rb")

    def problem(self) -> str | None:
        """Tells why a local file cannot be read and what to do; None if its first byte can, and for an object."""
        if self.stored:
            return None
        try:
            with self.path.open("rb") as stream:
                stream.read(1)
        except OSError as error:
            right = "let the user who runs Beaconmart read it, or take it out of landing"
            return f"{self.name} cannot be read ({error.strerror}); {right}"
        return None

    @property
    def export_date(self) -> date:
        """The export day; for an undated snapshot the day on which the file was written."""
        return self.day or datetime.fromtimestamp(self.mtime_ns / 1e9, UTC).date()

    @property
    def ledger(self) -> str:
        """The name of the manifest that lists it."""
        return ledger_name(self.day)


def landed_files(settings: Settings, source: Source, days: Iterable[date] | None = None) -> list[Landed]:
    """Returns the files of a source in the order of export days and names; of all days without `days`."""
    found = {}
    if "{date}" not in source.path:
        patterns: list[tuple[str, date | None]] = [(source.path, None)]
    elif days is None:
        patterns = [(source.path.replace("{date}", _DAY), None)]
    else:
        patterns = [(source.path.replace("{date}", day.isoformat()), day) for day in sorted(set(days))]
    matches = _stored_matches if object_storage.is_remote(source.path) else _local_matches
    for pattern, _ in patterns:
        for landed in matches(settings, source, pattern):
            found[landed.name] = landed
    return sorted(found.values(), key=lambda landed: (landed.day or date.min, landed.name))


@contextmanager
def at_hand(files: list[Landed], folder: Path) -> Iterator[list[Landed]]:
    """Gives the same files with all of them on this machine: objects are copied to `folder` while the block lasts."""
    objects = [landed.stored for landed in files if landed.stored]
    if not objects:
        yield files
        return
    with object_storage.fetched(objects, folder) as copies:
        rest = iter(copies)
        yield [replace(landed, path=next(rest)) if landed.stored else landed for landed in files]


def looked_for(settings: Settings, source: Source) -> str:
    """Returns where the files of a source are looked for, as a person would write it."""
    return source.path if object_storage.is_remote(source.path) else str(settings.landing / source.path)


def matches_name(settings: Settings, source: Source, name: str) -> bool:
    """Tells whether a file with this name in the ledger is one of a source."""
    is_relative = not os.path.isabs(source.path) and not object_storage.is_remote(source.path)  # noqa: PTH117
    text = name if is_relative or "://" in name else os.path.join(settings.landing, name)  # noqa: PTH118
    if "{date}" in source.path:
        return _day_of(source, text) is not None
    return re.fullmatch(_regex(source.path), text, re.DOTALL) is not None


def _stored_matches(settings: Settings, source: Source, pattern: str) -> Iterator[Landed]:
    for item in object_storage.stored_objects(pattern):
        day = _day_of(source, item.url)
        if day is not None or "{date}" not in source.path:
            yield Landed(source, Path(), item.url, day, item.size, item.mtime_ns, item.etag, item)


def _local_matches(settings: Settings, source: Source, pattern: str) -> Iterator[Landed]:
    root = str(settings.landing)
    absolute = pattern if os.path.isabs(pattern) else os.path.join(glob.escape(root), pattern)  # noqa: PTH117, PTH118
    for text in glob.iglob(absolute, recursive=True):  # noqa: PTH207 - Path.glob takes no absolute patterns
        path = Path(text)
        try:
            status = path.stat()
        except OSError:
            continue
        day = _day_of(
            source,
            text if os.path.isabs(source.path) else os.path.relpath(path, settings.landing),  # noqa: PTH117
        )
        if not path.is_file() or ("{date}" in source.path and day is None):
            continue
        yield Landed(source, path, _name(settings, path), day, status.st_size, status.st_mtime_ns)


def _day_of(source: Source, text: str) -> date | None:
    if "{date}" not in source.path:
        return None
    before, *after = source.path.split("{date}")
    regex = _regex(before) + r"(?P<day>\d{4}-\d\d-\d\d)" + r"(?P=day)".join(_regex(part) for part in after)
    match = re.fullmatch(regex, text, re.DOTALL)
    try:
        return date.fromisoformat(match["day"]) if match else None
    except ValueError:
        return None


def _regex(pattern: str) -> str:
    return fnmatch.translate(pattern).removeprefix("(?s:").removesuffix(")\\Z")


def _name(settings: Settings, path: Path) -> str:
    """Returns the path relative to landing as text that can be stored, whatever bytes its name has."""
    text = str(path)
    if path.is_relative_to(settings.landing):
        text = str(path.relative_to(settings.landing))
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
