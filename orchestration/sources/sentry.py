"""Events of Sentry's SDKs, as exports and backups hold them: one JSON object a line, a file of one, or an array.

An event becomes a row of errors. What it carries beside that (breadcrumbs, request bodies, local variables, machines)
may be personal or is of no use here, and is not taken. Old SDKs put texts where objects belong and objects where lists
do; both are understood.
"""

from orchestration.sources.feed import Format


def _errors(events: str) -> str:
    """Returns SQL for events as rows of errors; the last exception of a chain is the one that was raised last."""
    return f"""
    select
        _number,
        _raw,
        case when _event is not null then json_merge_patch('{{}}', json_object(
            'message', left(coalesce(
                nullif(_error ->> '$.value', ''), nullif({_told("logentry")}, ''), nullif({_told("message")}, ''),
                nullif(_error ->> '$.type', ''), nullif(_event ->> '$.title', ''), nullif(_event ->> '$.culprit', '')
            ), 20000),
            'type', _error ->> '$.type',
            'stack', case when len(_frames) > 0 then array_to_string(
                [coalesce(_error ->> '$.type', 'Error')] || list_transform(_frames, lambda f: {_line("f")}), chr(10)
            ) end,
            'url', coalesce(_event ->> '$.request.url', {_tag("url")}),
            'page_view_id', {_tag("page_view_id")},
            'session_id', {_tag("session_id")},
            'user_id', {_first("_event", "$.user.id", "$.user.username", "$.user.email")},
            'release', _event ->> '$.release',
            'browser', coalesce(_event ->> '$.contexts.browser.name', {_tag("browser.name")}),
            'country', _event ->> '$.user.geo.country_code',
            'fingerprint', case when json_array_length(_event, '$.fingerprint') > 0
                then array_to_string(_event ->> '$.fingerprint[*]', '|') end,
            'tags', json_object(
                'level', _event ->> '$.level', 'platform', _event ->> '$.platform',
                'environment', _event ->> '$.environment', 'transaction', _event ->> '$.transaction',
                'event_id', _event ->> '$.event_id'
            ),
            'handled', _error ->> '$.mechanism.handled',
            'ts', {_instant()}
        ))::varchar end as _text
    from (
        select *, {_frames("_error")} as _frames
        from (
            select *, {_last_exception()} as _error
            from (
                select
                    _number,
                    _text as _raw,
                    case when starts_with(ltrim(_text), '{{') and json_valid(_text) then _text::json end as _event
                from ({events})
            )
        )
    )"""


def _first(value: str, *paths: str) -> str:
    """The first of several texts that is not empty."""
    texts = [f"nullif({value} ->> '{path}', '')" for path in paths]
    return f"coalesce({', '.join(texts)})"


def _told(key: str) -> str:
    """A text, or an object that has it filled in or as a template."""
    return (
        f"case json_type(_event, '$.{key}') when 'OBJECT' then coalesce(nullif(_event ->> '$.{key}.formatted', ''), "
        f"_event ->> '$.{key}.message') when 'VARCHAR' then _event ->> '$.{key}' end"
    )


def _last_exception() -> str:
    return """case
                when json_array_length(_event, '$.exception.values') > 0 then _event -> '$.exception.values[#-1]'
                when json_array_length(_event, '$.exception') > 0 then _event -> '$.exception[#-1]'
                when json_type(_event, '$.exception') = 'OBJECT' then _event -> '$.exception'
            end"""


def _frames(error: str) -> str:
    """The frames, innermost first; those that are not the app's are left out where the SDK could tell."""
    found = (
        f"case when json_array_length({error}, '$.stacktrace.frames') > 0 then {error} -> '$.stacktrace.frames[*]' "
        "else coalesce(_event -> '$.stacktrace.frames[*]', []) end"
    )
    told = f"list_filter({found}, lambda f: (f ->> '$.in_app') = 'true')"
    return f"list_reverse(case when len({told}) > 0 then {told} else {found} end)"


def _line(frame: str) -> str:
    """A frame as browsers write it, so that one parser reads all."""
    file = f"coalesce({_first(frame, '$.abs_path', '$.filename', '$.module')}, '')"
    column = f"coalesce(':' || ({frame} ->> '$.colno'), '')"
    place = f"{file} || ':' || coalesce({frame} ->> '$.lineno', '0') || {column}"
    function = f"nullif({frame} ->> '$.function', '')"
    line = f"'    at ' || case when {function} is null then {place} else {function} || ' (' || {place} || ')' end"
    return f"replace({line}, chr(10), ' ')"


def _tag(name: str) -> str:
    """A tag, of an object or of a list of pairs."""
    path = f"""$.tags."{name}\""""
    pairs = "coalesce(_event -> '$.tags[*]', [])"
    listed = f"list_filter({pairs}, lambda t: coalesce(t ->> '$[0]', t ->> '$.key') = '{name}')[1]"
    return f"coalesce(_event ->> '{path}', {listed} ->> '$[1]', {listed} ->> '$.value')"


def _instant() -> str:
    """Seconds since 1970 or a text, which is UTC where it names no zone."""
    text = "coalesce(_event ->> '$.timestamp', _event ->> '$.datetime', _event ->> '$.received')"
    zoned = f"regexp_matches({text}, '(?:[Zz]|[+-]\\d\\d:?\\d\\d)$')"
    return f"case when try_cast({text} as double) is not null or {zoned} then {text} else {text} || 'Z' end"


FORMAT = Format(system="sentry", raw_table="raw_web_errors.errors", rows=_errors)
