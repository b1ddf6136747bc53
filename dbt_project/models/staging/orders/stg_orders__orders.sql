with

orders as (

    select * from {{ source('raw_orders', 'orders') }}

)

select * from orders
