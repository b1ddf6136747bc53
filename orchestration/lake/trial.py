"""The first rows of each source's newest files, read as an ingest would read them, before anything runs.

The same reader writes them into a folder that goes away: what it would reject, or keep without a value, is worded here.
Nothing of this reaches the lake.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestration.lake.ingesting import read_batch
from orchestration.lake.landing import Landed, landed_files
from orchestration.lake.parts import parquet_relation, rejects_query
from orchestration.lake.writing import Writer, writing
from orchestration.settings import Settings
from orchestration.sources import raw_table_of
from orchestration.sources.columns import REJECTED
from orchestration.sources.feed import Feed
from orchestration.sources.literals import literals
from orchestration.sources.reasons import cause

# So much of a file is looked at, as it lies in landing: enough for the first rows even where one fills a megabyte.
_START_BYTES = 4 << 20
_LONGEST_VALUE, _MOST_FILES = 80, 20


def doubtful_rows(settings: Settings, rows: int = 200) -> list[str]:
    """Returns a sentence for each kind of fault in about the first `rows` rows of the newest files of each source.

    A sentence names the file, the first line with the fault, what becomes of it and why, and how many rows have it.
    """
    newest = [landed for source in settings.config.sources for landed in _newest(landed_files(settings, source))]
    return [sentence for landed in newest for sentence in _faults(settings, landed, rows)]


def _newest(files: list[Landed]) -> list[Landed]:
    """Returns the last files of the newest export day."""
    return [landed for landed in files if landed.day == files[-1].day][-_MOST_FILES:]


def _faults(settings: Settings, landed: Landed, rows: int) -> Iterator[str]:
    if problem := landed.problem():
        yield problem
        return
    with TemporaryDirectory(prefix="beaconmart-") as folder:
        start = Path(folder) / "start"
        with landed.open() as stream:
            start.write_bytes(stream.read(_START_BYTES))
        trial = replace(settings, home=Path(folder))
        with writing(trial, raw_table_of(landed.source.system)) as writer:
            read_batch(writer, [replace(landed, path=start, stored=None)], most=rows)
            found = [*_rejects(writer, landed), *_left_out(writer)]
        # What the look itself cuts off is no fault of the file.
        is_short = landed.size > _START_BYTES
    for line, count, text in sorted(found):
        if not (is_short and "is cut off" in text):
            yield f"{landed.name}:{line}: {text} ({count:,} of the first rows)"


def _rejects(writer: Writer, landed: Landed) -> Iterator[tuple[int, int, str]]:
    """Yields first line, number and sentence of each kind of row that would be rejected."""
    parts = [part.path for part in writer.parts if part.day == REJECTED]
    if not parts:
        return
    rejects = writer.connection.sql(rejects_query(writer.feed, parts))
    found = rejects.aggregate(
        "reason, coalesce(field, ''), min(_source_line), count(*), arg_min(raw_text, _source_line)"
    )
    for reason, field, line, count, raw in found.fetchall():
        words = cause(reason, field, landed.export_date if reason == "time_out_of_range" else None)
        yield line, count, f"would be rejected, {words}: {_short(_given(writer.feed, field, raw))}"


def _left_out(writer: Writer) -> Iterator[tuple[int, int, str]]:
    """Yields first line, number and sentence of each field whose value is none of its kind."""
    kept = [part.path for part in writer.parts if part.day != REJECTED]
    if not kept:
        return
    rows = writer.connection.sql(f"from {parquet_relation(kept)}").filter("_extra is not null")
    pairs = rows.project("_source_line, _extra, unnest(json_keys(_extra)) as key")
    known = pairs.filter(f"list_contains({literals(writer.feed.keys)}, key)")
    value = "json_extract_string(_extra, '/' || replace(replace(key, '~', '~0'), '/', '~1'))"
    found = known.aggregate(f"key, min(_source_line), count(*), arg_min({value}, _source_line)")
    for key, line, count, value in found.fetchall():
        yield line, count, f"{key} would be left empty, its value is none of its kind: {_short(value)}"


def _given(feed: Feed, field: str, raw: str) -> str:
    """Returns the value that a reject gives for a field if it is a JSON object, else all of its text."""
    key = next((known.key for known in feed.fields if known.name == field), field)
    try:
        return json.dumps(json.loads(raw)[key], ensure_ascii=False)
    except (ValueError, TypeError, KeyError, RecursionError):
        return raw


def _short(text: str | None) -> str:
    text = " ".join((text or "").split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"
