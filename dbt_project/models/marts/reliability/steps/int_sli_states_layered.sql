{{ config(tags=['fast']) }}

-- A day of which nothing at all is known counts nowhere, whatever the method makes of time without a check.
with
method as (
    select * from {{ ref('int_accounting_methods_united') }}
    where is_contractual and unit <> 'count'
),

objectives as (
    select
        objective,
        service,
        location,
        coalesce(slice_s, 300) as slice_s
    from {{ source('config', 'objectives') }}
    where indicator = 'availability'
),

too_short as (
    select * from {{ ref('int_outages_merged') }}
    where not is_counted and is_contractual
),

states as (
    select
        objectives.objective,
        objectives.slice_s,
        if(states.state = 'down' and states.started_at < too_short.last_down_at, 'up', states.state) as state,
        null as reason,
        states.event_date,
        states.started_at,
        states.ended_at
    from objectives
    inner join {{ ref('int_service_states_merged') }} as states using (service)
    inner join method using (state_rule)
    asof left join too_short
        on states.service = too_short.service and states.started_at >= too_short.started_at
    where objectives.location is null and {{ rebuilt('states.event_date') }}
    union all
    select
        objectives.objective,
        objectives.slice_s,
        states.state,
        null as reason,
        states.event_date,
        states.started_at,
        states.ended_at
    from objectives
    inner join {{ ref('int_location_states_confirmed') }} as states using (service, location)
    inner join method using (confirmation_rule)
    where {{ rebuilt('states.event_date') }}
),

-- Laid over the states: what is excluded, and the whole of each day of which something is known.
final as (
    select * from states
    union all
    select distinct
        objective,
        slice_s,
        'any' as state,
        null as reason,
        event_date,
        event_date::timestamp as started_at,
        event_date + interval 1 day as ended_at
    from states
    union all
    select
        objectives.objective,
        objectives.slice_s,
        'excluded' as state,
        exclusions.reason,
        exclusions.event_date,
        exclusions.starts_at as started_at,
        exclusions.ends_at as ended_at
    from objectives
    inner join {{ ref('int_sli_exclusions_merged') }} as exclusions using (objective)
    where {{ rebuilt('exclusions.event_date') }}
)

select * from final
