{#
    The order in which rows are stored, so that DuckDB can skip row groups. What runs in memory (target `program`) is read
    once and whole: sorting a million judgements would take as long as making half of them.
#}
{% macro in_order(columns) -%}
    {%- if not execute or target.name != 'program' -%}
        order by {{ columns }}
    {%- endif -%}
{%- endmacro %}
