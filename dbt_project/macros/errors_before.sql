{#
    The grouping of errors as it was in version 1, word for word: what a group of then is called today is found by running
    both over the errors that are still there. Whoever raises the version puts what was into this file, in its place.
#}
{% macro fingerprint_before(message, frames, type, given) -%}
    case
        when {{ given }} <> '' and not contains({{ given }}, '{{ "{{" }} default') and {{ given }} <> '[]' then 'given|' || {{ given }}
        when len({{ frames }}) > 0 then 'frames|' || {{ type }} || '|' || array_to_string({{ frames }}, '|')
        else 'message|' || {{ type }} || '|' || {{ message }}
    end
{%- endmacro %}


{% macro masked_before(text) -%}
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


{% macro stack_frames_before(stack) -%}
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
        lambda frame: {{ function_name_before('frame.function') }} || '@' || {{ file_name_before('frame.file') }}
    ), 1, 5)
{%- endmacro %}


{% macro function_name_before(name) -%}
    regexp_replace(
        regexp_replace({{ name }}, ' \[as .*$|^(?:Anonymous function|anonymous|global code|module code|\?)$|.*<(?:anonymous>)?$', ''),
        '^.*[./]', ''
    )
{%- endmacro %}


{% macro file_name_before(path) -%}
    lower(coalesce(list_aggregate(
        list_filter(
            string_split_regex(regexp_replace({{ path }}, '[?#].*$|^[^?#]*[/\\]|:\d[\d:]*$', '', 'g'), '[.\-]'),
            lambda part: not regexp_matches(part, '[0-9]') or (length(part) < 8 and not regexp_full_match(part, '[0-9a-f]{6,}'))
        ),
        'string_agg', '.'
    ), ''))
{%- endmacro %}
