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


{#
    Every day from the first of the feeds that the table declares (or `before` days before it) to as_of, as `event_date`,
    of the rebuilt ones. Entities begin no calendar where other feeds do: one order of ten years ago is no ten years of
    page views. The ledger knows the first day for good, for it outlives the rows.
#}
{% macro rebuilt_calendar(before=0) -%}
    select event_date
    from (
        select
            cast(unnest(range(
                coalesce(least({{ first_day() }}, as_of_date), as_of_date) - {{ before }}, as_of_date + interval 1 day, interval 1 day
            )) as date) as event_date
        from pipeline.run
    ) as known
    where {{ rebuilt('event_date') }}
{%- endmacro %}


{# The first day with rows of the feeds that a table declares in `meta.reach`. #}
{% macro first_day() -%}
    {%- if not execute or target.name == 'program' -%}
        first_date
    {%- else -%}
        (
            select coalesce(min(list_min(event_dates)) filter (where retention_days is not null), min(list_min(event_dates)))
            from pipeline.ingested_files
            left join config.retention using (raw_table)
            where raw_table in ('{{ model.config.meta.reach | join("', '") }}')
        )
    {%- endif -%}
{%- endmacro %}


{% macro as_of() -%}
    (select as_of_date from pipeline.run)
{%- endmacro %}


{# The last day, as a literal, whose rows of this table come from history and are no longer rebuilt. #}
{% macro closed_through() -%}
    date '{{ iso_day(closed_day()) }}'
{%- endmacro %}


{# The same as a number. #}
{% macro closed_day() -%}
    {%- set closed = [] -%}
    {%- for table in model.config.meta.reach if table in run_facts().closed -%}
        {%- do closed.append(run_facts().closed[table] + model.config.meta.get('closes', 0)) -%}
    {%- endfor -%}
    {{ return(closed | max if closed else modules.datetime.date(1900, 1, 1).toordinal()) }}
{%- endmacro %}


{# The first and the last day, as text, of each stretch of days that this table rebuilds, widened to what it reads. #}
{% macro rebuilt_ranges(back, forward) -%}
    {%- set meta, run = model.config.meta, run_facts() -%}
    {%- if not meta.reach -%}
        {{ exceptions.raise_compiler_error(model.name ~ ": rebuilt() needs `meta.reach`, which says what a touched day of a raw table changes here") }}
    {%- endif -%}
    {%- set closed = closed_day() if meta.closes is defined else 0 -%}
    {%- set touched = [] -%}
    {%- if flags.FULL_REFRESH -%}
        {%- do touched.append((modules.datetime.date(1900, 1, 2).toordinal(), run.as_of)) -%}
    {%- else -%}
        {%- set backs, forwards = [], [] -%}
        {%- for table, days in meta.reach.items() -%}
            {%- do backs.append(days.get('back', 0)) or forwards.append(days.get('forward', 0)) -%}
            {%- for day in run.touched.get(table, []) -%}
                {%- do touched.append((day - backs[-1], day + forwards[-1])) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if run.previous < run.as_of -%}
            {%- do touched.append((run.previous + 1 - backs | max, run.as_of + forwards | max)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for first_day, last_day in touched | sort -%}
        {%- set first, last = [first_day, closed + 1] | max, [last_day, run.as_of] | min -%}
        {%- if first <= last and ranges and first - back <= ranges[-1][1] + 1 -%}
            {%- do ranges.append((ranges[-1][0], [ranges.pop()[1], last + forward] | max)) -%}
        {%- elif first <= last -%}
            {%- do ranges.append((first - back, last + forward)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set days = [] -%}
    {%- for first, last in ranges %}{% do days.append((iso_day(first), iso_day(last))) %}{% endfor -%}
    {{ return(days) }}
{%- endmacro %}


{#
    What a run knows of days, as numbers: as_of, the first day, previous as_of, the touched days and the closed day of each raw table.
    Asked once: `graph` lasts for a run of dbt, and each table asks several times.
#}
{% macro run_facts() -%}
    {%- if 'run_facts' not in graph -%}
        {%- set query -%}
            with days as (
                select 'touched' as fact, raw_table, to_json(list({{ day_number('event_date') }})) as days
                from pipeline.touched_dates
                group by all
                union all
                select 'closed' as fact, raw_table, to_json({{ day_number('closed_through') }}) as days
                from pipeline.closed_days
            )
            select cast(json_object(
                'as_of', {{ day_number('as_of_date') }},
                'first', {{ day_number('coalesce(first_date, as_of_date)') }},
                'previous', {{ day_number('previous_as_of_date') }},
                'touched', (select coalesce(json_group_object(raw_table, days), '{}') from days where fact = 'touched'),
                'closed', (select coalesce(json_group_object(raw_table, days), '{}') from days where fact = 'closed')
            ) as varchar)
            from pipeline.run
        {%- endset -%}
        {%- do graph.update({'run_facts': fromjson(run_query(query).rows[0][0])}) -%}
    {%- endif -%}
    {{ return(graph.run_facts) }}
{%- endmacro %}


{# Days since the year 1, as Python counts them. #}
{% macro day_number(column) -%}
    ({{ column }} - date '0001-01-01' + 1)
{%- endmacro %}


{% macro iso_day(number) -%}
    {{ modules.datetime.date.fromordinal(number).isoformat() }}
{%- endmacro %}
