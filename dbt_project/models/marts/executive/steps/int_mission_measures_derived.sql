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
        coalesce(sum(case when amount_unit = 's' then unknown_s end), 0) as unknown,
        count(*) filter (where total_amount > 0) as day_count
    from {{ ref('fct_availability_daily') }}
    inner join {{ source('config', 'services') }} using (service)
    where is_contractual and is_critical and event_date between {{ as_of() }} - 27 and {{ as_of() }}

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
        where kpi = 'page_view_count'
    )

),

incidents as (

    select distinct
        incident_id,
        restore_s,
        event_date
    from {{ ref('fct_incidents') }}
    where restore_s > 0 and event_date <= {{ as_of() }}

),

oldest as (

    select min(event_date) as oldest_date
    from incidents

),

-- Two dates, or the first days from the oldest incident on.
baseline as (

    select
        coalesce(baselines.starts_on, oldest.oldest_date) as starts_on,
        coalesce(baselines.ends_on, oldest.oldest_date + baselines.first_days - 1) as ends_on
    from {{ source('config', 'baselines') }} as baselines
    cross join oldest
    where baselines.baseline = 'mttr'

),

-- Times to restore are log-normal: with equal spread, the ratio of means is that of geometric means, whose logarithm
-- has Student's t interval (Welch).
restored as (

    select
        incidents.event_date <= baseline.ends_on as is_baseline,
        count(*) as n,
        avg(ln(incidents.restore_s)) as log_mean,
        coalesce(var_samp(ln(incidents.restore_s)), 0) as log_variance
    from incidents
    inner join baseline on incidents.event_date >= baseline.starts_on
    group by is_baseline

),

mttr as (

    select
        coalesce(sum(n), 0) as n,
        coalesce(min(n), 0) as smaller_n,
        count(*) as period_count,
        sum(case when is_baseline then -log_mean else log_mean end) as log_ratio,
        sum(log_variance / n) as squared_error,
        power(sum(log_variance / n), 2) / nullif(sum(power(log_variance / n, 2) / nullif(n - 1, 0)), 0) as freedom
    from restored

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
        cast(ux_sum / nullif(ux_weight, 0) as double) as value,
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
        day_count as sample_count,
        null as detail
    from availability
    union all
    select
        'mttr_reduction_share' as target,
        case when period_count = 2 then 1 - exp(log_ratio) end as value,
        case when smaller_n >= 3 then 1 - exp(log_ratio + {{ student_t_975('freedom') }} * sqrt(squared_error)) end
            as value_lower,
        case when smaller_n >= 3 then 1 - exp(log_ratio - {{ student_t_975('freedom') }} * sqrt(squared_error)) end
            as value_upper,
        n as sample_count,
        null as detail
    from mttr

)

select * from final
