{{
    config(
        materialized='ephemeral',
        meta={'reach': {'raw_probes.checks': {'back': 2, 'forward': 3}, 'raw_maintenance.windows': {}}},
    )
}}

-- A change is seen only where one state follows the other without a hole, and it counts only outside of maintenance.
-- Each one is in the hour that ends with its slice and with the eleven after it: flapping is judged by such hours.
with
states as (
    select * from {{ ref('int_service_states_merged') }}
    where state in ('up', 'degraded', 'down') and {{ loaded('event_date', back=1) }}
),

windows as (select * from {{ ref('int_maintenance_windows_merged') }}),

turns as (
    select
        service,
        state_rule,
        started_at,
        lag(ended_at) over w = started_at and lag(state = 'down') over w <> (state = 'down') as is_turn
    from states
    window w as (partition by service, state_rule order by started_at)
),

changes as (
    select
        turns.service,
        turns.state_rule,
        time_bucket(interval 5 minute, turns.started_at) as changed_at
    from turns
    asof left join windows
        on turns.service = windows.service and turns.started_at >= windows.starts_at
    where turns.is_turn and not coalesce(turns.started_at < windows.ends_at, false)
),

counted as (
    select
        *,
        unnest(range(changed_at, changed_at + interval 1 hour, interval 5 minute)) as bucket_starts_at
    from changes
),

final as (
    select
        service,
        state_rule,
        count_if(bucket_starts_at = changed_at)::bigint as state_change_count,
        count(*) as hour_change_count,
        bucket_starts_at
    from counted
    group by service, state_rule, bucket_starts_at
)

select * from final
