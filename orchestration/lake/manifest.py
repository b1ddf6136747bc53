"""The ledger of ingested files: for each source path its content, its rows, and the Parquet files that hold them.

One JSON file for each export day, so that the cost of a day does not grow with history. An entry outlives its rows.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from orchestration.lake.layout import SNAPSHOT, manifest_path, replace_file, table_dir
from orchestration.settings import Settings

_VERSION = 1


@dataclass
class Entry:
    """One ingested source file.

    rows_read = rows_kept + rows_rejected + rows_after_close. `event_dates` are the dates on which it has, or had, rows;
    `parquet` maps a date to the files that hold them (shared with other entries after a compaction), without the dates
    that have expired. `reading` is a fingerprint of all that decides how the file is read besides its content.
    """

    path: str
    content_hash: str
    size: int
    mtime_ns: int
    export_date: date
    bytes: int = 0
    rows_read: int = 0
    rows_kept: int = 0
    rows_rejected: int = 0
    rows_after_close: int = 0
    bad_fields: dict[str, int] = field(default_factory=dict)
    reject_counts: list[tuple[str, str, int]] = field(default_factory=list)
    event_dates: dict[date, int] = field(default_factory=dict)
    parquet: dict[date, list[str]] = field(default_factory=dict)
    rejects: list[str] = field(default_factory=list)
    state: Literal["live", "expired"] = "live"
    reading: str = ""
    ingested_at: str = ""


def manifests(settings: Settings, raw_table: str) -> list[Path]:
    """Returns the manifests of a raw table, in the order of export days."""
    folder = table_dir(settings, raw_table) / "_manifest"
    return sorted([*folder.glob("[0-9]*.json"), *folder.glob(f"{SNAPSHOT}.json")])


def read_manifest(path: Path) -> list[Entry]:
    """Returns the entries of a manifest; none if there is no such file.

    Raises:
        ValueError: The file is not a manifest of this version.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    document = json.loads(text)
    if document.get("version") != _VERSION:
        raise ValueError(f"{path} is a manifest of version {document.get('version')}; this program reads {_VERSION}")
    return [_entry(values) for values in document["entries"]]


def write_manifest(settings: Settings, raw_table: str, day: date | None, entries: dict[str, Entry]) -> None:
    """Replaces the manifest of an export day in one step."""
    listed = [_plain(entries[path]) for path in sorted(entries)]
    text = json.dumps({"version": _VERSION, "raw_table": raw_table, "entries": listed}, ensure_ascii=False)
    replace_file(manifest_path(settings, raw_table, day), text)


def closed_date(settings: Settings, raw_table: str) -> date | None:
    """Returns the day through which the rows of a raw table have expired."""
    try:
        text = (table_dir(settings, raw_table) / "_manifest" / "closed.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return date.fromisoformat(json.loads(text)["through"])


def record_closed(settings: Settings, raw_table: str, through: date) -> date:
    """Records that rows through a day expire, from now on for every ingest; returns the day, which never moves back."""
    through = max(through, closed_date(settings, raw_table) or through)
    replace_file(table_dir(settings, raw_table) / "_manifest" / "closed.json", json.dumps({"through": str(through)}))
    return through


def _plain(entry: Entry) -> dict[str, Any]:
    values = asdict(entry)
    for name in ("event_dates", "parquet"):
        values[name] = {day.isoformat(): value for day, value in sorted(values[name].items())}
    return values | {"export_date": entry.export_date.isoformat()}


def _entry(values: dict[str, Any]) -> Entry:
    for name in ("event_dates", "parquet"):
        values[name] = {date.fromisoformat(day): value for day, value in values[name].items()}
    values["export_date"] = date.fromisoformat(values["export_date"])
    values["reject_counts"] = [tuple(count) for count in values["reject_counts"]]
    return Entry(**values)
