{{ config(materialized='incremental', tags=['fast']) }}

-- A condition holds from the instant at which it was judged, never before what it rests on: a burn rate for the five
-- minutes until it is judged again, latency or error share over the objective in an hour until more is known, an hour
-- at most. Over is beyond chance (Wilson, 95 %), with one bad event fewer too. What is judged at midnight is of the new
-- day.
with
objectives as (select * from {{ source('config', 'objectives') }}),

burns as (
    select * from {{ ref('int_burn_rates_judged') }}
    where is_met and {{ loaded(back=1) }}
),

hours as (
    select
        objective,
        bucket_starts_at + interval 5 minutes as evaluated_at,
        lead(evaluated_at) over (partition by objective order by bucket_starts_at) as next_at,
        sum(event_count) over an_hour as event_count,
        sum(bad_event_count) over an_hour - 1 as bad_event_count
    from {{ ref('fct_sli_5m') }}
    where
        indicator in ('check_latency', 'request_latency', 'request_success', 'error_free_sessions')
        and {{ loaded(back=1) }}
    window
        an_hour as (
            partition by objective
            order by bucket_starts_at
            range between interval 55 minutes preceding and current row
        )
),

conditions as (
    select
        objective,
        if(severity = 'critical', 'page_burn', 'ticket_burn') as condition,
        evaluated_at as started_at,
        evaluated_at + interval 5 minutes as ended_at
    from burns
    union all
    select
        hours.objective,
        'missed' as condition,
        hours.evaluated_at as started_at,
        least(hours.next_at, hours.evaluated_at + interval 1 hour) as ended_at
    from hours
    inner join objectives using (objective)
    where
        hours.bad_event_count > 0
        and {{ wilson('lower', 'hours.bad_event_count', 'hours.event_count') }} > 1 - objectives.target_share
),

dated as (
    select
        objective,
        condition,
        unnest(range(date_trunc('day', started_at), ended_at, interval 1 day)) as day_at,
        greatest(started_at, day_at) as started_at,
        least(ended_at, day_at + interval 1 day) as ended_at
    from conditions
),

turns as (
    select
        *,
        coalesce(started_at > max(ended_at) over (
            partition by objective, condition, day_at
            order by started_at, ended_at rows between unbounded preceding and 1 preceding
        ), true) as is_turn
    from dated
    where {{ rebuilt('day_at::date') }}
),

numbered as (
    select
        *,
        count_if(is_turn) over (
            partition by objective, condition, day_at order by started_at, ended_at
        ) as island
    from turns
),

final as (
    select
        numbered.objective,
        objectives.service,
        numbered.condition,
        numbered.day_at::date as event_date,
        min(numbered.started_at) as started_at,
        max(numbered.ended_at) as ended_at
    from numbered
    inner join objectives using (objective)
    group by numbered.objective, objectives.service, numbered.condition, numbered.day_at, numbered.island
)

select * from final
