{# What web-vitals' attribution build says about a value: the element, and the parts of which the value is the sum. #}

{# By metric, name and key of its parts, in the order in which they follow each other. #}
{% macro vitals_parts() -%}
    {{ return({
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
    }) }}
{%- endmacro %}


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


{# The parts as a list in their order, a part that is not there NULL. #}
{% macro attributed_parts(metric, attribution) -%}
    case {{ metric }}
        {%- for name, parts in vitals_parts().items() %}
        when '{{ name }}' then try(try_cast(json_extract_string({{ attribution }}, [
            {%- for part, key in parts %}'$.{{ key }}'{{ ', ' if not loop.last }}{% endfor -%}
        ]) as double[]))
        {%- endfor %}
    end
{%- endmacro %}


{# The names of the parts as a list. #}
{% macro part_names(metric) -%}
    case {{ metric }}
        {%- for name, parts in vitals_parts().items() %}
        when '{{ name }}' then [{% for part, key in parts %}'{{ part }}'{{ ', ' if not loop.last }}{% endfor %}]
        {%- endfor %}
    end
{%- endmacro %}
