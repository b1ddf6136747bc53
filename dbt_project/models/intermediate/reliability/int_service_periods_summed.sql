{{ config(materialized='ephemeral') }}

-- Slices and hours of this run's days; days, months and the last 90 days from every day, of which there are few.
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

slices as (
    select
        *,
        down_us as counted_down_us
    from {{ ref('int_service_slices_accounted') }}
),

days as (select * from {{ ref('int_service_days_accounted') }}),

final as (
    select
        *,
        '5m' as grain,
        bucket_starts_at as period_starts_at
    from slices
    where event_date > (select as_of_date - 90 from run)
    union all by name
    select
        service,
        method,
        sum(columns('(_us|_count)$'))::bigint,
        bool_or(is_flapping) as is_flapping,
        'hour' as grain,
        date_trunc('hour', bucket_starts_at) as period_starts_at,
        event_date
    from slices
    group by service, method, event_date, date_trunc('hour', bucket_starts_at)
    union all by name
    select
        *,
        'day' as grain,
        event_date::timestamp as period_starts_at
    from days
    union all by name
    select
        service,
        method,
        sum(columns('(_us|_count)$'))::bigint,
        bool_or(is_flapping) as is_flapping,
        'month' as grain,
        date_trunc('month', event_date)::timestamp as period_starts_at,
        max(event_date) as event_date
    from days
    group by service, method, date_trunc('month', event_date)
    union all by name
    select
        service,
        method,
        sum(columns('(_us|_count)$'))::bigint,
        bool_or(is_flapping) as is_flapping,
        '90d' as grain,
        (run.as_of_date - 89)::timestamp as period_starts_at,
        run.as_of_date as event_date
    from days
    cross join run
    where days.event_date > run.as_of_date - 90
    group by service, method, run.as_of_date
)

select * from final
