{#
    How an error is told from another. A change here makes other groups of the same errors: raise the version with it,
    it is part of every group's key.
#}
{% macro fingerprint_version() -%} 1 {%- endmacro %}


{# Text with its variable parts masked, the more specific patterns first. #}
{% macro masked(text) -%}
    {%- set weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? ' -%}
    {%- set month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*' -%}
    {%- set clock = '\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?' -%}
    {%- set group = '[0-9a-fA-F]{1,4}' -%}
    {%- set parts = [
        ('[\\w.+%-]+@[\\w-]+(?:\\.[\\w-]+)+', '<email>'),
        ('\\w+://[^\\s)\'"<>]+', '<url>'),
        ('[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}', '<uuid>'),
        ('(?:' ~ weekday ~ ')?' ~ month ~ ' \\d{1,2},? (?:' ~ clock ~ ' )?\\d{4}', '<date>'),
        ('\\d{4}-\\d{2}-\\d{2}(?:[T ]' ~ clock ~ '(?: ?(?:Z|UTC|[+-]\\d{2}:?\\d{2}))?)?', '<date>'),
        ('\\b(?:' ~ group ~ ':){7}' ~ group ~ '\\b|\\b(?:' ~ group ~ ':)+(?::' ~ group ~ ')+\\b', '<ip>'),
        ('(^|\\s)::' ~ group ~ '\\b', '\\1<ip>'),
        ('\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d+)?\\b', '<ip>'),
        ('\\b' ~ clock ~ '\\b', '<date>'),
        ('\\b(?:[a-z0-9-]+\\.)+(?:com|net|org|io|dev|app|eu|de|fr|uk|local|internal|example|invalid)\\b(?::\\d+)?', '<host>'),
        ('\\b0[xX][0-9a-fA-F]+\\b', '<hex>'),
        ('\\b(?:[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*|[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]*)\\b', '<hash>'),
        ('[+-]?\\d+(?:\\.\\d+)? ?(?:ms|us|ns|s|secs?|seconds?|mins?|minutes?|h|hours?|days?)\\b', '<duration>'),
        ('=\\s*(?:\'[^\']*\'|"[^"]*")', '=<quoted>'),
        ('\\d+(?:[.,]\\d+)*', '<number>'),
        ('\\s+', ' ')
    ] -%}
    trim(
    {%- for part in parts %}regexp_replace({% endfor -%}
    {{ text }}
    {%- for pattern, mask in parts %}, '{{ pattern | replace("'", "''") }}', '{{ mask }}', 'g'){% endfor -%}
    )
{%- endmacro %}


{#
    The innermost in-app frames of a browser's stack as a list of `function@file`, empty where there are none.

    Chrome and Edge write `at fn (file:line:column)`, Firefox and Safari `fn@file:line:column`. Names are cut to what all
    four agree on: the last part of the function, the base name of the file without its hash. Frames of the engine, of
    eval, of extensions and of node_modules are not the site's. Five frames, because Chrome stops after ten of all kinds.
#}
{% macro stack_frames(stack) -%}
    list_slice(list_transform(
        list_filter(
            list_transform(
                list_slice(string_split({{ stack }}, chr(10)), 1, 50),
                lambda line: if(
                    regexp_matches(line, '^\s*at '),
                    regexp_extract(line, '^\s*at (?:async |new )*(?:(.*?) \()?(.*?)(?::\d+)?(?::\d+)?\)?\s*$', ['function', 'file']),
                    regexp_extract(line, '^\s*(?:async\*)?(.*?)@((?:[\w-]+:)+//.*?|[^\s:]+:\d.*?)(?::\d+)?(?::\d+)?\s*$', ['function', 'file'])
                )
            ),
            lambda frame: frame.file <> ''
                and not regexp_matches(frame.file, '^(?:\[?native|<anonymous>|eval)|> eval|-extension:|/node_modules/')
                and not regexp_matches(frame.function, '^eval(?: code)?$')
        ),
        lambda frame: {{ function_name('frame.function') }} || '@' || {{ file_name('frame.file') }}
    ), 1, 5)
{%- endmacro %}


{% macro function_name(name) -%}
    regexp_replace(
        regexp_replace({{ name }}, ' \[as .*$|^(?:Anonymous function|anonymous|global code|module code|\?)$|.*<(?:anonymous>)?$', ''),
        '^.*[./]', ''
    )
{%- endmacro %}


{# The base name of a path, without query, and without the parts that look like a hash (a digit and eight characters, or six of hex). #}
{% macro file_name(path) -%}
    lower(coalesce(list_aggregate(
        list_filter(
            string_split_regex(regexp_replace({{ path }}, '[?#].*$|^[^?#]*[/\\]|:\d[\d:]*$', '', 'g'), '[.\-]'),
            lambda part: not regexp_matches(part, '[0-9]') or (length(part) < 8 and not regexp_full_match(part, '[0-9a-f]{6,}'))
        ),
        'string_agg', '.'
    ), ''))
{%- endmacro %}


{% macro error_category(type, message, stack) -%}
    case
        when regexp_matches({{ message }} || {{ type }}, '(?i)content security policy|securitypolicyviolation|\bcsp\b') then 'csp'
        when regexp_matches({{ message }} || {{ type }}, '(?i)chunkloaderror|loading (?:css )?chunk|dynamically imported module|module script failed') then 'chunk_load'
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
        from {{ ref('int_error_days_traced') }} as traces
        where {{ this }}.error_group_id = traces.error_group_id
            and {{ this }}.event_date = traces.event_date
            and ({{ this }}.state <> traces.state or {{ this }}.first_seen_date <> traces.first_seen_date)
    {%- endif -%}
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

    described as (
        select
            kind,
            type,
            left({{ masked('text') }}, 300) as message,
            {{ error_category('type', 'text', 'trace') }} as category,
            case
                when given <> '' and not contains(given, '{{ "{{" }} default') and given <> '[]' then 'given|' || given
                when len({{ stack_frames('trace') }}) > 0
                    then 'frames|' || type || '|' || array_to_string({{ stack_frames('trace') }}, '|')
                else 'message|' || type || '|' || {{ masked('text') }}
            end as fingerprint
        from kinds
    )

    select
        *,
        left(md5('{{ fingerprint_version() }}|' || fingerprint), 16) as error_group_id
    from described
{%- endmacro %}
