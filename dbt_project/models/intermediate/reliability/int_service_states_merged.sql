{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_probes.checks': {'back': 1, 'forward': 2}}},
    )
}}

-- A sweep over the instants at which some location changes its mind: +1 where a state begins, -1 where it ends.
with
location_states as (
    select * from {{ ref('int_location_states_confirmed') }}
    where {{ rebuilt() }}
),

methods as (select * from {{ ref('accounting_methods') }}),

edges as (
    select
        service,
        method,
        state,
        event_date,
        started_at as changed_at,
        1 as step
    from location_states
    union all
    select
        service,
        method,
        state,
        event_date,
        ended_at as changed_at,
        -1 as step
    from location_states
),

changes as (
    select
        service,
        method,
        event_date,
        changed_at,
        coalesce(sum(step) filter (state = 'up'), 0) as up_step,
        coalesce(sum(step) filter (state = 'degraded'), 0) as degraded_step,
        coalesce(sum(step) filter (state = 'down'), 0) as down_step,
        coalesce(sum(step) filter (state = 'maintenance'), 0) as maintenance_step
    from edges
    group by service, method, event_date, changed_at
),

counted as (
    select
        service,
        method,
        event_date,
        changed_at as started_at,
        lead(changed_at) over w as ended_at,
        sum(up_step) over w as up_count,
        sum(degraded_step) over w as degraded_count,
        sum(down_step) over w as down_count,
        sum(maintenance_step) over w as maintenance_count
    from changes
    window w as (partition by service, method, event_date order by changed_at)
),

-- Locations that do not know have no vote, nor has one that is in maintenance unless all that speak are.
voted as (
    select
        counted.*,
        counted.up_count + counted.degraded_count + counted.down_count as vote_count,
        case methods.location_rule
            when 'any' then least(1, vote_count)
            when 'all' then vote_count
            else vote_count // 2 + 1
        end as needed_count,
        case
            when vote_count = 0 then if(counted.maintenance_count > 0, 'maintenance', null)
            when counted.down_count >= needed_count then 'down'
            when counted.down_count + counted.degraded_count >= needed_count then 'degraded'
            else 'up'
        end as state
    from counted
    inner join methods using (method)
),

turns as (
    select
        *,
        coalesce(lag(state) over w <> state or lag(ended_at) over w <> started_at, true) as is_turn
    from voted
    where state is not null
    window w as (partition by service, method, event_date order by started_at)
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service, method, event_date order by started_at) as piece
    from turns
),

final as (
    select
        service,
        method,
        state,
        event_date,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from numbered
    group by service, method, event_date, piece, state
)

select * from final
