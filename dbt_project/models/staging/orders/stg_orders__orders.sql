with

orders as (

    select * from {{ source('raw_orders', 'orders') }}

),

rates as (

    select * from {{ source('config', 'exchange_rates') }}

),

site as (

    select currency as site_currency from {{ source('config', 'site') }}

),

-- Only orders with a version on a day that is read, so that the cost does not grow with their number.
wanted as (

    select distinct order_id
    from orders
    where {{ rebuilt('event_date') }}

),

newest as (

    -- DuckDB keeps the product of two decimals of 18 digits within 18: too few for a million and a rate.
    select
        orders.* replace (
            cast(orders.revenue as decimal(38, 4)) as revenue,
            cast(orders.refund as decimal(38, 4)) as refund
        ),
        coalesce(orders.status = 'refunded' and coalesce(orders.refund, 0) = 0, false) as is_refund_assumed
    from orders
    where orders.order_id in (select wanted.order_id from wanted)
    qualify row_number() over (
        partition by orders.order_id
        order by orders._export_date desc, orders._source_file desc, orders._source_line desc
    ) = 1

),

converted as (

    select
        newest.order_id,
        newest.session_id,
        newest.user_id as visitor_id,
        coalesce(newest.status, 'completed') as status,
        coalesce(newest.currency, site.site_currency) as currency,
        cast(newest.revenue * rates.rate as decimal(38, 4)) as revenue_gross,
        -- Older rows of the lake may have negative refunds.
        cast(
            case when newest.is_refund_assumed then newest.revenue else coalesce(abs(newest.refund), 0) end * rates.rate
            as decimal(38, 4)
        ) as refund,
        coalesce(newest.status, 'completed') <> 'cancelled' as is_converting,
        newest.is_refund_assumed,
        rates.rate is not null as has_exchange_rate,
        newest.event_date,
        newest.ordered_at,
        newest._source_file,
        newest._export_date
    from newest
    cross join site
    left join rates on coalesce(newest.currency, site.site_currency) = rates.currency

)

select
    *,
    cast(case when is_converting then revenue_gross - refund else 0 end as decimal(38, 4)) as revenue_net
from converted
