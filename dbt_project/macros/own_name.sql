{#
    A name that came with the data, kept apart from the word that roll-ups use for their total: what is called `all`
    becomes `"all"`. Staging puts every text by which a table rolls up through here, so that no row of a value is ever
    taken for a total; names of the configuration cannot be `all` (orchestration/settings/between.py). The word `unknown`
    needs no such care: what says that it is unknown is counted with what says nothing.
#}
{% macro own_name(value) -%}
    if({{ value }} = 'all', '"all"', {{ value }})
{%- endmacro %}
