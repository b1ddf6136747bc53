select
    cast(null as varchar) as order_id,
    cast(null as varchar) as session_id,
    cast(null as varchar) as visitor_id,
    cast(null as varchar) as status,
    cast(null as varchar) as currency,
    cast(null as decimal(18, 4)) as revenue_gross,
    cast(null as decimal(18, 4)) as refund,
    cast(null as decimal(18, 4)) as revenue_net,
    cast(null as boolean) as is_converting,
    cast(null as date) as event_date,
    cast(null as timestamp) as ordered_at
where false
