{# The month under which a whole history is counted, before all months: a date sorts, joins and is a key, null is none. #}
{% macro lifetime() -%} date '0001-01-01' {%- endmacro %}
