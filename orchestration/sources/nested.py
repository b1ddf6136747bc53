"""Lines that are no flat objects as a DuckDB relation: documents with many rows, and lines that are not JSON.

What a line holds is said by the format, as SQL (`Feed.objects`); here every such row gets what all rows get: a reason
where it is none, its number, and what is left of it beside the fields. The words for that SQL are here too.
"""

from collections.abc import Iterable, Mapping

from orchestration.sources.feed import Feed
from orchestration.sources.lines import lines_relation, mark_reasons
from orchestration.sources.literals import literal, literals, name
from orchestration.sources.privacy import is_personal
from orchestration.sources.segment import Segment
from orchestration.sources.values import Given, given_key

# A query string of this size, of nothing but parameters, takes a thousand times as much.
_AT_A_TIME = 128 << 10
# 10 000 rows in a line, or fewer where each holds much that all share: their product grows with its square.
_ROW_BYTES, _MOST_BYTES = 3200, 32_000_000


def given_relation(feed: Feed, segment: Segment) -> Given:
    """Returns what each row in the lines of a segment gives for the keys of a feed, as text."""
    keys = ", ".join(f"_row.{name(key)} as {given_key(key)}" for key in feed.keys)
    # What has a rest is never plain, so that it is looked at.
    lines = lines_relation(segment, at_a_time=_AT_A_TIME)
    count = " + ".join(f"(_row.{name(key)} is not null)::int" for key in feed.keys)
    relation = f"""
    select
        _number,
        _text,
        _row,
        coalesce(_mark, case
            when _rows is null then 'unparseable'
            when len(_rows) = 0 then 'nothing_to_read'
            when len(_rows) = 1 and _rows[1] is null then 'too_complex'
        end) as _unreadable,
        case when _row._rest is null then {count} end as _count,
        {keys}
    from (
        select *, unnest(case when len(_rows) > 0 then _rows else [null] end) as _row
        from (
            select *, case when _mark is null then {feed.objects} end as _rows
            from (select *, case {mark_reasons("_text")} end as _mark from ({lines}))
        )
    )"""
    return Given(relation, _extra(), _raw(feed))


def size(rows: str, shared: str) -> str:
    """Returns SQL for what a number of rows takes in memory, with a copy in each of a value that they share."""
    return f"({rows} * greatest(coalesce(strlen({shared}::varchar), 0), {_ROW_BYTES}))"


def if_fits(size: str, rows: str) -> str:
    """Returns SQL for the rows of a line, or, where they would take too much memory, for a list of one NULL."""
    return f"case when {size} <= {_MOST_BYTES} then {rows} else [null] end"


def pack(fields: Mapping[str, str], rest: str = "null::varchar") -> str:
    """Returns SQL for one row: a text for each key of a feed, and the JSON object of what else there is."""
    texts = ", ".join(f"{literal(key)}: {text}::varchar" for key, text in fields.items())
    return f"{{{texts}, '_rest': {rest}}}"


def without(document: str, keys: Iterable[str]) -> str:
    """Returns SQL for a JSON object without some keys; NULL if nothing is left."""
    patch = "{" + ", ".join(f'"{key}": null' for key in keys) + "}"
    return f"nullif(json_merge_patch({document}, {literal(patch)})::varchar, '{{}}')"


def found(pairs: str, *keys: str) -> str:
    """Returns SQL for the value `v` of the first of some keys `k` that a list of pairs has."""
    values = [f"list_filter({pairs}, lambda _pair: _pair.k = {literal(key)})[1].v" for key in keys]
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def others(pairs: str, keys: Iterable[str]) -> str:
    """Returns SQL for the JSON object of the pairs with other keys; NULL if there is none."""
    kept = f"list_filter({pairs}, lambda _pair: _pair.v is not null and not list_contains({literals(keys)}, _pair.k))"
    value = f"case when {is_personal('_pair.k')} then '\"[removed]\"' else to_json(_pair.v)::varchar end"
    texts = f"list_transform({kept}, lambda _pair: to_json(_pair.k)::varchar || ':' || {value})"
    return f"'{{' || nullif(array_to_string({texts}, ','), '') || '}}'"


def _extra() -> str:
    """Returns SQL for the rest of a row and its values of another type, as JSON text or NULL; personal ones removed."""
    personal = f"list_filter(json_keys(_row._rest), lambda k: {is_personal('k')})"
    removed = f"list_transform({personal}, lambda k: to_json(k)::varchar || ':\"[removed]\"')"
    value = "coalesce(json_extract(to_json(_row), '/' || replace(replace(k, '~', '~0'), '/', '~1'))::varchar, 'null')"
    bad = f"list_transform(_bad, lambda k: to_json(k)::varchar || ':' || {value})"
    patch = f"'{{' || array_to_string(list_concat(coalesce({removed}, []), {bad}), ',') || '}}'"
    return f"nullif(json_merge_patch(coalesce(_row._rest, '{{}}'), {patch})::varchar, '{{}}')"


def _raw(feed: Feed) -> str:
    """Returns SQL for the text that a reject keeps: the row, or the line if there is none in it, masked."""
    line = f"regexp_replace(_text, {literal(feed.private)}, '\\1[removed]', 'g')" if feed.private else "_text"
    # A merge takes out what is null.
    return f"case when _unreadable is null then json_merge_patch('{{}}', to_json(_row))::varchar else {line} end"
