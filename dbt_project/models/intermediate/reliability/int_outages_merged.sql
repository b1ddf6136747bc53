-- Whole again: until here an outage over midnight is a piece for each day. Small, so it is made anew in every run, and
-- late maintenance of any length finds the outages that it excuses.
with
run as (
    select
        as_of_date,
        (as_of_date + 1)::timestamp as as_of_at
    from {{ source('pipeline', 'run') }}
),

states as (
    select * from {{ ref('int_service_states_merged') }}
    where event_date <= (select as_of_date from run)
),

methods as (select * from {{ ref('int_accounting_methods_united') }}),

windows as (select * from {{ ref('int_maintenance_windows_merged') }}),

last_known as (
    select
        service,
        state_rule,
        max(ended_at) as last_known_at
    from states
    where state not in ('unconfirmed', 'pending') and event_date >= (select as_of_date - 1 from run)
    group by service, state_rule
),

turns as (
    select
        *,
        coalesce(lag(ended_at) over (partition by service, state_rule order by started_at) <> started_at, true)
            as is_turn
    from states
    where state = 'down'
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service, state_rule order by started_at) as island
    from turns
),

outages as (
    select
        service,
        state_rule,
        min(started_at) as started_at,
        min(confirmed_at) as confirmed_at,
        max(ended_at) as last_down_at
    from numbered
    group by service, state_rule, island
),

excused as (
    select
        outages.service,
        outages.state_rule,
        outages.started_at,
        sum(
            epoch_us(least(windows.ends_at, outages.last_down_at))
            - epoch_us(greatest(windows.starts_at, outages.started_at))
        ) as excused_us
    from outages
    inner join windows
        on
            outages.service = windows.service
            and outages.started_at < windows.ends_at
            and outages.last_down_at > windows.starts_at
    group by outages.service, outages.state_rule, outages.started_at
),

-- Open: down is the last thing that is known of the service, and that is not old.
final as (
    select
        left(md5(concat_ws('|', outages.service, methods.method, outages.started_at)), 16) as outage_id,
        outages.service,
        methods.method,
        epoch_us(outages.last_down_at) - epoch_us(outages.started_at) as duration_us,
        (
            duration_us - if(methods.maintenance_as = 'as_checked', 0, coalesce(excused.excused_us, 0))
        )::bigint as downtime_us,
        duration_us >= 1e6 * methods.shortest_outage_s as is_counted,
        coalesce(outages.last_down_at = last_known.last_known_at, false)
        and outages.last_down_at > run.as_of_at - interval 1 day as is_open,
        methods.is_contractual,
        outages.started_at::date as event_date,
        outages.started_at,
        outages.confirmed_at,
        outages.last_down_at
    from outages
    inner join methods using (state_rule)
    left join last_known using (service, state_rule)
    left join excused using (service, state_rule, started_at)
    cross join run
)

select * from final
