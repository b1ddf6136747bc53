"""Events of the Google Analytics 4 export to BigQuery, extracted as newline-delimited JSON: one event a line.

The web-vitals library is sent as events named after the metric, with `metric_id`, `metric_value` and `metric_delta`
among the parameters, as its documentation shows. Numbers of 64 bits are texts in such a file; times are microseconds.
A session's id is unique for its visitor only, and the export has no id of a page view, only the number of its page.
All events of a request have one time; how they came is told by `batch_ordering_id` (of the request) and
`batch_event_index` (within it), which stand beside the parameters or among them. Names: "BigQuery Export schema".
"""

import json

from orchestration.sources.countries import country_code
from orchestration.sources.feed import METRIC, Feed, Field
from orchestration.sources.literals import literal, literals
from orchestration.sources.nested import found, others, pack

_TEXT = "VARCHAR"
_FIELDS = (
    Field("event_name", required=True),
    Field("user_id", "user"),
    Field("ga_session_id"),
    Field("url", "url", key="page_location"),
    Field("referrer", "url", key="page_referrer"),
    Field("metric_id"),
    Field("metric_value", "number", range=METRIC),
    Field("metric_delta", "number", range=METRIC),
    Field("navigation_type"),
    Field("parameters", "object"),
    Field("device_category"),
    Field("browser"),
    Field("os"),
    Field("country"),
    Field("region"),
    Field("medium"),
    Field("release"),
    Field("occurred_at", "time", key="event_timestamp", required=True),
)
# Which page an event is of, and its place among the page's.
_BATCH = ("batch_page_id", "batch_ordering_id", "batch_event_index")
_STRUCTURE = {
    "event_name": _TEXT,
    "event_timestamp": _TEXT,
    "event_params": [
        {
            "key": _TEXT,
            "value": dict.fromkeys(("string_value", "int_value", "float_value", "double_value"), _TEXT),
        }
    ],
    "user_id": _TEXT,
    "user_pseudo_id": _TEXT,
    "device": {
        "category": _TEXT,
        "operating_system": _TEXT,
        "web_info": {"browser": _TEXT, "browser_version": _TEXT},
    },
    "geo": {"country": _TEXT, "region": _TEXT},
    "collected_traffic_source": {"manual_medium": _TEXT},
    **dict.fromkeys(_BATCH, _TEXT),
}
_PARAMETERS = {
    "ga_session_id": ("ga_session_id",),
    "page_location": ("page_location",),
    "page_referrer": ("page_referrer",),
    "metric_id": ("metric_id", "event_label"),
    "metric_value": ("metric_value",),
    "metric_delta": ("metric_delta",),
    "navigation_type": ("navigation_type", "metric_navigation_type"),
    "release": ("release", "app_version"),
}
# Of no use, or what a page is called, which may name a person.
_LEFT_OUT = ("page_title", "engagement_time_msec", "ga_session_number", "session_engaged", "term")


def _objects() -> str:
    event, web = "_event.event", "_event.event.device.web_info"
    fields = {key: found("_event.pairs", *names) for key, names in _PARAMETERS.items()}
    known = [name for names in _PARAMETERS.values() for name in names]
    given = {
        "event_name": f"{event}.event_name",
        "user_id": f"coalesce({event}.user_pseudo_id, {event}.user_id)",
        "parameters": others("_event.pairs", [*known, *_LEFT_OUT]),
        "device_category": f"{event}.device.category",
        "browser": f"concat_ws(' ', {web}.browser, {web}.browser_version)",
        "os": f"{event}.device.operating_system",
        "country": country_code(f"{event}.geo.country"),
        "region": f"{event}.geo.region",
        "medium": f"{event}.collected_traffic_source.manual_medium",
        "event_timestamp": f"{event}.event_timestamp",
    }
    value = "_param.value"
    told = (
        "list_transform(coalesce(_event.event_params, []), lambda _param: {'k': _param.key, 'v': "
        f"coalesce({value}.string_value, {value}.int_value, {value}.double_value, {value}.float_value)}})"
    )
    beside = ", ".join(f"{{'k': {literal(key)}, 'v': _event.{key}}}" for key in _BATCH)
    # Where they stand in both places, those among the parameters are the same.
    pairs = (
        f"list_concat(list_filter([{beside}], lambda _pair: _pair.v is not null), list_filter({told}, lambda _pair: "
        f"_event.batch_page_id is null or not list_contains({literals(_BATCH)}, _pair.k)))"
    )
    event_and_pairs = (
        f"list_transform([json_transform(_text, {literal(json.dumps(_STRUCTURE))})], "
        f"lambda _event: {{'event': _event, 'pairs': {pairs}}})"
    )
    return (
        "case when starts_with(ltrim(_text), '{') and json_valid(_text) "
        f"then list_transform({event_and_pairs}, lambda _event: {pack(fields | given)}) end"
    )


FEED = Feed(
    name="beacons",
    system="ga4",
    table="events",
    time="occurred_at",
    is_ndjson_only=True,
    fields=_FIELDS,
    objects=_objects(),
    private=r'("user_(?:pseudo_)?id"\s*:\s*)("[^"]*"?|\d+)',
    joins=("raw_web_vitals.beacons",),
)
