{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_probes.checks': {'back': 1, 'forward': 2}}, 'closes': 2, 'history': true},
    )
}}

-- The reach is finite because a check speaks for a day at most (k failures confirm: a day over k - 1; two days where
-- one failure is enough): what decides the state of a day lies in the two days before it and the one after.
with
series as (select * from {{ ref('int_checks_grouped') }}),

rules as (
    select distinct
        confirmation_rule,
        pending_as,
        failures_to_go_down,
        successes_to_come_back,
        coalesce(speaks_for_intervals, 1e9) as most_intervals,
        {{ longest_speech_s() }} as most_s
    from {{ ref('int_accounting_methods_united') }}
),

timed as (
    select
        series.*,
        rules.*,
        if(series.status = 'pending', rules.pending_as, series.status) as state,
        series.last_checked_at + to_microseconds(
            (1e6 * least(rules.most_s, rules.most_intervals * series.probe_s))::bigint
        ) as silent_at
    from series
    cross join rules
),

spoken as (
    select
        *,
        least(silent_at, lead(started_at) over w) as ended_at
    from timed
    where state <> 'ignored'
    window w as (partition by confirmation_rule, service, location order by started_at)
),

turns as (
    select
        *,
        coalesce(lag(ended_at) over w <> started_at, true) as is_after_hole,
        is_after_hole or lag(state) over w <> state as is_turn
    from spoken
    window w as (partition by confirmation_rule, service, location order by started_at)
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by confirmation_rule, service, location order by started_at) as stretch
    from turns
),

confirmations as (
    select
        confirmation_rule,
        service,
        location,
        stretch,
        flatten(list(failed_at order by started_at))[any_value(failures_to_go_down)] as confirmed_at
    from numbered
    where state = 'down'
    group by confirmation_rule, service, location, stretch
),

stretches as (
    select
        confirmation_rule,
        service,
        location,
        stretch,
        state,
        failures_to_go_down,
        successes_to_come_back,
        event_date,
        sum(check_count) as check_count,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        bool_or(is_after_hole) as is_after_hole,
        if(state in ('up', 'degraded'), 'good', state) as verdict
    from numbered
    group by all
),

verdicts as (
    select
        *,
        is_after_hole or lag(verdict) over w <> verdict as is_turn
    from stretches
    window w as (partition by confirmation_rule, service, location order by started_at)
),

runs as (
    select
        *,
        count_if(is_after_hole) over w as unbroken,
        count_if(is_turn) over w as run
    from verdicts
    window w as (partition by confirmation_rule, service, location order by started_at)
),

judged as (
    select
        *,
        sum(check_count) over (partition by confirmation_rule, service, location, run) >= case verdict
            when 'down' then failures_to_go_down
            when 'good' then successes_to_come_back
            else 1
        end as is_confirmed
    from runs
),

-- An unconfirmed run changes nothing: the state before it goes on. After a hole or maintenance there is none: unknown.
settled as (
    select
        * exclude (state),
        case
            when is_confirmed then state
            else coalesce(nullif(
                last_value(if(is_confirmed, if(verdict = 'good', 'up', verdict), null) ignore nulls) over (
                    partition by confirmation_rule, service, location, unbroken
                    order by ended_at range between interval 1 day preceding and current row
                ),
                'maintenance'
            ), 'unconfirmed')
        end as state
    from judged
    left join confirmations using (confirmation_rule, service, location, stretch)
),

-- What an ignored check would have spoken for, where no other check does, is unknown for that reason.
told as (
    select * from settled
    union all by name
    select
        confirmation_rule,
        service,
        location,
        'pending' as state,
        check_count,
        event_date,
        started_at,
        silent_at as ended_at
    from timed
    where state = 'ignored'
),

-- The last check of a day may speak into the next.
dated as (
    select
        *,
        unnest(range(event_date::timestamp, ended_at, interval 1 day)) as day_at
    from told
),

-- On a later day an outage is confirmed from midnight on: its beginning may lie before what is read here.
opened as (
    select
        service,
        location,
        confirmation_rule,
        state,
        if(day_at = event_date, check_count, 0)::bigint as check_count,
        day_at::date as event_date,
        greatest(started_at, day_at) as started_at,
        least(ended_at, day_at + interval 1 day) as ended_at,
        if(state = 'down', greatest(coalesce(confirmed_at, started_at), day_at), null) as confirmed_at
    from dated
    where
        greatest(started_at, day_at) < least(ended_at, day_at + interval 1 day)
        and {{ rebuilt('day_at::date') }}
),

closed as (
    select
        *,
        null::varchar as method
    from opened
    {{ history_union() }}
),

-- Days that were closed while a row named its method, not its rule, and did not say when it was confirmed.
final as (
    select
        closed.* exclude (method) replace (
            coalesce(closed.confirmation_rule, methods.confirmation_rule) as confirmation_rule,
            if(closed.state = 'down', coalesce(closed.confirmed_at, closed.started_at), null) as confirmed_at
        )
    from closed
    left join {{ ref('int_accounting_methods_united') }} as methods using (method)
)

select * from final
