{# Microseconds of `started_at` to `ended_at` within a bucket. #}
{% macro us_within(bucket_starts_at, width) -%}
    (epoch_us(least(ended_at, {{ bucket_starts_at }} + {{ width }})) - epoch_us(greatest(started_at, {{ bucket_starts_at }})))
{%- endmacro %}
