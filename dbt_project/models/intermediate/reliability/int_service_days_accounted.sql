-- What became of each microsecond of a day under a method; what no check and no window explains is unknown.
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

methods as (select * from {{ ref('accounting_methods') }}),

states as (select * from {{ ref('int_service_states_excused') }}),

outages as (select * from {{ ref('int_outages_merged') }}),

maintenance as (select * from {{ ref('int_maintenance_windows_merged') }}),

days as (
    select
        states.service,
        states.method,
        unnest(range(
            min(states.event_date)::timestamp, max(run.as_of_date) + interval 1 day, interval 1 day
        )) as starts_at,
        starts_at + interval 1 day as ends_at,
        starts_at::date as event_date
    from states
    cross join run
    group by states.service, states.method
),

excused as (
    select
        days.service,
        days.method,
        days.event_date,
        sum(
            epoch_us(least(maintenance.ends_at, days.ends_at))
            - epoch_us(greatest(maintenance.starts_at, days.starts_at))
        ) as excused_us
    from days
    inner join maintenance
        on
            days.service = maintenance.service
            and days.starts_at < maintenance.ends_at
            and days.ends_at > maintenance.starts_at
    group by days.service, days.method, days.event_date
),

-- Down time of an outage too short to count is up time.
spent as (
    select
        states.service,
        states.method,
        states.event_date,
        sum(states.spent_us) filter (states.state = 'up' or states.state = 'down' and not outages.is_counted) as up_us,
        sum(states.spent_us) filter (states.state = 'degraded') as degraded_us,
        sum(states.spent_us) filter (states.state = 'down' and outages.is_counted) as down_us,
        sum(states.spent_us) filter (states.state = 'maintenance') as maintenance_us
    from states
    asof left join outages
        on
            states.service = outages.service
            and states.method = outages.method
            and states.started_at >= outages.started_at
    group by states.service, states.method, states.event_date
),

started as (
    select
        service,
        method,
        event_date,
        count(*) as outage_count,
        sum(downtime_us) as downtime_us
    from outages
    where is_counted and downtime_us > 0
    group by service, method, event_date
),

collected as (
    select
        service,
        method,
        coalesce(spent.up_us, 0) as up_us,
        coalesce(spent.degraded_us, 0) as degraded_us,
        coalesce(spent.down_us, 0) as down_us,
        coalesce(spent.maintenance_us, 0) + coalesce(excused.excused_us, 0) as maintenance_us,
        coalesce(if(methods.outage_counts_on = 'start_day', started.downtime_us, spent.down_us), 0) as counted_down_us,
        coalesce(started.outage_count, 0) as outage_count,
        event_date
    from days
    inner join methods using (method)
    left join spent using (service, method, event_date)
    left join started using (service, method, event_date)
    left join excused using (service, method, event_date)
),

final as (
    select
        service,
        method,
        greatest(0, up_us + down_us - counted_down_us)::bigint as up_us,
        degraded_us::bigint as degraded_us,
        counted_down_us::bigint as down_us,
        maintenance_us::bigint as maintenance_us,
        greatest(
            0, 86400000000 - greatest(up_us + down_us, counted_down_us) - degraded_us - maintenance_us
        )::bigint as unknown_us,
        outage_count,
        event_date
    from collected
)

select * from final
