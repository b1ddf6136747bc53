"""config check reads the first rows as an ingest would, and says of each fault where it stands and what it is."""

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration import lake
from orchestration.lake.trial import doubtful_rows
from orchestration.settings import load_settings
from orchestration.settings.model import Source

DATA = Path(__file__).parents[2] / "data"
NOON = 1795348800000  # 2026-11-22 12:00 UTC


@pytest.fixture
def day(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path))
    folder = tmp_path / "landing" / "2026-11-22"
    folder.mkdir(parents=True)
    return folder


def beacon(**fields):
    return {"name": "LCP", "id": "a", "value": 1, "url": "/p", "ts": NOON} | fields


def test_a_value_that_is_not_allowed_is_named_with_its_line_and_its_reason(day):
    rows = "checked_at,service,status\n2026-11-22T00:00:00Z,storefront,up\n2026-11-22T00:01:00Z,storefront,UPP\n"
    (day / "probes.csv").write_text("\ufeff" + rows.replace("\n", "\r\n"), newline="")
    (line,) = doubtful_rows(load_settings())
    assert line.startswith("2026-11-22/probes.csv:3: would be rejected, unknown_value status: the value is not one of")
    assert line.endswith("2026-11-22T00:01:00Z,storefront,UPP (1 of the first rows)")


def test_a_missing_field_is_counted_once_over_the_rows_of_a_compressed_file(day):
    with gzip.open(day / "errors.ndjson.gz", "wt") as file:
        file.write('{"ts": "2026-11-22T00:00:00Z"}\n' * 3 + f'{{"ts": {NOON}, "message": "boom"}}\n')
    (line,) = doubtful_rows(load_settings())
    assert line.startswith("2026-11-22/errors.ndjson.gz:1: would be rejected, missing_field message: ")
    assert line.endswith("(3 of the first rows)")


def test_an_optional_value_of_another_kind_is_named_too_and_an_array_on_a_line_is_looked_into(day):
    lines = [beacon(), [beacon(), beacon(weight="heavy"), beacon(id=None)], beacon(weight="light")]
    (day / "beacons.ndjson").write_text("\n".join(map(json.dumps, lines)))
    assert doubtful_rows(load_settings()) == [
        "2026-11-22/beacons.ndjson:2: would be rejected, missing_field id: a required field is missing: null"
        " (1 of the first rows)",
        "2026-11-22/beacons.ndjson:2: weight would be left empty, its value is none of its kind: heavy"
        " (2 of the first rows)",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("orders.csv", "order_id;ordered_at;revenue\na;2026-11-22 10:00:00;5\n"),
        ("orders.csv", "order_id\tordered_at\trevenue\ra\t2026-11-22 10:00:00\t5\r"),
        ("probes.csv", "checked_at,service,status,interval_s\n2026-11-22T00:00:00Z,storefront,DOWN,60.0\n"),
        ("releases.csv", "release,deployed_at,is_rollback\nr1,2026-11-22 10:00:00,yes\nr2,2026-11-22 10:00:00,0\n"),
        ("beacons.ndjson", json.dumps([beacon(name="lcp"), beacon(name="inp")])),
    ],
)
def test_what_an_ingest_takes_raises_no_alarm(day, name, text):
    (day / name).write_text(text, newline="")
    assert doubtful_rows(load_settings()) == []


def test_only_files_of_the_newest_day_are_looked_at_only_their_start_and_nothing_is_kept(day):
    older = day.parent / "2026-11-21"
    older.mkdir()
    (older / "errors.ndjson").write_text("{}\n")
    good = f'{{"ts": {NOON}, "message": "{"x" * 1000}"}}\n'
    (day / "errors.ndjson").write_text(good * 6000 + "{}\n")
    settings = load_settings()
    assert doubtful_rows(settings) == []
    (day / "errors-2.ndjson").write_text('{"ts": \n' + good)
    (day / "errors-3.ndjson").write_bytes(gzip.compress(json.dumps([json.loads(good)] * 5000).encode())[:-9])
    (line,) = doubtful_rows(settings)
    assert line.startswith("2026-11-22/errors-2.ndjson:1: would be rejected, unparseable")
    assert [path.name for path in settings.home.iterdir()] == ["landing"]
    assert lake.manifests(settings, "raw_web_errors.errors") == []


@pytest.mark.parametrize(
    ("system", "file", "bad", "line", "told"),
    [
        ("boomerang", "captured_boomerang.ndjson", '[{"pid": "a"}]', 1, "missing_field received_at"),
        ("faro", "captured_faro.ndjson", '{"meta": {"page": {}}, "logs": {}}', 1, "nothing_to_read"),
        ("ga4", "ga4_events.ndjson", '{"event_name": "LCP"}', 1, "missing_field occurred_at"),
        ("opentelemetry", "otel_browser_events.ndjson", '\n{\n "resourceSpans": []\n}', 2, "nothing_to_read"),
        ("access_log", "access.log", "once upon a time\n", 1, "unparseable"),
    ],
)
def test_a_file_of_another_tool_is_read_as_that_of_the_tool(day, system, file, bad, line, told):
    settings = load_settings()
    source = Source(name=system, system=system, path=f"{{date}}/{system}*", timezone="UTC", delivery="daily")
    settings = replace(settings, config=settings.config.model_copy(update={"sources": [source]}))
    shutil.copy(DATA / file, day / system)
    assert not any("unparseable" in found for found in doubtful_rows(settings)) or system == "access_log"
    (day / system).write_text(bad)
    (found,) = doubtful_rows(settings)
    assert found.startswith(f"2026-11-22/{system}:{line}: would be rejected, {told}")
