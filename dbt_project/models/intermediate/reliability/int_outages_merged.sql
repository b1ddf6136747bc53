-- Whole again: until here an outage over midnight is a piece for each day. Small, so it is made anew in every run, and
-- late maintenance of any length finds the outages that it excuses.
with
run as (select (as_of_date + 1)::timestamp as as_of_at from {{ source('pipeline', 'run') }}),

states as (select * from {{ ref('int_service_states_excused') }}),

methods as (select * from {{ ref('accounting_methods') }}),

last_known as (
    select
        service,
        method,
        max(ended_at) as last_known_at
    from states
    group by service, method
),

turns as (
    select
        *,
        coalesce(lag(ended_at) over (partition by service, method order by started_at) <> started_at, true) as is_turn
    from states
    where state = 'down'
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service, method order by started_at) as island
    from turns
),

outages as (
    select
        service,
        method,
        sum(spent_us)::bigint as downtime_us,
        min(started_at) as started_at,
        max(ended_at) as last_down_at
    from numbered
    group by service, method, island
),

-- Nobody has seen it end: down is the last thing that is known of the service, and that is not old.
final as (
    select
        left(md5(concat_ws('|', outages.service, outages.method, outages.started_at)), 16) as outage_id,
        outages.service,
        outages.method,
        epoch_us(outages.last_down_at) - epoch_us(outages.started_at) as duration_us,
        outages.downtime_us,
        duration_us >= 1e6 * methods.shortest_outage_s as is_counted,
        outages.last_down_at = last_known.last_known_at
        and outages.last_down_at > run.as_of_at - interval 1 day as is_open,
        outages.started_at::date as event_date,
        outages.started_at,
        outages.last_down_at
    from outages
    inner join methods using (method)
    inner join last_known using (service, method)
    cross join run
)

select * from final
