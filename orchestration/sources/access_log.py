r"""Access logs of web servers in the common and combined form, as carriers of beacons in query strings.

Such a log is what is left of `GET /beacon?…` where nothing but a web server collects. A request is a beacon if its
query has the fields of one, of our own or of Boomerang. Every other request is a row too, without its query. Addresses
and the names of users are not read. Form: `host ident user [time] "request" status bytes "referrer" "agent"`, the
last two in the combined form only (Apache's mod_log_config; nginx's `combined` is the same).
"""

import json
from dataclasses import replace

from orchestration.sources import boomerang, web_vitals
from orchestration.sources.feed import Feed, Field, Range
from orchestration.sources.literals import literal, literals, name
from orchestration.sources.nested import pack, without

_REQUEST = (
    Field("method"),
    Field("target", "url"),
    Field("status", "integer", required=True, range=Range(0, 999, "HTTP status")),
    Field("bytes", "integer", range=Range(0, 1e15, "bytes")),
    Field("http_referrer", "url"),
    Field("ua"),
    Field("carries", choices=("web_vitals", "boomerang")),
    Field("received_at", "time", key="time", required=True),
)
_BY_SERVER = {"ua", "received_at"}
_OWN = {field.name: field.key for field in web_vitals.FEED.fields if field.name not in _BY_SERVER}
_THEIRS = {field.name: field.key for field in boomerang.FEED.fields if field.name not in _BY_SERVER}
_CARRIED = {field.name: field for field in (*boomerang.FEED.fields, *web_vitals.FEED.fields)}
# What a beacon lacks makes it no reject: the request was made all the same.
_FIELDS = (
    *_REQUEST,
    *(
        replace(field, key=field.name, required=False, required_unless="", or_else="", choices=())
        for field in _CARRIED.values()
        if field.name not in _BY_SERVER
    ),
)
# A request that is none, such as a TLS handshake on the wrong port, is logged like any other. nginx writes quotes in it
# as \x22, Apache as \".
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
PATTERN = rf"^\S+ \S+ .*?\[([^\]]+)\] {_QUOTED} (\d{{3}}) (\d+|-)(?: {_QUOTED} {_QUOTED})?"
# Servers take requests of 8 to 32 kB; each step below has a copy of one.
_LONGEST = 65_536
_GROUPS = ("time", "request", "status", "bytes", "referrer", "agent")


def _decoded(text: str) -> str:
    # A query that is no UTF-8 stays as it was sent.
    return f"coalesce(try(url_decode(replace({text}, '+', ' '))), {text})"


def _query(target: str) -> str:
    """Returns SQL for the parameters of a request as a JSON object."""
    parts = f"list_filter(string_split(regexp_extract({target}, '\\?([^#]*)', 1), '&'), lambda _part: _part <> '')"
    key = "split_part(_part, '=', 1)"
    value = f"substr(_part, length({key}) + 2)"
    pair = f"to_json({_decoded(key)})::varchar || ':' || to_json({_decoded(value)})::varchar"
    return f"('{{' || array_to_string(list_transform({parts}, lambda _part: {pair}), ',') || '}}')"


def _objects() -> str:
    everything = dict.fromkeys([*_OWN.values(), *(s for key in _THEIRS.values() for s in boomerang.spellings(key))])
    structure = literal(json.dumps(dict.fromkeys(everything, "VARCHAR")))
    request, given = "_line.request", "_line.given"
    carried = {}
    for column in (field.name for field in _FIELDS[len(_REQUEST) :]):
        own = [f"nullif({given}.{name(_OWN[column])}, '')"] if column in _OWN else []
        theirs = [boomerang.given_text(_THEIRS[column], given)] if column in _THEIRS else []
        carried[column] = [*own, *theirs]
    carried["url"].insert(1, *carried["navigation_url"])
    carries = f"case when {given}.name is not null and {given}.id is not null then 'web_vitals' "
    carries += f"when {boomerang.given_text('rt.tstart', given)} is not null then 'boomerang' end"
    time = f"try_strptime({request}.time, '%d/%b/%Y:%H:%M:%S %z')"
    row = pack(
        {
            "method": f"nullif(regexp_extract({request}.request, '^([A-Z]+) ', 1), '')",
            "target": "nullif(_line.target, '')",
            "status": f"{request}.status",
            "bytes": f"nullif({request}.bytes, '-')",
            "http_referrer": f"nullif(nullif({request}.referrer, '-'), '')",
            "ua": f"nullif(nullif({request}.agent, '-'), '')",
            "carries": "_line.carries",
            "time": f"coalesce({time}::varchar, {request}.time)",
            **{
                column: f"case when _line.carries is not null then coalesce({', '.join([*texts, 'null'])}) end"
                for column, texts in carried.items()
            },
        },
        f"case when _line.carries is not null then {without('_line.query', everything)} end",
    )
    steps = {
        "request": f"regexp_extract(_text, {literal(PATTERN)}, {literals(_GROUPS)})",
        "target": "regexp_extract(_line.request.request, '^[A-Z]+ (\\S+)', 1)",
        "query": _query("_line.target"),
        "given": f"case when _line.query <> '{{}}' then json_transform(_line.query, {structure}) end",
        "carries": carries,
    }
    lines, known = "[{'none': null}]", list[str]()
    for step, text in steps.items():
        before = "".join(f"'{one}': _line.{one}, " for one in known)
        lines = f"list_transform({lines}, lambda _line: {{{before}'{step}': {text}}})"
        known.append(step)
    rows = f"case when strlen(_text) <= {_LONGEST} then list_transform({lines}, lambda _line: {row}) else [null] end"
    return f"case when regexp_matches(_text, {literal(PATTERN)}) then {rows} end"


FEED = Feed(
    name="beacons",
    system="access_log",
    table="requests",
    time="received_at",
    fields=_FIELDS,
    objects=_objects(),
    private=r'^()[^"\[]*',
    joins=("raw_web_vitals.beacons",),
)
