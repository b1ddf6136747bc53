"""What came of files: rows read, kept and rejected for each raw table, with the most frequent reason in words.

The figures are those of the manifests; nothing is counted anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestration.lake.layout import RAW_TABLES, SNAPSHOT
from orchestration.lake.manifest import Entry, manifests, read_manifest
from orchestration.settings import Settings
from orchestration.sources.reasons import cause

if TYPE_CHECKING:
    from orchestration.lake.ingesting import FileReport

# From this share on, rejects are more than the odd line of a stranger.
MANY_REJECTED_SHARE = 0.05


@dataclass(frozen=True)
class Intake:
    """What the files of one raw table gave; `reason`, `field` and `cause` are of the most frequent kind of reject."""

    raw_table: str
    file_count: int
    rows_read: int
    rows_kept: int
    rows_rejected: int
    rows_after_close: int
    newest_export_date: date | None = None
    reason: str = ""
    field: str = ""
    reason_count: int = 0
    cause: str = ""

    @property
    def feed(self) -> str:
        """The feed that the rows belong to."""
        return RAW_TABLES[self.raw_table].name

    @property
    def name(self) -> str:
        """The feed, with the tool where it comes in the words of another one."""
        feed = RAW_TABLES[self.raw_table]
        return f"{feed.name} ({feed.schema.removeprefix('raw_')})" if feed.joins else feed.name

    @property
    def is_all_rejected(self) -> bool:
        """Whether rows came and none could be used."""
        return 0 < self.rows_read == self.rows_rejected

    @property
    def has_many_rejects(self) -> bool:
        """Whether so many rows were rejected that it needs attention."""
        return self.rows_rejected > MANY_REJECTED_SHARE * self.rows_read

    @property
    def message(self) -> str:
        """All figures in one line, with the most frequent reason."""
        files = f"{self.file_count:,} {'file' if self.file_count == 1 else 'files'}"
        text = f"{self.name}: {files}, {self.rows_read:,} rows read, {self.rows_kept:,} kept"
        if self.rows_after_close:
            text += f", {self.rows_after_close:,} after close"
        text += f", {self.rows_rejected:,} rejected"
        if self.cause:
            often = "" if self.reason_count == self.rows_rejected else f", most often ({self.reason_count:,} rows)"
            text += f"{often} because of {self.cause}"
        return text

    @property
    def alarm(self) -> str:
        """One sentence for who must act: no row could be used; empty where some could."""
        if not self.is_all_rejected:
            return ""
        day = f" of the export of {self.newest_export_date}" if self.newest_export_date else ""
        return f"{self.name}: all {self.rows_rejected:,} rows{day} were rejected, {self.cause}"

    def as_dict(self) -> dict[str, Any]:
        """For programs: the figures and the words."""
        return {
            "feed": self.name,
            "raw_table": self.raw_table,
            "export_date": self.newest_export_date.isoformat() if self.newest_export_date else None,
            "file_count": self.file_count,
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "rows_rejected": self.rows_rejected,
            "rows_after_close": self.rows_after_close,
            "reject_reason": self.reason or None,
            "reject_field": self.field or None,
            "message": self.message,
        }


def intake_of(raw_table: str, files: Sequence[Entry] | Sequence[FileReport]) -> Intake:
    """Returns what files of a raw table gave together."""
    counts: Counter[tuple[str, str]] = Counter()
    for file in files:
        for reason, field, rows in file.reject_counts:
            counts[reason, field] += rows
    ((reason, field), often) = min(counts.items(), key=lambda item: (-item[1], item[0]), default=(("", ""), 0))
    newest = max((file.export_date for file in files), default=None)
    misdated = next((file for file in files if file.misdated), None) if reason == "time_out_of_range" else None
    dates = [date.fromisoformat(day) for day in misdated.misdated] if misdated else []
    return Intake(
        raw_table,
        len(files),
        sum(file.rows_read for file in files),
        sum(file.rows_kept for file in files),
        sum(file.rows_rejected for file in files),
        sum(file.rows_after_close for file in files),
        newest,
        reason,
        field,
        often,
        cause(reason, field, misdated.export_date if misdated else newest, *dates) if reason else "",
    )


def newest_intake(settings: Settings) -> list[Intake]:
    """Returns what the newest export day of each raw table gave; raw tables without a file are left out.

    Only the newest manifests are opened, so that the cost does not grow with history.
    """
    found = []
    for raw_table in RAW_TABLES:
        paths = manifests(settings, raw_table)
        newest = [path for path in paths if path.stem != SNAPSHOT][-1:] + [
            path for path in paths if path.stem == SNAPSHOT
        ]
        entries = [entry for path in newest for entry in read_manifest(path)]
        last = max((entry.export_date for entry in entries), default=None)
        if entries:
            found.append(intake_of(raw_table, [entry for entry in entries if entry.export_date == last]))
    return found
