"""NDJSON segments as a DuckDB relation: one JSON object a line.

Three ways to the same rows. The strict one is a typed read that raises at the first line that is not clean in every way
(malformed, an unknown or repeated key, another type): it costs what reading JSON costs. The aligned one reads a segment
twice side by side, typed and as lines, and needs every line to be one row of both. The last one looks at every line on
its own and takes anything, for twice the cost of the first.
"""

import json

from orchestration.sources.columns import MISALIGNED
from orchestration.sources.feed import Feed, Kind
from orchestration.sources.lines import lines_relation, mark_reasons, raw_lines
from orchestration.sources.literals import literal, literals, name
from orchestration.sources.privacy import is_personal
from orchestration.sources.values import Given, given_key

# Numbers and booleans are read as text, or `true` would become 1.
_SAMPLES: dict[Kind, object] = {"object": {"key": 0}}
_TYPES: dict[Kind, str] = {"object": "JSON"}
_NESTED = "json_type(_text, '/{key}') in ('OBJECT', 'ARRAY')"
_REPEATED = ("len(list_distinct(json_keys(_text))) < _count", "duplicate_key")
HEAD_LINES = 2


def head(feed: Feed) -> bytes:
    """Returns the lines that a segment begins with: from them alone DuckDB learns the keys and their types.

    With declared columns it would pass over unknown keys in silence; with sampled ones it raises. The second line makes
    objects JSON, whatever is in them.
    """
    first = {field.key: _SAMPLES.get(field.kind, "text") for field in feed.fields}
    second = {field.key: "text" for field in feed.fields if field.kind == "object"}
    return f"{json.dumps(first)}\n{json.dumps(second)}\n".encode()


def strict_relation(feed: Feed, path: str) -> Given:
    """Returns the rows of a segment that holds clean rows only; any other raises `duckdb.Error` when it is read."""
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


def aligned_relation(feed: Feed, path: str) -> Given:
    """Returns the rows of a segment without blank lines, by a typed read that makes a row of every line.

    A row stands beside its line only as long as that is so: the witness, a required text of the feed, is looked for in
    the line, and `duckdb.Error` is raised where it is another's.
    """
    witness = next(
        field.key for field in feed.fields if field.required and field.kind.endswith("text") and not field.choices
    )
    types = {field.key: _TYPES.get(field.kind, "VARCHAR") for field in feed.fields}
    columns = ", ".join(f"{literal(key)}: {literal(kind)}" for key, kind in types.items())
    keys = ", ".join(f"{name(key)} as {given_key(key)}" for key in feed.keys)
    found = given_key(witness)
    is_other = f"not contains(_text, {found}) and json_extract_string(_text, '/{witness}') is distinct from {found}"
    is_object = "starts_with(ltrim(_text), '{') and json_valid(_text)"
    relation = f"""
    select *, case when _unreadable is null then len(json_keys(_text)) end as _count
    from (
        select
            *,
            case
                when _text is null or ({is_other}) then error({literal(MISALIGNED)})
                when {found} is null and not ({is_object}) then case {mark_reasons("_text")} else 'unparseable' end
            end as _unreadable
        from (
            select row_number() over () - {HEAD_LINES} as _number, _text, {keys}
            from (
                from read_json(
                    {literal(path)}, columns = {{{columns}}}, format = 'newline_delimited', ignore_errors = true
                )
            )
            positional join ({raw_lines(path)})
        )
        where _number > 0
    )"""
    return Given(relation, _extra(feed), "_text", _NESTED, (_REPEATED,))


def given_relation(feed: Feed, path: str) -> Given:
    """Returns what each line of a segment gives for the keys of a feed, as text."""
    structure = literal(json.dumps(dict.fromkeys(feed.keys, "VARCHAR")))
    keys = ", ".join(f"_object.{name(key)} as {given_key(key)}" for key in feed.keys)
    relation = f"""
    select
        _number,
        _text,
        case when _object is null then case {mark_reasons("_text")} else 'unparseable' end end as _unreadable,
        case when _object is not null then len(json_keys(_text)) end as _count,
        {keys}
    from (
        select
            *,
            -- TRY costs a millisecond for each bad line, and its neighbours their vectors; a second look does not.
            case
                when (starts_with(_text, '{{') or starts_with(ltrim(_text), '{{')) and json_valid(_text)
                    then json_transform(_text, {structure})
            end as _object
        from ({lines_relation(path, HEAD_LINES)})
    )"""
    return Given(relation, _extra(feed), "_text", _NESTED, (_REPEATED,))


def _extra(feed: Feed) -> str:
    """Returns SQL for the fields that the feed does not know, and those of another type, as JSON text or NULL."""
    odd = f"not list_contains({literals(feed.keys)}, k) or list_contains(_bad, k)"
    kept = f"list_filter(json_keys(_text), lambda k: {odd})"
    value = (
        f"case when {is_personal('k')} then '\"[removed]\"' "
        "else coalesce(json_extract(_text, '/' || replace(replace(k, '~', '~0'), '/', '~1'))::varchar, 'null') end"
    )
    pairs = f"list_transform({kept}, lambda k: to_json(k)::varchar || ':' || {value})"
    return f"'{{' || nullif(array_to_string({pairs}, ','), '') || '}}'"
