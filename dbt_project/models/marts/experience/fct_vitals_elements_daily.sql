with

attributions as (

    select * from {{ ref('int_attributions_matched') }}
    where target is not null and {{ rebuilt('event_date') }}

),

elements as (

    select
        metric,
        page_group,
        target,
        count(*) as page_view_count,
        cast(sum(weight) as decimal(38, 6)) as weight_sum,
        coalesce(sum(weight * loss), 0) as loss_sum,
        sum(case when {{ vitals_rating('metric', 'value') }} = 'good' then 0 else weight end) as not_good_weight,
        sum(weight * cast(value as decimal(12, 4))) as value_sum,
        event_date
    from attributions
    group by metric, page_group, target, event_date

),

-- Selectors are made by machines and have no end: a day keeps those that cost the most, and the rest as one.
ranked as (

    select
        * exclude (target),
        case
            when row_number() over (
                partition by metric, page_group, event_date order by loss_sum desc, weight_sum desc, target asc
            ) <= 20 then target
            else '(others)'
        end as target
    from elements

),

final as (

    select
        metric,
        page_group,
        target,
        cast(sum(page_view_count) as bigint) as page_view_count,
        cast(sum(weight_sum) as decimal(38, 6)) as weight_sum,
        cast(sum(not_good_weight) as decimal(38, 6)) as not_good_weight_sum,
        cast(sum(value_sum) as decimal(38, 10)) as value_sum,
        cast(sum(loss_sum) as decimal(38, 12)) as loss_sum,
        event_date
    from ranked
    group by metric, page_group, target, event_date
    {{ history_union() }}

)

select * from final
order by event_date, metric, page_group, target
