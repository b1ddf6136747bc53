with

counted as (

    select
        event_date + to_hours(hour(started_at)) as hour_at,
        count(*) as page_view_count,
        sum(weight) as weight_sum
    from {{ ref('fct_page_views') }}
    where {{ rebuilt('event_date') }}
    group by event_date, hour(started_at)
    union all by name
    select
        event_date + to_hours(hour(started_at)) as hour_at,
        count(*) as session_count
    from {{ ref('fct_sessions') }}
    where {{ rebuilt('event_date') }}
    group by event_date, hour(started_at)
    union all by name
    select
        event_date + to_hours(hour(occurred_at)) as hour_at,
        count(*) as error_count
    from {{ ref('fct_errors') }}
    where {{ rebuilt('event_date') }}
    group by event_date, hour(occurred_at)
    union all by name
    select
        event_date + to_hours(hour(minute)) as hour_at,
        sum(requests) as request_count,
        sum(least(errors, requests)) as request_error_count
    from {{ ref('stg_requests__requests') }}
    where {{ rebuilt('event_date') }}
    group by event_date, hour(minute)

),

-- An hour without a page view had none; a day without any is one of which nothing came.
days as (

    select
        cast(hour_at as date) as event_date,
        if(count(page_view_count) > 0, 0, null) as no_page_views,
        if(count(request_count) > 0, 0, null) as no_requests
    from counted
    group by cast(hour_at as date)

),

hours as (

    select
        days.*,
        days.event_date + to_hours(cast(hours.number as integer)) as hour_at
    from days
    cross join range(24) as hours (number)

),

final as (

    select
        hours.hour_at,
        cast(coalesce(sum(counted.page_view_count), hours.no_page_views) as bigint) as page_view_count,
        cast(coalesce(sum(counted.weight_sum), hours.no_page_views) as decimal(38, 6)) as weight_sum,
        cast(coalesce(sum(counted.session_count), hours.no_page_views) as bigint) as session_count,
        cast(coalesce(sum(counted.error_count), 0) as bigint) as error_count,
        cast(coalesce(sum(counted.request_count), hours.no_requests) as bigint) as request_count,
        cast(coalesce(sum(counted.request_error_count), hours.no_requests) as bigint) as request_error_count,
        hours.event_date
    from hours
    left join counted using (hour_at)
    group by hours.hour_at, hours.event_date, hours.no_page_views, hours.no_requests
    {{ history_union() }}

)

select * from final
order by hour_at
