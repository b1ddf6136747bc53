{{ config(tags=['fast']) }}

-- What the contractual method makes of the time: how much is good, how much counts, how much is excluded.
with
method as (
    select * from {{ ref('int_accounting_methods_united') }}
    where is_contractual and unit <> 'count'
),

timed as (
    select
        timed.*,
        timed.maintenance_us + timed.excluded_us as planned_us,
        timed.any_us - timed.up_us - timed.degraded_us - timed.down_us - timed.maintenance_us as unknown_us
    from {{ ref('int_sli_availability_timed') }} as timed
),

weighed as (
    select
        timed.*,
        method.maintenance_as,
        if(method.unit = 'slices' and timed.down_us > 0, 0, timed.up_us)
        + if(
            method.unit = 'slices' and timed.down_us > 0, 0, round(timed.degraded_us * (1 - method.degraded_weight))
        )::bigint
        + if(method.maintenance_as = 'up', timed.planned_us, 0)
        + if(method.no_data_as = 'up', timed.unknown_us, 0) as good_us,
        timed.up_us + timed.degraded_us + timed.down_us
        + if(method.maintenance_as in ('up', 'down'), timed.planned_us, 0)
        + if(method.no_data_as in ('up', 'down'), timed.unknown_us, 0) as total_us,
        if(method.maintenance_as in ('up', 'down'), 0, timed.planned_us) as left_out_us
    from timed
    cross join method
),

final as (
    select
        objective,
        's' as amount_unit,
        {{ us_to_s('good_us') }} as good_amount,
        {{ us_to_s('total_us') }} as total_amount,
        {{ us_to_s('left_out_us') }} as excluded_amount,
        if(left_out_us > 0, coalesce(reason, 'maintenance'), null) as excluded_reason,
        0 as event_count,
        0 as bad_event_count,
        event_date,
        slice_starts_at
    from weighed
    where total_us > 0 or left_out_us > 0
)

select * from final
