with

services as (

    select * from {{ source('config', 'services') }}

),

checks as (

    select
        event_date,
        service,
        sum(check_count) as check_count,
        max(response_p95_ms) as response_p95_ms
    from {{ ref('fct_checks_daily') }}
    group by event_date, service

),

-- What is not known may have been up or down: that is the interval.
availability as (

    select
        days.event_date,
        sum(days.good_amount) filter (where services.is_critical) as good,
        sum(days.total_amount) filter (where services.is_critical) as total,
        coalesce(sum(case when days.amount_unit = 's' then days.unknown_s end) filter (where services.is_critical), 0)
            as unknown,
        sum(checks.check_count) filter (where services.is_critical) as check_count,
        sum(days.down_s) as downtime_s
    from {{ ref('fct_availability_daily') }} as days
    inner join services using (service)
    left join checks using (service, event_date)
    where days.is_contractual
    group by days.event_date

),

requests as (

    select
        requests.event_date,
        sum(requests.request_count) as request_count,
        cast(sum(requests.error_count) as double) / nullif(sum(requests.request_count), 0) as error_share,
        max(coalesce(requests.response_p95_ms, checks.response_p95_ms)) filter (where services.is_critical)
            as response_p95_ms
    from {{ ref('fct_requests_daily') }} as requests
    left join services using (service)
    left join checks using (service, event_date)
    group by requests.event_date

),

-- Every day that is watched has a number of outages, if only none.
troubles as (

    select
        availability.event_date,
        availability.check_count,
        (
            select count(*) from {{ ref('fct_outages') }} as outages
            where outages.event_date = availability.event_date and not outages.is_in_maintenance
        ) as outage_count
    from availability

),

-- So has every day a number of incidents, from the first that is watched or had one, where incidents are delivered.
calendar as (

    select cast(unnest(range(min(event_date), {{ as_of() }} + interval 1 day, interval 1 day)) as date) as event_date
    from (
        select event_date from availability
        union all
        select event_date from {{ ref('fct_incidents') }}
        where event_date <= {{ as_of() }}
    ) as known
    where {{ is_delivered('incidents') }}

),

incidents as (

    select
        calendar.event_date,
        count(distinct incidents.incident_id) as incident_count,
        count(incidents.restore_s) as restored_count,
        avg(incidents.restore_s) as mttr_restore_s
    from calendar
    left join {{ ref('fct_incidents') }} as incidents
        on calendar.event_date = incidents.event_date and not incidents.is_excluded
    group by calendar.event_date

),

final as (

    {{ kpi('availability_share', 'good / nullif(total, 0)', 'good / nullif(total + unknown, 0)',
        '(good + unknown) / nullif(total + unknown, 0)', 'check_count', 'share', 'availability') }}
    union all
    {{ kpi('downtime_s', 'downtime_s', none, none, 'check_count', 's', 'availability') }}
    union all
    {{ kpi('outage_count', 'outage_count', none, none, 'check_count', 'count', 'troubles') }}
    union all
    {{ kpi('incident_count', 'incident_count', none, none, 'incident_count', 'count', 'incidents') }}
    union all
    {{ kpi('mttr_restore_s', 'mttr_restore_s', none, none, 'restored_count', 's', 'incidents') }}
    union all
    {{ kpi('request_error_share', 'error_share', wilson('lower', 'error_share * request_count', 'request_count'),
        wilson('upper', 'error_share * request_count', 'request_count'), 'request_count', 'share', 'requests') }}
    union all
    {{ kpi('throughput_per_minute', 'request_count / 1440.0', none, none, 'request_count', 'per_minute', 'requests') }}
    union all
    {{ kpi('response_p95_ms', 'response_p95_ms', none, none, 'request_count', 'ms', 'requests') }}

)

select * from final
