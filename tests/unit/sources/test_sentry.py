"""Events of Sentry, real and hostile, through a real ingest: each is a row of errors or a reject."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration import lake
from orchestration.settings import load_settings
from orchestration.settings.model import Source

REAL = Path(__file__).parents[4] / "shared" / "data" / "sentry_events"
TABLE = "raw_web_errors.errors"
SOURCE = Source(name="sentry", system="sentry", path="sentry/*", timezone="UTC", delivery="snapshot")


@pytest.fixture(scope="module")
def default():
    """The sample configuration, with a folder of Sentry's events as its only source."""
    settings = load_settings()
    return replace(settings, config=settings.config.model_copy(update={"sources": [SOURCE]}))


@pytest.fixture
def settings(default, tmp_path):
    """A home of its own."""
    (tmp_path / "landing" / "sentry").mkdir(parents=True)
    return replace(default, home=tmp_path)


def land(settings, **files):
    for name, content in files.items():
        content = content if isinstance(content, bytes) else json.dumps(content, indent=2).encode()
        (settings.landing / "sentry" / name).write_bytes(content)


def ingested(settings):
    """The rows of errors by file and line, and the reasons of the rejects."""
    lake.ingest(settings, TABLE)
    rows, rejects = (
        duckdb.read_parquet([str(file) for file in files], union_by_name=True).fetchdf().to_dict("records")
        if (files := found)
        else []
        for found in (lake.parquet_files(settings, TABLE), lake.reject_files(settings, "raw_web_errors"))
    )
    return rows, [row["reason"] for row in rejects]


@pytest.mark.skipif(not REAL.exists(), reason="needs the real events in ../shared/data/sentry_events")
def test_every_real_event_is_a_row_with_its_own_message_and_time(settings):
    for file in REAL.glob("*.json"):
        shutil.copy(file, settings.landing / "sentry")
    rows, rejects = ingested(settings)
    assert len(rows) == len(list(REAL.glob("*.json")))
    assert rejects == []
    by_name = {Path(row["_source_file"]).stem: row for row in rows}
    assert by_name["top-level-message-as-str-no-exception"]["message"] == (
        "I am the GO SDK and I'm sorry I put a string here"
    )
    assert by_name["user-id-as-int"]["user_id"] and "1234" not in by_name["user-id-as-int"]["user_id"]
    assert str(by_name["javascript-message"]["occurred_at"]).startswith("2024-09-17 07:34:05.124")
    assert by_name["javascript-xbrowser-chrome"]["stack"].splitlines()[1].strip() == (
        "at Object.aha (file:///tmp/test.html:18:13)"
    )


def test_an_event_over_many_lines_an_array_and_a_line_each_give_the_same_rows(settings):
    events = [{"message": f"broken {n}", "timestamp": 1_700_000_000 + n} for n in range(3)]
    lines = "".join(json.dumps(event) + "\n" for event in events).encode()
    land(settings, one=events[0], many=events, lines=lines)
    rows, rejects = ingested(settings)
    assert rejects == []
    assert sorted((row["_source_file"], row["message"]) for row in rows) == [
        ("sentry/lines", "broken 0"), ("sentry/lines", "broken 1"), ("sentry/lines", "broken 2"),
        ("sentry/many", "broken 0"), ("sentry/many", "broken 1"), ("sentry/many", "broken 2"),
        ("sentry/one", "broken 0"),
    ]  # fmt: skip


def test_a_chain_of_exceptions_is_told_by_the_last_and_frames_of_libraries_are_left_out(settings):
    frames = [
        {"function": "outer", "filename": "app.js", "lineno": 1, "in_app": True},
        {"function": "lib", "filename": "lib.js", "lineno": 2, "in_app": False},
        {"function": "inner\nline", "filename": "app.js", "lineno": 3, "colno": 4, "in_app": True},
    ]
    values = [{"type": "Cause", "value": "why"}, {"type": "Effect", "value": "what", "stacktrace": {"frames": frames}}]
    tags = [["page_view_id", "v1"], {"key": "browser.name", "value": "Firefox"}]
    land(settings, chain={"exception": {"values": values}, "timestamp": "2025-01-02T03:04:05", "tags": tags})
    ((row,), _) = ingested(settings)
    assert (row["type"], row["message"], row["page_view_id"], row["browser"]) == ("Effect", "what", "v1", "Firefox")
    assert row["stack"] == "Effect\n    at inner line (app.js:3:4)\n    at outer (app.js:1)"
    assert str(row["occurred_at"]) == "2025-01-02 03:04:05"


def test_what_is_no_event_is_a_reject_and_stops_nothing(settings):
    strange = {
        "exception": 7,
        "logentry": [1],
        "message": {"message": {"a": 1}},
        "tags": "x",
        "user": [],
        "timestamp": 1700000000,
    }
    land(
        settings,
        torn=b'{\n  "message": "x",\n  "timesta',
        lines=b'{"message": "y", "timestamp": 1700000000}\n{"message": \n[1]\n"text"\nnull\n{"message": "no time"}\n',
        empty=b"",
        surrogates=b'[{"message": "\\ud800 x", "timestamp": 1700000000}, {"message": "\xff", "timestamp": 5}, 3, []]',
        strange=strange,
        deep=b"[" * 100_000,
    )  # fmt: skip
    rows, rejects = ingested(settings)
    assert sorted(row["message"] for row in rows) == ["y", '{"a":1}']
    assert len(rejects) == 11
    assert set(rejects) == {"unparseable", "missing_field", "not_utf8", "truncated", "too_complex"}


def test_what_is_personal_stays_out(settings):
    user = {"id": "anna-1", "email": "anna@shop.example", "ip_address": "203.0.113.9"}
    event = {"message": "for anna@shop.example at 203.0.113.9", "user": user, "timestamp": 1700000000}
    land(settings, one=event | {"request": {"url": "https://shop.example/a?token=secret", "cookies": "sid=abc"}})
    ((row,), _) = ingested(settings)
    assert row["url"] == "https://shop.example/a"
    assert not any(word in str(row) for word in ("anna", "203.0.113.9", "secret", "sid=abc"))
