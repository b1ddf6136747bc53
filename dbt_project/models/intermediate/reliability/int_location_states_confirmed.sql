{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_probes.checks': {'back': 1, 'forward': 2}}, 'closes': 2, 'history': true},
    )
}}

-- The reach is finite because a check speaks for a day at most (k failures confirm: a day over k - 1; two days where
-- one failure is enough): what decides the state of a day lies in the two days before it and the one after.
with
checks as (
    select * from {{ ref('stg_probes__checks') }}
    where {{ loaded('event_date', back=2, forward=1) }}
),

services as (select * from {{ source('config', 'services') }}),

contract as (
    select value as method from {{ source('config', 'settings') }}
    where setting = 'accounting_method'
),

methods as (
    select
        *,
        coalesce(speaks_for_intervals, 1e9) as most_intervals,
        86400 / greatest(failures_to_go_down - 1, successes_to_come_back - 1, 0.5) as most_s
    from {{ ref('accounting_methods') }}
    where method in (select method from contract)
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
        ) as interval_s
    from checks
    left join services using (service)
    group by checks.service, checks.location, checks.event_date
),

spoken as (
    select
        methods.method,
        checks.service,
        checks.location,
        case when checks.status = 'pending' then methods.pending_as else checks.status end as state,
        checks.event_date,
        checks.checked_at,
        least(
            checks.checked_at + to_microseconds((1e6 * least(
                methods.most_s, methods.most_intervals * coalesce(checks.interval_s, intervals.interval_s)
            ))::bigint),
            lead(checks.checked_at) over (partition by checks.service, checks.location order by checks.checked_at)
        ) as ends_at
    from checks
    inner join intervals using (service, location, event_date)
    cross join methods
    where checks.status <> 'pending' or methods.pending_as <> 'ignored'
),

turns as (
    select
        *,
        coalesce(lag(ends_at) over w <> checked_at, true) as is_after_hole,
        is_after_hole or lag(state) over w <> state as is_turn
    from spoken
    window w as (partition by service, location order by checked_at)
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service, location order by checked_at) as stretch
    from turns
),

-- From here on there is a row for each change of state and day, not for each check.
stretches as (
    select
        method,
        service,
        location,
        state,
        event_date,
        count(*) as check_count,
        min(checked_at) as started_at,
        max(ends_at) as ended_at,
        bool_or(is_after_hole) as is_after_hole,
        if(state in ('up', 'degraded'), 'good', state) as verdict
    from numbered
    group by method, service, location, stretch, state, event_date
),

verdict_turns as (
    select
        *,
        is_after_hole or lag(verdict) over w <> verdict as is_turn
    from stretches
    window w as (partition by service, location order by started_at)
),

runs as (
    select
        *,
        count_if(is_after_hole) over w as unbroken,
        count_if(is_turn) over w as run
    from verdict_turns
    window w as (partition by service, location order by started_at)
),

confirmed as (
    select
        runs.*,
        case runs.verdict
            when 'down' then sum(runs.check_count) over w >= methods.failures_to_go_down
            when 'good' then sum(runs.check_count) over w >= methods.successes_to_come_back
            else true
        end as is_confirmed
    from runs
    inner join methods using (method)
    window w as (partition by runs.service, runs.location, runs.run)
),

-- An unconfirmed run changes nothing: the state before it goes on. After a hole or maintenance there is none: unknown.
settled as (
    select
        * exclude (state),
        case
            when is_confirmed then state
            else nullif(
                last_value(if(is_confirmed, if(verdict = 'good', 'up', verdict), null) ignore nulls) over (
                    partition by service, location, unbroken
                    order by ended_at range between interval 1 day preceding and current row
                ),
                'maintenance'
            )
        end as state
    from confirmed
),

-- The last check of a day may speak into the next.
dated as (
    select
        *,
        unnest(range(event_date::timestamp, ended_at, interval 1 day)) as day_at
    from settled
    where state is not null
),

opened as (
    select
        service,
        location,
        method,
        state,
        if(day_at = event_date, check_count, 0) as check_count,
        day_at::date as event_date,
        greatest(started_at, day_at) as started_at,
        least(ended_at, day_at + interval 1 day) as ended_at
    from dated
    where
        greatest(started_at, day_at) < least(ended_at, day_at + interval 1 day)
        and {{ rebuilt('day_at::date') }}
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
