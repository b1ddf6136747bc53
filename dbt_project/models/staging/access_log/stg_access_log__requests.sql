{{ config(materialized='ephemeral') }}

with

requests as (

    select * from {{ source('raw_access_log', 'requests') }}
    where carries is not null and url is not null

),

of_boomerang as (

    select * from requests
    where carries = 'boomerang'

),

reports as (

    select
        case
            when upper(name) in ('LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'FID') then upper(name)
            when name = 'page_view' then name
        end as name,
        id,
        page_view_id,
        session_id,
        user_id,
        url,
        coalesce(navigation_url, url) as navigation_url,
        navigation_id,
        navigation_type,
        navigation_start_ms,
        attribution,
        time_zone,
        device,
        country,
        region,
        browser,
        os,
        connection,
        ua,
        release,
        channel,
        value,
        delta,
        weight,
        is_new_user,
        received_at,
        event_date,
        _source_file,
        _source_line * 16384 as _place
    from requests
    where carries = 'web_vitals'
    union all by name
    {{ boomerang_reports('of_boomerang') }}

)

select * from reports
where name is not null
