"""NDJSON segments as a DuckDB relation: one JSON object a line.

Every line is looked at on its own, so that a broken one costs nothing but itself.
"""

import json

from orchestration.sources.feed import Feed
from orchestration.sources.lines import lines_relation, literal, mark_reasons


def given_relation(feed: Feed, path: str) -> str:
    """Returns SQL for what each line of a segment gives for the keys of a feed, as text."""
    structure = literal(json.dumps(dict.fromkeys(feed.keys, "VARCHAR")))
    keys = ", ".join(f'_object."{key}" as "{key}"' for key in feed.keys)
    flat = [key for field in feed.fields if field.kind in ("text", "free_text", "url", "user") for key in field.read_from]
    nested = ", ".join(
        f"""case when left(_object."{key}", 1) in ('{{', '[') and json_type(_text, '/{key}') in ('OBJECT', 'ARRAY') then '{key}' end"""
        for key in dict.fromkeys(flat)
    )
    return f"""
    select
        _number,
        _text,
        case
            when _object is not null and len(list_distinct(json_keys(_text))) < len(json_keys(_text)) then 'duplicate_key'
            when _object is not null then null
            {mark_reasons('_text')}
            else 'unparseable'
        end as _unreadable,
        case when _object is not null then json_keys(_text) end as _keys,
        [{nested}] as _nested,
        {keys}
    from (
        select *, try(json_transform(_text, {structure})) as _object
        from ({lines_relation(path)})
        where trim(_text) <> ''
    )"""


def extra_expression(feed: Feed) -> str:
    """Returns SQL for the fields that the feed does not know, and those of another type, as JSON text or NULL."""
    known = f"{list(feed.keys)!r}"
    kept = f"list_filter(_keys, lambda k: not list_contains({known}, k) or list_contains(_bad, k))"
    value = (
        "case when is_personal(k) then '\"[removed]\"' "
        "else coalesce(json_extract(_text, '/' || replace(replace(k, '~', '~0'), '/', '~1'))::varchar, 'null') end"
    )
    pairs = f"list_transform({kept}, lambda k: to_json(k)::varchar || ':' || {value})"
    return (
        f"case when len({kept}) > 0 then scrubbed('{{' || array_to_string({pairs}, ',') || '}}') end"
    )
