{# What web-vitals' attribution build says about a value: the element, and the parts of which the value is the sum. #}

{# The element behind a value, as a selector; versions before 5 call that of LCP `element`. What is no JSON says nothing. #}
{% macro attributed_target(metric, attribution) -%}
    case {{ metric }}
        when 'LCP' then try(coalesce(
            json_extract_string({{ attribution }}, '$.target'), json_extract_string({{ attribution }}, '$.element')
        ))
        when 'INP' then try(json_extract_string({{ attribution }}, '$.interactionTarget'))
        when 'CLS' then try(json_extract_string({{ attribution }}, '$.largestShiftTarget'))
    end
{%- endmacro %}


{#
    The parts of which a value is the sum, in the order in which they follow each other: as a list of what `attribution`
    says, a part that is not there NULL; without `attribution`, as the list of their names.
#}
{% macro attributed_parts(metric, attribution=none) -%}
    {%- set parts = {
        'LCP': [
            ('time_to_first_byte', 'timeToFirstByte'),
            ('resource_load_delay', 'resourceLoadDelay'),
            ('resource_load_duration', 'resourceLoadDuration'),
            ('element_render_delay', 'elementRenderDelay'),
        ],
        'INP': [
            ('input_delay', 'inputDelay'),
            ('processing_duration', 'processingDuration'),
            ('presentation_delay', 'presentationDelay'),
        ],
        'FCP': [
            ('time_to_first_byte', 'timeToFirstByte'),
            ('first_byte_to_fcp', 'firstByteToFCP'),
        ],
        'TTFB': [
            ('waiting_duration', 'waitingDuration'),
            ('cache_duration', 'cacheDuration'),
            ('dns_duration', 'dnsDuration'),
            ('connection_duration', 'connectionDuration'),
            ('request_duration', 'requestDuration'),
        ],
    } -%}
    case {{ metric }}
        {%- for name, pairs in parts.items() %}
        when '{{ name }}' then {% if attribution -%}
            try(try_cast(json_extract_string({{ attribution }}, [
                {%- for part, key in pairs %}'$.{{ key }}'{{ ', ' if not loop.last }}{% endfor -%}
            ]) as double[]))
        {%- else -%}
            [{% for part, key in pairs %}'{{ part }}'{{ ', ' if not loop.last }}{% endfor %}]
        {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}
