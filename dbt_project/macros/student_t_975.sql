{# The 97.5 % point of Student's t for `df` degrees of freedom: Abramowitz & Stegun 26.7.5, within 1 % from df = 2 on. #}
{% macro student_t_975(df) -%}
    (1.959964 + 2.372271 / {{ df }} + 2.822498 / power({{ df }}, 2) + 2.555852 / power({{ df }}, 3) + 1.589534 / power({{ df }}, 4))
{%- endmacro %}
