with

days as (

    select
        event_date,
        sum(sample_count) as sample_count,
        cast(sum(session_count) as double) as sessions,
        sessions * sessions / nullif(cast(sum(session_square_sum) as double), 0) as n,
        cast(sum(converted_session_count) as double) / nullif(sessions, 0) as conversion_share,
        cast(sum(bounce_count) as double) / nullif(sessions, 0) as bounce_share,
        sum(order_count) as order_count,
        sum(revenue_net) as revenue_net
    from {{ ref('fct_business_daily') }}
    group by event_date

),

-- A day without an order has none only where orders are delivered; sessions are counted only where they are named.
sold as (

    select * from days
    where {{ is_delivered('orders') }}

),

visited as (

    select * from days
    where {{ is_delivered('sessions') }}

),

converted as (

    select sold.* from sold
    where {{ is_delivered('sessions') }}

),

final as (

    {{ kpi('session_count', 'sessions', none, none, 'sample_count', 'count', 'visited') }}
    union all
    {{ kpi('conversion_share', 'conversion_share', wilson('lower', 'conversion_share * n', 'n'),
        wilson('upper', 'conversion_share * n', 'n'), 'sample_count', 'share', 'converted') }}
    union all
    {{ kpi('bounce_share', 'bounce_share', wilson('lower', 'bounce_share * n', 'n'),
        wilson('upper', 'bounce_share * n', 'n'), 'sample_count', 'share', 'visited') }}
    union all
    {{ kpi('order_count', 'order_count', none, none, 'order_count', 'count', 'sold') }}
    union all
    {{ kpi('revenue_net', 'revenue_net', none, none, 'order_count', 'money', 'sold') }}

)

select * from final
