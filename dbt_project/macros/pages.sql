{# The path of an address: no host, no query, no fragment, cut at 500 characters. #}
{% macro page_path(url) -%}
    coalesce(nullif(left(regexp_extract({{ url }}, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:/{2,})?[^/?#]*(/[^?#]*)?', 1), 500), ''), '/')
{%- endmacro %}


{#
    One row per path of `paths` with its page group: the first pattern of the configuration that matches, else the path
    with its ids masked. Patterns stand in the SQL as literals: DuckDB compiles a pattern from a column anew in each row.
    They are asked for as JSON, for dbt reads a text such as `null` in a result as nothing.
#}
{% macro grouped_pages(paths) -%}
    {%- set groups = [] -%}
    {%- if execute and target.name != 'program' -%}
        {%- set query = "select coalesce(to_json(list([page_group, pattern] order by position))::varchar, '[]') from config.page_groups" -%}
        {%- do groups.extend(fromjson(run_query(query).rows[0][0])) -%}
    {%- endif -%}
    {%- set masked -%}
        left(replace(regexp_replace(regexp_replace(
            replace(page_path, '/', '//'),
            '/(?:\d+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}|[a-zA-Z]*\d[0-9a-fA-F]{7,})(/|$)', '/:id\1', 'g'
        ), '\d{3,}', ':id', 'g'), '//', '/'), 100)
    {%- endset -%}
    select
        page_path,
        {% if groups -%}
            case
                {% for group in groups -%}
                    when regexp_matches(page_path, '{{ group[1] | replace("'", "''") }}') then '{{ group[0] | replace("'", "''") }}'
                {% endfor -%}
                else {{ masked }}
            end
        {%- else -%}
            {{ masked }}
        {%- endif %} as page_group
    from (select distinct page_path from {{ paths }})
{%- endmacro %}
