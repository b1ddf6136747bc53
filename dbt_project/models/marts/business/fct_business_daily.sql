with

sessions as (

    select
        device,
        country,
        count(*) as sample_count,
        sum(weight) as session_count,
        sum(weight * weight) as session_square_sum,
        coalesce(sum(weight) filter (where is_bounce), 0) as bounce_count,
        coalesce(sum(weight) filter (where is_converted), 0) as converted_session_count,
        sum(weight * page_view_count) as page_view_count,
        sum(cast(weight * cast(duration_s as decimal(12, 3)) as decimal(38, 6))) as duration_sum_s,
        event_date
    from {{ ref('fct_sessions') }}
    where {{ rebuilt('event_date') }}
    group by event_date, device, country

),

orders as (

    select
        coalesce(device, 'unknown') as device,
        coalesce(country, 'unknown') as country,
        count(*) filter (where is_converting) as order_count,
        sum(revenue_net) as revenue_net,
        event_date
    from {{ ref('int_orders_attributed') }}
    where {{ rebuilt('event_date') }}
    group by event_date, coalesce(device, 'unknown'), coalesce(country, 'unknown')

),

final as (

    select
        device,
        country,
        coalesce(sessions.sample_count, 0) as sample_count,
        coalesce(sessions.session_count, 0) as session_count,
        coalesce(sessions.session_square_sum, 0) as session_square_sum,
        coalesce(sessions.bounce_count, 0) as bounce_count,
        coalesce(sessions.converted_session_count, 0) as converted_session_count,
        cast(coalesce(sessions.page_view_count, 0) as decimal(38, 6)) as page_view_count,
        coalesce(sessions.duration_sum_s, 0) as duration_sum_s,
        coalesce(orders.order_count, 0) as order_count,
        coalesce(orders.revenue_net, 0) as revenue_net,
        cast(sessions.converted_session_count / sessions.session_count as double) as conversion_share,
        cast(sessions.bounce_count / sessions.session_count as double) as bounce_share,
        cast(sessions.duration_sum_s / sessions.session_count as double) as duration_mean_s,
        cast(sessions.page_view_count / sessions.session_count as double) as pages_per_session,
        event_date
    from sessions
    full join orders using (event_date, device, country)
    {{ history_union() }}

)

select * from final
order by event_date, device, country
