{#
    What an error says, without what browsers put before it: Chrome's "Uncaught", and the type, which has a column of its own.
    `Script error.` is all that a browser says of another site's script, with and without a full stop.
#}
{% macro bare_message(text, type) -%}
    list_transform(
        [regexp_replace({{ text }}, '^\s*(?i:uncaught)(?: \(in promise\))?:? ', '')],
        lambda bare: case
            when regexp_full_match(bare, '(?i)script error\.?\s*') then 'Script error'
            when starts_with(bare, {{ type }} || ': ') then substr(bare, length({{ type }}) + 3)
            else bare
        end
    )[1]
{%- endmacro %}


{#
    Text with its variable parts masked, the more specific patterns first, in three steps: one expression of them all is
    nested too deep to be linted. `addressed` comes first, then `dated`, then `numbered`.

    What ends in a top-level domain that is a word too (`re.test`, `a.b.me`) is a host only if it looks like one otherwise.
#}
{% macro addressed(text) -%}
    {%- set inside = '(?:[^\\s)\\[\\]\'"<>,;]|\\[[\\w:.]+\\])' -%}
    {%- set end = '(?:[^\\s)\\[\\]\'"<>,;.:!?]|\\[[\\w:.]+\\])' -%}
    {%- set domain = '(?:com|net|org|io|eu|de|fr|uk|au|jp|cn|ru|nl|dk|fi|cz|br|kr|pl|biz|xyz|ai|edu|gov|mil|corp|lan|intranet)' -%}
    {%- set word = '(?:app|dev|local|internal|example|invalid|test|info|home|shop|store|site|online|cloud|svc|cluster|us|es|ca|se|no|it|at|ch|be|in|me|co|tv)' -%}
    {%- set place = '(?:dev|local|internal|example|invalid|test|online|cloud|svc|cluster|us|es|ca|se|at|ch|tv)' -%}
    {{ replaced_all(text, [
        ('\\w[\\w+.-]*://' ~ inside ~ '*' ~ end, '<url>'),
        ('[\\w.+%-]+@[\\w-]+(?:\\.[\\w-]+)+', '<email>'),
        ('\\[(?:email)\\]', '<email>'),
        ('(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}', '<uuid>'),
        ('\\b(?:\\w[a-z0-9_-]*\\.)+(?:com|net|org)\\b(?::\\d+)?', '<host>'),
        ('\\b(?:(?:[a-z0-9_-]{2,}\\.)+' ~ domain ~ '|(?:[a-z0-9_-]{2,}\\.){2,}' ~ place ~ '|(?:www|[a-z]{2,}[0-9-][a-z0-9-]*)\\.(?:[a-z0-9-]+\\.)*' ~ word ~ '|localhost)\\b(?::\\d+)?', '<host>')
    ]) }}
{%- endmacro %}


{% macro dated(text) -%}
    {%- set weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? ' -%}
    {%- set month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*' -%}
    {%- set clock = '\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?(?: ?[AaPp][Mm]\\b)?' -%}
    {%- set zone = '(?:Z\\d{2}:\\d{2}\\b)?(?: ?(?:Z|UTC|GMT|CES?T|BST|[ECMP][SD]T)\\b)?(?: ?[+-]\\d{2}:?\\d{2}\\b)?(?: \\([A-Z][A-Za-z ]*\\))?' -%}
    {%- set day = '(?:0[1-9]|[12]\\d|3[01])' -%}
    {%- set group = '[0-9a-fA-F]{1,4}' -%}
    {{ replaced_all(text, [
        ('datetime\\.datetime\\([0-9, ]+\\)', '<date>'),
        ('(?:' ~ weekday ~ ')?' ~ month ~ ' \\d{1,2}(?:st|nd|rd|th)?,? (?:' ~ clock ~ ' )?\\d{4}\\b(?:,? ' ~ clock ~ ')?' ~ zone, '<date>'),
        ('(?:' ~ weekday ~ ')?\\b\\d{1,2}[ -]' ~ month ~ '[ -](?:\\d{4}|\\d{2})\\b(?: ' ~ clock ~ ')?' ~ zone, '<date>'),
        ('\\b\\d{4}[-/](?:0[1-9]|1[0-2])[-/]' ~ day ~ '(?:[T ]' ~ clock ~ zone ~ '|\\b)', '<date>'),
        ('\\b(?:19|20)\\d{2}(?:0[1-9]|1[0-2])' ~ day ~ '(?:[T ]\\d{6}|[T ]' ~ clock ~ ')' ~ zone, '<date>'),
        ('\\b\\d{1,2}[./-]\\d{1,2}[./-]\\d{4}\\b(?:,? ' ~ clock ~ zone ~ ')?', '<date>'),
        ('\\b(?:' ~ group ~ ':){7}' ~ group ~ '\\b', '<ip>'),
        ('(^|[\\s(\\["\'=])::(?:(?:' ~ group ~ ':)*\\d{1,3}(?:\\.\\d{1,3}){3}|' ~ group ~ '(?::' ~ group ~ ')*\\b)?', '\\1<ip>'),
        ('\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d+|/\\d+)?\\b|\\[ip\\]', '<ip>')
    ]) }}
{%- endmacro %}


{% macro numbered(text) -%}
    {%- set unit = '(?:ms|us|µs|ns|s|secs?|seconds?|m|mins?|minutes?|hrs?|h|hours?|d|days?|w|weeks?|millis(?:econds?)?|milliseconds?|microseconds?|months?|years?)' -%}
    {{ replaced_all(text, [
        ('\\b(?:[01]?\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:[.,]\\d+)?)?(?: ?[AaPp][Mm])?\\b', '<date>'),
        ('\\b0[xX][0-9a-fA-F]+\\b', '<hex>'),
        ('(^|[\\s(\\[{"\'=,:<>/])[+-]?\\d+(?:[.,]\\d+)*(?:\\.\\d+[eE][+-]?\\d+|[eE][+-]\\d+)\\b', '\\1<number>'),
        ('(?i)\\b(?:[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*|[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]*|[a-f]{8,})\\b|\\[token\\]', '<hash>'),
        ('(^|[\\s(\\[{"\'=,:<>])[+-]?\\d+(?:[.,]\\d+)* ?' ~ unit ~ '\\b(?: ?\\d+ ?' ~ unit ~ '\\b)*', '\\1<duration>'),
        ('\\b\\d+(?:[.,]\\d+)* ?' ~ unit ~ '\\b', '<duration>'),
        ('=\\s*(?:\'[^\']*\'|"[^"]*"|`[^`]*`)', '=<quoted>'),
        ('=(?i:true|false)\\b', '=<boolean>'),
        ('(^|[\\s(\\[{"\'=,:<>])[+-]\\d+(?:[.,_]\\d+)*', '\\1<number>'),
        ('\\d+(?:[.,_]\\d+)*', '<number>'),
        ('\\s+', ' ')
    ]) }}
{%- endmacro %}


{#
    What no single pattern can tell, because it takes a second look: an address has a digit (`Fee::add` has none), the name
    of an asset holds a hash, an id of base62 is mixed as no name is, and so is the hash of a CSS module. The text is cut
    into such pieces and all that lies between, and put together again.
#}
{% macro inspected(text) -%}
    {%- set group = '[0-9a-fA-F]{1,4}' -%}
    {%- set pieces = [
        '[\\w~-][\\w.~-]*\\.(?:m?js|css|map|wasm|json|png|jpe?g|gif|svg|webp|avif|woff2?|html?)\\b',
        '\\b(?:' ~ group ~ ':)+(?::' ~ group ~ ')+\\b', '\\b(?:' ~ group ~ ':)+:/\\d+',
        '\\b\\w+__[\\w-]{5,8}\\b', '[A-Za-z0-9]+', '.'
    ] -%}
    array_to_string(
        list_transform(
            regexp_extract_all({{ text }}, '(?s){{ pieces | join("|") }}'),
            lambda piece: case
                when length(piece) < 4 then piece
                when contains(piece, '.') then {{ file_name('piece') }}
                when contains(piece, '::') then if(regexp_matches(piece, '[0-9]'), '<ip>', piece)
                when contains(piece, '__')
                    then regexp_replace(piece, '__(?:[\w-]*[0-9][\w-]*|[\w-]*[a-z][\w-]*[A-Z][\w-]*)$', '__<hash>')
                when length(piece) >= 8 and not regexp_matches(piece, '^0[xX]') and {{ is_random('piece') }} then '<hash>'
                else piece
            end
        ),
        ''
    )
{%- endmacro %}


{# A text with each pattern replaced by its mask, in their order. #}
{% macro replaced_all(text, masks) -%}
    trim(
    {%- for mask in masks %}regexp_replace({% endfor -%}
    {{ text }}
    {%- for pattern, mask in masks %}, '{{ pattern | replace("'", "''") }}', '{{ mask }}', 'g'){% endfor -%}
    )
{%- endmacro %}
