{{ config(tags=['fast']) }}

-- What speaks for a health and when, up to the end of as_of; a lower priority is worse. A service is known from its
-- first check on, or, while there is none, from the first day of the warehouse. A service without checks is known by
-- its requests, on the days that have any, or by its objectives; nobody knows the health of one that has none of these.
with
rules as (
    select state_rule from {{ ref('int_accounting_methods_united') }}
    where is_contractual
),

checked as (select * from {{ ref('int_services_heard') }}),

heard as (
    select
        service,
        event_date,
        started_at,
        ended_at
    from checked
    union all
    select distinct
        service,
        event_date,
        event_date::timestamp as started_at,
        (event_date + 1)::timestamp as ended_at
    from {{ ref('fct_events_5m') }}
    where feed = 'requests' and service not in (select service from checked)
),

promised as (select distinct service from {{ source('config', 'objectives') }}),

services as (
    select
        services.service,
        (any_value(run.as_of_date) + 1)::timestamp as as_of_at,
        min(heard.started_at) as first_heard_at,
        coalesce(first_heard_at, any_value(coalesce(run.first_date, run.as_of_date))::timestamp) as known_since_at,
        any_value(services.service) in (select service from checked) as is_checked,
        any_value(services.service) in (select service from promised) as has_objective,
        first_heard_at is not null
        or (any_value(services.probe_interval_s) is not null and (select count(*) > 0 from checked)) as is_awaited
    from {{ source('config', 'services') }} as services
    cross join {{ source('pipeline', 'run') }} as run
    left join heard on services.service = heard.service and run.as_of_date >= heard.event_date
    group by services.service
    having is_awaited or has_objective
),

-- Stretches without a check; the first begins where a service is known from.
gaps as (
    select
        services.service,
        coalesce(heard.ended_at, services.known_since_at) as started_at,
        coalesce(
            lead(heard.started_at) over (partition by services.service order by heard.started_at), services.as_of_at
        ) as ended_at
    from services
    left join heard on services.service = heard.service and services.as_of_at > heard.started_at
    where services.is_awaited
),

conditions as (
    select
        service,
        null as objective,
        1 as priority,
        'a confirmed outage is open' as reason,
        started_at,
        if(is_open, null, last_down_at) as ended_at
    from {{ ref('int_outages_merged') }}
    where is_counted and is_contractual
    union all
    select
        service,
        objective,
        case condition when 'page_burn' then 2 when 'ticket_burn' then 3 else 5 end as priority,
        case condition
            when 'page_burn' then 'the error budget of ' || objective || ' burns fast enough to page'
            when 'ticket_burn' then 'the error budget of ' || objective || ' burns fast enough for a ticket'
            else objective || ' was missed in the hour before'
        end as reason,
        started_at,
        ended_at
    from {{ ref('int_objective_conditions_merged') }}
    union all
    select
        service,
        null as objective,
        4 as priority,
        'checks report degraded' as reason,
        started_at,
        ended_at
    from {{ ref('int_service_states_merged') }}
    where
        state = 'degraded'
        and state_rule in (select state_rule from rules)
    union all
    select
        service,
        null as objective,
        6 as priority,
        'no check for twice the interval' as reason,
        started_at,
        ended_at
    from gaps
    union all
    select
        service,
        null as objective,
        7 as priority,
        'announced maintenance' as reason,
        starts_at as started_at,
        ends_at as ended_at
    from {{ ref('int_maintenance_windows_merged') }}
    where exclusion_reason = 'maintenance'
    union all
    select
        service,
        null as objective,
        8 as priority,
        concat_ws(
            ', ',
            if(is_checked, 'no outage', if(is_awaited, 'requests come in', null)),
            if(has_objective, 'no burn alert', null)
        ) as reason,
        known_since_at as started_at,
        as_of_at as ended_at
    from services
),

final as (
    select
        conditions.* replace (
            greatest(conditions.started_at, services.known_since_at) as started_at,
            least(coalesce(conditions.ended_at, services.as_of_at), services.as_of_at) as ended_at
        )
    from conditions
    inner join services using (service)
    where
        conditions.started_at < services.as_of_at
        and coalesce(conditions.ended_at, services.as_of_at) > services.known_since_at
        and coalesce(conditions.ended_at > conditions.started_at, true)
)

select * from final
