"""Events of browsers as OpenTelemetry log records: OTLP in JSON, one export request a line, each record a row.

What the collector's file exporter writes. The metric of `browser.web_vital` stands in attributes of that prefix, in
earlier drafts in the body without it; an exception is a record with `exception.*`; the name of an event is
`eventName`, before that the attribute `event.name`. Traces and metrics stay in landing. Names: OTLP 1.x, the semantic
conventions for browser events, sessions and exceptions, and the package instrumentation-web-vitals.
"""

import json

from orchestration.sources.feed import METRIC, POSITION, Feed, Field
from orchestration.sources.literals import literal
from orchestration.sources.nested import found, if_fits, others, pack, size

_FIELDS = (
    Field("position", "integer", required=True, range=POSITION),
    Field("event_name"),
    Field("severity"),
    Field("body", "free_text"),
    Field("vital_name"),
    Field("vital_value", "number", range=METRIC),
    Field("vital_delta", "number", range=METRIC),
    Field("vital_id"),
    Field("navigation_type"),
    Field("exception_type"),
    Field("exception_message", "free_text"),
    Field("exception_stack", "free_text"),
    Field("attributes", "object"),
    Field("url", "url"),
    Field("page_view_id"),
    Field("session_id"),
    Field("user_id", "user"),
    Field("release"),
    Field("browser"),
    Field("os"),
    Field("ua"),
    Field("is_mobile", "boolean"),
    Field("country"),
    Field("occurred_at", "time", key="timeUnixNano", required=True),
)
# Where a field is looked for, the newest name first: attributes of the record, its body, then its resource.
_ATTRIBUTES = {
    "event_name": ("event.name",),
    "vital_name": ("browser.web_vital.name", "web_vital.name", "name"),
    "vital_value": ("browser.web_vital.value", "web_vital.value", "value"),
    "vital_delta": ("browser.web_vital.delta", "web_vital.delta", "delta"),
    "vital_id": ("browser.web_vital.id", "web_vital.id", "id"),
    "navigation_type": ("browser.web_vital.navigation_type", "web_vital.navigation_type", "navigationType"),
    "exception_type": ("exception.type",),
    "exception_message": ("exception.message",),
    "exception_stack": ("exception.stacktrace",),
    "url": ("url.full", "browser.page.url", "page.url", "http.url", "location.href"),
    "page_view_id": ("browser.page.instance_id", "page.load.id", "page_view.id"),
    "session_id": ("session.id",),
    "user_id": ("user.id", "enduser.id"),
    "release": ("service.version", "app.version"),
    "browser": ("browser.name",),
    "os": ("os.name",),
    "ua": ("user_agent.original", "browser.user_agent"),
    "is_mobile": ("browser.mobile",),
    "country": ("geo.country.iso_code", "client.geo.country_iso_code"),
}
_PERSONAL = ("user.name", "user.full_name", "user.email", "user.hash", "client.address", "source.address")
_TEXT = "VARCHAR"
_KINDS = ("stringValue", "intValue", "doubleValue", "boolValue")
_PAIR = {"key": _TEXT, "value": dict.fromkeys(_KINDS, _TEXT)}
_RECORD = {
    "timeUnixNano": _TEXT,
    "observedTimeUnixNano": _TEXT,
    "eventName": _TEXT,
    "severityText": _TEXT,
    "body": {"stringValue": _TEXT, "kvlistValue": {"values": [_PAIR]}},
    "attributes": [_PAIR],
}
_STRUCTURE = {"resourceLogs": [{"resource": {"attributes": [_PAIR]}, "scopeLogs": [{"logRecords": [_RECORD]}]}]}


def _objects() -> str:
    fields = {key: found("_entry.pairs", *names) for key, names in _ATTRIBUTES.items()}
    fields["event_name"] = f"coalesce(nullif(_entry.record.\"eventName\", ''), {fields['event_name']})"
    known = [name for names in _ATTRIBUTES.values() for name in names]
    time = 'coalesce(nullif(_entry.record."timeUnixNano", \'0\'), _entry.record."observedTimeUnixNano")'
    row = pack(
        {
            "position": "_at",
            **fields,
            "severity": '_entry.record."severityText"',
            "body": '_entry.record.body."stringValue"',
            "attributes": others("_entry.pairs", [*known, *_PERSONAL]),
            "timeUnixNano": time,
        }
    )
    of_record = 'list_concat(coalesce(_record.attributes, []), coalesce(_record.body."kvlistValue".values, []))'
    pairs = f"list_concat({of_record}, coalesce(_resource.resource.attributes, []))"
    any_value = ", ".join(f'_pair.value."{kind}"' for kind in _KINDS)
    flat = f"list_transform({pairs}, lambda _pair: {{'k': _pair.key, 'v': coalesce({any_value})}})"
    entries = (
        'flatten(list_transform(coalesce(_logs."resourceLogs", []), lambda _resource: '
        'flatten(list_transform(coalesce(_resource."scopeLogs", []), lambda _scope: '
        'list_transform(coalesce(_scope."logRecords", []), lambda _record: '
        f"{{'record': _record, 'pairs': {flat}}})))))"
    )
    # A resource is copied into each of its records.
    records = 'coalesce(list_sum(list_transform(_resource."scopeLogs", lambda _scope: len(_scope."logRecords"))), 0)'
    sizes = f'list_transform(_logs."resourceLogs", lambda _resource: {size(records, "_resource.resource")})'
    entries = if_fits(f"coalesce(list_sum({sizes}), 0)", entries)
    logs = f"list_transform([json_transform(_text, {literal(json.dumps(_STRUCTURE))})], lambda _logs: {entries})[1]"
    row = f"case when _entry is not null then {row} end"
    return (
        "case when starts_with(ltrim(_text), '{') and json_valid(_text) "
        f"then list_transform({logs}, lambda _entry, _at: {row}) end"
    )


FEED = Feed(
    name="beacons",
    system="opentelemetry",
    table="log_records",
    time="occurred_at",
    is_ndjson_only=True,
    fields=_FIELDS,
    objects=_objects(),
    private=r'("key"\s*:\s*"(?:end)?user\.[a-z_.]+"\s*,\s*"value"\s*:\s*\{)[^}]*',
    joins=("raw_web_vitals.beacons", "raw_web_errors.errors"),
)
