{#
    How an error is told from another. A change here makes other groups of the same errors: raise the version with it, it
    is part of every group's key, and put what was into `errors_before.sql`.
#}
{% macro fingerprint_version() -%} 2 {%- endmacro %}


{#
    Text with its variable parts masked, the more specific patterns first. What ends in a top-level domain that is a word
    too (`re.test`, `window.app`) is a host only if it looks like one otherwise. The hash in the name of a file may hold any
    letters, because the name's extension says what it is. `first` and `last` apply some of them only: one expression of
    them all is nested too deep to be linted.
#}
{% macro masked(text, first=0, last=none) -%}
    {%- set weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? ' -%}
    {%- set month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*' -%}
    {%- set clock = '\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?(?: ?[AaPp][Mm]\\b)?' -%}
    {%- set zone = '(?: ?(?:Z|UTC|GMT)\\b)?(?: ?[+-]\\d{2}:?\\d{2}\\b)?' -%}
    {%- set group = '[0-9a-fA-F]{1,4}' -%}
    {%- set unit = '(?:ms|us|µs|ns|s|secs?|seconds?|m|mins?|minutes?|hrs?|h|hours?|d|days?|w|weeks?|millis(?:econds?)?|milliseconds?|microseconds?|months?|years?)' -%}
    {%- set domain = '(?:com|net|org|io|eu|de|fr|uk|au|jp|cn|ru|nl|dk|fi|cz|br|kr|pl|biz|xyz|ai|edu|gov|mil|corp|lan|intranet)' -%}
    {%- set word = '(?:app|dev|local|internal|example|invalid|test|info|home|shop|store|site|online|cloud|svc|cluster|us|es|ca|se|no|it|at|ch|be|in|me|co|tv)' -%}
    {%- set places = ['\\d\\w{7}', '\\w\\d\\w{6}', '\\w{2}\\d\\w{5}', '\\w{3}\\d\\w{4}', '\\w{4}\\d\\w{3}', '\\w{5}\\d\\w{2}', '\\w{6}\\d\\w', '\\w{7}\\d'] -%}
    {%- set parts = [
        ('[\\w.+%-]+@[\\w-]+(?:\\.[\\w-]+)+', '<email>'),
        ('\\[(?:email)\\]', '<email>'),
        ('\\w[\\w+.-]*://[^\\s)\\]\'"<>,;]*[^\\s)\\]\'"<>,;.:!?]', '<url>'),
        ('(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}', '<uuid>'),
        ('(?:' ~ weekday ~ ')?' ~ month ~ ' \\d{1,2}(?:st|nd|rd|th)?,? (?:' ~ clock ~ ' )?\\d{4}\\b(?:,? ' ~ clock ~ ')?' ~ zone, '<date>'),
        ('(?:' ~ weekday ~ ')?\\b\\d{1,2}[ -]' ~ month ~ '[ -]\\d{4}\\b(?: ' ~ clock ~ ')?' ~ zone, '<date>'),
        ('\\b\\d{4}[-/]\\d{2}[-/]\\d{2}(?:[T ]' ~ clock ~ zone ~ ')?', '<date>'),
        ('\\b\\d{1,2}[./-]\\d{1,2}[./-]\\d{4}\\b(?:,? ' ~ clock ~ zone ~ ')?', '<date>'),
        ('\\b(?:' ~ group ~ ':){7}' ~ group ~ '\\b|\\b(?:' ~ group ~ ':)+(?::' ~ group ~ ')+\\b', '<ip>'),
        ('(^|[\\s(\\["\'=])::' ~ group ~ '\\b', '\\1<ip>'),
        ('\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d+|/\\d+)?\\b|\\[ip\\]', '<ip>'),
        ('\\b' ~ clock ~ '\\b', '<date>'),
        ('\\b(?:(?:[a-z0-9_-]+\\.)+' ~ domain ~ '|(?:[a-z0-9_-]+\\.){2,}' ~ word ~ '|[a-z]*[0-9-][a-z0-9-]*\\.' ~ word ~ '|localhost)\\b(?::\\d+)?', '<host>'),
        ('([.\\-_])(?:' ~ (places | join('|')) ~ ')\\w*(\\.(?:chunk\\.|bundle\\.|min\\.)?(?:m?js|css|map|wasm|json|png|jpe?g|gif|svg|webp|woff2?|html?)\\b)', '.<hash>\\2'),
        ('\\b0[xX][0-9a-fA-F]+\\b', '<hex>'),
        ('(^|[\\s(\\[{"\'=,:<>/])[+-]?\\d+(?:[.,]\\d+)*(?:\\.\\d+[eE][+-]?\\d+|[eE][+-]\\d+)\\b', '\\1<number>'),
        ('(?i)\\b(?:[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*|[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]*)\\b|\\[token\\]', '<hash>'),
        ('(^|[\\s(\\[{"\'=,:<>])[+-]?\\d+(?:[.,]\\d+)* ?' ~ unit ~ '\\b(?: ?\\d+ ?' ~ unit ~ '\\b)*', '\\1<duration>'),
        ('\\b\\d+(?:[.,]\\d+)* ?' ~ unit ~ '\\b', '<duration>'),
        ('=\\s*(?:\'[^\']*\'|"[^"]*"|`[^`]*`)', '=<quoted>'),
        ('(^|[\\s(\\[{"\'=,:<>])[+-]\\d+(?:[.,_]\\d+)*', '\\1<number>'),
        ('\\d+(?:[.,_]\\d+)*', '<number>'),
        ('\\s+', ' ')
    ] -%}
    {%- set masks = parts[first:last] -%}
    trim(
    {%- for mask in masks %}regexp_replace({% endfor -%}
    {{ text }}
    {%- for pattern, mask in masks %}, '{{ pattern | replace("'", "''") }}', '{{ mask }}', 'g'){% endfor -%}
    )
{%- endmacro %}


{#
    The innermost in-app frames of a browser's stack as a list of `function@file`, empty where there are none.

    Chrome, Edge and Internet Explorer write `at fn (file:line:column)`, Firefox and Safari `fn@file:line:column`, old
    Opera `fn(arguments)@file:line` or `Line 3 of linked script file: In function fn`. Names are cut to what all agree on:
    the last part of the function, the base name of the file without its hash. Frames of the engine, of eval, of
    extensions and of node_modules are not the site's. Five frames, because Chrome stops after ten of all kinds.
#}
{% macro stack_frames(stack) -%}
    list_slice(list_transform(
        list_filter(
            list_transform(
                list_slice(string_split({{ stack }}, chr(10)), 1, 50),
                lambda line: if(
                    regexp_matches(line, '^\s*at '),
                    regexp_extract(line, '^\s*at (?:async |new )*(?:(.*?) \()?(?:address at )?(.*?)(?::wasm-function\[\d+\])?(?::\d+|:0x[0-9a-f]+)?(?::\d+)?\)?\s*$', ['function', 'file']),
                    if(
                        regexp_matches(line, '^\s*Line \d+ of '),
                        struct_pack(
                            function := regexp_extract(line, ': In function (\S+)\s*$', 1),
                            file := regexp_extract(line, '^\s*Line \d+ of .*?script (?:in )?([^\s]+?):?(?:\s|$)', 1)
                        ),
                        regexp_extract(line, '^\s*(?:async\*)?(.*?)@((?:[\w-]+:)+//.*?|[^\s:]+:\d.*?)(?::wasm-function\[\d+\])?(?::\d+|:0x[0-9a-f]+)?(?::\d+)?\s*$', ['function', 'file'])
                    )
                )
            ),
            lambda frame: frame.file <> ''
                and not regexp_matches(frame.file, '^(?:wasm:|\[?native|<anonymous>|eval|node:|internal/|index \d)|> (?:eval|Function)|-extension:|/node_modules/')
                and not regexp_matches(frame.function, '^eval(?: code)?$')
        ),
        lambda frame: {{ function_name('frame.function') }} || '@' || {{ file_name('frame.file') }}
    ), 1, 5)
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


{#
    The base name of a path, without query, and without the parts that look like a hash: a digit and eight characters, or
    six of hex. What a page made at run time (blob:, data:) has a name that says nothing.
#}
{% macro file_name(path) -%}
    if(regexp_matches({{ path }}, '^(?:blob|data):'), 'blob', lower(coalesce(list_aggregate(
        list_filter(
            string_split_regex(regexp_replace({{ path }}, '[?#].*$|^[^?#]*[/\\]|:\d[\d:]*$', '', 'g'), '[.\-]'),
            lambda part: not regexp_matches(part, '[0-9]') or (length(part) < 8 and not regexp_full_match(part, '[0-9a-f]{6,}'))
        ),
        'string_agg', '.'
    ), '')))
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

    begun as (
        select
            *,
            {{ masked('text', last=13) }} as half_masked,
            {{ stack_frames('trace') }} as frames,
            {{ masked_before('text') }} as earlier_message,
            {{ stack_frames_before('trace') }} as earlier_frames
        from kinds
    ),

    ended as (
        select
            *,
            {{ masked('half_masked', first=13) }} as whole_message
        from begun
    ),

    described as (
        select
            kind,
            type,
            left(whole_message, 300) as message,
            {{ error_category('type', 'text', 'trace') }} as category,
            coalesce(frames[1], '') as culprit,
            {{ fingerprint('whole_message', 'frames', 'type', 'given') }} as fingerprint,
            {{ fingerprint_before('earlier_message', 'earlier_frames', 'type', 'given') }} as earlier_fingerprint
        from ended
    )

    select
        *,
        left(md5('{{ fingerprint_version() }}|' || fingerprint), 16) as error_group_id,
        left(md5('{{ fingerprint_version() | int - 1 }}|' || earlier_fingerprint), 16) as earlier_group_id
    from described
{%- endmacro %}
