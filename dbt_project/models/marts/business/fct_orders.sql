with

orders as (

    select * from {{ ref('stg_orders__orders') }}
    where has_exchange_rate and {{ rebuilt('event_date') }}

),

final as (

    select
        order_id,
        session_id,
        visitor_id,
        status,
        currency,
        revenue_gross,
        refund,
        revenue_net,
        is_converting,
        is_refund_assumed,
        event_date,
        ordered_at
    from orders

)

select * from final
order by event_date, ordered_at, order_id
