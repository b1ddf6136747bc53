{{
    config(
        meta={
            'reach': {
                'raw_requests.requests': {},
                'raw_web_vitals.beacons': {'back': 1, 'forward': 1},
                'raw_web_errors.errors': {'back': 1, 'forward': 1},
            },
            'closes': 0,
            'history': true,
        },
    )
}}

with
minutes as (
    select * from {{ ref('stg_requests__requests') }}
    where {{ rebuilt() }}
),

experience as (
    select * from {{ ref('fct_experience_daily') }}
    where {{ rebuilt() }}
),

service_pages as (
    select distinct
        service,
        page_group
    from {{ source('config', 'journey_steps') }}
),

-- Percentiles of minutes cannot be put together to that of the day. What stands for it: the minute in the middle of the
-- day's requests, half of which met a percentile of its size or less.
ranked as (
    select
        *,
        2 * sum(requests) over (partition by service, event_date order by p50_ms, minute) as upto_p50_count,
        2 * sum(requests) over (partition by service, event_date order by p95_ms, minute) as upto_p95_count,
        2 * sum(requests) over (partition by service, event_date order by p99_ms, minute) as upto_p99_count,
        sum(requests) over (partition by service, event_date) as day_count
    from minutes
),

requested as (
    select
        service,
        'requests' as source,
        sum(requests)::bigint as request_count,
        sum(least(errors, requests))::bigint as error_count,
        min(p50_ms) filter (upto_p50_count >= day_count) as response_p50_ms,
        min(p95_ms) filter (upto_p95_count >= day_count) as response_p95_ms,
        min(p99_ms) filter (upto_p99_count >= day_count) as response_p99_ms,
        event_date
    from ranked
    group by service, event_date
),

viewed as (
    select
        service_pages.service,
        'page_views' as source,
        sum(experience.page_view_count)::bigint as request_count,
        sum(experience.error_page_view_count)::bigint as error_count,
        experience.event_date
    from experience
    inner join service_pages using (page_group)
    anti join requested
        on
            service_pages.service = requested.service
            and experience.event_date = requested.event_date
    group by service_pages.service, experience.event_date
),

counted as (
    select * from requested
    union all by name
    select * from viewed
),

opened as (
    select
        service,
        source,
        request_count,
        error_count,
        error_count / nullif(request_count, 0) as error_share,
        {{ wilson('lower', 'error_count', 'request_count') }} as error_share_lower,
        {{ wilson('upper', 'error_count', 'request_count') }} as error_share_upper,
        request_count / 1440 as throughput_per_minute,
        response_p50_ms,
        response_p95_ms,
        response_p99_ms,
        event_date
    from counted
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
order by event_date, service
