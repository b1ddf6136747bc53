"""The ledger of ingested files: for each source path its content, its rows, and the Parquet files that hold them.

One JSON file for each export day, so that the cost of a day does not grow with history. An entry outlives its rows.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from orchestration.lake.layout import SNAPSHOT, locked, manifest_path, replace_file, table_dir
from orchestration.settings import Settings

_VERSION = 1


@dataclass
class Entry:
    """One ingested source file.

    rows_read = rows_kept + rows_rejected + rows_after_close. `event_dates` are the dates on which it has, or had, rows;
    `parquet` maps a date to the files that hold them (shared with other entries after a compaction), without the dates
    that have expired. A file that changed after a date was sealed keeps its former rows of that date; the new ones are
    in `rows_after_close`. A forgotten file has no rows, but for those of sealed dates, until its content changes.
    `misdated` are the first and last event date of rows whose time does not fit the export day, in ISO 8601.
    `reading` is a fingerprint of all that decides how the file is read besides its content; `etag` the version of an
    object in storage.
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
    misdated: list[str] = field(default_factory=list)
    state: Literal["live", "expired", "forgotten"] = "live"
    reading: str = ""
    etag: str = ""
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
    return _last_days(settings, raw_table).get("through")


def sealed_date(settings: Settings, raw_table: str) -> date | None:
    """Returns the day through which a raw table takes no more rows: not before that through which they have expired.

    The rows of the days between the two stay, because later days look back at them, and are never replaced.
    """
    return max(_last_days(settings, raw_table).values(), default=None)


def record_closed(settings: Settings, raw_table: str, through: date) -> date:
    """Records that rows through a day expire, from now on for every ingest; returns the day, which never moves back."""
    return _record(settings, raw_table, through=through, sealed=through)["through"]


def record_sealed(settings: Settings, raw_table: str, through: date) -> date:
    """Records that a table takes no more rows through a day; returns the day, which never moves back."""
    return _record(settings, raw_table, sealed=through)["sealed"]


def _record(settings: Settings, raw_table: str, **days: date) -> dict[str, date]:
    path = table_dir(settings, raw_table) / "_manifest" / "closed.json"
    with locked(path.with_suffix(".json.lock")):
        known = _last_days(settings, raw_table)
        new = known | {name: max(day, known.get(name, day)) for name, day in days.items()}
        if new != known:
            replace_file(path, json.dumps({name: str(day) for name, day in new.items()}))
    return new


def _last_days(settings: Settings, raw_table: str) -> dict[str, date]:
    try:
        text = (table_dir(settings, raw_table) / "_manifest" / "closed.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return {name: date.fromisoformat(day) for name, day in json.loads(text).items()}


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
