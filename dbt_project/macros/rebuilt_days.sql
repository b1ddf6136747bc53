{#
    Which days a run rebuilds, and which it must read for that.

    A table declares in `meta.reach` how far a touched day of each raw table reaches into its own days:
    `{raw_web_vitals.beacons: {back: 1, forward: 2}}` says that a beacon of day D changes the table's days D-1 to D+2.
    Rebuilt = touched days, and those that became visible since the last run (as_of moved on), widened by the reach;
    never after as_of, and, for a table with `meta.closes`, never a day that the expiry of raw rows has closed.
    `closes: 3` means that the three days after the last expired one cannot be rebuilt either: what they read is gone.
    Days stand in the SQL as literals, so that DuckDB can skip row groups; they never pass through --vars, which
    would make dbt parse the project again.

    Compiled for the target `program` (orchestration/alerts/program.py), a table puts out all that its inputs hold: that
    SQL runs over a few days in memory, and no database is asked while it is made.
#}

{% macro rebuilt(column='event_date') -%}
    {{ loaded(column, 0, 0) }}
{%- endmacro %}


{% macro loaded(column='event_date', back=0, forward=0) -%}
    {%- set is_run = execute and target.name != 'program' -%}
    {%- set ranges = rebuilt_ranges(back, forward) if is_run else [] -%}
    {%- if not is_run -%}
        true
    {%- elif not ranges -%}
        false
    {%- else -%}
        (
        {%- for range in ranges -%}
            {{ column }} between date '{{ range[0] }}' and date '{{ range[1] }}'{{ ' or ' if not loop.last }}
        {%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}


{# A pre-hook of every incremental table: in one transaction with the insert, so a crash leaves the day as it was. #}
{% macro delete_rebuilt() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where {{ rebuilt('event_date') }}
        {%- set meta = model.config.meta -%}
        {%- if meta.closes is defined and not meta.history %} or event_date <= {{ closed_through() }}{% endif -%}
    {%- endif -%}
{%- endmacro %}


{# On a full refresh, the closed days of a table, kept in the lake since their raw rows expired. #}
{% macro history_union() -%}
    {%- if execute and flags.FULL_REFRESH -%}
        {%- set found = run_query("select history_files from pipeline.history where mart = '" ~ model.name ~ "'").rows -%}
        {%- if found %}
            union all by name
            select * from read_parquet({{ found[0][0] }}, union_by_name = true)
            where event_date <= {{ closed_through() }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# Every day from the first that the warehouse knows (or `before` days before it) to as_of, as `event_date`, of the rebuilt ones. #}
{% macro rebuilt_calendar(before=0) -%}
    select event_date
    from (
        select
            cast(unnest(range(
                coalesce(first_date, as_of_date) - {{ before }}, as_of_date + interval 1 day, interval 1 day
            )) as date) as event_date
        from pipeline.run
    ) as known
    where {{ rebuilt('event_date') }}
{%- endmacro %}


{% macro as_of() -%}
    (select as_of_date from pipeline.run)
{%- endmacro %}


{# The last day, as a literal, whose rows of this table come from history and are no longer rebuilt. #}
{% macro closed_through() -%}
    {%- set meta = model.config.meta -%}
    {%- set tables = "'" ~ (meta.reach.keys() | join("', '")) ~ "'" -%}
    {%- set found = run_query(
        "select coalesce(max(closed_through) + " ~ meta.get('closes', 0) ~ ", date '1900-01-01')"
        ~ " from pipeline.closed_days where raw_table in (" ~ tables ~ ")"
    ) -%}
    date '{{ found.rows[0][0] }}'
{%- endmacro %}


{% macro rebuilt_ranges(back, forward) -%}
    {%- set meta = model.config.meta -%}
    {%- set reach -%}
        {%- for table, days in meta.get('reach', {}).items() -%}
            ('{{ table }}', {{ days.get('back', 0) }}, {{ days.get('forward', 0) }}){{ ', ' if not loop.last }}
        {%- endfor -%}
    {%- endset -%}
    {%- if not reach -%}
        {{ exceptions.raise_compiler_error(model.name ~ ": rebuilt() needs `meta.reach`, which says what a touched day of a raw table changes here") }}
    {%- endif -%}
    {%- set closed = closed_through() if meta.closes is defined else "date '1900-01-01'" -%}
    {%- set query -%}
        with reach (raw_table, back, forward) as (values {{ reach }}),
        touched as (
            {%- if flags.FULL_REFRESH %}
            select {{ closed }} + 1 as first_day, as_of_date as last_day from pipeline.run
            {%- else %}
            select event_date - back as first_day, event_date + forward as last_day
            from pipeline.touched_dates inner join reach using (raw_table)
            union
            select
                previous_as_of_date + 1 - (select max(back) from reach) as first_day,
                as_of_date + (select max(forward) from reach) as last_day
            from pipeline.run
            where previous_as_of_date < as_of_date
            {%- endif %}
        ),
        bounded as (
            select
                greatest(first_day, {{ closed }} + 1) - {{ back }} as first_day,
                least(last_day, as_of_date) + {{ forward }} as last_day
            from touched cross join pipeline.run
            where greatest(first_day, {{ closed }} + 1) <= least(last_day, as_of_date)
        ),
        marked as (
            select
                first_day,
                last_day,
                coalesce(first_day > max(last_day) over (
                    order by first_day, last_day rows between unbounded preceding and 1 preceding
                ) + 1, true) as is_start
            from bounded
        ),
        islands as (
            select first_day, last_day, sum(is_start::int) over (order by first_day, last_day) as island from marked
        )
        select cast(min(first_day) as varchar), cast(max(last_day) as varchar) from islands group by island order by 1
    {%- endset -%}
    {{ return(run_query(query).rows) }}
{%- endmacro %}
