with

page_views as (

    select * from {{ ref('int_page_views_sessionized') }}
    where {{ rebuilt('session_date') }}

),

orders as (

    select
        session_id,
        session_date as event_date,
        count(*) as any_order_count,
        count(*) filter (where is_converting) as order_count,
        sum(revenue_net) as revenue
    from {{ ref('int_orders_attributed') }}
    group by session_id, session_date

),

errors as (

    select
        session_id,
        session_date as event_date,
        count(*) as error_count,
        count(*) filter (where position = 1) as first_error_count
    from {{ ref('int_errors_attributed') }}
    group by session_id, session_date

),

-- What another analytics tool says about the session of that id on the same day or one beside it.
other_tool as (

    select
        sessions.session_id,
        sessions.event_date + cast(around.days as integer) as event_date,
        arg_min(sessions.channel, abs(around.days * 2 - 0.5)) as channel,
        arg_min(sessions.is_new_user, abs(around.days * 2 - 0.5)) as is_new_user
    from {{ ref('stg_sessions__sessions') }} as sessions
    cross join (values (0), (-1), (1)) as around (days)
    where {{ loaded('sessions.event_date', back=1, forward=1) }}
    group by sessions.session_id, sessions.event_date + cast(around.days as integer)

),

sessions as (

    select
        session_id,
        session_date as event_date,
        arg_min(visitor_id, position) as visitor_id,
        arg_min(channel, position) as channel,
        arg_min(is_new_user, position) as is_new_user,
        any_value(device) filter (where position = 1) as device,
        any_value(country) filter (where position = 1) as country,
        any_value(browser) filter (where position = 1) as browser,
        any_value(browser_version) filter (where position = 1) as browser_version,
        any_value(region) filter (where position = 1) as region,
        any_value(connection) filter (where position = 1) as connection,
        any_value(navigation_type) filter (where position = 1) as navigation_type,
        any_value(release) filter (where position = 1) as release,
        any_value(page_group) filter (where position = 1) as landing_page_group,
        any_value(lcp_ms) filter (where position = 1) as first_lcp_ms,
        any_value(inp_ms) filter (where position = 1) as first_inp_ms,
        any_value(cls) filter (where position = 1) as first_cls,
        any_value(ttfb_ms) filter (where position = 1) as first_ttfb_ms,
        any_value(ux_score) filter (where position = 1) as first_ux_score,
        any_value(weight) filter (where position = 1) as weight,
        count(*) as page_view_count,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from page_views
    group by session_id, session_date

),

final as (

    select
        sessions.session_id,
        sessions.visitor_id,
        sessions.device,
        sessions.country,
        sessions.region,
        sessions.browser,
        sessions.browser_version,
        sessions.connection,
        sessions.navigation_type,
        sessions.release,
        coalesce(sessions.channel, other_tool.channel) as channel,
        sessions.landing_page_group,
        sessions.page_view_count,
        coalesce(orders.order_count, 0) as order_count,
        coalesce(errors.error_count, 0) as error_count,
        coalesce(errors.first_error_count, 0) as first_error_count,
        cast(coalesce(orders.revenue, 0) as decimal(38, 4)) as revenue,
        epoch_ms(sessions.ended_at - sessions.started_at) / 1000.0 as duration_s,
        sessions.first_lcp_ms,
        sessions.first_inp_ms,
        sessions.first_cls,
        sessions.first_ttfb_ms,
        sessions.first_ux_score,
        sessions.weight,
        coalesce(sessions.is_new_user, other_tool.is_new_user) as is_new_user,
        sessions.page_view_count = 1 and orders.any_order_count is null as is_bounce,
        coalesce(orders.order_count, 0) > 0 as is_converted,
        sessions.event_date,
        sessions.started_at,
        sessions.ended_at
    from sessions
    left join orders using (session_id, event_date)
    left join errors using (session_id, event_date)
    left join other_tool using (session_id, event_date)

)

select * from final
order by event_date, started_at, session_id
