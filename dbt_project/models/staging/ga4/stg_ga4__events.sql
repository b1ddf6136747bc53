{{ config(materialized='ephemeral') }}

select
    case
        when upper(event_name) in ('LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'FID') then upper(event_name)
        when event_name = 'page_view' then event_name
    end as name,
    coalesce(metric_id, concat_ws('-', 'ga4', epoch_ms(occurred_at))) as id,
    -- Unique for its visitor only.
    left(user_id, 16) || '-' || ga_session_id as session_id,
    user_id,
    url,
    url as navigation_url,
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
    occurred_at as received_at,
    event_date,
    _source_file,
    _source_line as _place
from {{ source('raw_ga4', 'events') }}
