"""Exports of other tools as strangers leave them: each row in them is a row of the lake or a reject with its reason."""

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import lake
from orchestration.settings import load_settings
from orchestration.settings.model import Source

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2] / "data"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "boomerang"
DAY = date(2026, 11, 20)
NOON = 1795176000000  # 2026-11-20 12:00 UTC
TABLES = {
    "boomerang": "raw_boomerang.beacons",
    "faro": "raw_faro.signals",
    "ga4": "raw_ga4.events",
    "opentelemetry": "raw_opentelemetry.log_records",
    "access_log": "raw_access_log.requests",
}


@pytest.fixture(scope="module")
def default():
    """The sample configuration with a source of each of the tools and no other."""
    settings = load_settings()
    sources = [Source(name=name, system=name, path=f"{{date}}/{name}*", timezone="Europe/Sofia") for name in TABLES]
    return replace(settings, config=settings.config.model_copy(update={"sources": sources}))


@pytest.fixture
def settings(default, tmp_path):
    """A home of its own."""
    return replace(default, home=tmp_path)


def ingested(settings, system, *contents, day=DAY):
    """The rows, and the rejects as (line, reason, field, text), of files with such contents."""
    folder = settings.landing / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(contents):
        (folder / f"{system}{number}").write_bytes(content if isinstance(content, bytes) else content.encode())
    report = lake.ingest(settings, TABLES[system])
    schema = TABLES[system].split(".")[0]
    kept = table_of(lake.parquet_files(settings, TABLES[system]))
    refused = table_of(lake.reject_files(settings, schema))
    assert sum(file.rows_read for file in report.files) == len(kept) + len(refused)
    return kept, [(row["_source_line"], row["reason"], row["field"], row["raw_text"]) for row in refused]


def table_of(files):
    """The rows of Parquet files, in the order of the lines they came from."""
    if not files:
        return []
    query = "from read_parquet($1, hive_partitioning = false) order by _source_file, _source_line"
    found = duckdb.execute(query, [[str(file) for file in files]])
    columns = [column[0] for column in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def beacon(**fields):
    plain = {"u": "https://shop.example/p?q=1", "pid": "a1", "n": 1, "rt.tstart": NOON, "rt.end": NOON + 900}
    return json.dumps({key: value for key, value in (plain | fields).items() if value is not ...})


def payload(*measurements, **meta):
    return json.dumps(
        {"meta": {"session": {"id": "s"}, "page": {"url": "https://shop.example/"}} | meta}
        | {"measurements": list(measurements)}
    )


def measured(**fields):
    return {"type": "web-vitals", "values": {"lcp": 12.5}, "timestamp": "2026-11-20T12:00:00.5Z"} | fields


def records(*logs):
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": list(logs)}]}]})


def event(**fields):
    return json.dumps({"event_name": "LCP", "event_timestamp": str(NOON * 1000)} | fields)


def request(text, time="20/Nov/2026:13:00:00 +0100", rest=' 204 0 "-" "-"'):
    return f'203.0.113.9 - zoe7719 [{time}] "{text}"{rest}'


GOOD = {
    "boomerang": beacon(),
    "faro": payload(measured()),
    "ga4": event(),
    "opentelemetry": records({"timeUnixNano": str(NOON * 10**6)}),
    "access_log": request("GET / HTTP/1.1"),
}
TIME = {
    "boomerang": "received_at",
    "faro": "occurred_at",
    "ga4": "occurred_at",
    "opentelemetry": "occurred_at",
    "access_log": "received_at",
}


@pytest.mark.parametrize("system", TABLES)
def test_a_bad_line_is_a_reject_and_its_neighbours_are_rows(settings, system):
    bad = ["\x00\x01 neither this nor that", '{"torn": ', "\udcff".encode(errors="surrogateescape").decode("latin1")]
    lines = "\n".join([GOOD[system], bad[0], bad[1], GOOD[system]]).encode() + b"\n\xff\xfe\n" + b"x" * 1_100_000
    kept, refused = ingested(settings, system, lines)
    assert [row["_source_line"] for row in kept] == [1, 4]
    assert [row[:2] for row in refused] == [(2, "unparseable"), (3, "unparseable"), (5, "not_utf8"), (6, "too_long")]


@pytest.mark.parametrize("system", TABLES)
def test_marks_line_ends_and_compression_do_not_matter_and_a_cut_file_keeps_what_it_has(settings, system):
    text = f"\ufeff{GOOD[system]}\r\n\r\n{GOOD[system]}"
    whole = gzip.compress(("\n".join([GOOD[system]] * 3000)).encode())
    kept, refused = ingested(settings, system, text, gzip.compress(text.encode()), b"", whole[: len(whole) - 20])
    assert [row["_source_line"] for row in kept[:4]] == [1, 3, 1, 3]
    assert len(kept) > 5
    assert [row[1] for row in refused] == ["truncated"]


@pytest.mark.parametrize(
    ("system", "line", "reason", "field"),
    [
        ("boomerang", beacon(u=...), "missing_field", "url"),
        ("boomerang", beacon(created_at="soon"), "bad_time", "received_at"),
        ("boomerang", beacon(**{"rt.tstart": 0, "rt.end": 0}), "time_out_of_range", "received_at"),
        ("faro", payload(measured(timestamp="soon")), "bad_time", "occurred_at"),
        ("faro", payload(measured(timestamp="1970-01-01T00:00:00Z")), "time_out_of_range", "occurred_at"),
        ("faro", '{"meta":{},"traces":{"resourceSpans":[]}}', "nothing_to_read", None),
        ("ga4", event(event_name=None), "missing_field", "event_name"),
        ("ga4", event(event_timestamp="soon"), "bad_time", "occurred_at"),
        ("ga4", event(event_timestamp=str(4102444800000000)), "time_out_of_range", "occurred_at"),
        ("opentelemetry", records({"body": {"stringValue": "x"}}), "missing_field", "occurred_at"),
        ("opentelemetry", records({"timeUnixNano": "soon"}), "bad_time", "occurred_at"),
        ("opentelemetry", '{"resourceSpans":[]}', "nothing_to_read", None),
        ("opentelemetry", '{"resourceLogs":{"a":1}}', "nothing_to_read", None),
        ("access_log", request("GET /", time="31/Nov/2026:00:00:00 +0000"), "bad_time", "received_at"),
        ("access_log", request("GET /", time="20/Nov/2016:00:00:00 +0000"), "time_out_of_range", "received_at"),
        ("access_log", 'no.host "GET / HTTP/1.1" 200 1', "unparseable", None),
    ],
)
def test_what_a_row_lacks_makes_it_a_reject(settings, system, line, reason, field):
    kept, refused = ingested(settings, system, f"{line}\n{GOOD[system]}\n")
    assert len(kept) == 1
    assert [row[:3] for row in refused] == [(1, reason, field)]


def test_a_value_of_another_type_is_kept_as_it_came_and_counted(settings):
    kept, _ = ingested(settings, "boomerang", beacon(**{"pt.lcp": "fast", "c.cls": [1], "t_other": "a|1"}))
    assert (kept[0]["lcp_ms"], kept[0]["cls"]) == (None, None)
    assert json.loads(kept[0]["_extra"]) == {"pt.lcp": "fast", "c.cls": "[1]", "t_other": "a|1"}
    (file,) = lake.ingest(settings, TABLES["boomerang"]).files
    assert file.bad_fields == {"pt.lcp": 1, "c.cls": 1}


def test_both_spellings_of_a_beacon_are_one(settings):
    dotted = {"rt.si": "s", "pt.lcp": "120", "c.cls": "0.1", "mob.etype": "4g", "rt.quit": "", "nt_nav_st": NOON}
    flat = {key.replace(".", "_"): value for key, value in dotted.items()}
    kept, _ = ingested(settings, "boomerang", beacon(**dotted), beacon(**flat, **{"rt.tstart": ..., "rt.end": ...,
        "rt_tstart": NOON, "rt_end": NOON + 900}))  # fmt: skip
    one, other = ({key: value for key, value in row.items() if key != "_source_file"} for row in kept)
    assert one == other
    assert (one["lcp_ms"], one["is_quit"], one["url"]) == (120, True, "https://shop.example/p")


def test_a_time_without_a_zone_is_in_that_of_the_source(settings):
    kept, _ = ingested(settings, "boomerang", beacon(created_at="2026-11-20 14:30:00"))
    assert str(kept[0]["received_at"]) == "2026-11-20 12:30:00"


def test_nothing_personal_of_other_tools_reaches_the_lake(settings):
    secrets = ("zoe7719", "203.0.113.9", "card=4111", "ann@shop.example", "cookie-jar")
    user = {"id": "zoe7719", "username": "zoe7719", "email": "ann@shop.example"}
    attributes = [
        {"key": "user.id", "value": {"stringValue": "zoe7719"}},
        {"key": "user.name", "value": {"stringValue": "zoe7719"}},
    ]
    address = "https://shop.example/p?card=4111"
    lines = {
        "boomerang": beacon(user_id="zoe7719", u=address, request_headers='{"Cookie":["cookie-jar"]}', email="zoe7719"),
        "faro": payload(measured(), user=user, page={"url": address}),
        "ga4": event(
            user_pseudo_id="zoe7719", event_params=[{"key": "page_location", "value": {"string_value": address}}]
        ),
        "opentelemetry": records({"timeUnixNano": str(NOON * 10**6), "attributes": attributes}),
        "access_log": request("GET /pay?card=4111&email=ann@shop.example HTTP/1.1", rest=f' 200 1 "{address}" "x"'),
    }
    for system, line in lines.items():
        kept, refused = ingested(settings, system, f"{line}\n{line[:-5]}\n{line.replace('2026', '1926')}\n")
        told = json.dumps([kept, refused], default=str)
        assert kept, system
        assert [secret for secret in secrets if secret in told] == [], (system, told)


def test_hostile_documents_neither_stop_a_load_nor_are_lost(settings):
    odd = [
        '{"meta":{"session":7,"page":[]},"measurements":[null,1,"x",[],{"type":"web-vitals"}],"exceptions":{}}',
        '{"meta":null,"exceptions":[{"timestamp":"2026-11-20T12:00:00Z","stacktrace":{"frames":[null,{"lineno":[]}]}}]}',
    ]
    kept, refused = ingested(settings, "faro", "\n".join(odd))
    assert (len(kept), len(refused)) == (1, 5)
    params = [{"key": "ga_session_id", "value": {"int_value": str(n)}} for n in (1, 2)] + [{"key": None}, None, 3]
    kept, refused = ingested(settings, "ga4", event(event_params=params, geo=[]), event(event_params={"a": 1}))
    assert (len(kept), refused) == (2, [])
    logs = [{"timeUnixNano": NOON * 10**6, "attributes": [None, {"key": "name"}, {"value": 3}], "body": "text"}, None]
    kept, refused = ingested(settings, "opentelemetry", records(*logs))
    assert (len(kept), len(refused)) == (1, 1)
    lines = [
        request("GET /b?%zz&=&&name=%ff%fe&id=<script>&rt.tstart=x HTTP/1.1"),
        request(r"\x16\x03\"\x01"),
        request("-"),
    ]
    kept, refused = ingested(settings, "access_log", "\n".join(lines))
    assert ([row["carries"] for row in kept], refused) == (["web_vitals", None, None], [])


def test_a_document_over_many_lines_is_read_like_one_line(settings):
    pretty = json.dumps(json.loads(records({"timeUnixNano": str(NOON * 10**6)})), indent=2)
    kept, refused = ingested(settings, "opentelemetry", pretty)
    assert (len(kept), refused) == (1, [])


def test_an_ingest_twice_changes_nothing(settings):
    before = [ingested(settings, system, line)[0] for system, line in GOOD.items()]
    assert [lake.ingest(settings, table).read for table in TABLES.values()] == [[]] * 5
    after = [ingested(settings, system, line)[0] for system, line in GOOD.items()]
    assert [len(rows) for rows in before] == [len(rows) for rows in after] == [1] * 5


@pytest.mark.skipif(not SHARED.exists(), reason="needs the real beacons in ../shared/data/boomerang")
def test_every_real_boomerang_beacon_is_a_row_or_a_reject(settings):
    files = {file.name: file.read_bytes() for file in SHARED.glob("*.json*")}
    days = {name: date(2021, 12, 2) if name.startswith("calendar") else date(2022, 8, 27) for name in files}
    for number, (name, content) in enumerate(sorted(files.items())):
        folder = settings.landing / str(days[name])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"boomerang{number}").write_bytes(content)
    kept, refused = ingested(settings, "boomerang")
    # In one file every field is empty, the address too.
    assert (len(kept), [row[1:3] for row in refused]) == (29, [("missing_field", "url")])
    views = {}
    for row in kept:
        views.setdefault(row["page_view"], []).append(row)
    pairs = [sorted(rows, key=lambda row: row["number"]) for rows in views.values() if len(rows) == 2]
    painted = [(load, leave) for load, leave in pairs if load["lcp_ms"]]
    assert len(painted) >= 8
    assert all(leave["is_quit"] and leave["lcp_ms"] is None for _, leave in painted)


@pytest.mark.parametrize("is_beside", [True, False])
def test_the_page_and_the_place_of_a_ga4_event_are_kept_wherever_they_stand(settings, is_beside):
    batch = {"batch_page_id": "1795408385000", "batch_ordering_id": "3", "batch_event_index": "2"}
    among = [{"key": key, "value": {"int_value": value}} for key, value in batch.items()]
    plan = [{"key": "plan", "value": {"string_value": "gold"}}]
    line = event(event_params=among + plan, **batch) if is_beside else event(event_params=among + plan)
    ((row,), refused) = ingested(settings, "ga4", line)
    assert not refused
    assert json.loads(row["parameters"]) == {**batch, "plan": "gold"}
    assert row["parameters"].count("batch_page_id") == 1
