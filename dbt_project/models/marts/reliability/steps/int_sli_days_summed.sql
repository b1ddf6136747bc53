{{ config(materialized='incremental') }}

-- The days of a calendar window are those of its time zone.
with
objectives as (select * from {{ source('config', 'objectives') }}),

sli as (
    select * from {{ ref('fct_sli_5m') }}
    where {{ loaded(back=1, forward=1) }}
),

dated as (
    select
        sli.* exclude (event_date),
        if(
            objectives.window_kind = 'calendar',
            timezone(objectives.window_timezone, timezone('UTC', sli.bucket_starts_at)),
            sli.bucket_starts_at
        )::date as event_date
    from sli
    inner join objectives using (objective)
),

final as (
    select
        objective,
        max(amount_unit) as amount_unit,
        sum(good_amount)::decimal(28, 6) as good_amount,
        sum(total_amount)::decimal(28, 6) as total_amount,
        sum(excluded_amount)::decimal(28, 6) as excluded_amount,
        sum(weight_square_sum)::decimal(38, 6) as weight_square_sum,
        sum(event_count)::bigint as event_count,
        event_date
    from dated
    where {{ rebuilt() }}
    group by objective, event_date
)

select * from final
