r"""Access logs of web servers in the common and combined form, as carriers of beacons in query strings.

Such a log is what is left of `GET /beacon?…` where nothing but a web server collects. A request is a beacon if its
query has the fields of one, of our own or of Boomerang. Every other request is a row too, without its query. Addresses
and the names of users are not read. Form: `host ident user [time] "request" status bytes "referrer" "agent"`, the
last two in the combined form only (Apache's mod_log_config; nginx's `combined` is the same).
"""

from orchestration.sources.feed import Feed, Field
from orchestration.sources.literals import literal, literals
from orchestration.sources.nested import pack

_FIELDS = (
    Field("method"),
    Field("url", "url", key="target"),
    Field("status", "integer", required=True),
    Field("bytes", "integer"),
    Field("referrer", "url"),
    Field("ua"),
    Field("carries"),
    Field("page_url", "url"),
    Field("user_id", "user"),
    Field("beacon", "object"),
    Field("received_at", "time", key="time", required=True),
)
# A request that is none, such as a TLS handshake on the wrong port, is logged like any other. nginx writes quotes in it
# as \x22, Apache as \".
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
PATTERN = rf"^\S+ \S+ .*?\[([^\]]+)\] {_QUOTED} (\d{{3}}) (\d+|-)(?: {_QUOTED} {_QUOTED})?"
_GROUPS = ("time", "request", "status", "bytes", "referrer", "agent")
_OWN, _BOOMERANG = ("name", "id"), ("rt.tstart", "rt_tstart", "rt.si", "rt_si")
# These are columns of their own, which are masked and hashed.
_PAGE, _USER = ("url", "navigationURL", "u"), ("user_id",)


def _decoded(text: str) -> str:
    # A query that is no UTF-8 stays as it was sent.
    return f"coalesce(try(url_decode(replace({text}, '+', ' '))), {text})"


def _first(*keys: str) -> str:
    values = [f"nullif(list_filter(_line.pairs, lambda _pair: _pair.k = {literal(key)})[1].v, '')" for key in keys]
    return f"coalesce({', '.join(values)}, null)"


def _has(keys: tuple[str, ...], function: str) -> str:
    return f"{function}(list_transform(_line.pairs, lambda _pair: _pair.k), {literals(keys)})"


def _objects() -> str:
    groups = literals(_GROUPS)
    target = "regexp_extract(_request.request, '^[A-Z]+ (\\S+)', 1)"
    query = f"regexp_extract({target}, '\\?([^#]*)', 1)"
    key = "split_part(_part, '=', 1)"
    pair = f"{{'k': {_decoded(key)}, 'v': {_decoded(f'substr(_part, length({key}) + 2)')}}}"
    parts = f"list_filter(string_split({query}, '&'), lambda _part: _part <> '')"
    line = f"{{'request': _request, 'pairs': list_transform({parts}, lambda _part: {pair})}}"
    kept = f"list_filter(_line.pairs, lambda _pair: not list_contains({literals((*_PAGE, *_USER))}, _pair.k))"
    texts = f"list_transform({kept}, lambda _pair: to_json(_pair.k)::varchar || ':' || to_json(_pair.v)::varchar)"
    carries = (
        f"case when {_has(_OWN, 'list_has_all')} then 'web_vitals' "
        f"when {_has(_BOOMERANG, 'list_has_any')} then 'boomerang' end"
    )
    is_beacon = f"({carries}) is not null"
    request = "_line.request"
    time = f"try_strptime({request}.time, '%d/%b/%Y:%H:%M:%S %z')"
    row = pack(
        {
            "method": f"nullif(regexp_extract({request}.request, '^([A-Z]+) ', 1), '')",
            "target": f"nullif({target.replace('_request.', f'{request}.')}, '')",
            "status": f"{request}.status",
            "bytes": f"nullif({request}.bytes, '-')",
            "referrer": f"nullif(nullif({request}.referrer, '-'), '')",
            "ua": f"nullif(nullif({request}.agent, '-'), '')",
            "carries": carries,
            "page_url": f"case when {is_beacon} then {_first(*_PAGE)} end",
            "user_id": f"case when {is_beacon} then {_first(*_USER)} end",
            "beacon": f"case when {is_beacon} then '{{' || array_to_string({texts}, ',') || '}}' end",
            "time": f"coalesce({time}::varchar, {request}.time)",
        }
    )
    requests = f"[regexp_extract(_text, {literal(PATTERN)}, {groups})]"
    lines = f"list_transform({requests}, lambda _request: {line})"
    return (
        f"case when regexp_matches(_text, {literal(PATTERN)}) "
        f"then list_transform({lines}, lambda _line: {row}) end"
    )


FEED = Feed(
    name="beacons",
    system="access_log",
    table="requests",
    time="received_at",
    is_ndjson_only=True,
    fields=_FIELDS,
    objects=_objects(),
    private=r'^()[^"\[]*',
    joins=("raw_web_vitals.beacons",),
)
