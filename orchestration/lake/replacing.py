"""Rows that have to go: those of a changed file, out of Parquet files that it may share with others.

A file that is still needed for others is written anew without the old rows; the old one stays for whoever reads it, and
is removed when nobody does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from orchestration.lake.layout import new_name, nobody_reading, parquet_path, rejects_dir
from orchestration.lake.manifest import Entry
from orchestration.lake.writing import Writer
from orchestration.settings import Settings


@dataclass
class Replaced:
    """What a change leaves behind: the dates on which rows were before, and files that no manifest will list."""

    dates: set[date] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)


def replace_entries(writer: Writer, ledger: str, entries: dict[str, Entry], new: list[Entry]) -> Replaced:
    """Puts new entries in the place of old ones of the same path, and takes the old rows out of shared files.

    Rows of sealed days stay, because the marts of these days are not rebuilt: a new entry takes them over.
    """
    old = [entries[entry.path] for entry in new if entry.path in entries]
    if writer.sealed_through:
        for entry in new:
            if entry.path in entries:
                _take_over_sealed(entry, entries[entry.path], writer.sealed_through)
        old = [_without_sealed(entry, writer.sealed_through) for entry in old]
    entries.update({entry.path: entry for entry in new})
    replaced = Replaced({day for entry in old for day in entry.parquet})
    holders: dict[tuple[date | None, str], set[str]] = {}
    for entry in old:
        for day, name in _files(entry):
            holders.setdefault((day, name), set()).add(entry.path)
    for (day, name), paths in holders.items():
        file = _path(writer, day, name)
        sharing = [entry for entry in entries.values() if (day, name) in _files(entry)]
        if sharing:
            target = file.with_name(new_name(ledger))
            writer.rewrite([file], target, paths)
            for entry in sharing:
                names = entry.rejects if day is None else entry.parquet[day]
                names[names.index(name)] = target.name
        replaced.files.add(file)
    return replaced


def without_readers(settings: Settings, files: Iterable[Path]) -> None:
    """Removes files that no manifest lists any more; while somebody reads the lake they stay for the sweep."""
    listed = list(files)
    if listed:
        with nobody_reading(settings) as is_free:
            for file in listed if is_free else []:
                file.unlink(missing_ok=True)


def _take_over_sealed(new: Entry, old: Entry, through: date) -> None:
    for day in [day for day in old.parquet if day <= through]:
        new.parquet[day], new.event_dates[day] = old.parquet[day], old.event_dates[day]


def _without_sealed(entry: Entry, through: date) -> Entry:
    return replace(entry, parquet={day: names for day, names in entry.parquet.items() if day > through})


def _files(entry: Entry) -> list[tuple[date | None, str]]:
    """Returns the files that hold the rows of an entry, by event date, and those of its rejects, without a date."""
    rows: list[tuple[date | None, str]] = [(day, name) for day, names in entry.parquet.items() for name in names]
    return rows + [(None, name) for name in entry.rejects]


def _path(writer: Writer, day: date | None, name: str) -> Path:
    if day is None:
        return rejects_dir(writer.settings, writer.raw_table) / name
    return parquet_path(writer.settings, writer.raw_table, day, name)
