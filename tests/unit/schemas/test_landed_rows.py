import gzip
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.schemas.landed_rows import doubtful_rows
from orchestration.settings import load_settings
from orchestration.settings.model import Source

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def day(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path))
    folder = tmp_path / "landing" / "2026-11-22"
    folder.mkdir(parents=True)
    return folder


def test_a_landed_value_that_the_schema_does_not_know_is_named_with_its_line(day):
    rows = "checked_at,service,status\n2026-11-22T00:00:00Z,storefront,up\n2026-11-22T00:01:00Z,storefront,UPP\n"
    (day / "probes.csv").write_text("\ufeff" + rows.replace("\n", "\r\n"), newline="")
    (line,) = doubtful_rows(load_settings())
    assert line.startswith("2026-11-22/probes.csv:3: status: 'UPP' is not one of ['up', ")


def test_a_missing_field_is_counted_once_over_the_rows_of_a_compressed_file(day):
    with gzip.open(day / "errors.ndjson.gz", "wt") as file:
        file.write('{"ts": "2026-11-22T00:00:00Z"}\n' * 3 + '{"ts": 1795305600000, "message": "boom"}\n')
    assert doubtful_rows(load_settings()) == [
        "2026-11-22/errors.ndjson.gz:1: row: 'message' is a required property (3 of the first rows)"
    ]


def test_a_line_that_is_no_json_is_a_doubtful_row_and_no_crash(day):
    (day / "errors.ndjson").write_text('{"ts": "2026-11-22T00:00:00Z", "message": "ok"}\n{"ts": \n')
    (line,) = doubtful_rows(load_settings())
    assert line.startswith("2026-11-22/errors.ndjson:2: row: ")


def test_only_the_newest_file_is_looked_at_and_good_rows_are_quiet(day):
    older = day.parent / "2026-11-21"
    older.mkdir()
    (older / "errors.ndjson").write_text("{}\n")
    (day / "errors.ndjson").write_text('{"ts": "2026-11-22T00:00:00Z", "message": "ok"}\n')
    assert doubtful_rows(load_settings()) == []


@pytest.mark.parametrize(
    ("system", "file", "bad", "told"),
    [
        ("boomerang", "captured_boomerang.ndjson", '[{"pid": "a"}]', "is not valid under any of the given schemas"),
        ("faro", "captured_faro.ndjson", '{"meta": {"page": {}}, "logs": {}}', "logs: {} is not of type 'array'"),
        ("ga4", "ga4_events.ndjson", '{"event_name": "LCP"}', "'event_timestamp' is a required property"),
        ("opentelemetry", "otel_browser_events.ndjson", '{\n "resourceSpans": []\n}', "'resourceLogs' is a required"),
        ("access_log", "access.log", "once upon a time", "row: 'once upon a time' is not a line of an access log"),
    ],
)
def test_a_file_of_another_tool_is_held_against_the_schema_of_that_tool(day, system, file, bad, told):
    settings = load_settings()
    source = Source(name=system, system=system, path=f"{{date}}/{system}*", timezone="UTC")
    settings = replace(settings, config=settings.config.model_copy(update={"sources": [source]}))
    shutil.copy(DATA / file, day / system)
    # One line of the log is there to be refused.
    assert len(doubtful_rows(settings)) == (system == "access_log")
    (day / system).write_text(bad)
    (line,) = doubtful_rows(settings)
    assert told in line
