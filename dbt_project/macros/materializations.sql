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


{#
    Conditions that part the days of a table of which all are made: as many days in each as `meta.batch_days` says, so that
    what is sorted or grouped at once is bounded however long the history is. For tables in whose SQL DuckDB can take the
    condition down to what is read; elsewhere each batch would read everything.
#}
{% macro batches() -%}
    {%- set found, starts = [], [] -%}
    {%- if execute and flags.FULL_REFRESH and model.config.meta.batch_days -%}
        {%- for day in range(run_facts().first, run_facts().as_of + 1, model.config.meta.batch_days) -%}
            {%- do starts.append("date '" ~ iso_day(day) ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for start in starts[1:] -%}
        {%- set since = "event_date >= " ~ loop.previtem ~ " and " if loop.previtem else "" -%}
        {%- do found.append(since ~ "event_date < " ~ start) -%}
    {%- endfor -%}
    {{ return(found + ["event_date >= " ~ starts[-1] if starts | length > 1 else "true"]) }}
{%- endmacro %}


{% macro created_anew(relation, existing) -%}
    {%- if existing and existing.type != relation.type %}
        drop {{ existing.type }} {{ existing }};
    {%- endif %}
    {%- if config.get('contract').enforced %}
        {%- if existing is none or flags.FULL_REFRESH %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif %}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        {%- for days in batches() %}
        insert into {{ relation }} {{ get_column_names() }} ({{ get_select_subquery(compiled_code) }} where {{ days }});
        {%- endfor %}
    {%- else %}
        {%- for days in batches() %}
        {{ 'create or replace ' ~ relation.type ~ ' ' ~ relation ~ ' as' if loop.first else 'insert into ' ~ relation ~ ' by name' }}
        {{ '(' ~ compiled_code ~ ')' if days == 'true' else '(select * from (' ~ compiled_code ~ ') as batch where ' ~ days ~ ')' }};
        {%- endfor %}
    {%- endif %}
    {%- if config.persist_relation_docs() and model.description %}
        comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(model.description) }};
    {%- endif %}
{%- endmacro %}
