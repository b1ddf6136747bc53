{{ config(materialized='table') }}

with
days as (select * from {{ ref('int_service_days_accounted') }}),

methods as (select * from {{ ref('accounting_methods') }}),

contract as (
    select value as method from {{ source('config', 'settings') }}
    where setting = 'accounting_method'
),

checks as (
    select
        service,
        event_date,
        sum(up_count) as up_count,
        sum(degraded_count) as degraded_count,
        sum(down_count) as down_count,
        sum(maintenance_count) as maintenance_count,
        sum(pending_count) as pending_count
    from {{ ref('fct_checks_daily') }}
    group by service, event_date
),

-- A method that counts checks weighs each with one, a method that measures time with its microseconds.
weighed as (
    select
        days.*,
        methods.unit,
        if(methods.unit = 'count', coalesce(checks.up_count, 0), days.up_us)::double as up,
        if(methods.unit = 'count', coalesce(checks.degraded_count, 0), days.degraded_us)::double as degraded,
        if(methods.unit = 'count', coalesce(checks.down_count, 0), days.down_us)::double as down,
        if(methods.unit = 'count', coalesce(checks.maintenance_count, 0), days.maintenance_us)::double as maintenance,
        if(methods.unit = 'count', coalesce(checks.pending_count, 0), 0)::double as pending,
        if(methods.unit = 'count', if(checks.up_count is null, 1, 0), days.unknown_us)::double as unknown,
        up + degraded * (1 - methods.degraded_weight)
        + if(methods.maintenance_as = 'up', maintenance, 0)
        + if(methods.pending_as = 'up', pending, 0)
        + if(methods.no_data_as = 'up', unknown, 0) as good,
        up + degraded + down
        + if(methods.maintenance_as in ('up', 'down'), maintenance, 0)
        + if(methods.pending_as in ('up', 'down'), pending, 0)
        + if(methods.no_data_as in ('up', 'down'), unknown, 0) as total
    from days
    inner join methods using (method)
    left join checks using (service, event_date)
),

final as (
    select
        weighed.service,
        weighed.method,
        if(weighed.unit = 'count', 'checks', 's') as amount_unit,
        weighed.up_us / 1e6 as up_s,
        weighed.degraded_us / 1e6 as degraded_s,
        weighed.down_us / 1e6 as down_s,
        weighed.maintenance_us / 1e6 as maintenance_s,
        weighed.unknown_us / 1e6 as unknown_s,
        if(weighed.unit = 'count', weighed.good, weighed.good / 1e6) as good_amount,
        if(weighed.unit = 'count', weighed.total, weighed.total / 1e6) as total_amount,
        weighed.good / nullif(weighed.total, 0) as availability_share,
        1 - weighed.unknown_us / 86400e6 as coverage_share,
        weighed.outage_count,
        weighed.method = contract.method as is_contractual,
        weighed.event_date
    from weighed
    cross join contract
)

select * from final
order by event_date, service, method
