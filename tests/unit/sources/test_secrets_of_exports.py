"""Exports that carry a secret in every place where one was seen: rows, unknown fields, and rejects of every kind."""

import json
from dataclasses import replace

import duckdb
import pytest

from orchestration import lake
from orchestration.settings import load_settings
from orchestration.settings.model import Source
from tests import hostile_rows

SECRET = hostile_rows.SECRET
MS = hostile_rows.NOON_S * 1000
TEXT = f"password={SECRET}"
RESET = f"https://shop.example/reset/{SECRET}?token={SECRET}"
NESTED = {
    "password": [SECRET],
    "credentials": {"user": {"keys": [SECRET, {"c": SECRET}]}},
    "headers": {"cookie": f"sid={SECRET}", "authorization": [f"Bearer {SECRET}"]},
}
PAIRS = [{"key": "password", "value": {"stringValue": SECRET, "string_value": SECRET}}]


def error(**fields: object) -> str:
    return json.dumps({"message": "m", "ts": MS, **fields})


ORDERS = [
    "order_id,ordered_at,revenue,currency,password,note",
    f"o1,{MS},1,EUR,{SECRET},x",
    f"o2,{MS},1,EUR,{SECRET}",
    f"o3,{MS},1,EUR,{SECRET},x,y,{SECRET}",
    f'o4,{MS},1,EUR,"{SECRET}',
    f"{SECRET}@mail.example,{MS},1,EUR,,",
    f"o5,{MS},nope,EUR,{SECRET},{TEXT}",
    f"o6,{MS},1,EUR,,https://u:{SECRET}@host/x",
    f"o7,{TEXT},1,EUR,,",
]
ERRORS = [
    error(extra=NESTED),
    error(extra=json.dumps(NESTED)),
    error(message=json.dumps(NESTED), url=RESET, source=f"https://u:{SECRET}@shop.example/x.js"),
    error(stack=f"Error\n at f ({RESET}:1:2)"),
    error(fingerprint=f"{SECRET}@mail.example", page_view_id=TEXT, release=TEXT),
    error(
        **{name: SECRET for name in ("x-api-key", "db.password", "Set-Cookie", "password_confirmation", "sessionId")}
    ),
    error(secrets=[SECRET], tokens={"a": SECRET}, ts=TEXT),
    error(message=TEXT)[:-9],
    error(extra=NESTED)[:-4],
    error(extra=NESTED)[3:],
    f'{{"password": "{SECRET}", "password": "{SECRET}", "message": "m", "ts": {MS}}}',
    f'["password", "{SECRET}"]',
    f"<password>{SECRET}</password>",
]
INCIDENTS = [
    json.dumps({"incident_id": f"i{at}", "service": "web", "started_at": MS, "title": text, "cause": text})
    for at, text in enumerate([f"Authorization: Token {SECRET}", f"X-Api-Key: {SECRET}", json.dumps(NESTED)])
]
SENTRY = [
    json.dumps(
        {
            "event_id": "e1",
            "timestamp": MS / 1000,
            "exception": {"values": [{"type": "Error", "value": json.dumps(NESTED)}]},
            "request": {"url": RESET, "headers": [["Cookie", TEXT]], "data": NESTED},
            "tags": [["password", SECRET]],
            "extra": NESTED,
            "release": f"{SECRET}@mail.example",
        }
    )
]
BOOMERANG = [
    json.dumps({"pid": pid, "u": RESET, "r": RESET, "created_at": MS, "rt.si": TEXT, "cookie": SECRET, "x": NESTED})
    for pid in (f"{SECRET}@mail.example", "p1")
]
FARO = [
    json.dumps(
        {
            "meta": {"page": {"url": RESET}, "session": {"id": TEXT, "attributes": NESTED}, "user": NESTED},
            "exceptions": [{"timestamp": "2026-10-25T12:00:00Z", "type": "Error", "value": TEXT, "context": NESTED}],
            "logs": [{"message": TEXT, "timestamp": "2026-10-25T12:00:00Z", "context": NESTED}],
        }
    )
]
LOG_RECORD = {"timeUnixNano": f"{MS}000000", "body": {"stringValue": TEXT}, "attributes": PAIRS}
OPENTELEMETRY = [json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [LOG_RECORD]}], "resource": PAIRS}]})]
GA4 = [
    json.dumps(
        {
            "event_name": "LCP",
            "event_timestamp": MS * 1000,
            "event_params": [{"key": "page_location", "value": {"string_value": RESET}}, *PAIRS],
            "user_properties": PAIRS,
        }
    )
]
AT = "25/Oct/2026:12:00:00 +0000"
ACCESS_LOG = [
    f'1.2.3.4 - {SECRET} [{AT}] "GET /b?name=LCP&id=1&value=1&url=/reset/{SECRET}&token={SECRET} HTTP/1.1" 200 1'
    f' "{RESET}" "{TEXT}"',
    f'1.2.3.4 - - [{AT}] "POST /login?{TEXT} HTTP/1.1" 200 1 "-" "x"',
    f"GET /reset/{SECRET} torn {TEXT}",
]
EXPORTS = {
    "orders": (ORDERS, "raw_orders.orders"),
    "web_errors": (ERRORS, "raw_web_errors.errors"),
    "sentry": (SENTRY, "raw_web_errors.errors"),
    "incidents": (INCIDENTS, "raw_incidents.incidents"),
    "boomerang": (BOOMERANG, "raw_boomerang.beacons"),
    "faro": (FARO, "raw_faro.signals"),
    "opentelemetry": (OPENTELEMETRY, "raw_opentelemetry.log_records"),
    "ga4": (GA4, "raw_ga4.events"),
    "access_log": (ACCESS_LOG, "raw_access_log.requests"),
}


@pytest.mark.parametrize("system", EXPORTS)
def test_no_secret_of_an_export_reaches_the_lake(system, tmp_path):
    lines, table = EXPORTS[system]
    source = Source(name="it", system=system, path="{date}/export.*", timezone="UTC")
    default = load_settings()
    settings = replace(default, home=tmp_path, config=default.config.model_copy(update={"sources": [source]}))
    path = settings.landing / str(hostile_rows.DAY) / ("export.csv" if system == "orders" else "export.ndjson")
    path.parent.mkdir(parents=True)
    # The last line again, cut off: half of it is in a reject.
    path.write_text("\n".join([*lines, lines[-1][:-20]]) + "\n")
    report = lake.ingest(settings, table)
    assert report.total("rows_kept") > 0
    assert report.total("rows_rejected") > 0
    files = [str(file) for file in settings.lake.rglob("*.parquet")]
    with duckdb.connect() as connection:
        query = "select t::varchar from read_parquet(?, union_by_name = true, hive_partitioning = false) as t"
        rows = [row for (row,) in connection.execute(query, [files]).fetchall()]
    assert len(rows) == report.total("rows_kept") + report.total("rows_rejected")
    assert [row for row in rows if SECRET in row] == []
    assert [row for row in rows if "[removed]" in row] != []
