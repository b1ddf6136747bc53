"""Files with a row for each feed × field × hostile value, made from what the feeds declare; see `files`.

A row is good but for one field. What must become of it is for the tests to say; here it is only written.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from orchestration.settings.model import Source
from orchestration.sources import FEEDS
from orchestration.sources.feed import NUMERIC, Feed, Field

DAY = date(2026, 10, 26)
# The zone puts its clocks back on the day before: 02:30 is there twice. In March it skipped such an hour.
TIMEZONE = "Europe/Berlin"
NOON_S = 1792929600  # 2026-10-25 12:00 UTC
_PATH = "https://shop.example/p"
# Whatever field of whatever feed it comes in, it must not come out.
SECRET = "hunter2xyz"
_SECRETS = f"password={SECRET} {SECRET}@mail.example"
NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e308",
    "-1e308",
    "-1",
    "0",
    "1e14",
    "9223372036854775808",
    "1e999",
    "",
    "٣",
    _SECRETS,
)
TIMES = (
    *("0", f"{NOON_S}", f"{NOON_S}000", f"{NOON_S}000000", f"{NOON_S}000000000", "1969-12-31T23:00:00Z", "2300-01-01"),
    *(
        "2026-10-25T10:00:00",
        "2026-10-25T02:30:00",
        "2026-03-29T02:30:00",
        "2026-10-25T00:59:60Z",
        "NaN",
        "1e308",
        "",
        _SECRETS,
    ),
)
TEXTS = (
    "'",
    'a "b" c',
    "{{ 7 * 7 }}",
    "two\nlines",
    "nul\x00byte",
    "\u202ertl \u05d0",
    "all",
    "<b>",
    "{",
    "[1]",
    "",
    _SECRETS,
)
LONG = "x" * 1_000_000
_OTHERS = {
    "boolean": ("maybe", "2", "", _SECRETS),
    "list": ("all", "a;b", "[", "'", "", f"web;{_SECRETS}"),
    "currency": ("eur", "XYZ", "{{", "", _SECRETS),
}
_GOOD = {"number": "1", "integer": "1", "money": "20", "boolean": "true", "object": '{"a": 1}', "list": "web"}
_GOOD_TEXTS = {
    ("beacons", "name"): "LCP",
    ("errors", "kind"): "exception",
    "status": "up",
    "service": "web",
    "currency": "EUR",
    "severity": "minor",
    "event_name": "LCP",
    "vital_name": "LCP",
    "location": "here",
}


@dataclass(frozen=True)
class Row:
    """One record of a file: the line it begins in, and which field has which value. No field: the row is good."""

    line: int
    field: Field | None
    value: str


@dataclass(frozen=True)
class File:
    """A file of one feed: its name below the export day, its content, and its records."""

    feed: Feed
    name: str
    content: str
    rows: tuple[Row, ...]

    @property
    def source(self) -> Source:
        """What the configuration says of it."""
        path = f"{{date}}/{self.name}"
        return Source(name=self.feed.system.replace("_", "-"), system=self.feed.system, path=path, timezone=TIMEZONE)


def files(with_long: bool = True) -> list[File]:
    """Returns a file for every feed, our own and those of other tools; the long texts are 1 MB each."""
    return [_file(feed, with_long) for feed in FEEDS.values()]


def hostile_values(feed: Feed, with_long: bool = True) -> Iterator[tuple[Field, str]]:
    """Yields every field of a feed with every value that its kind makes hostile; a long text once for each kind."""
    met = set()
    for field in feed.fields:
        values = _OTHERS.get(field.kind, NUMBERS if field.kind in NUMERIC else TIMES if field.kind == "time" else TEXTS)
        if with_long and values is TEXTS and field.kind not in met and not field.choices:
            met.add(field.kind)
            values = (*values, LONG)
        yield from ((field, value) for value in values)


def good_row(feed: Feed, number: int) -> dict[str, str]:
    """Returns a text for every key of a feed, each of its kind and in range; keys of entities end in the number."""
    row = {}
    for field in feed.fields:
        text = field.choices[0] if field.choices else _GOOD_TEXTS.get(field.key, f"{field.key}-{number}")
        if field.kind == "url":
            text = f"{_PATH}/{number}"
        if field.kind == "time":
            text = str((NOON_S + number % 3600) * (10**9 if field.key == "timeUnixNano" else 1000))
        elif field.range and field.range.minimum > 1:
            text = str((NOON_S + number % 3600) * 1000)
        if feed.system == "access_log" and field.key == "status":
            row[field.key] = "200"
            continue
        row[field.key] = _GOOD.get(field.kind, text) if not field.range or field.range.minimum <= 1 else text
    return row


def line_of(feed: Feed, row: dict[str, str]) -> str:
    """Returns a record as the tool of a feed writes it, without the line end."""
    match feed.system:
        case "faro":
            return _faro(row)
        case "ga4":
            return _ga4(row)
        case "opentelemetry":
            return _opentelemetry(row)
        case "access_log":
            return _access_log(row)
    if feed.is_ndjson_only:
        objects = {field.key for field in feed.fields if field.kind == "object"}
        numbers = {field.key for field in feed.fields if field.kind in NUMERIC}
        return "{" + ", ".join(f"{json.dumps(k)}: {_json(v, k in objects, k in numbers)}" for k, v in row.items()) + "}"
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(row.values())
    return stream.getvalue()[:-1]


def _file(feed: Feed, with_long: bool) -> File:
    is_csv = not feed.is_ndjson_only and not feed.objects
    lines = [",".join(feed.keys)] if is_csv else []
    rows, at = [], 1 + len(lines)
    cases: list[tuple[Field | None, str]] = [(None, ""), *hostile_values(feed, with_long), (None, "")]
    for number, (field, value) in enumerate(cases):
        row = good_row(feed, number)
        if field:
            row[field.key] = value
        lines.append(line_of(feed, row))
        rows.append(Row(at, field, value))
        at += 1 + lines[-1].count("\n")
    suffix = "csv" if is_csv else "log" if feed.system == "access_log" else "ndjson"
    return File(feed, f"{feed.system}.{suffix}", "\n".join(lines) + "\n", tuple(rows))


def _json(text: str, is_object: bool, is_number: bool) -> str:
    """A number stays the token that it is, NaN and 1e999 too; what is none of JSON's becomes a text."""
    try:
        if is_object or (is_number and text.isascii()):
            json.loads(text)
            return text
    except ValueError:
        pass
    return json.dumps(text)


def _faro(row: dict[str, str]) -> str:
    meta = {
        "page": {"url": row["url"], "id": row["page_id"]},
        "session": {"id": row["session_id"]},
        "user": {"id": row["user_id"]},
        "app": {"name": row["app"], "version": row["release"]},
        "browser": {"name": row["browser"], "os": row["os"], "userAgent": row["ua"], "mobile": row["is_mobile"]},
        "sdk": {"version": row["sdk_version"]},
    }
    # The metrics of a measurement are keys of an object: the number of its place is put there.
    value = _json(row["position"], False, True)
    item = {
        "timestamp": row["timestamp"],
        "type": "web-vitals",
        "value": row["message"],
        "context": {"id": row["type"]},
    }
    text = json.dumps(item)[:-1] + f', "values": {{"lcp": {value}, "delta": {value}}}}}'
    return f'{{"meta": {json.dumps(meta)}, "measurements": [{text}]}}'


def _ga4(row: dict[str, str]) -> str:
    keys = ("ga_session_id", "page_location", "page_referrer", "metric_id", "metric_value", "metric_delta", "release")
    event = {
        "event_name": row["event_name"],
        "event_timestamp": row["event_timestamp"],
        "event_params": [{"key": key, "value": {"string_value": row[key]}} for key in (*keys, "navigation_type")],
        "user_pseudo_id": row["user_id"],
        "device": {"category": row["device_category"], "web_info": {"browser": row["browser"]}},
        "geo": {"country": row["country"], "region": row["region"]},
        "collected_traffic_source": {"manual_medium": row["medium"]},
    }
    return json.dumps(event)


def _opentelemetry(row: dict[str, str]) -> str:
    names = {
        "vital_name": "browser.web_vital.name",
        "vital_value": "browser.web_vital.value",
        "vital_delta": "browser.web_vital.delta",
        "vital_id": "browser.web_vital.id",
        "url": "url.full",
        "page_view_id": "page_view.id",
        "session_id": "session.id",
        "user_id": "user.id",
        "release": "service.version",
        "ua": "user_agent.original",
    }
    pairs = [{"key": name, "value": {"stringValue": row[key]}} for key, name in names.items()]
    record = {"timeUnixNano": row["timeUnixNano"], "eventName": row["event_name"], "severityText": row["severity"]}
    record |= {"body": {"stringValue": row["body"]}, "attributes": pairs}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})


def _access_log(row: dict[str, str]) -> str:
    own = {field.name: field.key for field in FEEDS["raw_web_vitals.beacons"].fields}
    query = "&".join(f"{quote(own[key])}={quote(value)}" for key, value in row.items() if key in own and value != LONG)
    time = row["time"]
    if time.startswith(str(NOON_S)[:6]):
        time = "25/Oct/2026:12:00:00 +0000"
    agent = row["ua"].replace("\n", " ").replace('"', "'") if row["ua"] != LONG else "x" * 100_000
    return f'- - - [{time}] "GET /beacon?{query} HTTP/1.1" {row["status"]} {row["bytes"]} "-" "{agent}"'
