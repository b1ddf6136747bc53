-- Time between failures is operating time over failures: the part of the month in which the service was known to exist
-- and no failure went on, over the failures that began in it. Severities share their service's history.
with
run as (select (as_of_date + 1)::timestamp as as_of_at from {{ source('pipeline', 'run') }}),

failures as (select * from {{ ref('int_failures_merged') }}),

known as (
    select
        service,
        min(started_at) as known_since_at
    from (
        select
            service,
            started_at
        from {{ ref('int_service_states_merged') }}
        union all
        select
            'all' as service,
            started_at
        from {{ ref('int_service_states_merged') }}
        union all
        select
            service,
            started_at
        from failures
    )
    group by service
),

pieces as (
    select
        failures.*,
        unnest(range(
            date_trunc('month', started_at), last_down_at + interval 1 microsecond, interval 1 month
        )) as month_at,
        least(last_down_at, month_at + interval 1 month) as month_ended_at,
        greatest(0, epoch_us(month_ended_at) - epoch_us(greatest(started_at, month_at))) as downtime_us,
        started_at >= month_at as is_begun
    from failures
),

final as (
    select
        pieces.month_at::date as month,
        pieces.service,
        pieces.severity,
        sum(pieces.downtime_us)::bigint as downtime_us,
        count_if(pieces.is_begun)::bigint as failure_count,
        any_value(
            epoch_us(least(run.as_of_at, pieces.month_at + interval 1 month))
            - epoch_us(greatest(known.known_since_at, pieces.month_at))
        ) as elapsed_us
    from pieces
    inner join known using (service)
    cross join run
    group by pieces.month_at, pieces.service, pieces.severity
)

select * from final
