"""What lies in the landing folder: which files belong to which source and export day. Read, never written.

A path in the configuration is a glob with `{date}`. Names of files are strangers' text: they are matched, hashed and
written to the ledger, and never become part of SQL or of a path of ours.
"""

import fnmatch
import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.lake.layout import ledger_name
from orchestration.settings import Settings
from orchestration.settings.model import Source

_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


@dataclass(frozen=True)
class Landed:
    """One file in landing. `day` is its export day by its path, None for an undated snapshot."""

    source: Source
    path: Path
    name: str
    day: date | None
    size: int
    mtime_ns: int

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
    for pattern, _ in patterns:
        for landed in _matches(settings, source, pattern):
            found[landed.name] = landed
    return sorted(found.values(), key=lambda landed: (landed.day or date.min, landed.name))


def _matches(settings: Settings, source: Source, pattern: str) -> Iterator[Landed]:
    root = str(settings.landing)
    absolute = pattern if os.path.isabs(pattern) else os.path.join(glob.escape(root), pattern)  # noqa: PTH117, PTH118
    for text in glob.iglob(absolute, recursive=True):  # noqa: PTH207 - Path.glob takes no absolute patterns
        path = Path(text)
        try:
            status = path.stat()
        except OSError:
            continue
        day = _day_of(source, settings, path)
        if not path.is_file() or ("{date}" in source.path and day is None):
            continue
        yield Landed(source, path, _name(settings, path), day, status.st_size, status.st_mtime_ns)


def _day_of(source: Source, settings: Settings, path: Path) -> date | None:
    if "{date}" not in source.path:
        return None
    text = str(path) if os.path.isabs(source.path) else os.path.relpath(path, settings.landing)  # noqa: PTH117
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
