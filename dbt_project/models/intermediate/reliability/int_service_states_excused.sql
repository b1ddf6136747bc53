{{
    config(
        materialized='ephemeral',
        meta={'reach': {'raw_probes.checks': {'back': 2, 'forward': 3}, 'raw_maintenance.windows': {}}},
    )
}}

-- Signed spans: time in maintenance or a correction is added for that reason, and taken from the state it interrupts.
with
methods as (select * from {{ ref('int_accounting_methods_united') }}),

outages as (select * from {{ ref('int_outages_merged') }}),

-- An outage too short to count is up time.
states as (
    select
        states.service,
        methods.method,
        if(states.state = 'down' and not outages.is_counted, 'up', states.state) as state,
        methods.maintenance_as <> 'as_checked' as is_excusable,
        states.event_date,
        states.started_at,
        states.ended_at
    from {{ ref('int_service_states_merged') }} as states
    inner join methods using (state_rule)
    asof left join outages
        on
            states.service = outages.service
            and methods.method = outages.method
            and states.started_at >= outages.started_at
    where {{ rebuilt('states.event_date') }}
),

-- Day by day, within the days that there are: a window may be announced until the year 9999.
windows as (
    select
        windows.service,
        windows.exclusion_reason,
        unnest(range(
            greatest(windows.starts_at::date, run.first_date)::timestamp,
            least(windows.ends_at, run.as_of_date + interval 1 day),
            interval 1 day
        )) as day_at,
        day_at::date as event_date,
        greatest(windows.starts_at, day_at) as started_at,
        least(windows.ends_at, day_at + interval 1 day) as ended_at
    from {{ ref('int_maintenance_windows_merged') }} as windows
    cross join {{ source('pipeline', 'run') }} as run
),

interrupted as (
    select
        states.service,
        states.method,
        states.state,
        states.event_date,
        greatest(states.started_at, windows.started_at) as started_at,
        least(states.ended_at, windows.ended_at) as ended_at
    from states
    inner join windows
        on
            states.service = windows.service
            and states.event_date = windows.event_date
            and states.started_at < windows.ended_at
            and states.ended_at > windows.started_at
    where states.is_excusable
),

days as (
    select distinct
        service,
        method,
        is_excusable,
        event_date
    from states
),

-- Also where no check speaks, on a day with checks.
excused as (
    select
        windows.service,
        days.method,
        windows.exclusion_reason as state,
        windows.event_date,
        windows.started_at,
        windows.ended_at
    from windows
    inner join days using (service, event_date)
    where days.is_excusable
),

final as (
    select
        * exclude (is_excusable),
        1 as sign
    from states
    union all
    select
        *,
        -1 as sign
    from interrupted
    union all
    select
        *,
        1 as sign
    from excused
)

select * from final
