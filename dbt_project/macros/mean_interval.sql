{#
    One end of the 95 % interval of a weighted mean, from its sums: Σwx, Σwx², Σw and Σw². The variance is that of the
    sample, n = (Σw)² / Σw²; empty for fewer than two observations.
#}
{% macro mean_interval(end, value_sum, value_square_sum, weight_sum, weight_square_sum) -%}
    {%- set mean = value_sum ~ '::double / ' ~ weight_sum -%}
    {%- set n = '(' ~ weight_sum ~ '::double * ' ~ weight_sum ~ ' / ' ~ weight_square_sum ~ ')' -%}
    case
        when {{ weight_square_sum }} > 0 and {{ n }} >= 2 then
            {{ mean }} {{ '-' if end == 'lower' else '+' }} 1.959964 * sqrt(
                greatest(0, {{ value_square_sum }}::double / {{ weight_sum }} - power({{ mean }}, 2)) / ({{ n }} - 1)
            )
    end
{%- endmacro %}
