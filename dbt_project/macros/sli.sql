{#
    What the parts of the indicators share: the time slice that an instant lies in. Slices begin anew at each midnight,
    so that none belongs to two days; without time slices in the objective they are the five minutes of a bucket.
#}
{% macro sli_slice(instant, seconds) -%}
    make_timestamp(epoch_us({{ instant }}) - epoch_us({{ instant }}) % 86400000000 % ({{ seconds }} * 1000000::bigint))
{%- endmacro %}


{# 1 if a latency is within the threshold of `objectives`, else 0. #}
{% macro sli_within(value) -%}
    case objectives.threshold_op
        when 'lt' then {{ value }} < objectives.threshold
        when 'gt' then {{ value }} > objectives.threshold
        when 'gte' then {{ value }} >= objectives.threshold
        else {{ value }} <= objectives.threshold
    end::integer
{%- endmacro %}


{# Microseconds as seconds, without a detour over binary fractions. #}
{% macro us_to_s(microseconds) -%}
    (({{ microseconds }})::decimal(18, 0) * 0.000001::decimal(7, 6))::decimal(18, 6)
{%- endmacro %}
