"""What is in the lake and what waits outside: the questions that readers and schedules ask.

Answers come from manifests and from `stat`; no data file is opened.
"""

import glob
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from orchestration.lake.landing import Landed, landed_files, looked_for, matches_name
from orchestration.lake.layout import RAW_TABLES, manifest_path, parquet_path, rejects_dir
from orchestration.lake.manifest import Entry, closed_date, manifests, read_manifest, sealed_date
from orchestration.settings import Settings
from orchestration.settings.model import Source
from orchestration.sources import FORMATS, raw_table_of
from orchestration.sources.contents import content_hash

# Part of every fingerprint: raise it when the same bytes would be read differently by new code.
_READER_VERSION = 4


def sources_of(settings: Settings, raw_table: str) -> list[Source]:
    """Returns the sources that fill a raw table: those declared, and for reviews the file of `alerts review`."""
    declared = [source for source in settings.config.sources if raw_table_of(source.system) == raw_table]
    return [*declared, _reviews_here(settings)] if raw_table == raw_table_of("alert_reviews") else declared


def _reviews_here(settings: Settings) -> Source:
    # Not validated: the path is ours, and may hold what a configured one may not.
    return Source.model_construct(
        name="alerts review",
        system="alert_reviews",
        path=glob.escape(str(settings.reviews)),
        timezone="UTC",
        delivery="snapshot",
    )


def fingerprint(settings: Settings, source: Source) -> str:
    """Returns a short hash of all that decides, besides its content, what rows a file of a source gives."""
    site = settings.config.site
    deciding = [_READER_VERSION, source.timezone, source.delivery, sorted(site.url_parameters_kept)]
    if source.system == "orders":
        deciding.append(sorted([site.currency, *site.exchange_rates]))
    if source.system in FORMATS:
        deciding.append(source.system)
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:16]


def is_pending(settings: Settings, landed: Landed, entry: Entry | None) -> bool:
    """Tells whether a file is new, changed or to be read anew because the configuration changed; by `stat` alone."""
    if entry is None:
        return True
    if (entry.size, entry.mtime_ns, entry.etag) != (landed.size, landed.mtime_ns, landed.etag):
        return True
    return is_read_otherwise(settings, landed.source, entry)


def holds_the_same(landed: Landed, entry: Entry) -> bool:
    """Tells whether a file holds what it held when it was ingested, whatever its time says; reads the whole file."""
    if entry.size != landed.size:
        return False
    with landed.open() as stream:
        return content_hash(stream) == entry.content_hash


def is_read_otherwise(settings: Settings, source: Source, entry: Entry) -> bool:
    """Tells whether a file, read again, would give other rows on days that still take any."""
    if entry.state in ("expired", "forgotten") or entry.reading == fingerprint(settings, source):
        return False
    sealed = sealed_date(settings, raw_table_of(source.system))
    return sealed is None or not entry.event_dates or max(entry.event_dates) > sealed


def pending_days(settings: Settings) -> list[date]:
    """Returns the export days that have a landing file which is new or changed, in order."""
    return sorted({landed.export_date for landed in _pending(settings)})


def pending_files(settings: Settings) -> list[tuple[str, int, int]]:
    """Returns name, size and mtime_ns of each landing file that is new or changed: what a sensor compares.

    A copied file has a new time and its old content: of local files the content decides.
    """
    return sorted(
        (landed.name, landed.size, landed.mtime_ns) for landed in _pending(settings, are_contents_compared=True)
    )


def unreadable_files(settings: Settings) -> list[str]:
    """Returns, for each new or changed landing file that cannot be read, why that is and what to do."""
    return sorted(problem for landed in _pending(settings) if (problem := landed.problem()))


def unmatched_sources(settings: Settings) -> list[Source]:
    """Returns the sources whose path has never matched a file: none is in landing now, and none was ingested."""
    return [source for source in settings.config.sources if not _has_matched(settings, source)]


def unmatched_message(settings: Settings, source: Source) -> str:
    """Returns the sentence that says so of one source: its name, and where its files are looked for."""
    return f"source {source.name}: no file has ever matched {looked_for(settings, source)}"


def delivered_days(settings: Settings) -> list[date]:
    """Returns the export days that are in landing or were ingested once, in order.

    Undated snapshots count, by the day on which they were written, only where there is nothing else.
    """
    dated: set[date] = set()
    undated: set[date] = set()
    for raw_table in RAW_TABLES:
        for source in sources_of(settings, raw_table):
            for landed in landed_files(settings, source):
                (dated if landed.day else undated).add(landed.export_date)
        for path in manifests(settings, raw_table):
            if path.stem[0].isdigit():
                dated.add(date.fromisoformat(path.stem))
            else:
                undated |= {entry.export_date for entry in read_manifest(path)}
    return sorted(dated or undated)


def parquet_files(settings: Settings, raw_table: str, dates: set[date] | None = None) -> list[Path]:
    """Returns the Parquet files that hold a raw table, or its rows of some event dates. Use it under `reading`."""
    found: set[Path] = set()
    for path in manifests(settings, raw_table):
        for entry in read_manifest(path):
            for day, names in entry.parquet.items():
                if dates is None or day in dates:
                    found |= {parquet_path(settings, raw_table, day, name) for name in names}
    return sorted(found)


def reject_files(settings: Settings, schema: str, export_days: Iterable[date] | None = None) -> list[Path]:
    """Returns the Parquet files that hold the rejects of a schema such as `raw_orders`. Use it under `reading`."""
    wanted = None if export_days is None else {day.isoformat() for day in export_days}
    found: set[Path] = set()
    for raw_table, feed in RAW_TABLES.items():
        if feed.schema == schema:
            for path in manifests(settings, raw_table):
                if wanted is None or path.stem in wanted:
                    for entry in read_manifest(path):
                        found |= {rejects_dir(settings, raw_table) / name for name in entry.rejects}
    return sorted(found)


def closed_through(settings: Settings, feed: str) -> date | None:
    """Returns the day through which the raw rows of a feed have expired, None if none has."""
    raw_table = next(name for name, described in RAW_TABLES.items() if described.name == feed)
    return closed_date(settings, raw_table)


def _has_matched(settings: Settings, source: Source) -> bool:
    if landed_files(settings, source):
        return True
    return any(
        matches_name(settings, source, entry.path)
        for path in manifests(settings, raw_table_of(source.system))
        for entry in read_manifest(path)
    )


def _pending(settings: Settings, are_contents_compared: bool = False) -> Iterator[Landed]:
    for raw_table in RAW_TABLES:
        for source in sources_of(settings, raw_table):
            known: dict[date | None, dict[str, Entry]] = {}
            for landed in landed_files(settings, source):
                if landed.day not in known:
                    listed = read_manifest(manifest_path(settings, raw_table, landed.day))
                    known[landed.day] = {entry.path: entry for entry in listed}
                entry = known[landed.day].get(landed.name)
                if is_pending(settings, landed, entry) and not (
                    are_contents_compared and _is_only_touched(settings, landed, entry)
                ):
                    yield landed


def _is_only_touched(settings: Settings, landed: Landed, entry: Entry | None) -> bool:
    """Tells whether just the time of a local file has changed; not of one that cannot be read."""
    if entry is None or landed.stored or is_read_otherwise(settings, landed.source, entry):
        return False
    try:
        return _holds_the_same(landed.path, landed.size, landed.mtime_ns, entry.size, entry.content_hash)
    except OSError:
        return False


@lru_cache(maxsize=100_000)
def _holds_the_same(path: Path, size: int, mtime_ns: int, known_size: int, known_hash: str) -> bool:
    """Remembers what was read, because a sensor asks every minute; a new time is a new question."""
    if size != known_size:
        return False
    with path.open("rb") as stream:
        return content_hash(stream) == known_hash
