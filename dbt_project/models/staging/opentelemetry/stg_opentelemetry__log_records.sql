{{ config(materialized='ephemeral') }}

select
    event_name,
    exception_type,
    exception_message,
    exception_stack,
    case
        when
            upper(vital_name) in ('LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'FID') and vital_value is not null
            then upper(vital_name)
        when event_name in ('browser.page_view', 'page_view') then 'page_view'
    end as name,
    coalesce(vital_id, concat_ws('-', 'otel', epoch_ms(occurred_at), position)) as id,
    page_view_id,
    session_id,
    user_id,
    url,
    url as navigation_url,
    replace(navigation_type, '_', '-') as navigation_type,
    case when is_mobile then 'mobile' end as device,
    -- Of a report it is found where the rest is found from the user agent.
    case
        when ua is null then browser
        when coalesce(exception_type, exception_message) is not null then {{ browser_of('ua') }}
    end as browser,
    case when ua is null then os end as os,
    country,
    ua,
    release,
    vital_value as value,
    vital_delta as delta,
    occurred_at as received_at,
    event_date,
    _source_file,
    _source_line,
    _source_line * 16384 + position as _place
from {{ source('raw_opentelemetry', 'log_records') }}
