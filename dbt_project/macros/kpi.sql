{# One KPI in the long form of fct_kpi_daily, from a relation with one row for each day. #}
{% macro kpi(name, value, lower, upper, sample_count, unit, relation) -%}
    select
        '{{ name }}' as kpi,
        cast({{ value }} as double) as value,
        cast({{ lower or 'null' }} as double) as value_lower,
        cast({{ upper or 'null' }} as double) as value_upper,
        cast(coalesce({{ sample_count }}, 0) as bigint) as sample_count,
        '{{ unit }}' as unit,
        event_date
    from {{ relation }}
{%- endmacro %}
