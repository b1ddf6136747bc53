-- One row per way in which orders could differ between what was delivered and the mart; none while neither has any.
with

delivered as (
    select order_id, max_by(event_date, (_export_date, _source_file, _source_line)) as event_date
    from raw_orders.orders
    group by all
),

in_marts as (
    select order_id from business.fct_orders
),

differences as (
    select 'orders that were delivered and are not in the mart' as cell, count(*) as difference
    from delivered
    anti join in_marts using (order_id)
    where event_date <= $as_of
    union all
    select 'orders in the mart that were not delivered' as cell, count(*) as difference
    from in_marts
    anti join delivered using (order_id)
)

select * from differences
where exists(from delivered) or exists(from in_marts)
