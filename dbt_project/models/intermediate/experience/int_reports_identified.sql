with

reports as not materialized (

    -- Two days more than are kept: an orphan is known from two days back, an unnamed view from one.
    select *
    from {{ ref('stg_web_vitals__beacons') }}
    where {{ loaded('event_date', back=2) }}
    union all by name
    select *
    from {{ ref('int_reports_translated') }}
    where {{ loaded('event_date', back=2) }}

),

unnamed as (

    select
        _receipt_order,
        event_date,
        client_clock_ms,
        md5(concat_ws(
            '|',
            coalesce(session_id, user_agent, ''),
            coalesce(navigation_url, ''),
            coalesce(navigation_id, ''),
            coalesce(navigation_start_ms, -1)
        )) as navigation_key
    from reports
    where page_view_id is null

),

with_day_before as (

    select
        *,
        event_date as own_date
    from unnamed
    union all
    select
        *,
        event_date + 1 as own_date
    from unnamed

),

spaced as (

    -- Clocks more than 10 s apart are separate views.
    select
        *,
        client_clock_ms - lag(client_clock_ms) over by_clock <= 10000 as is_close
    from with_day_before
    window by_clock as (partition by navigation_key, own_date order by client_clock_ms, _receipt_order)

),

named as (

    select
        _receipt_order,
        md5(concat_ws('|', navigation_key, coalesce(
            max(case when coalesce(is_close, false) then null else client_clock_ms end) over (
                partition by navigation_key, own_date order by client_clock_ms, _receipt_order
            ),
            0
        ))) as page_view_id,
        event_date = own_date as is_own_date
    from spaced
    qualify is_own_date

)

select
    reports.* exclude (page_view_id),
    coalesce(reports.page_view_id, named.page_view_id) as page_view_id
from reports
left join named on reports.page_view_id is null and reports._receipt_order = named._receipt_order
