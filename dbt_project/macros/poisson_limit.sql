{#
    One end of the exact 95 % interval of the expectation of a Poisson count, which is half a chi-square quantile with
    twice as many degrees of freedom (Garwood 1936): Byar's cubes, within 0.6 %, and up to eight, where the lower one is
    too far off, the values themselves. The lower end of a count of 0 is 0.
#}
{% macro poisson_limit(end, count) -%}
    {%- set exact = [0, 0.025318, 0.242209, 0.618672, 1.089865, 1.623486, 2.201894, 2.814363, 3.453832] -%}
    {%- if end == 'lower' -%}
        if(
            {{ count }} < {{ exact | length }},
            {{ exact }}[({{ count }} + 1)::integer],
            {{ count }} * power(1 - 1 / (9 * {{ count }}) - 1.959964 / (3 * sqrt({{ count }})), 3)
        )
    {%- else -%}
        (({{ count }} + 1) * power(1 - 1 / (9 * ({{ count }} + 1)) + 1.959964 / (3 * sqrt({{ count }} + 1)), 3))
    {%- endif -%}
{%- endmacro %}
