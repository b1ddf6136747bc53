{#
    The grouping of errors as it was in version 2, word for word: what a group of then is called today is found by running
    both over the errors that are still there. Whoever raises the version puts what was into this file, in its place.
#}
{% macro fingerprint_before(message, frames, type, given) -%}
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


{% macro masked_before(text, first=0, last=none) -%}
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


{% macro stack_frames_before(stack) -%}
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
        lambda frame: {{ function_name_before('frame.function') }} || '@' || {{ file_name_before('frame.file') }}
    ), 1, 5)
{%- endmacro %}


{% macro function_name_before(name) -%}
    regexp_replace(
        regexp_replace(
            regexp_replace({{ name }}, '^<anonymous function(?:: )?(.*?)>.*$|^((?:get|set) )', '\1'),
            '(?i) \[as .*$|\(.*\)$|^(?:anonymous function|anonymous|<unknown>|global code|module code|\?)$|.*<(?:anonymous>)?$|\[\d+\]$', ''
        ),
        '^.*[./]', ''
    )
{%- endmacro %}


{% macro file_name_before(path) -%}
    if(regexp_matches({{ path }}, '^(?:blob|data):'), 'blob', lower(coalesce(list_aggregate(
        list_filter(
            string_split_regex(regexp_replace({{ path }}, '[?#].*$|^[^?#]*[/\\]|:\d[\d:]*$', '', 'g'), '[.\-]'),
            lambda part: not regexp_matches(part, '[0-9]') or (length(part) < 8 and not regexp_full_match(part, '[0-9a-f]{6,}'))
        ),
        'string_agg', '.'
    ), '')))
{%- endmacro %}
