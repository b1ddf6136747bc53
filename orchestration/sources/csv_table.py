"""CSV segments as a DuckDB relation, line by line, so that a stray quote costs its own line and not the rest.

Quoted fields may hold line breaks: a line with an odd number of quotes is joined with the following ones up to the next
such line, unless a line between them is a whole record by itself.
"""

from collections.abc import Sequence

from orchestration.sources.feed import Feed
from orchestration.sources.lines import lines_relation, mark_reasons
from orchestration.sources.literals import literal, literals
from orchestration.sources.privacy import is_personal
from orchestration.sources.values import Given, given_key

_DELIMITERS = (",", ";", "\t", "|")
_IS_ODD = "(length(_text) - length(replace(_text, '\"', ''))) % 2 = 1"


def split_header(line: str, feed: Feed) -> tuple[str, tuple[str, ...]]:
    """Returns the delimiter and the column names of a header, made unique; no names if none is a key of the feed."""
    best: tuple[str, tuple[str, ...]] = (",", ())
    found = 0
    for delimiter in _DELIMITERS:
        names = tuple(text.strip().strip('"').strip() for text in line.split(delimiter))
        known = len(set(names) & set(feed.keys))
        if known > found:
            best, found = (delimiter, names), known
    delimiter, names = best
    return delimiter, tuple(
        text if text not in names[:at] else f"{text}.{names[:at].count(text) + 1}" for at, text in enumerate(names)
    )


def given_relation(feed: Feed, path: str, delimiter: str, header: Sequence[str], joins_lines: bool) -> Given:
    """Returns what each record of a segment gives for the keys of a feed, as text.

    The names of the columns are also in the session variable `header`, because strangers wrote them.
    """
    at = {text: index + 1 for index, text in enumerate(header)}
    given = {key: f"nullif(trim(_fields[{at[key]}]), '')" if key in at else "null::varchar" for key in feed.keys}
    keys = ", ".join(f"{text} as {given_key(key)}" for key, text in given.items())
    # A column that the feed does not know has to be looked at in every row.
    knows_all = set(header) <= set(feed.keys)
    count = " + ".join(f"({given_key(key)} is not null)::int" for key in feed.keys) if knows_all else "null"
    fields = _fields(delimiter)
    records = _joined(path, fields, len(header)) if joins_lines else lines_relation(path)
    relation = f"""
    select *, {count} as _count
    from (
        select
            _number,
            _text,
            _fields,
            case
                {mark_reasons("_text")}
                when {len(header)} = 0 then 'bad_header'
                when len(_fields) <> {len(header)} then 'wrong_column_count'
            end as _unreadable,
            {keys}
        from (select *, {fields} as _fields from ({records}))
    )"""
    return Given(relation, _extra(feed), _raw(feed, delimiter, header))


def _extra(feed: Feed) -> str:
    """Returns SQL for columns that the feed does not know, and values of another type, as JSON text or NULL."""
    kept = (
        "list_filter(list_zip(getvariable('header'), _fields), lambda e: e[2] <> '' "
        f"and (not list_contains({literals(feed.keys)}, e[1]) or list_contains(_bad, e[1])))"
    )
    value = f"case when {is_personal('e[1]')} then '\"[removed]\"' else to_json(e[2])::varchar end"
    pairs = f"list_transform({kept}, lambda e: to_json(e[1])::varchar || ':' || {value})"
    return f"'{{' || nullif(array_to_string({pairs}, ','), '') || '}}'"


def _raw(feed: Feed, delimiter: str, header: Sequence[str]) -> str:
    """Returns SQL for the text of a record that a reject may keep: without user ids.

    In a record with too many or too few fields nobody knows which one is the user: only those well before it stay.
    """
    users = [header.index(field.key) + 1 for field in feed.fields if field.kind == "user" and field.key in header]
    if not users:
        return "_text"
    at, by = users[0], literal(delimiter)
    # Fields are quoted again where they need it: what is kept is what came, without the user.
    quoted = (
        f"list_transform(_fields, lambda f: case when regexp_matches(f, '[\"\\n]') or contains(f, {by}) "
        "then '\"' || replace(f, '\"', '\"\"') || '\"' else f end)"
    )
    masked = f"array_to_string(list_concat({quoted}[:{at - 1}], ['[removed]'], {quoted}[{at + 1}:]), {by})"
    before = f"array_to_string(list_concat({quoted}[:{max(at - 3, 1)}], ['[removed]']), {by})"
    return f"case when len(_fields) = {len(header)} then {masked} else {before} end"


def _fields(delimiter: str) -> str:
    by = "\\" + delimiter if delimiter == "|" else delimiter
    pattern = literal(f'("(?:[^"]|"")*"|[^{by}"][^{by}]*|){by}')
    unquoted = "case when starts_with(f, '\"') then replace(f[2:-2], '\"\"', '\"') else f end"
    # Many exports quote an empty text: where no other quote is left, the fields lie between delimiters all the same.
    empty, nothing = literal(f'{delimiter}""{delimiter}'), literal(delimiter * 2)
    bare = f"replace(_text, {empty}, {nothing})"
    found = f"regexp_extract_all(_text || {literal(delimiter)}, {pattern}, 1)"
    return (
        f"case when not contains(_text, '\"') then string_split(_text, {literal(delimiter)}) "
        f"when not contains({bare}, '\"') then string_split({bare}, {literal(delimiter)}) "
        f"else list_transform({found}, lambda f: {unquoted}) end"
    )


def _joined(path: str, fields: str, width: int) -> str:
    return f"""
        with lines as ({lines_relation(path)}),
        counted as (select *, {_IS_ODD} as _is_odd from lines),
        placed as (
            select
                *,
                sum((not _is_odd and len({fields}) = {width})::int) over (order by _number) as _records_before
            from counted
        ),
        odd as (
            select
                _number,
                lead(_number) over (partition by _records_before order by _number) as _end,
                row_number() over (partition by _records_before order by _number) as _position
            from placed
            where _is_odd
        ),
        pairs as (
            select _number as _start, _end from odd where _position % 2 = 1 and _end is not null
        )
        select _number, _text from lines
        where not exists (select 1 from pairs where _number between _start and _end)
        union all
        select _start, string_agg(_text, chr(10) order by _number)
        from lines inner join pairs on _number between _start and _end
        group by _start"""
