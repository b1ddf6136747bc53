"""Whatever a field of a row holds: the row is kept or is a reject, and what is kept is in the declared range."""

import json
from dataclasses import replace

import duckdb
import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as effort

from orchestration import lake
from orchestration.settings import load_settings
from orchestration.sources import FEEDS
from orchestration.sources.feed import FIRST_YEAR, LAST_YEAR
from tests import hostile_rows

pytestmark = pytest.mark.slow

NO_NUMBERS = ("NaN", "Infinity", "1e308", "1e999")
FILES = {file.feed.raw_table: file for file in hostile_rows.files()}


@pytest.fixture(scope="module")
def default():
    settings = load_settings()
    sources = [file.source for file in FILES.values()]
    return replace(settings, config=settings.config.model_copy(update={"sources": sources}))


def ingested(settings, file):
    """The report of the file, and its rows and rejects by line."""
    path = settings.landing / str(hostile_rows.DAY) / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file.content)
    (report,) = lake.ingest(settings, file.feed.raw_table).files
    return (
        report,
        by_line(lake.parquet_files(settings, file.feed.raw_table)),
        by_line(lake.reject_files(settings, file.feed.schema)),
    )


def by_line(files):
    if not files:
        return {}
    found = duckdb.execute("select * from read_parquet($1, hive_partitioning = false)", [[str(file) for file in files]])
    names = [column[0] for column in found.description]
    return {row["_source_line"]: row for row in (dict(zip(names, values, strict=True)) for values in found.fetchall())}


@pytest.mark.parametrize("table", FILES)
def test_every_hostile_value_is_kept_in_range_or_as_it_came_or_makes_a_reject(default, tmp_path, table):
    file = FILES[table]
    report, kept, rejects = ingested(replace(default, home=tmp_path), file)
    assert report.rows_read == len(file.rows) == report.rows_kept + report.rows_rejected
    assert kept.keys() | rejects.keys() == {row.line for row in file.rows}
    assert {row.line for row in file.rows if not row.field} <= kept.keys()
    for row in file.rows:
        if row.field and row.line in kept:
            found = kept[row.line]
            extra = json.loads(found["_extra"] or "{}")
            is_there = found[row.field.name] is not None or row.field.key in extra
            assert is_there or row.value == "" or not is_written(file), (row.field.name, row.value)
        elif row.field and row.field.required and row.field.range and row.value in NO_NUMBERS and is_written(file):
            assert (rejects[row.line]["reason"], rejects[row.line]["field"]) == ("out_of_range", row.field.name)
    assert out_of_range(file.feed, kept) == []


def is_written(file):
    """Other tools have no place for some of our fields, and a log line none for a long text."""
    return file.feed.system not in ("faro", "ga4", "opentelemetry", "access_log")


def out_of_range(feed, kept):
    """The kept values that their field does not declare."""
    odd = []
    for row in kept.values():
        for field in feed.fields:
            value = row[field.name]
            if value is None:
                continue
            if field.range:
                above = value > field.range.minimum or (
                    not field.range.is_above_minimum and value == field.range.minimum
                )
                if not (above and value <= field.range.maximum):
                    odd.append((field.name, value))
            elif field.kind == "time" and not FIRST_YEAR <= value.year <= LAST_YEAR:
                odd.append((field.name, value))
    return odd


@pytest.mark.parametrize("table", [table for table, feed in FEEDS.items() if not feed.objects])
def test_any_subset_of_optional_fields_may_be_missing(default, tmp_path_factory, table):
    feed = FEEDS[table]
    optional = [field.key for field in feed.fields if not field.required]

    @effort(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategies.lists(strategies.sets(strategies.sampled_from(optional)), min_size=1, max_size=20))
    def holds(left_out):
        rows = [hostile_rows.good_row(feed, number) for number in range(len(left_out))]
        lines = [] if feed.is_ndjson_only else [",".join(feed.keys)]
        for row, keys in zip(rows, left_out, strict=True):
            kept = {k: v for k, v in row.items() if k not in keys}
            lines.append(hostile_rows.line_of(feed, kept if feed.is_ndjson_only else {k: kept.get(k, "") for k in row}))
        content = "\n".join(lines) + "\n"
        home = replace(default, home=tmp_path_factory.mktemp("home"))
        report, _, _ = ingested(home, replace(FILES[table], content=content))
        assert (report.rows_read, report.rows_kept) == (len(rows), len(rows))

    holds()
