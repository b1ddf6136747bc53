{{ config(tags=['fast']) }}

-- What no objective is judged by: announced maintenance of its service, and corrections that were accepted for the
-- service or the objective. Overlaps are merged, so that nothing is taken out twice.
with
run as (select * from {{ source('pipeline', 'run') }}),

objectives as (select * from {{ source('config', 'objectives') }}),

maintenance as (
    select * from {{ ref('int_maintenance_windows_merged') }}
    where exclusion_reason = 'maintenance'
),

method as (
    select * from {{ ref('int_accounting_methods_united') }}
    where is_contractual
),

corrections as (
    select * from {{ source('config', 'corrections') }}
    where ends_at > starts_at
),

windows as (
    select
        objectives.objective,
        'maintenance' as reason,
        maintenance.starts_at,
        maintenance.ends_at
    from objectives
    inner join maintenance using (service)
    cross join method
    where objectives.indicator <> 'availability' or method.maintenance_as <> 'as_checked'
    union all
    select
        objectives.objective,
        corrections.reason,
        corrections.starts_at,
        corrections.ends_at
    from objectives
    inner join corrections
        on
            objectives.service = coalesce(corrections.service, objectives.service)
            and coalesce(corrections.objective, objectives.objective)
            in (objectives.objective, objectives.slo, objectives.composite_slo)
),

turns as (
    select
        *,
        coalesce(starts_at > max(ends_at) over (
            partition by objective order by starts_at, ends_at rows between unbounded preceding and 1 preceding
        ), true) as is_turn
    from windows
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by objective order by starts_at, ends_at) as island
    from turns
),

merged as (
    select
        objective,
        string_agg(distinct reason, ', ' order by reason) as reason,
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from numbered
    group by objective, island
),

-- By day, so that what is looked up by objective and day meets the few windows of that day only.
dated as (
    select
        merged.*,
        unnest(range(
            greatest(merged.starts_at::date, run.first_date)::timestamp,
            least(merged.ends_at, run.as_of_date + interval 1 day),
            interval 1 day
        )) as day_at
    from merged
    cross join run
),

final as (
    select
        objective,
        reason,
        day_at::date as event_date,
        greatest(starts_at, day_at) as starts_at,
        least(ends_at, day_at + interval 1 day) as ends_at
    from dated
)

select * from final
