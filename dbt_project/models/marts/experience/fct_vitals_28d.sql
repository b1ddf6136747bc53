with

days as (

    select
        *,
        -- Histograms are merged by a number: grouping millions of buckets by names costs five times as much.
        dense_rank() over (order by page_group, device, country, metric) as cell
    from {{ ref('fct_vitals_roll_ups_daily') }}
    where
        roll_up in ('site', 'page_group', 'device', 'country', 'page_group, device')
        and {{ loaded('event_date', back=27) }}

),

-- A day of site totals for every window, whether or not anything was reported on its last day.
windows as (

    {{ rebuilt_calendar() }}

),

cells as (

    select
        days.cell,
        any_value(days.page_group) as page_group,
        any_value(days.device) as device,
        any_value(days.country) as country,
        any_value(days.metric) as metric,
        cast(sum(days.page_view_count) as bigint) as page_view_count,
        sum(days.weight_sum) as weight_sum,
        sum(days.weight_square_sum) as weight_square_sum,
        sum(days.good_count) as good_count,
        sum(days.poor_count) as poor_count,
        windows.event_date
    from windows
    inner join days on days.event_date between windows.event_date - 27 and windows.event_date
    group by days.cell, windows.event_date

),

{{ merged_histograms('windows', 'days', 27) }},

ranked as (

    select
        *,
        {{ percentile_buckets() }} -- noqa: PRS
    from cells
    inner join histograms using (cell, event_date)

),

percentiles as (

    select
        *,
        {{ percentile_values() }}
    from ranked

),

final as (

    select
        page_group,
        device,
        country,
        metric,
        {{ cell_rating('metric', 'p75_value', 'p75_lower', 'p75_upper') }} as rating,
        page_view_count,
        weight_sum,
        weight_square_sum,
        p75_value,
        p75_lower,
        p75_upper,
        cast(good_count / weight_sum as double) as good_share,
        cast((weight_sum - good_count - poor_count) / weight_sum as double) as needs_improvement_share,
        cast(poor_count / weight_sum as double) as poor_share,
        case
            when max(good_count * 4) filter (where metric = 'LCP') over cell is null then null
            when max(good_count * 4) filter (where metric = 'CLS') over cell is null then null
            else coalesce(bool_and(good_count * 4 >= weight_sum * 3) filter (
                where metric in ('LCP', 'CLS', 'INP')
            ) over cell, false)
        end as passes_core_web_vitals,
        event_date
    from percentiles
    window cell as (partition by page_group, device, country, event_date)

)

select * from final
order by event_date, page_group, device, country, metric
