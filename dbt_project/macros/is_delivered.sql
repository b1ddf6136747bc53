{# Whether a file of one of these raw tables was ever ingested: before that, none of it is not known to be zero. #}
{% macro is_delivered(raw_tables) -%}
    exists (
        select 1 from {{ source('pipeline', 'ingested_files') }}
        where raw_table in ('{{ raw_tables | join("', '") }}')
    )
{%- endmacro %}
