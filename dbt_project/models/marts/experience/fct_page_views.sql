with

reports as (

    select *
    from {{ ref('int_reports_classified') }}
    where status <> 'bot' and {{ loaded('event_date', forward=1) }}

),

views as (

    -- Of what a view says once, the first report that says it counts; of a metric, the last report.
    select
        page_view_id,
        arg_min(session_id, _receipt_order) as session_id,
        arg_min(visitor_id, _receipt_order) as visitor_id,
        {{ page_path('arg_min(url, _receipt_order)') }} as page_path,
        coalesce(max(device), 'unknown') as device,
        coalesce(max(country) filter (where not is_country_derived), max(country), 'unknown') as country,
        max(region) as region,
        coalesce(max(browser), 'unknown') as browser,
        max(browser_version) as browser_version,
        coalesce(max(os), 'unknown') as os,
        max(connection) as connection,
        max(release) as release,
        max(channel) as channel,
        coalesce(max(navigation_type), 'navigate') as navigation_type,
        arg_max(value, _receipt_order) filter (where metric = 'LCP' and status = 'used') as lcp_ms,
        arg_max(value, _receipt_order) filter (where metric = 'INP' and status = 'used') as inp_ms,
        arg_max(value, _receipt_order) filter (where metric = 'CLS' and status = 'used') as cls,
        arg_max(value, _receipt_order) filter (where metric = 'FCP' and status = 'used') as fcp_ms,
        arg_max(value, _receipt_order) filter (where metric = 'TTFB' and status = 'used') as ttfb_ms,
        arg_max(value, _receipt_order) filter (where metric = 'FID' and status = 'used') as fid_ms,
        max(weight) as weight,
        bool_or(is_new_user) as is_new_user,
        max(country) filter (where not is_country_derived) is null and max(country) is not null as is_country_derived,
        view_date as event_date,
        min(received_at) as started_at,
        max(received_at) as ended_at
    from reports
    where view_date is not null
    group by page_view_id, view_date

),

pages as (

    {{ grouped_pages('views') }}

),

deviations as (

    select
        *,
        {{ ux_deviations() }}
    from views

),

final as (

    select
        deviations.page_view_id,
        deviations.session_id,
        deviations.visitor_id,
        pages.page_group,
        deviations.page_path,
        deviations.device,
        deviations.country,
        deviations.region,
        deviations.browser,
        deviations.browser_version,
        deviations.os,
        deviations.connection,
        deviations.release,
        deviations.channel,
        deviations.navigation_type,
        deviations.lcp_ms,
        deviations.inp_ms,
        deviations.cls,
        deviations.fcp_ms,
        deviations.ttfb_ms,
        deviations.fid_ms,
        {{ ux_score() }} as ux_score,
        deviations.weight,
        deviations.navigation_type = 'soft-navigation' as is_soft_navigation,
        deviations.is_new_user,
        deviations.is_country_derived,
        deviations.event_date,
        deviations.started_at,
        deviations.ended_at
    from deviations
    inner join pages on deviations.page_path = pages.page_path
    where {{ rebuilt('deviations.event_date') }}
    order by deviations.event_date, deviations.started_at, deviations.page_view_id

)

select * from final
