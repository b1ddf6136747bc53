{{ config(materialized='table') }}

with
availability as (
    select * from {{ ref('fct_availability') }}
    where grain = 'day'
),

final as (
    select
        service,
        method,
        amount_unit,
        up_s,
        degraded_s,
        down_s,
        maintenance_s,
        unknown_s,
        good_amount,
        total_amount,
        availability_share,
        coverage_share,
        outage_count,
        is_contractual,
        event_date
    from availability
)

select * from final
order by event_date, service, method
