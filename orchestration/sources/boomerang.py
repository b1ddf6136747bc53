"""Beacons of Boomerang (BasicRUM, mPulse and others): one object a line, as its collector wrote the parameters down.

A page view is several beacons with one `pid`: one when it has loaded, others later, one when it is left (`rt.quit`).
Collectors write the dots of its names as they are or as underscores, put what they add themselves (`created_at`,
`user_agent`) beside them, and some wrap a beacon as JSON text in a field, `beacon_data`. Times are in
milliseconds since the navigation began; `nt_*`, `rt.tstart` and `rt.end` are epoch milliseconds of the browser's clock.
Names: the documentation of the plugins RT, NavigationTiming, PaintTiming, Continuity, EventTiming and Errors.
"""

import json

from orchestration.sources.feed import DURATION_MS, EPOCH_MS, METRIC, Feed, Field, Range
from orchestration.sources.literals import literal, name
from orchestration.sources.nested import pack, without

_FIELDS = (
    Field("page_view", key="pid"),
    Field("number", "integer", key="n", range=Range(0, 1e6, "beacons of the page view")),
    Field("session_id", key="rt.si"),
    Field("user_id", "user"),
    Field("url", "url", key="u", required=True),
    Field("next_url", "url", key="nu"),
    Field("referrer", "url", key="r"),
    Field("start", key="rt.start"),
    Field("is_quit", "boolean", key="rt.quit"),
    Field("initiator", key="http.initiator"),
    Field("visibility", key="vis.st"),
    Field("connection", key="mob.etype"),
    Field("ua", key="user_agent"),
    Field("country"),
    Field("release"),
    Field("started_ms", "number", key="rt.tstart", range=EPOCH_MS),
    Field("ended_ms", "number", key="rt.end", range=EPOCH_MS),
    Field("navigation_started_ms", "number", key="nt_nav_st", range=EPOCH_MS),
    Field("response_started_ms", "number", key="nt_res_st", range=EPOCH_MS),
    Field("navigation_code", "integer", key="nt_nav_type", range=Range(0, 255, "code")),
    Field("back_end_ms", "number", key="t_resp", range=METRIC),
    Field("front_end_ms", "number", key="t_page", range=DURATION_MS),
    Field("load_ms", "number", key="t_done", range=DURATION_MS),
    Field("fcp_ms", "number", key="pt.fcp", range=METRIC),
    Field("lcp_ms", "number", key="pt.lcp", range=METRIC),
    Field("cls", "number", key="c.cls", range=METRIC),
    Field("inp_ms", "number", key="et.inp", range=METRIC),
    Field("fid_ms", "number", key="et.fid", range=METRIC),
    Field("errors", "free_text", key="err"),
    Field("received_at", "time", key="created_at", required=True),
)
# Names that stand for a field of another name, the better one first.
_OTHER_NAMES = {"user_agent": ("ua",), "et.fid": ("c.fid",), "created_at": ("ts", "rt.end", "rt.tstart")}
# What a collector copied from the request: addresses and cookies, of which only the user agent is of use.
_REQUEST = "request_headers"


def spellings(key: str) -> list[str]:
    """Returns every name under which a beacon may give a field, the better one first."""
    return list(dict.fromkeys(text for known in (key, *_OTHER_NAMES.get(key, ())) for text in (known, _flat(known))))


def given_text(key: str, given: str) -> str:
    """Returns SQL for the text of a field in a struct that has every spelling of it."""
    texts = [f"{given}.{name(spelling)}" for spelling in spellings(key)]
    if key == "rt.quit":
        # Its presence is what it says: it has no value.
        return f"case when coalesce({', '.join(texts)}) is not null then 'true' end"
    return "coalesce(" + ", ".join(f"nullif({text}, '')" for text in texts) + ")"


def _flat(key: str) -> str:
    return key.replace(".", "_")


def _objects() -> str:
    given = {field.key: given_text(field.key, "_beacon.given") for field in _FIELDS}
    given["user_agent"] = f"coalesce({given['user_agent']}, _beacon.given.{_REQUEST} ->> '$.\"User-Agent\"[0]')"
    everything = [spelling for key in given for spelling in spellings(key)] + [_REQUEST]
    structure = literal(json.dumps(dict.fromkeys(everything, "VARCHAR")))
    beacon = "case when json_valid(_text ->> 'beacon_data') then _text ->> 'beacon_data' else _text end"
    both = f"list_transform([{beacon}], lambda _item: {{'given': json_transform(_item, {structure}), 'item': _item}})"
    rows = f"list_transform({both}, lambda _beacon: {pack(given, without('_beacon.item', everything))})"
    return f"case when starts_with(ltrim(_text), '{{') and json_valid(_text) then {rows} end"


FEED = Feed(
    name="beacons",
    system="boomerang",
    table="beacons",
    time="received_at",
    is_ndjson_only=True,
    fields=_FIELDS,
    objects=_objects(),
    private=rf'("{_REQUEST}"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|\{{.*)',
    joins=("raw_web_vitals.beacons",),
)
