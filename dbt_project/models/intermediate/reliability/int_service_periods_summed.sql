{{ config(materialized='ephemeral') }}

-- Slices and hours of this run's days, most hours as they are; days, months and the last 90 days from every day, of
-- which there are few.
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

-- Read twice rather than kept: it is by far the largest of what is here.
slices as not materialized (
    select
        *,
        down_us as counted_down_us
    from {{ ref('int_service_slices_accounted') }}
),

days as (select * from {{ ref('int_service_days_accounted') }}),

-- What is added up, for which period of which grain.
parts as (
    select
        *,
        'month' as grain,
        date_trunc('month', event_date)::timestamp as period_starts_at
    from days
    union all by name
    select
        * replace (run.as_of_date as event_date),
        '90d' as grain,
        (run.as_of_date - 89)::timestamp as period_starts_at
    from days
    cross join run
    where days.event_date > run.as_of_date - 90
),

hours as (
    select
        service,
        method,
        'hour' as grain,
        sum(columns('(_us|_count)$'))::bigint,
        bool_or(is_flapping) as is_flapping,
        event_date,
        date_trunc('hour', bucket_starts_at) as period_starts_at
    from slices
    where grain = '5m'
    group by service, method, event_date, date_trunc('hour', bucket_starts_at)
),

summed as (
    select
        service,
        method,
        sum(columns('(_us|_count)$'))::bigint,
        bool_or(is_flapping) as is_flapping,
        grain,
        period_starts_at,
        max(event_date) as event_date
    from parts
    group by service, method, grain, period_starts_at
),

final as (
    select
        * exclude (bucket_starts_at),
        bucket_starts_at as period_starts_at
    from slices
    where grain = 'hour' or event_date > (select as_of_date - 90 from run)
    union all by name
    select
        *,
        'day' as grain,
        event_date::timestamp as period_starts_at
    from days
    union all by name
    select * from hours
    union all by name
    select * from summed
)

select * from final
