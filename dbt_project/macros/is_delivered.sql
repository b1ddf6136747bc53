{# Whether a row of this feed was ever kept: before that, none of it is not known to be zero. #}
{% macro is_delivered(feed) -%}
    coalesce((select is_delivered from {{ ref('dim_feeds') }} where feed = '{{ feed }}'), false)
{%- endmacro %}
