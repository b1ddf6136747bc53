{{ config(materialized='ephemeral') }}

-- A sweep over the instants at which a window or a correction begins (+1) or ends (-1); both at once are maintenance.
with
windows as (
    select
        service,
        'maintenance' as exclusion_reason,
        starts_at,
        ends_at
    from {{ ref('stg_maintenance__windows') }}
    where ends_at > starts_at
    union all
    select
        service,
        'correction' as exclusion_reason,
        starts_at,
        ends_at
    from {{ source('config', 'corrections') }}
    where service is not null and ends_at > starts_at
),

edges as (
    select
        service,
        exclusion_reason,
        starts_at as changed_at,
        1 as step
    from windows
    union all
    select
        service,
        exclusion_reason,
        ends_at as changed_at,
        -1 as step
    from windows
),

counted as (
    select
        service,
        changed_at as starts_at,
        lead(changed_at) over w as ends_at,
        sum(sum(step)) over w as window_count,
        sum(coalesce(sum(step) filter (exclusion_reason = 'maintenance'), 0)) over w as maintenance_count
    from edges
    group by service, changed_at
    window w as (partition by service order by changed_at)
),

turns as (
    select
        *,
        if(maintenance_count > 0, 'maintenance', 'correction') as exclusion_reason,
        coalesce(lag(exclusion_reason) over w <> exclusion_reason or lag(ends_at) over w <> starts_at, true) as is_turn
    from counted
    where window_count > 0
    window w as (partition by service order by starts_at)
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service order by starts_at) as island
    from turns
),

final as (
    select
        service,
        exclusion_reason,
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from numbered
    group by service, exclusion_reason, island
)

select * from final
