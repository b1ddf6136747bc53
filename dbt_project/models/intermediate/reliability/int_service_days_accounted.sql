-- Every day of a service under every method, also those of which nothing is known. Small, so it is made anew in every
-- run: an outage may count as a whole on a day long ago, and a first check may come late.
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

methods as (select * from {{ ref('int_accounting_methods_united') }}),

summed as (select * from {{ ref('int_service_days_summed') }}),

windows as (select * from {{ ref('int_maintenance_windows_merged') }}),

days as (
    select
        service,
        unnest(range(
            min(event_date)::timestamp, max(run.as_of_date) + interval 1 day, interval 1 day
        )) as day_at
    from summed
    cross join run
    where event_date <= run.as_of_date
    group by service
),

excluded as (
    select
        days.service,
        days.day_at,
        windows.exclusion_reason,
        epoch_us(least(windows.ends_at, days.day_at + interval 1 day))
        - epoch_us(greatest(windows.starts_at, days.day_at)) as excluded_us
    from days
    inner join windows
        on
            days.service = windows.service
            and days.day_at < windows.ends_at
            and days.day_at + interval 1 day > windows.starts_at
),

excluded_days as (
    select
        service,
        day_at,
        sum(if(exclusion_reason = 'maintenance', excluded_us, 0))::bigint as maintenance_us,
        sum(if(exclusion_reason = 'correction', excluded_us, 0))::bigint as corrected_us
    from excluded
    group by service, day_at
),

outages as (
    select
        service,
        method,
        count(*) as outage_count,
        sum(downtime_us)::bigint as downtime_us,
        event_date
    from {{ ref('int_outages_merged') }}
    where is_counted and downtime_us > 0
    group by service, method, event_date
),

filled as (
    select
        days.service,
        methods.method,
        methods.outage_counts_on,
        methods.is_contractual,
        summed.* exclude (service, method, event_date),
        methods.maintenance_as <> 'as_checked' as is_excusable,
        if(is_excusable, coalesce(excluded_days.maintenance_us, 0), 0) as silent_maintenance_us,
        if(is_excusable, coalesce(excluded_days.corrected_us, 0), 0) as silent_corrected_us,
        coalesce(outages.outage_count, 0) as outage_count,
        coalesce(outages.downtime_us, 0) as downtime_us,
        days.day_at::date as event_date
    from days
    cross join methods
    left join summed
        on days.service = summed.service and methods.method = summed.method and days.day_at = summed.event_date
    left join excluded_days on days.service = excluded_days.service and days.day_at = excluded_days.day_at
    left join outages
        on days.service = outages.service and methods.method = outages.method and days.day_at = outages.event_date
),

final as (
    select
        service,
        method,
        {%- for state in ('up', 'degraded', 'down', 'unconfirmed', 'pending') %}
            coalesce({{ state }}_us, 0) as {{ state }}_us,
        {%- endfor %}
        coalesce(maintenance_us, silent_maintenance_us) as maintenance_us,
        coalesce(corrected_us, silent_corrected_us) as corrected_us,
        coalesce(no_check_us, 86400000000 - silent_maintenance_us - silent_corrected_us) as no_check_us,
        if(outage_counts_on = 'start_day', downtime_us, coalesce(down_us, 0)) as counted_down_us,
        {%- for status in ('up', 'degraded', 'down', 'maintenance', 'pending') %}
            coalesce({{ status }}_count, 0) as {{ status }}_count,
        {%- endfor %}
        outage_count,
        coalesce(state_change_count, 0) as state_change_count,
        coalesce(is_flapping, false) as is_flapping,
        is_contractual,
        event_date
    from filled
)

select * from final
