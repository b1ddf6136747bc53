{#
    How an error is told from another. A change here makes other groups of the same errors: raise the version with it, it
    is part of every group's key, and put what was into `errors_before.sql`.
#}
{% macro fingerprint_version() -%} 3 {%- endmacro %}


{#
    The innermost in-app frames of a browser's stack, as structs of function, file, line and column, all of them text.

    Chrome, Edge and Internet Explorer write `at fn (file:line:column)`, Firefox and Safari `fn@file:line:column` (Safari
    leaves out `fn@` where code has no name), old Opera `fn(arguments)@file:line` or `Line 3 of linked script file: In
    function fn`. Frames of the engine, of eval, of extensions and of node_modules are not the site's.
#}
{% macro app_frames(stack) -%}
    {%- set place = '(?::wasm-function\\[\\d+\\])?(?::(\\d+)|:0x[0-9a-f]+)?(?::(\\d+))?' -%}
    {%- set names = "['function', 'file', 'line', 'column']" -%}
    list_filter(
        list_transform(
            list_slice(string_split({{ stack }}, chr(10)), 1, 50),
            lambda line: case
                when regexp_matches(line, '^\s*at ')
                    then regexp_extract(line, '^\s*at (?:async |new )*(?:(.*?) \()?(?:address at )?(.*?){{ place }}\)?\s*$', {{ names }})
                when regexp_matches(line, '^\s*Line \d+ of ')
                    then struct_pack(
                        function := regexp_extract(line, ': In function (\S+)\s*$', 1),
                        file := regexp_extract(line, '^\s*Line \d+ of .*?script (?:in )?([^\s]+?):?(?:\s|$)', 1),
                        line := regexp_extract(line, '^\s*Line (\d+)', 1),
                        "column" := ''
                    )
                when regexp_matches(line, '^\s*(?:[\w-]+:)+//\S+:\d+\s*$')
                    then regexp_extract(line, '^\s*()(.*?){{ place }}\s*$', {{ names }})
                else regexp_extract(line, '^\s*(?:async\*)?(.*?)@((?:[\w-]+:)+//.*?|[^\s:@]+:\d.*?){{ place }}\s*$', {{ names }})
            end
        ),
        lambda frame: frame.file <> ''
            and not regexp_matches(frame.file, '^(?:wasm:|\[?native|<anonymous>|eval|node:|internal/|index \d)|> (?:eval|Function)|-extension:|/node_modules/')
            and not regexp_matches(frame.function, '^eval(?: code)?$')
    )
{%- endmacro %}


{#
    Frames as a list of `function@file`: names are cut to what all browsers agree on, the last part of the function and the
    base name of the file without its hash. Five frames, because Chrome stops after ten of all kinds.
#}
{% macro frame_names(frames) -%}
    list_slice(
        list_transform(
            {{ frames }}, lambda frame: {{ function_name('frame.function') }} || '@' || {{ file_name('frame.file') }}
        ), 1, 5
    )
{%- endmacro %}


{# The last part of a function's name; nothing for what browsers call in different ways: code without a name. #}
{% macro function_name(name) -%}
    regexp_replace(
        regexp_replace(
            regexp_replace({{ name }}, '^<anonymous function(?:: )?(.*?)>.*$|^((?:get|set) )', '\1'),
            '(?i) \[as .*$|\(.*\)$|^(?:anonymous function|anonymous|<unknown>|global code|module code|\?)$|.*<(?:anonymous>)?$|\[\d+\]$', ''
        ),
        '^.*[./]', ''
    )
{%- endmacro %}


{% macro error_category(type, message, stack) -%}
    case
        when regexp_matches({{ message }} || {{ type }}, '(?i)content security policy|securitypolicyviolation|\bcsp\b') then 'csp'
        when regexp_matches({{ message }} || {{ type }}, '(?i)chunkloaderror|loading (?:css )?chunk|unable to preload css|dynamically imported module|module script failed') then 'chunk_load'
        when regexp_matches({{ message }} || {{ stack }}, '(?i)-extension:|googletagmanager|google-analytics|doubleclick|facebook\.net|hotjar') then 'third_party'
        when regexp_matches({{ message }}, '(?i)^(?:uncaught )?script error\.?$') then 'third_party'
        when regexp_matches({{ message }} || {{ type }}, '(?i)timed? ?out|timeout') then 'timeout'
        when regexp_matches({{ message }} || {{ type }}, '(?i)failed to fetch|networkerror|network error|load failed|xmlhttprequest|net::err|status code \d|answered \d{3}|\bECONN') then 'network'
        when regexp_matches({{ message }} || {{ type }}, '(?i)resourceerror|failed to load (?:resource|image|script|stylesheet|font)|error loading') then 'resource'
        when regexp_matches({{ message }} || {{ type }}, '(?i)unhandled ?(?:promise ?)?rejection') then 'promise_rejection'
        when regexp_matches({{ type }}, '(?:Error|Exception)$') or {{ stack }} <> '' then 'script'
        else 'other'
    end
{%- endmacro %}


{# A late error can make an older day the first of its group: the states of the group's later days change with it. #}
{% macro retrace_errors() -%}
    {%- if execute and is_incremental() -%}
        update {{ this }}
        set state = traces.state, first_seen_date = traces.first_seen_date
        from {{ ref('fct_error_groups_daily') }} as traces
        where {{ this }}.error_group_id = traces.error_group_id
            and {{ this }}.event_date = traces.event_date
            and ({{ this }}.state <> traces.state or {{ this }}.first_seen_date <> traces.first_seen_date)
    {%- endif -%}
{%- endmacro %}


{#
    What makes errors one group: the event's own fingerprint, where `default` in it stands for what follows here; else its
    frames in the app; else its message. A hash of digits alone is a number, so that the two are one.
#}
{% macro fingerprint(message, frames, type, given) -%}
    {%- set default -%}
        case
            when len({{ frames }}) > 0 then 'frames|' || {{ type }} || '|' || array_to_string({{ frames }}, '|')
            else 'message|' || {{ type }} || '|' || replace({{ message }}, '<hash>', '<number>')
        end
    {%- endset -%}
    {%- set own = "regexp_replace(" ~ given ~ ", '[{][{] *default *[}][}]|\\W', '', 'g')" -%}
    case
        when coalesce({{ own }}, '') = '' then {{ default }}
        when regexp_matches({{ given }}, '[{][{] *default *[}][}]') then {{ default }} || '|' || {{ own }}
        else 'given|' || {{ given }}
    end
{%- endmacro %}


{# What decides the group of an error, as one number. #}
{% macro error_kind() -%} hash(message, type, stack, fingerprint) {%- endmacro %}


{# One row per `kind` of the errors of a relation, with its group: text is taken apart once for each, not for each error. #}
{% macro grouped_errors(errors) -%}
    with
    kinds as (
        select
            kind,
            coalesce(any_value(message), '') as text,
            coalesce(any_value(stack), '') as trace,
            any_value(fingerprint) as given,
            coalesce(
                nullif(any_value(type), ''),
                nullif(regexp_extract(any_value(message), '^(?:Uncaught )?(\w*(?:Error|Exception))\b', 1), ''),
                nullif(regexp_extract(any_value(stack), '^(\w*(?:Error|Exception))\b', 1), ''),
                'unknown'
            ) as type
        from {{ errors }}
        group by kind
    ),

    placed as (
        select
            *,
            {{ addressed(bare_message('text', 'type')) }} as placeless,
            {{ app_frames('trace') }} as places,
            {{ masked_before('text', last=13) }} as half_masked_before
        from kinds
    ),

    looked_at as (
        select
            *,
            {{ dated('placeless') }} as timeless,
            {{ frame_names('places') }} as frames,
            {{ masked_before('half_masked_before', first=13) }} as earlier_message,
            {{ stack_frames_before('trace') }} as earlier_frames
        from placed
    ),

    inspected as (
        select
            *,
            {{ inspected('timeless') }} as nameless
        from looked_at
    ),

    masked as (
        select
            *,
            {{ numbered('nameless') }} as whole_message
        from inspected
    ),

    described as (
        select
            kind,
            type,
            left(whole_message, 300) as message,
            {{ error_category('type', 'text', 'trace') }} as category,
            coalesce(frames[1], '') as culprit,
            try_cast(struct_extract(places[1], 'line') as integer) as culprit_line,
            try_cast(struct_extract(places[1], 'column') as integer) as culprit_column,
            {{ fingerprint('whole_message', 'frames', 'type', 'given') }} as fingerprint,
            {{ fingerprint_before('earlier_message', 'earlier_frames', 'type', 'given') }} as earlier_fingerprint
        from masked
    )

    select
        *,
        left(md5('{{ fingerprint_version() }}|' || fingerprint), 16) as error_group_id,
        left(md5('{{ fingerprint_version() | int - 1 }}|' || earlier_fingerprint), 16) as earlier_group_id
    from described
{%- endmacro %}
