{#
    How a table, an incremental table and a view come to be, in place of dbt-duckdb's ways, which serve every kind of
    database: copies under other names, renames, foreign keys, and columns compared on every run take longer than the SQL
    of a small site. Here one writer has one DuckDB file, where `create or replace` is part of a transaction, and what
    a table's columns are changes with the project only, which is a full refresh (orchestration/warehouse/preparation.py):
    only then, or where there is no table yet, is a contract held against the SQL.
#}

{% materialization view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- call statement('main', auto_begin=false) -%}
        {{ created_anew(target_relation, load_cached_relation(this)) }}
    {%- endcall -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization table, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {#- One statement is a transaction of its own. #}
    {%- call statement('main', auto_begin=(config.get('contract').enforced or post_hooks | length > 0)) -%}
        {{ created_anew(target_relation, load_cached_relation(this)) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{# The rebuilt days are deleted by the pre-hook, in the transaction that appends them. #}
{% materialization incremental, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        {%- if existing_relation is none or existing_relation.is_view or should_full_refresh() -%}
            {{ created_anew(target_relation, existing_relation) }}
        {%- else -%}
            insert into {{ target_relation }} by name ({{ compiled_code }})
        {%- endif -%}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro created_anew(relation, existing) -%}
    {%- if existing and existing.type != relation.type %}
        drop {{ existing.type }} {{ existing }};
    {%- endif %}
    {%- if config.get('contract').enforced %}
        {%- if existing is none or flags.FULL_REFRESH %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif %}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        insert into {{ relation }} {{ get_column_names() }} ({{ get_select_subquery(compiled_code) }});
    {%- else %}
        create or replace {{ relation.type }} {{ relation }} as ({{ compiled_code }});
    {%- endif %}
    {%- if config.persist_relation_docs() and model.description %}
        comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(model.description) }};
    {%- endif %}
{%- endmacro %}
