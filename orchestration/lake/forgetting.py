"""Takes the rows of a landed file out of the lake on request, and keeps them out until its content changes.

What a file has in the ledger stays, as `forgotten`: that is what keeps it out. Landing is never touched, and a file
that has gone from there can be forgotten too. The marts follow with the next run, which rebuilds the days.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from orchestration.lake.layout import RAW_TABLES, SNAPSHOT, locked, manifest_path
from orchestration.lake.manifest import Entry, manifests, read_manifest, write_manifest
from orchestration.lake.replacing import replace_entries, without_readers
from orchestration.lake.writing import writing
from orchestration.settings import Settings


@dataclass(frozen=True)
class Forgotten:
    """One file of one raw table: how many rows went, and those that stay because their days take no more changes."""

    raw_table: str
    path: str
    rows: int
    rejects: int
    sealed_rows: int


def forget(settings: Settings, file: str) -> list[Forgotten]:
    """Takes the rows and rejects of a file out of the lake; rows of sealed days stay, for their marts are not rebuilt.

    Safe to repeat: a forgotten file is left as it is, and after a crash the same call does the work again.

    Args:
        settings: The environment.
        file: Its path below landing, as in `operations.fct_ingested_files`, or the whole path; an address of an object.

    Returns:
        One item for each raw table whose rows went; none if the file was forgotten already.

    Raises:
        LookupError: No such file was ever ingested; the message names those with similar names.
    """
    return [
        _forget(settings, raw_table, day, name)
        for raw_table, day, name, entry in _listed(settings, file)
        if entry.state != "forgotten"
    ]


def remember(settings: Settings, file: str) -> list[str]:
    """Lets the next ingest read a forgotten file again, if it is in landing; returns the raw tables that forgot it.

    Raises:
        LookupError: No such file was ever ingested.
    """
    found = []
    for raw_table, day, name, entry in _listed(settings, file):
        if entry.state == "forgotten":
            found.append(raw_table)
            with locked(manifest_path(settings, raw_table, day).with_suffix(".lock")):
                entries = {item.path: item for item in read_manifest(manifest_path(settings, raw_table, day))}
                # No content has this hash, so that the file counts as changed. The entry holds rows of sealed days.
                entries[name] = replace(entries[name], content_hash="", mtime_ns=0, state="live")
                write_manifest(settings, raw_table, day, entries)
    return found


def forgotten_files(settings: Settings) -> list[tuple[str, str]]:
    """Returns (raw table, path) of every file that is kept out, in their order."""
    every = ((raw_table, entry) for raw_table, _, entry in _entries(settings))
    return sorted((raw_table, entry.path) for raw_table, entry in every if entry.state == "forgotten")


def _forget(settings: Settings, raw_table: str, day: date | None, name: str) -> Forgotten:
    path = manifest_path(settings, raw_table, day)
    with locked(path.with_suffix(".lock")), writing(settings, raw_table) as writer:
        entries = {entry.path: entry for entry in read_manifest(path)}
        old = entries[name]
        new = Entry(
            path=name,
            content_hash=old.content_hash,
            size=old.size,
            mtime_ns=old.mtime_ns,
            etag=old.etag,
            export_date=old.export_date,
            bytes=old.bytes,
            state="forgotten",
            reading=old.reading,
            ingested_at=old.ingested_at,
        )
        replaced = replace_entries(writer, path.stem, entries, [new])
        write_manifest(settings, raw_table, day, entries)
        without_readers(settings, replaced.files)
    gone = sum(rows for when, rows in old.event_dates.items() if when in old.parquet and when not in new.parquet)
    return Forgotten(raw_table, name, gone, old.rows_rejected, sum(new.event_dates.values()))


def _listed(settings: Settings, file: str) -> list[tuple[str, date | None, str, Entry]]:
    """Returns where a file is listed: raw table, day of the manifest, name, and what is known of it."""
    path = Path(file)
    is_below = path.is_absolute() and path.is_relative_to(settings.landing)
    name = str(path.relative_to(settings.landing)) if is_below else file
    names = set()
    found = []
    for raw_table, day, entry in _entries(settings):
        names.add(entry.path)
        if entry.path == name:
            found.append((raw_table, day, name, entry))
    if not found:
        close = difflib.get_close_matches(name, names, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "operations.fct_ingested_files lists what was"
        raise LookupError(f"{name} was never ingested: {hint}")
    return found


def _entries(settings: Settings) -> Iterator[tuple[str, date | None, Entry]]:
    for raw_table in RAW_TABLES:
        for path in manifests(settings, raw_table):
            day = None if path.stem == SNAPSHOT else date.fromisoformat(path.stem)
            for entry in read_manifest(path):
                yield raw_table, day, entry
