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

rules as (
    select distinct
        state_rule,
        confirmation_rule,
        location_rule
    from {{ ref('int_accounting_methods_united') }}
),

edges as (
    select
        *,
        started_at as changed_at,
        1 as step
    from location_states
    union all
    select
        *,
        ended_at as changed_at,
        -1 as step
    from location_states
),

changes as (
    select
        service,
        confirmation_rule,
        event_date,
        changed_at,
    {%- for state in ('up', 'degraded', 'down', 'maintenance', 'unconfirmed', 'pending') %}
        coalesce(sum(step) filter (state = '{{ state }}'), 0) as {{ state }}_step{{ ',' if not loop.last }}
    {%- endfor %}
    from edges
    group by service, confirmation_rule, event_date, changed_at
),

counted as (
    select
        service,
        confirmation_rule,
        event_date,
        changed_at as started_at,
        lead(changed_at) over w as ended_at,
        sum(up_step) over w as up_count,
        sum(degraded_step) over w as degraded_count,
        sum(down_step) over w as down_count,
        sum(maintenance_step) over w as maintenance_count,
        sum(unconfirmed_step) over w as unconfirmed_count,
        sum(pending_step) over w as pending_count
    from changes
    window w as (partition by service, confirmation_rule, event_date order by changed_at)
),

-- Locations that do not know have no vote, nor has one that is in maintenance unless all that speak are.
voted as (
    select
        counted.*,
        rules.state_rule,
        counted.up_count + counted.degraded_count + counted.down_count as vote_count,
        case rules.location_rule
            when 'any' then least(1, vote_count)
            when 'all' then vote_count
            else vote_count // 2 + 1
        end as needed_count,
        case
            when vote_count = 0 and counted.maintenance_count > 0 then 'maintenance'
            when vote_count = 0 and counted.unconfirmed_count > 0 then 'unconfirmed'
            when vote_count = 0 then if(counted.pending_count > 0, 'pending', null)
            when counted.down_count >= needed_count then 'down'
            when counted.down_count + counted.degraded_count >= needed_count then 'degraded'
            else 'up'
        end as state
    from counted
    inner join rules using (confirmation_rule)
),

-- Down is known as soon as as many locations as it needs have confirmed it.
confirmations as (
    select
        voted.service,
        voted.state_rule,
        voted.started_at,
        greatest(
            voted.started_at, list_sort(list(witnesses.confirmed_at))[any_value(voted.needed_count)::int]
        ) as confirmed_at
    from voted
    inner join location_states as witnesses
        on
            voted.service = witnesses.service
            and voted.confirmation_rule = witnesses.confirmation_rule
            and voted.event_date = witnesses.event_date
            and voted.started_at >= witnesses.started_at
            and voted.started_at < witnesses.ended_at
    where voted.state = 'down' and witnesses.state = 'down'
    group by voted.service, voted.state_rule, voted.started_at
),

turns as (
    select
        *,
        coalesce(lag(state) over w <> state or lag(ended_at) over w <> started_at, true) as is_turn
    from voted
    where state is not null
    window w as (partition by service, state_rule, event_date order by started_at)
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service, state_rule, event_date order by started_at) as piece
    from turns
),

final as (
    select
        service,
        state_rule,
        state,
        event_date,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        min(confirmed_at) as confirmed_at
    from numbered
    left join confirmations using (service, state_rule, started_at)
    group by service, state_rule, event_date, piece, state
)

select * from final
