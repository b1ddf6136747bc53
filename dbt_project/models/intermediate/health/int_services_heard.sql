{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_probes.checks': {'forward': 2}}, 'closes': 2, 'history': true},
    )
}}

-- For how long a check is news, whatever it says and however the accounting method counts it: twice its interval, which
-- is a day at most. Kept apart from the states, in which a lone failure after a hole says nothing.
with
checks as (
    select * from {{ ref('stg_probes__checks') }}
    where {{ loaded('event_date', back=2) }}
),

services as (select * from {{ source('config', 'services') }}),

heard as (
    select
        checks.service,
        checks.checked_at as started_at,
        checks.checked_at + to_microseconds(
            (2e6 * least(86400, coalesce(checks.interval_s, services.probe_interval_s)))::bigint
        ) as ended_at
    from checks
    inner join services using (service)
),

turns as (
    select
        *,
        coalesce(started_at > max(ended_at) over (
            partition by service order by started_at, ended_at rows between unbounded preceding and 1 preceding
        ), true) as is_turn
    from heard
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service order by started_at, ended_at) as island
    from turns
),

islands as (
    select
        service,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        unnest(range(date_trunc('day', min(started_at)), max(ended_at), interval 1 day)) as day_at
    from numbered
    group by service, island
),

opened as (
    select
        service,
        day_at::date as event_date,
        greatest(started_at, day_at) as started_at,
        least(ended_at, day_at + interval 1 day) as ended_at
    from islands
    where {{ rebuilt('day_at::date') }}
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
