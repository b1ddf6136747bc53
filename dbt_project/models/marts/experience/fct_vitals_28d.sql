with

days as (

    select * from {{ ref('int_vitals_days_rolled_up') }}
    where
        (page_group = 'all' or device = 'all' or country = 'all')
        and {{ loaded('event_date', back=27) }}

),

-- A day of site totals for every window, whether or not anything was reported on its last day.
windows as (

    {{ rebuilt_calendar() }}

),

cells as (

    select
        days.page_group,
        days.device,
        days.country,
        days.metric,
        cast(sum(days.page_view_count) as bigint) as page_view_count,
        sum(days.weight_sum) as weight_sum,
        sum(days.weight_square_sum) as weight_square_sum,
        sum(days.good_count) as good_count,
        sum(days.poor_count) as poor_count,
        windows.event_date
    from windows
    inner join days on days.event_date between windows.event_date - 27 and windows.event_date
    group by days.page_group, days.device, days.country, days.metric, windows.event_date

),

{{ unnested_histograms('days') }},

buckets as (

    select
        entries.page_group,
        entries.device,
        entries.country,
        entries.metric,
        entries.bucket,
        sum(entries.weight) as weight,
        windows.event_date
    from windows
    inner join entries on entries.event_date between windows.event_date - 27 and windows.event_date
    group by
        entries.page_group, entries.device, entries.country, entries.metric, entries.bucket, windows.event_date

),

{{ merged_percentiles('buckets', 'cells') }},

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
