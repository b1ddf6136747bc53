{{
    config(
        materialized='ephemeral',
        meta={'reach': {'raw_probes.checks': {'back': 1, 'forward': 2}}, 'closes': 2},
    )
}}

-- No rule tells apart what lies between checks of one day that say the same without a hole, so rules read a row for
-- each series of such checks, of which a day without trouble has one.
with
checks as (
    select * from {{ ref('stg_probes__checks') }}
    where {{ loaded('event_date', back=2, forward=1) }}
),

services as (select * from {{ source('config', 'services') }}),

-- The shortest time that a check speaks for under any method: so many intervals, and so many seconds.
shortest as (
    select
        min(coalesce(speaks_for_intervals, 1e9)) as intervals,
        min({{ longest_speech_s() }}) as seconds
    from {{ ref('int_accounting_methods_united') }}
),

intervals as (
    select
        checks.service,
        checks.location,
        checks.event_date,
        coalesce(
            max(services.probe_interval_s),
            (epoch(max(checks.checked_at)) - epoch(min(checks.checked_at))) / nullif(count(*) - 1, 0),
            300
        ) as usual_s
    from checks
    left join services using (service)
    group by checks.service, checks.location, checks.event_date
),

spoken as (
    select
        checks.*,
        coalesce(checks.interval_s, intervals.usual_s) as probe_s,
        checks.checked_at + to_microseconds(
            (1e6 * least(shortest.seconds, shortest.intervals * probe_s))::bigint
        ) as silent_at
    from checks
    inner join intervals using (service, location, event_date)
    cross join shortest
),

turns as (
    select
        *,
        coalesce(
            lag(status) over w <> status
            or lag(event_date) over w <> event_date
            or lag(silent_at) over w < checked_at,
            true
        ) as is_turn
    from spoken
    window w as (partition by service, location order by checked_at)
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service, location order by checked_at) as series
    from turns
),

final as (
    select
        service,
        location,
        status,
        count(*) as check_count,
        arg_max(probe_s, checked_at) as probe_s,
        event_date,
        min(checked_at) as started_at,
        max(checked_at) as last_checked_at,
        list(checked_at order by checked_at) filter (status in ('down', 'pending')) as failed_at
    from numbered
    group by service, location, status, event_date, series
)

select * from final
