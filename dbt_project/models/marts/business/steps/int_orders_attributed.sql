with

orders as (

    select
        *,
        -- Clocks of shop and collector may differ a little, but a later day must not be needed.
        least(ordered_at + interval 5 minutes, event_date + interval 1 day - interval 1 microsecond) as attributed_until
    from {{ ref('stg_orders__orders') }}
    where has_exchange_rate and {{ loaded('event_date', forward=2) }}

),

page_views as (

    select * from {{ ref('int_page_views_sessionized') }}

),

by_session as (

    select
        orders.order_id,
        page_views.session_id,
        page_views.session_date,
        page_views.device,
        page_views.country
    from orders
    asof inner join page_views
        on
            orders.session_id = page_views.beacon_session_id
            and orders.attributed_until >= page_views.started_at
    where page_views.event_date >= orders.event_date - 1

),

by_visitor as (

    select
        orders.order_id,
        page_views.session_id,
        page_views.session_date,
        page_views.device,
        page_views.country
    from (
        select orders.*
        from orders
        anti join by_session on orders.order_id = by_session.order_id
    ) as orders
    asof inner join page_views
        on
            orders.visitor_id = page_views.visitor_id
            and orders.attributed_until >= page_views.started_at
    where page_views.event_date >= orders.event_date - 1

),

attributed as (

    select * from by_session
    union all
    select * from by_visitor

)

select
    orders.order_id,
    attributed.session_id,
    attributed.session_date,
    attributed.device,
    attributed.country,
    orders.revenue_net,
    orders.is_converting,
    orders.event_date
from orders
left join attributed on orders.order_id = attributed.order_id
