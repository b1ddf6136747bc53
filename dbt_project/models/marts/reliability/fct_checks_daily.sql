{{ config(meta={'reach': {'raw_probes.checks': {}}, 'closes': 0, 'history': true}) }}

with
checks as (
    select * from {{ ref('stg_probes__checks') }}
    where {{ rebuilt() }}
),

services as (select * from {{ source('config', 'services') }}),

days as (select distinct event_date from checks),

-- A location that is to probe and sent nothing on a day with checks is a row of zeros, so that its silence is seen.
promised as (
    select
        locations.service,
        locations.location,
        days.event_date
    from {{ source('config', 'service_locations') }} as locations
    cross join days
),

counted as (
    select
        service,
        location,
        event_date,
        arg_max(status, checked_at) as last_status,
        count(*) as check_count,
        count_if(status = 'up')::bigint as up_count,
        count_if(status = 'degraded')::bigint as degraded_count,
        count_if(status = 'down')::bigint as down_count,
        count_if(status = 'maintenance')::bigint as maintenance_count,
        count_if(status = 'pending')::bigint as pending_count,
        max(interval_s) as interval_s,
        quantile_disc(response_ms, [0.5, 0.75, 0.95, 0.99]) filter (status in ('up', 'degraded')) as response_ms,
        max(checked_at) as last_checked_at
    from checks
    group by service, location, event_date
),

opened as (
    select
        service,
        location,
        counted.last_status,
        coalesce(counted.check_count, 0) as check_count,
        coalesce(counted.up_count, 0) as up_count,
        coalesce(counted.degraded_count, 0) as degraded_count,
        coalesce(counted.down_count, 0) as down_count,
        coalesce(counted.maintenance_count, 0) as maintenance_count,
        coalesce(counted.pending_count, 0) as pending_count,
        floor(86400 / nullif(coalesce(counted.interval_s, services.probe_interval_s), 0))::bigint as expected_count,
        counted.response_ms[1] as response_p50_ms,
        counted.response_ms[2] as response_p75_ms,
        counted.response_ms[3] as response_p95_ms,
        counted.response_ms[4] as response_p99_ms,
        event_date,
        counted.last_checked_at
    from counted
    full join promised using (service, location, event_date)
    left join services using (service)
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
order by event_date, service, location
