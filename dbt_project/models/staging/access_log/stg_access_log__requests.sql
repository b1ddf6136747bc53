{{ config(materialized='ephemeral') }}

with

requests as (

    select * from {{ source('raw_access_log', 'requests') }}

),

of_boomerang as (

    select * from requests
    where carries = 'boomerang' and url is not null

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
    where carries = 'web_vitals' and url is not null
    union all by name
    {{ boomerang_reports('of_boomerang') }}

),

-- A page has no ending, or that of a page; what is moved elsewhere is asked for again there.
of_pages as (

    select
        target as url,
        ua,
        received_at,
        event_date,
        _source_file
    from requests
    where
        carries is null
        and method = 'GET'
        and (status between 200 and 299 or status = 304)
        and not coalesce({{ is_robot('ua') }}, false)
        and regexp_matches({{ page_path('target') }}, '/[^/.]*$|\.(html?|php|aspx?|jsp)$')

)

select * from reports -- noqa: AM07
where name is not null
union all by name
select * from of_pages
