"""NDJSON segments as a DuckDB relation: one JSON object a line.

Two ways to the same rows. The strict one is a typed read that makes a row of every line and raises at one that is
malformed or has an unknown or repeated key: it costs what reading JSON costs. The other one looks at every line on its
own and takes anything, for more than twice the cost.
"""

import json
import re
from collections.abc import Callable

from orchestration.sources.feed import Feed, Kind
from orchestration.sources.lines import lines_relation, mark_reasons
from orchestration.sources.literals import literal, literals, name
from orchestration.sources.privacy import is_personal
from orchestration.sources.segment import Segment
from orchestration.sources.values import Given, given_key, shortened

# What DuckDB says of the line that it stumbled over; of malformed ones it counts one more.
_STUMBLED = re.compile(r"\bin line (\d+):")
_UNKNOWN_KEY = re.compile(r' has unknown key "([^"\n]+)"$', re.MULTILINE)
# Numbers and booleans are read as text, or `true` would become 1.
_SAMPLES: dict[Kind, object] = {"object": {"key": 0}}
_NESTED = "json_type(_text, '/{key}') in ('OBJECT', 'ARRAY')"
_REPEATED = ("len(list_distinct(_keys)) < _count", "duplicate_key")
HEAD_LINES = 2
# An object of more fields that the feed does not know has names for data: the first ones show what they are.
_MOST_UNKNOWN = 1000


def head(feed: Feed) -> bytes:
    """Returns the lines that a segment begins with: from them alone DuckDB learns the keys and their types.

    With declared columns it would pass over unknown keys in silence; with sampled ones it raises. The second line makes
    objects JSON, whatever is in them.
    """
    first = {field.key: _SAMPLES.get(field.kind, "text") for field in feed.fields}
    second = {field.key: "text" for field in feed.fields if field.kind == "object"}
    return f"{json.dumps(first)}\n{json.dumps(second)}\n".encode()


def strict_relation(feed: Feed, path: str) -> Given:
    """Returns a row for every line of a segment of objects; reading one with other keys raises `duckdb.Error`."""
    keys = ", ".join(f"{name(key)} as {given_key(key)}" for key in feed.keys)
    return Given(
        f"""
    select * exclude (_row), _row - {HEAD_LINES} as _number
    from (
        select row_number() over () as _row, {keys}
        from read_json({literal(path)}, format = 'newline_delimited', sample_size = {HEAD_LINES})
    )
    where _row > {HEAD_LINES}"""
    )


def stumbled_over(message: str) -> list[int]:
    """Returns the lines of a segment that an error of a strict read may be about; none if it names no line."""
    found = _STUMBLED.search(message)
    return [int(found[1]) - HEAD_LINES - 1, int(found[1]) - HEAD_LINES] if found else []


def unknown_key(message: str) -> bytes | None:
    """Returns how lines write the key that an error of a strict read is about; None if it is about something else."""
    found = _UNKNOWN_KEY.search(message)
    return b'"' + found[1].encode() + b'"' if found else None


def given_relation(feed: Feed, segment: Segment, rows: Callable[[str], str] | None = None) -> Given:
    """Returns what each line of a segment gives for the keys of a feed, as text.

    `rows` puts the lines of another tool into the words of the feed.
    """
    lines = lines_relation(segment, HEAD_LINES)
    if rows:
        lines = rows(lines)
    structure = literal(json.dumps(dict.fromkeys(feed.keys, "VARCHAR")))
    keys = ", ".join(f"_object.{name(key)} as {given_key(key)}" for key in feed.keys)
    raw = "_raw" if rows else "_text"
    relation = f"""
    select
        _number,
        _text,
        {"_raw," if rows else ""}
        case when _object is null then case {mark_reasons(raw)} else 'unparseable' end end as _unreadable,
        case when _object is not null then json_keys(_text) end as _keys,
        len(_keys) as _count,
        {keys}
    from (
        select
            *,
            -- TRY costs a millisecond for each bad line, and its neighbours their vectors; a second look does not.
            case
                when (starts_with(_text, '{{') or starts_with(ltrim(_text), '{{')) and json_valid(_text)
                    then json_transform(_text, {structure})
            end as _object
        from ({lines})
    )"""
    return Given(relation, _extra(feed), raw, _NESTED, (_REPEATED,))


def _extra(feed: Feed) -> str:
    """Returns SQL for the fields that the feed does not know, and those of another type, as JSON text or NULL."""
    # All values at once: to look for each in the text would take the square of their number.
    fields = "map_entries(json_transform(_text, '\"MAP(VARCHAR, JSON)\"'))"
    odd = f"not list_contains({literals(feed.keys)}, e.key) or list_contains(_bad, e.key)"
    value = shortened("coalesce(e.value::varchar, 'null')")
    value = f"case when {is_personal('e.key')} then '\"[removed]\"' else {value} end"
    kept = f"list_filter({fields}, lambda e: {odd})"
    kept = f"list_filter({kept}, lambda e, i: i <= {_MOST_UNKNOWN} or list_contains(_bad, e.key))"
    pairs = f"list_transform({kept}, lambda e: to_json(e.key)::varchar || ':' || {value})"
    return f"'{{' || nullif(array_to_string({pairs}, ','), '') || '}}'"
