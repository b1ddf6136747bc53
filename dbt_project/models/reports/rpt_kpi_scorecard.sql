with
run as (
    select
        as_of_date,
        -- A window that history fills only in part is nothing to compare with.
        first_date <= as_of_date - 55 as has_window_before
    from {{ source('pipeline', 'run') }}
),

kpis as (select * from {{ ref('fct_kpi_daily') }}),

vitals as (
    select * from {{ ref('fct_vitals_28d') }}
    where page_group = 'all' and device = 'all' and country = 'all'
),

kpi_days as (
    select
        kpis.*,
        case when kpis.event_date > run.as_of_date - 28 then 'current' else 'previous' end as period,
        kpis.unit in ('count', 'money', 's') and kpis.kpi <> 'mttr_restore_s' as is_summed,
        power((kpis.value_upper - kpis.value_lower) / 2, 2) as squared_half_width
    from kpis
    inner join run on kpis.event_date between run.as_of_date - 55 and run.as_of_date
    -- A percentile of 28 days is no mean of daily percentiles: those come from the merged histograms below.
    where kpis.value is not null and kpis.kpi not similar to '.*_p75(_ms)?|.*_p95_ms|good_.*'
),

periods as (
    select
        kpi,
        period,
        unit,
        is_summed,
        count(*) as day_count,
        sum(sample_count) as period_sample_count,
        if(is_summed, sum(value), sum(value * sample_count) / nullif(sum(sample_count), 0)) as period_value,
        -- Days are independent, so the variances of a weighted mean add with squared weights.
        if(is_summed, null, sqrt(sum(squared_half_width * power(sample_count, 2))) / nullif(sum(sample_count), 0))
            as half_width
    from kpi_days
    group by kpi, period, unit, is_summed
),

means_and_sums as (
    select
        now.kpi,
        now.unit,
        now.period_value as value,
        case when now.unit = 'share' then greatest(0, value - now.half_width) else value - now.half_width end
            as value_lower,
        case when now.unit = 'share' then least(1, value + now.half_width) else value + now.half_width end
            as value_upper,
        if(earlier.day_count >= 28, earlier.period_value, null) as previous_value,
        case
            when earlier.day_count < 28 then null
            else abs(value - previous_value) > sqrt(power(now.half_width, 2) + power(earlier.half_width, 2))
        end as is_change_proven,
        now.period_sample_count::bigint as sample_count,
        now.day_count::bigint as day_count
    from periods as now
    left join periods as earlier on now.kpi = earlier.kpi and earlier.period = 'previous'
    where now.period = 'current'
),

-- Availability is a ratio of sums, and its bounds are what is not known: neither is a mean of daily values.
amounts as (
    select
        days.event_date > run.as_of_date - 28 as is_current,
        sum(days.good_amount) as good,
        sum(days.total_amount) as total,
        coalesce(sum(case when days.amount_unit = 's' then days.unknown_s end), 0) as unknown,
        good / nullif(total, 0) as value,
        good / nullif(total + unknown, 0) as value_lower,
        (good + unknown) / nullif(total + unknown, 0) as value_upper
    from {{ ref('fct_availability_daily') }} as days
    inner join {{ source('config', 'services') }} as services using (service)
    inner join run on days.event_date between run.as_of_date - 55 and run.as_of_date
    where days.is_contractual and services.is_critical
    group by is_current
),

availability as (
    select
        daily.* replace (
            now.value as value,
            now.value_lower as value_lower,
            now.value_upper as value_upper,
            if(daily.previous_value is null, null, earlier.value) as previous_value,
            if(
                daily.previous_value is null,
                null,
                now.value_lower > earlier.value_upper or now.value_upper < earlier.value_lower
            ) as is_change_proven
        )
    from means_and_sums as daily
    left join amounts as now on now.is_current
    left join amounts as earlier on not earlier.is_current
    where daily.kpi = 'availability_share'
),

-- A mean over page views, where one of days would be another number.
ux_score as (
    select
        'ux_score' as kpi,
        'score' as unit,
        scores.ux_score as value,
        scores.ux_score_lower as value_lower,
        scores.ux_score_upper as value_upper,
        scores.previous_ux_score as previous_value,
        scores.is_change_proven,
        scores.page_view_count::bigint as sample_count,
        daily.day_count
    from {{ ref('rpt_ux_score_by_segment') }} as scores
    inner join means_and_sums as daily on daily.kpi = 'ux_score'
    where scores.segment_kind = 'all'
),

percentiles as (
    select
        lower(now.metric) || '_p75' || if(now.metric = 'CLS', '', '_ms') as kpi,
        if(now.metric = 'CLS', '', 'ms') as unit,
        now.p75_value as value,
        now.p75_lower as value_lower,
        now.p75_upper as value_upper,
        earlier.p75_value as previous_value,
        now.p75_lower > earlier.p75_upper or now.p75_upper < earlier.p75_lower as is_change_proven,
        now.page_view_count::bigint as sample_count,
        28::bigint as day_count
    from vitals as now
    inner join run on now.event_date = run.as_of_date
    left join vitals as earlier
        on now.metric = earlier.metric and earlier.event_date = run.as_of_date - 28 and run.has_window_before
),

all_kinds as (
    select * from means_and_sums
    where kpi not in ('availability_share', 'ux_score')
    union all by name
    select * from availability
    union all by name
    select * from ux_score
    union all by name
    select * from percentiles
),

final as (
    select
        all_kinds.*,
        all_kinds.value / nullif(all_kinds.previous_value, 0) - 1 as change_share,
        run.as_of_date as event_date
    from all_kinds
    cross join run
)

select * from final
