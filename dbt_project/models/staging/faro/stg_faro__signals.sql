{{ config(materialized='ephemeral') }}

with

signals as (

    select
        *,
        -- A measurement has its metric as a key, beside those of its attribution.
        list_filter(
            ['lcp', 'inp', 'cls', 'fcp', 'ttfb', 'fid'],
            lambda metric: kind = 'measurement' and type = 'web-vitals' and list_contains(json_keys(values), metric)
        )[1] as metric
    from {{ source('raw_faro', 'signals') }}

)

select
    kind,
    type,
    message,
    stack,
    case
        when metric is not null then upper(metric)
        when kind = 'event' and type = 'faro.performance.navigation' then 'page_view'
    end as name,
    coalesce(context ->> '$.id', concat_ws('-', 'faro', epoch_ms(occurred_at), position)) as id,
    session_id,
    user_id,
    url,
    url as navigation_url,
    replace(coalesce(context ->> '$.navigation_type', context ->> '$.type'), '_', '-') as navigation_type,
    case when is_mobile then 'mobile' end as device,
    -- Of a report it is found where the rest is found from the user agent.
    case when ua is null then browser when kind = 'exception' then {{ browser_of('ua') }} end as browser,
    case when ua is null then os end as os,
    ua,
    release,
    try_cast(json_extract_string(values, '/' || metric) as double) as value,
    try_cast(values ->> '$.delta' as double) as delta,
    occurred_at as received_at,
    event_date,
    _source_file,
    _source_line,
    _source_line * 16384 + position as _place
from signals
