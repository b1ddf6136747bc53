with

cells as (

    select * from {{ ref('int_vitals_days_counted') }}
    where metric <> 'FID' and page_group <> 'all'

),

final as (

    select
        page_group,
        device,
        country,
        navigation_type,
        metric,
        {{ cell_rating('metric', 'p75_value', 'p75_lower', 'p75_upper') }} as rating,
        page_view_count,
        weight_sum,
        weight_square_sum,
        p75_value,
        p75_lower,
        p75_upper,
        good_count,
        needs_improvement_count,
        poor_count,
        zero_count,
        histogram,
        {{ is_headline('navigation_type') }} as is_headline,
        event_date
    from cells
    where {{ rebuilt('event_date') }}
    {{ history_union() }}

)

select * from final
order by event_date, page_group, device, country, navigation_type, metric
