{# How statements write values: as pages do (orchestration/reports/formats.py), which a test holds. #}

{# A share as a percentage: more decimals near 100 %, where they matter, and never rounded to all of it. #}
{% macro share_text(share) -%}
    if({{ share }} < 0, '−', '')
    || case
        when {{ share }} in (0, 1) then printf('%.0f', 100 * {{ share }})
        when {{ share }} >= 0.999995 and {{ share }} < 1 then '> 99.999'
        when {{ share }} > 0.99 and {{ share }} < 1 then printf('%.3f', 100 * {{ share }})
        when abs({{ share }}) < 0.05 then printf('%.2f', 100 * abs({{ share }}))
        else printf('%.1f', 100 * abs({{ share }}))
    end || chr(160) || '%'
{%- endmacro %}

{# A share that somebody chose, without decimals that say nothing. #}
{% macro goal_text(share) -%}
    regexp_replace(regexp_replace(printf('%.4f', 100 * {{ share }}), '0+$', ''), '\.$', '') || chr(160) || '%'
{%- endmacro %}

{# Seconds in the unit that matters. #}
{% macro duration_text(seconds) -%}
    case
        when round({{ seconds }}) < 120 then printf('%.0f', {{ seconds }}) || chr(160) || 's'
        when round({{ seconds }}) < 7200 then printf('%.0f', {{ seconds }} / 60) || chr(160) || 'min'
        when round({{ seconds }}) < 172800 then printf('%.0f', {{ seconds }} / 3600) || chr(160) || 'h'
        else printf('%.0f', {{ seconds }} / 86400) || chr(160) || 'd'
    end
{%- endmacro %}

{% macro day_text(day) -%}
    strftime({{ day }}, '%-d %b %Y')
{%- endmacro %}

{# A count with its noun: 1 check, 2 checks. #}
{% macro count_text(count, noun) -%}
    {{ count }} || if({{ count }} = 1, ' {{ noun }}', ' {{ noun }}s')
{%- endmacro %}
