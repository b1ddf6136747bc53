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

losses as (

    select
        *,
        {{ ux_losses() }}
    from deviations

),

-- Of a chain of reports, what came after the first, and how often it proves that one before it is lost.
chains as (

    select
        page_view_id,
        view_date as event_date,
        cast(sum(follow_up_count) as integer) as follow_up_count,
        cast(sum(broken_chain_count) as integer) as broken_chain_count
    from {{ ref('int_follow_ups_checked') }}
    where {{ loaded('event_date', forward=1) }}
    group by page_view_id, view_date

),

final as (

    select
        losses.page_view_id,
        losses.session_id,
        losses.visitor_id,
        pages.page_group,
        losses.page_path,
        losses.device,
        losses.country,
        losses.region,
        losses.browser,
        losses.browser_version,
        losses.os,
        losses.connection,
        losses.release,
        losses.channel,
        losses.navigation_type,
        losses.lcp_ms,
        losses.inp_ms,
        losses.cls,
        losses.fcp_ms,
        losses.ttfb_ms,
        losses.fid_ms,
        {{ ux_score() }},
        losses.weight,
        coalesce(chains.follow_up_count, 0) as follow_up_count,
        coalesce(chains.broken_chain_count, 0) as broken_chain_count,
        losses.navigation_type = 'soft-navigation' as is_soft_navigation,
        losses.is_new_user,
        losses.is_country_derived,
        losses.event_date,
        losses.started_at,
        losses.ended_at
    from losses
    inner join pages on losses.page_path = pages.page_path
    left join chains on losses.page_view_id = chains.page_view_id and losses.event_date = chains.event_date
    where {{ rebuilt('losses.event_date') }}
    order by losses.event_date, losses.started_at, losses.page_view_id

)

select * from final
