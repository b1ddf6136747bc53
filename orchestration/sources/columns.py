"""From the text that an export gives for a field to the typed column of the lake, as SQL, the same for every format.

A format provides the relation `given`: `_number` (line in the segment), `_text` (the line), `_unreadable` (why it is no
row, or NULL), one VARCHAR for each key of the feed, `_nested` (keys of text fields that hold an object or array) and
the expression for `_extra`. What comes out is one relation whose partition says where a row belongs: an event date,
`rejected` or `after_close`.
"""

from orchestration.sources.feed import Feed, Field

REJECTED, AFTER_CLOSE = "rejected", "after_close"
# Entities and snapshots may hold any day, but not one that cannot be.
_FIRST_DAY, _LAST_DAY = "date '1990-01-01'", "date '2100-01-01'"
_DAYS_LATE, _DAYS_EARLY = 30, 1


def typed_relation(feed: Feed, given: str, extra: str, raw: str, is_snapshot: bool) -> str:
    """Returns SQL for the rows of a segment, in the columns of the lake and `_part`.

    Args:
        feed: The format.
        given: SQL for the relation described above; it may refer to nothing.
        extra: SQL for `_extra`, in terms of `given` and of `_bad`, the list of keys whose value has another type.
        raw: SQL for the text that a reject keeps, in terms of `given`.
        is_snapshot: Whether rows may lie on any day.
    """
    values = ",\n        ".join(f"{_value(field)} as {field.name}" for field in feed.fields)
    keys = ", ".join(f'"{key}" as "given {key}"' for key in feed.keys)
    named = ", ".join(f'"{key}"' for key in feed.keys)
    columns = ", ".join(_column(name, feed) for name in feed.columns)
    return f"""
with given as ({given}),
typed as (
    select
        * exclude ({named}), {keys},
        {values}
    from given
),
judged as (
    select
        *,
        {_bad(feed)} as _bad,
        {feed.time}::date as event_date
    from typed
),
placed as (
    select
        judged.*,
        origins.line as _source_line,
        files.source_file as _source_file,
        files.export_date as _export_date,
        {_problem(feed, is_snapshot)} as _problem
    from judged
    inner join origins on judged._number = origins.number
    inner join files on origins.file = files.index
    where origins.line > files.header_line
)
select
    {columns},
    case
        when _problem is not null then '{REJECTED}'
        when event_date <= getvariable('closed_through') then '{AFTER_CLOSE}'
        else event_date::varchar
    end as _part
from (select * replace (
    case when _problem is null then {extra} else {_reject(raw)} end as _extra
) from (select *, null::varchar as _extra from placed))
"""


def _column(name: str, feed: Feed) -> str:
    if name == "key_id":
        return "case when user_id is not null then getvariable('key_id') end as key_id"
    return name


def _value(field: Field) -> str:
    texts = [f"""nullif(trim("{key}"), '')""" for key in field.read_from]
    text = f"coalesce({', '.join(texts)})" if len(texts) > 1 else texts[0]
    flat = f"case when list_has_any(_nested, {list(field.read_from)!r}) then null else {text} end"
    if field.choices:
        return f"list_extract({list(field.choices)!r}, nullif(list_position({[c.lower() for c in field.choices]!r}, lower({flat})), 0))"
    match field.kind:
        case "text":
            return flat
        case "free_text":
            return f"scrubbed({flat})"
        case "url":
            return f"stripped({flat})"
        case "user":
            return f"hashed({flat})"
        case "object":
            return f"case when left({text}, 1) = '{{' and json_valid({text}) then scrubbed({text}) end"
        case "list":
            split = f"case when left({text}, 1) = '[' then try(from_json({text}, '[\"VARCHAR\"]')) else string_split_regex({text}, '[;|,]') end"
            return f"nullif(list_filter(list_transform({split}, lambda s: trim(s)), lambda s: s <> ''), [])"
        case "integer":
            number = f"try_cast({text} as double)"
            return f"case when {number} = trunc({number}) then try_cast({number} as {field.sql_type}) end"
        case "time":
            return _time(text)
        case _:
            return f"try_cast({text} as {field.sql_type})"


def _time(text: str) -> str:
    """Returns SQL for an instant in UTC: epoch milliseconds, or ISO 8601; naive ones are in the session's time zone."""
    number = f"try_cast({text} as double)"
    zoned = f"try_cast({text} as timestamptz)"
    return (
        f"case when {number} is not null "
        f"then case when abs({number}) < 4e12 then make_timestamp((trunc({number}) * 1000)::bigint) end "
        f"when isfinite({zoned}) then timezone('UTC', {zoned}) end"
    )


def _given(field: Field) -> str:
    return "coalesce(" + ", ".join(f"""nullif(trim("given {key}"), '')""" for key in field.read_from) + ")"


def _bad(feed: Feed) -> str:
    tests = [
        f"case when {field.name} is null and {_given(field)} is not null then {list(field.read_from)!r} end"
        for field in feed.fields
        if not field.required
    ]
    return f"flatten(list_filter([{', '.join(tests)}], lambda bad: bad is not null))"


def _problem(feed: Feed, is_snapshot: bool) -> str:
    """Returns SQL for what makes a row a reject, as `reason field`, or NULL."""
    tests = [
        "when _unreadable = 'unparseable' and origins.is_open then 'truncated '",
        "when _unreadable is not null then _unreadable || ' '",
    ]
    for field in feed.fields:
        wrong = "bad_time" if field.kind == "time" else "unknown_value" if field.choices else "wrong_type"
        if field.required:
            unless = f" and not coalesce({field.required_unless}, false)" if field.required_unless else ""
            tests.append(f"when {field.name} is null and {_given(field)} is null{unless} then 'missing_field {field.name}'")
            tests.append(f"when {field.name} is null and {_given(field)} is not null then '{wrong} {field.name}'")
        elif field.name in feed.strict:
            tests.append(f"when {field.name} is null and {_given(field)} is not null then '{wrong} {field.name}'")
    if "currency" in feed.columns:
        tests.append("when not list_contains(getvariable('currencies'), currency) then 'unknown_currency currency'")
    anywhere = is_snapshot or feed.is_entity
    days = (
        f"{_FIRST_DAY} and {_LAST_DAY}"
        if anywhere
        else f"files.export_date - {_DAYS_LATE} and files.export_date + {_DAYS_EARLY}"
    )
    tests.append(f"when event_date not between {days} then 'time_out_of_range {feed.time}'")
    return "case " + "\n        ".join(tests) + " end"


def _reject(raw: str) -> str:
    """Returns SQL for the reject that a row becomes; it travels in `_extra`, so that one pass writes both."""
    scrubbed = f"scrubbed(left({raw}, 8192))"
    return (
        "to_json({reason: split_part(_problem, ' ', 1), field: nullif(split_part(_problem, ' ', 2), ''), "
        f"raw_text: left({scrubbed}, case when strlen(left({scrubbed}, 4096)) > 4096 then 1024 else 4096 end)}})::varchar"
    )
