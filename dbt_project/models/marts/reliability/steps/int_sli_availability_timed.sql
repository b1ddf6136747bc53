{{ config(tags=['fast']) }}

-- Time under the contractual method, in microseconds, cut into the slices of each objective and at the ends of what is
-- excluded. A day of which nothing at all is known counts nowhere, whatever the method makes of time without a check.
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
layers as (
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
),

sliced as (
    select
        *,
        unnest(range(
            {{ sli_slice('started_at', 'slice_s') }}, ended_at, to_seconds(slice_s)
        )) as slice_starts_at
    from layers
),

pieces as (
    select
        objective,
        slice_starts_at,
        event_date,
        state,
        reason,
        epoch_us(greatest(started_at, slice_starts_at)) as start_us,
        epoch_us(least(ended_at, slice_starts_at + to_seconds(slice_s))) as end_us
    from sliced
),

spent as (
    select
        objective,
        slice_starts_at,
        event_date,
        state,
        max(reason) as reason,
        sum(end_us - start_us) as whole_us
    from pieces
    group by objective, slice_starts_at, event_date, state
),

cut_out as (
    select
        pieces.objective,
        pieces.slice_starts_at,
        pieces.state,
        sum(greatest(
            0, least(pieces.end_us, cut.end_us) - greatest(pieces.start_us, cut.start_us)
        )) as cut_us
    from pieces
    inner join pieces as cut using (objective, slice_starts_at)
    where cut.state = 'excluded' and pieces.state <> 'excluded'
    group by pieces.objective, pieces.slice_starts_at, pieces.state
),

final as (
    select
        spent.objective,
        max(spent.reason) as reason,
        {%- for state in ('up', 'degraded', 'down', 'maintenance', 'any', 'excluded') %}
            coalesce(
                sum(spent.whole_us - coalesce(cut_out.cut_us, 0)) filter (spent.state = '{{ state }}'), 0
            )::bigint as {{ state }}_us,
        {%- endfor %}
        spent.event_date,
        spent.slice_starts_at
    from spent
    left join cut_out using (objective, slice_starts_at, state)
    group by spent.objective, spent.event_date, spent.slice_starts_at
)

select * from final
