{{
    config(
        tags=['fast'],
        meta={'reach': {'raw_probes.checks': {}, 'raw_requests.requests': {}}, 'closes': 0, 'history': true},
    )
}}

with
checks as (
    select
        'probes' as feed,
        service,
        location,
        1 as events,
        (status = 'down')::integer as failures,
        event_date,
        checked_at as event_at
    from {{ ref('stg_probes__checks') }}
    where {{ rebuilt() }}
),

requests as (
    select
        'requests' as feed,
        service,
        null as location,
        requests as events,
        least(errors, requests) as failures,
        event_date,
        minute as event_at
    from {{ ref('stg_requests__requests') }}
    where {{ rebuilt() }}
),

opened as (
    select
        feed,
        service,
        location,
        sum(events)::bigint as event_count,
        sum(failures)::bigint as failed_count,
        event_date,
        time_bucket(interval 5 minute, event_at) as bucket_starts_at,
        max(event_at) as event_at
    from (
        select * from checks
        union all by name
        select * from requests
    ) as events
    group by feed, service, location, event_date, time_bucket(interval 5 minute, event_at)
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
order by event_date, bucket_starts_at, feed, service, location
