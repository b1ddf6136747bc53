with

coverage as (

    select
        journey,
        bool_and(is_covered) as is_covered,
        string_agg(missing, '; ' order by step) as missing
    from {{ ref('fct_journey_coverage_daily') }}
    where is_critical and event_date = {{ as_of() }}
    group by journey

),

experience as (

    select
        sum(ux_score_sum) as ux_sum,
        sum(ux_score_square_sum) as ux_square_sum,
        sum(ux_score_weight) as ux_weight,
        sum(ux_score_weight_square_sum) as ux_weight_square,
        sum(page_view_count) filter (where ux_score_weight > 0) as page_view_count
    from {{ ref('fct_experience_daily') }}
    where is_headline and event_date between {{ as_of() }} - 27 and {{ as_of() }}

),

availability as (

    select
        sum(good_amount) as good,
        sum(total_amount) as total,
        coalesce(sum(case when amount_unit = 's' then unknown_s end), 0) as unknown
    from {{ ref('fct_availability_daily') }}
    inner join {{ source('config', 'services') }} using (service)
    where is_contractual and is_critical and event_date between {{ as_of() }} - 27 and {{ as_of() }}

),

-- The checks behind it, counted as the KPI of the same name counts them.
checked as (

    select sum(sample_count) as check_count
    from {{ ref('fct_kpi_daily') }}
    where kpi = 'availability_share' and event_date between {{ as_of() }} - 27 and {{ as_of() }}

),

-- Days back from as_of without a gap.
history as (

    select
        count(*) filter (where days_back = position) as unbroken_days,
        coalesce(max(days_back) + 1, 0) as oldest_day
    from (
        select
            {{ as_of() }} - event_date as days_back,
            row_number() over (order by event_date desc) - 1 as position
        from {{ ref('fct_kpi_daily') }}
        where
            kpi = case
                when {{ is_delivered('page_views') }} then 'page_view_count'
                when {{ is_delivered('probes') }} then 'availability_share'
                when {{ is_delivered('requests') }} then 'request_error_share'
                when {{ is_delivered('orders') }} then 'order_count'
                else 'incident_count'
            end
    )

),

final as (

    select
        'journeys_monitored_share' as target,
        avg(cast(is_covered as integer)) as value,
        avg(cast(is_covered as integer)) as value_lower,
        avg(cast(is_covered as integer)) as value_upper,
        count(*) as sample_count,
        string_agg(missing, '; ' order by journey) as detail
    from coverage
    union all
    select
        'history_days' as target,
        unbroken_days as value,
        unbroken_days as value_lower,
        case when oldest_day > unbroken_days then unbroken_days end as value_upper,
        unbroken_days as sample_count,
        null as detail
    from history
    union all
    select
        'ux_score' as target,
        {{ mean_score('ux_sum', 'ux_weight') }} as value,
        {{ mean_interval('lower', 'ux_sum', 'ux_square_sum', 'ux_weight', 'ux_weight_square') }} as value_lower,
        {{ mean_interval('upper', 'ux_sum', 'ux_square_sum', 'ux_weight', 'ux_weight_square') }} as value_upper,
        coalesce(page_view_count, 0) as sample_count,
        null as detail
    from experience
    union all
    select
        'availability' as target,
        good / nullif(total, 0) as value,
        good / nullif(total + unknown, 0) as value_lower,
        (good + unknown) / nullif(total + unknown, 0) as value_upper,
        check_count as sample_count,
        null as detail
    from availability
    cross join checked

)

select * from final
