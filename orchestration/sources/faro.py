"""Payloads of the Grafana Faro Web SDK, one JSON object a line: what it calls signals, each a row, with their `meta`.

Measurements of type web-vitals carry their metric as a key of `values` and the id of the web-vitals library in
`context`; exceptions carry a stack of frames; events and logs are kept as they are. Spans (`traces`) stay in landing.
Times are of the browser's clock. Names: the SDK's own types (packages/core/src/api) and its version 2.12.
"""

import json

from orchestration.sources.feed import POSITION, Feed, Field
from orchestration.sources.literals import literal
from orchestration.sources.nested import if_fits, pack, size, without

_FIELDS = (
    Field("kind", required=True, choices=("measurement", "exception", "event", "log")),
    Field("position", "integer", required=True, range=POSITION),
    Field("type"),
    Field("message", "free_text"),
    Field("stack", "free_text"),
    Field("values", "object"),
    Field("context", "object"),
    Field("url", "url"),
    Field("page_id"),
    Field("session_id"),
    Field("user_id", "user"),
    Field("app"),
    Field("release"),
    Field("browser"),
    Field("os"),
    Field("ua"),
    Field("is_mobile", "boolean"),
    Field("sdk_version"),
    Field("occurred_at", "time", key="timestamp", required=True),
)
_TEXT = "VARCHAR"
_STRUCTURE = {
    "meta": {
        "sdk": {"version": _TEXT},
        "app": {"name": _TEXT, "version": _TEXT},
        "browser": {"name": _TEXT, "os": _TEXT, "userAgent": _TEXT, "mobile": _TEXT},
        "page": {"id": _TEXT, "url": _TEXT},
        "session": {"id": _TEXT},
        "user": {"id": _TEXT},
    },
    "measurements": ["JSON"],
    "exceptions": ["JSON"],
    "events": ["JSON"],
    "logs": ["JSON"],
}
_ITEM = {
    "timestamp": _TEXT,
    "type": _TEXT,
    "name": _TEXT,
    "level": _TEXT,
    "value": _TEXT,
    "message": _TEXT,
    "values": "JSON",
    "context": "JSON",
    "attributes": "JSON",
    "stacktrace": {"frames": [{"filename": _TEXT, "function": _TEXT, "lineno": _TEXT, "colno": _TEXT}]},
}
_LISTS = {"measurement": "measurements", "exception": "exceptions", "event": "events", "log": "logs"}


def _objects() -> str:
    meta = "_payload.meta"
    item = f"json_transform(_signal.item, {literal(json.dumps(_ITEM))})"
    frame = (
        "'    at ' || coalesce(nullif(_frame.function, ''), '<anonymous>') || ' (' || coalesce(_frame.filename, '') "
        "|| ':' || coalesce(_frame.lineno, '0') || ':' || coalesce(_frame.colno, '0') || ')'"
    )
    # What a browser would have written: the type and message, then a line for each frame.
    stack = (
        "case when len(_i.stacktrace.frames) > 0 then concat_ws(': ', _i.type, _i.value) || chr(10) || "
        f"array_to_string(list_transform(_i.stacktrace.frames, lambda _frame: {frame}), chr(10)) end"
    )
    fields = {
        "kind": "_signal.kind",
        "position": "_at",
        "type": "coalesce(_i.type, _i.name, _i.level)",
        "message": "coalesce(_i.value, _i.message)",
        "stack": stack,
        "values": "_i.values",
        "context": "coalesce(_i.context, _i.attributes)",
        "url": f"{meta}.page.url",
        "page_id": f"{meta}.page.id",
        "session_id": f"{meta}.session.id",
        "user_id": f"{meta}.user.id",
        "app": f"{meta}.app.name",
        "release": f"{meta}.app.version",
        "browser": f"{meta}.browser.name",
        "os": f"{meta}.browser.os",
        "ua": f'{meta}.browser."userAgent"',
        "is_mobile": f"{meta}.browser.mobile",
        "sdk_version": f"{meta}.sdk.version",
        "timestamp": "_i.timestamp",
    }
    row = pack(fields, without("_signal.item", [*_ITEM, "trace"]))
    signals = ", ".join(
        f"list_transform(coalesce(_payload.{items}, []), lambda _item: {{'kind': '{kind}', 'item': _item}})"
        for kind, items in _LISTS.items()
    )
    rows = (
        f"list_transform(list_transform(list_concat({signals}), "
        f"lambda _signal: {{'kind': _signal.kind, 'item': _signal.item, 'i': {item}}}), lambda _signal, _at: {row})"
    ).replace("_i.", "_signal.i.")
    count = " + ".join(f"coalesce(len(_payload.{items}), 0)" for items in _LISTS.values())
    rows = if_fits(size(f"({count})", meta), rows)
    payload = f"json_transform(_text, {literal(json.dumps(_STRUCTURE))})"
    return (
        "case when starts_with(ltrim(_text), '{') and json_valid(_text) "
        f"then list_transform([{payload}], lambda _payload: {rows})[1] end"
    )


FEED = Feed(
    name="beacons",
    system="faro",
    table="signals",
    time="occurred_at",
    is_ndjson_only=True,
    fields=_FIELDS,
    objects=_objects(),
    private=r'("user"\s*:\s*\{)[^}]*',
    joins=("raw_web_vitals.beacons", "raw_web_errors.errors"),
)
