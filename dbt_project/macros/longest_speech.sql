{#
    The seconds that a check speaks for at most, whatever its interval: so many that the checks that confirm a state lie
    within two days, which is how far a day's states look back.
#}
{% macro longest_speech_s() -%}
    86400 / greatest(failures_to_go_down - 1, successes_to_come_back - 1, 0.5)
{%- endmacro %}
