{# One bound of the 95 % Wilson score interval of `hits` out of `trials` (Wilson 1927); NULL without trials. #}
{% macro wilson(bound, hits, trials) -%}
    {%- set p -%} (({{ hits }}) / nullif({{ trials }}, 0)) {%- endset -%}
    {%- set n -%} nullif({{ trials }}, 0) {%- endset -%}
    {%- set half -%} 1.959964 * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + 0.960365 / power({{ n }}, 2)) {%- endset -%}
    if(
        {{ trials }} > 0,
        {{ 'greatest(0,' if bound == 'lower' else 'least(1,' }}
            ({{ p }} + 1.920729 / {{ n }} {{ '-' if bound == 'lower' else '+' }} {{ half }}) / (1 + 3.841459 / {{ n }})),
        null
    )
{%- endmacro %}
