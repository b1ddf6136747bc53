{#
    The base name of a path, without query, and without what changes with each build of a site: the hash that a bundler puts
    into it. A name of nothing but a hash is `<hash>`, and what a page made at run time (blob:, data:) has a name that says
    nothing.

    Vite and Rollup end a name with eight characters of base64url, which may hold `-` and `_`; esbuild with eight of base32;
    webpack, Next and Parcel with eight or more of hex; Turbopack with thirteen of base38 or eight of hex. So the end of a name
    is a hash unless it reads as words (`checkout2`, `art-list`), and any part that is hex or changes its case as words do not.
#}
{% macro file_name(path) -%}
    {%- set kinds = '(?:m?js|cjs|jsx|tsx?|css|map|wasm|json|vue|svelte|html?|php|aspx?|png|jpe?g|gif|svg|webp|avif|woff2?)' -%}
    {%- set suffix = '((?:\\.(?:chunk|bundle|min|_))*\\.' ~ kinds ~ ')?$' -%}
    if(regexp_matches({{ path }}, '^(?:blob|data):'), 'blob', list_transform(
        [regexp_extract(
            regexp_replace({{ path }}, '[?#].*$|^[^?#]*[/\\]|:\d[\d:]*$', '', 'g'), '^(.*?){{ suffix }}', ['stem', 'suffix']
        )],
        lambda name: lower(
            coalesce({{ without_hashes('name.stem') }}, '<hash>') || replace(name.suffix, '._.', '.')
        )
    )[1])
{%- endmacro %}


{# The name of a file before its suffix, in parts joined by dots, without those that are hashes; null if nothing is left. #}
{% macro without_hashes(stem) -%}
    list_aggregate(
        list_filter(
            string_split_regex(
                case
                    when regexp_matches({{ stem }}, '(?:^|[-._~])[0-9a-z_-]{13}$')
                        and not regexp_matches({{ stem }}, '(?:^|[-._~])[a-z]{4}[-_][\w-]{8}$')
                        and not {{ is_words("right(" ~ stem ~ ", 13)") }}
                        then left({{ stem }}, -13)
                    when regexp_matches({{ stem }}, '[-._~][\w-]{8}$') and not {{ is_words("right(" ~ stem ~ ", 8)") }}
                        then left({{ stem }}, -9)
                    else regexp_replace({{ stem }}, '_+[0-9a-f]{8}(_*)$', '\1')
                end,
                '[.~-]|_{2,}|_$'
            ),
            lambda part: part <> ''
                and not regexp_full_match(part, '[0-9a-fA-F]{8,}|[A-Z2-7]{8}|[0-9a-f]*[0-9][0-9a-f]*')
                and not (length(part) >= 8 and {{ is_random('part') }})
            or regexp_full_match(part, '[0-9a-f]{1,5}')
        ),
        'string_agg', '.'
    )
{%- endmacro %}


{# Whether a text reads as words: letters with a capital at the most, two vowels, a number behind them or between. #}
{% macro is_words(text) -%}
    (
        regexp_full_match({{ text }}, '(?:[A-Z]?[a-z]+\d{0,4}|\d{1,4})(?:[-_.](?:[A-Z]?[a-z]+\d{0,4}|\d{1,4}))*')
        and not regexp_matches({{ text }}, '(?i)[bcdfghjklmnpqrstvwxz]{5}')
        and regexp_matches({{ text }}, '(?i)[aeiouy].*[aeiouy]')
    )
{%- endmacro %}


{#
    Whether a text of letters and digits looks drawn at random (base62): it has a digit and capitals beside small letters,
    and changes between them more often than names such as `Uint8Array` do.
#}
{% macro is_random(text) -%}
    (
        regexp_matches({{ text }}, '[0-9]') and regexp_matches({{ text }}, '[a-z]') and regexp_matches({{ text }}, '[A-Z]')
        and (
            len(regexp_extract_all({{ text }}, '[A-Z]+|[a-z]+|[0-9]+')) > 0.55 * length({{ text }})
            or len(regexp_extract_all({{ text }}, '[0-9]+')) > 1
        )
    )
{%- endmacro %}
