{{ config(materialized='ephemeral') }}

with

events as (

    select
        *,
        try(try_cast(parameters ->> '$.batch_ordering_id' as bigint)) as request_number,
        try(try_cast(parameters ->> '$.batch_event_index' as bigint)) as place_in_request
    from {{ source('raw_ga4', 'events') }}

)

select
    case
        when upper(event_name) in ('LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'FID') then upper(event_name)
        when event_name = 'page_view' then event_name
    end as name,
    coalesce(metric_id, concat_ws('-', 'ga4', epoch_ms(occurred_at), request_number, place_in_request)) as id,
    -- Unique for its visitor only.
    left(user_id, 16) || '-' || ga_session_id as session_id,
    user_id,
    url,
    url as navigation_url,
    try(parameters ->> '$.batch_page_id') as navigation_id,
    replace(navigation_type, '_', '-') as navigation_type,
    lower(device_category) as device,
    browser,
    case os when 'Macintosh' then 'macOS' when 'Chrome OS' then 'ChromeOS' else os end as os,
    country,
    region,
    medium as channel,
    release,
    metric_value as value,
    metric_delta as delta,
    -- Events of one request have one time; their rows may stand in any order, in several files.
    occurred_at + to_microseconds(
        100 * greatest(0, least(coalesce(request_number, 0), 99))
        + greatest(0, least(coalesce(place_in_request, 0), 99))
    ) as received_at,
    event_date,
    _source_file,
    _source_line as _place
from events
