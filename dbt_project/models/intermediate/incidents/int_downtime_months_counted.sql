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

cells as (
    select
        service,
        'all' as severity
    from known
    union
    select
        service,
        severity
    from failures
),

-- A month without a failure counts too: the best months would be missing.
months as (
    select
        cells.service,
        cells.severity,
        unnest(range(
            date_trunc('month', known.known_since_at), run.as_of_at, interval 1 month
        )) as month_at,
        epoch_us(least(run.as_of_at, month_at + interval 1 month))
        - epoch_us(greatest(known.known_since_at, month_at)) as elapsed_us
    from cells
    inner join known using (service)
    cross join run
),

starts as (
    select
        *,
        epoch_us(started_at)
        - epoch_us(lag(started_at) over (partition by service, severity order by started_at)) as gap_us
    from failures
),

pieces as (
    select
        *,
        unnest(range(
            date_trunc('month', started_at), last_down_at + interval 1 microsecond, interval 1 month
        )) as month_at,
        least(last_down_at, month_at + interval 1 month) as month_ended_at,
        greatest(0, epoch_us(month_ended_at) - epoch_us(greatest(started_at, month_at))) as downtime_us,
        started_at >= month_at as is_begun
    from starts
),

final as (
    select
        months.month_at::date as month,
        months.service,
        months.severity,
        coalesce(sum(pieces.downtime_us), 0)::bigint as downtime_us,
        count(*) filter (pieces.is_begun)::bigint as failure_count,
        count(if(pieces.is_begun, pieces.gap_us, null))::bigint as gap_count,
        coalesce(sum(if(pieces.is_begun, pieces.gap_us, 0)), 0)::bigint as gap_us,
        any_value(months.elapsed_us) as elapsed_us
    from months
    left join pieces using (month_at, service, severity)
    group by months.month_at, months.service, months.severity
)

select * from final
